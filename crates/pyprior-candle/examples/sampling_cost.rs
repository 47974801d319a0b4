//! What masking and drawing cost on the CPU: nanoseconds a row, the least of many short runs, on one thread and on
//! all.
//!
//! `cargo run --release -p pyprior-candle --example sampling_cost`
//!
//! Rows are programs in the middle, at all steps, as a generation loop has them.

use std::sync::Arc;
use std::time::Instant;

use candle_core::{Device, Tensor};
use pyprior_candle::{BitmaskTensor, Draw, PriorRows, SampleError, Sampled, TensorSampler, apply_token_bitmask};
use pyprior_core::{
    ApplyMode, BatchMatcher, Frontier, Language, LanguageConfig, Normalisation, Prior, PriorConfig, TokenBitmask,
    TruncationConfig, UniformSampler,
};

type Error = Box<dyn std::error::Error + Send + Sync>;

const ROWS: usize = 256;
const RUNS: usize = 2000;

/// Rows at different steps, and a model's logits for them.
struct Rows {
    bitmask: TokenBitmask,
    frontiers: Vec<Option<Frontier>>,
    logits: Tensor,
}

fn main() -> Result<(), Error> {
    for value_range in [(0, 9), (-99, 99)] {
        let config = LanguageConfig { value_range, max_len: Some(30), ..LanguageConfig::default() };
        let language = Language::new(config)?;
        let rows = rows(&language)?;
        let legal = BitmaskTensor::new(&rows.bitmask, &Device::Cpu)?;
        let mean = legal.counts().iter().sum::<u32>() as f64 / ROWS as f64;
        println!("vocabulary {}, {ROWS} rows, {mean:.1} legal tokens on average", language.vocab().len());
        for threads in [1, rayon::current_num_threads()] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
            println!(" {threads} threads, ns a row");
            pool.install(|| measure(&language, &rows, &legal))?;
        }
    }
    Ok(())
}

/// Programs after 0, 1, 2, … steps.
fn rows(language: &Arc<Language>) -> Result<Rows, Error> {
    let vocab = language.vocab().len();
    let mut batch = BatchMatcher::new(language, ROWS);
    let (sampler, numbers) = (UniformSampler::new(1), (0..ROWS as u64).collect::<Vec<_>>());
    let mut tokens = vec![0; ROWS];
    let mut bitmask = TokenBitmask::new(ROWS, vocab);
    let mut kept = Rows { bitmask: bitmask.clone(), frontiers: vec![None; ROWS], logits: logits(vocab)? };
    for step in 0..24 {
        batch.fill_next_token_bitmask(&mut bitmask)?;
        let words = bitmask.words();
        for row in (0..ROWS).filter(|row| row % 24 >= step && !batch.is_terminated(*row).unwrap_or(true)) {
            let place = row * words..(row + 1) * words;
            kept.bitmask.data_mut()[place.clone()].copy_from_slice(&bitmask.data()[place]);
            kept.frontiers[row] = batch.frontier(row)?;
        }
        batch.choose_uniform(&sampler, &numbers, &mut tokens)?;
        batch.accept_tokens(&tokens)?;
    }
    Ok(kept)
}

fn logits(vocab: usize) -> Result<Tensor, Error> {
    let sampler = UniformSampler::new(1);
    let logit = |i: usize| (sampler.index(i as u64, 0, 1000) as f32 - 500.0) / 100.0;
    Ok(Tensor::from_iter((0..ROWS * vocab).map(logit), &Device::Cpu)?.reshape((ROWS, vocab))?)
}

fn measure(language: &Language, rows: &Rows, legal: &BitmaskTensor) -> Result<(), Error> {
    let numbers = (0..ROWS as u64).collect::<Vec<_>>();
    let draw = Draw { seed: 1, rows: &numbers, steps: &[7; ROWS] };
    let mut sampled = Sampled::default();
    report("copy of the bitmask", || BitmaskTensor::new(&rows.bitmask, &Device::Cpu))?;
    report("mask alone, in place", || apply_token_bitmask(&rows.logits, legal))?;
    let base = TruncationConfig::default();
    let filters = [
        ("", base),
        (", temperature 0.7", TruncationConfig { temperature: 0.7, ..base }),
        (", top-k 20", TruncationConfig { top_k: Some(20), ..base }),
        (", top-p 0.9", TruncationConfig { top_p: 0.9, ..base }),
    ];
    for (name, truncation) in filters {
        let mut sampler = TensorSampler::new(legal.vocab(), None, truncation)?;
        report(&format!("draw, mode off{name}"), || sampler.sample(&rows.logits, legal, None, draw, &mut sampled))?;
    }
    for normalisation in [Normalisation::Vocabulary, Normalisation::Legal] {
        let prior =
            |apply| Prior::new(language.vocab(), PriorConfig { apply, normalisation, ..PriorConfig::default() });
        let mut shifts = PriorRows::default();
        let entropy = prior(ApplyMode::Entropy)?;
        report(&format!("rows of the prior, {normalisation:?}"), || {
            shifts.fill(&entropy, &rows.frontiers, &rows.bitmask)
        })?;
        for apply in [ApplyMode::Additive, ApplyMode::Entropy] {
            let mut sampler = TensorSampler::new(legal.vocab(), Some(prior(apply)?), base)?;
            report(&format!("draw, mode {}", apply.name()), || {
                sampler.sample(&rows.logits, legal, Some(&shifts), draw, &mut sampled)
            })?;
        }
    }
    Ok(())
}

/// Prints the least time of a run, by row.
fn report<T>(name: &str, mut run: impl FnMut() -> Result<T, SampleError>) -> Result<(), SampleError> {
    let mut least = f64::INFINITY;
    for _ in 0..RUNS {
        let start = Instant::now();
        run()?;
        least = least.min(start.elapsed().as_secs_f64());
    }
    println!("  {name:<36} {:7.0}", least * 1e9 / ROWS as f64);
    Ok(())
}
