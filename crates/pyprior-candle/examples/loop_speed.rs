//! Tokens per second of the whole loop, and of the same loop without masks, for a model of 0.83 million parameters.
//!
//! `cargo run --release -p pyprior-candle --example loop_speed -- [rows…]`
//!
//! The loop without masks takes the very batches that the masked one took, and draws each token from all of the
//! vocabulary: same forward passes, same number of draws, no legal sets.

use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use candle_core::{DType, Device, Tensor};
use pyprior_candle::{
    Batch, BitmaskTensor, Budget, CausalModel, Draw, Error, GenerateConfig, Generated, Generator, KvCache, Llama,
    LlamaConfig, Sampled, TensorSampler,
};
use pyprior_core::{Language, LanguageConfig, TokenBitmask, TruncationConfig};

const MAX_LEN: u32 = 60;
/// Pairs of runs, of which the median ratio is told.
const ROUNDS: usize = 9;

/// A model that notes what it is asked.
struct Noting<'m> {
    inner: &'m Llama,
    batches: Mutex<Vec<(Batch, Vec<usize>)>>,
}

impl CausalModel for Noting<'_> {
    fn vocab_size(&self) -> usize {
        self.inner.vocab_size()
    }

    fn device(&self) -> &Device {
        self.inner.device()
    }

    fn max_positions(&self) -> usize {
        self.inner.max_positions()
    }

    fn bytes_per_slot(&self, capacity: usize) -> usize {
        self.inner.bytes_per_slot(capacity)
    }

    fn new_cache(&self, slots: usize, capacity: usize) -> Result<KvCache, Error> {
        self.inner.new_cache(slots, capacity)
    }

    fn forward(&self, cache: &mut KvCache, batch: &Batch) -> Result<Tensor, Error> {
        let lens = batch.iter().map(|(slot, _)| cache.len(slot)).collect::<Result<_, _>>()?;
        if let Ok(mut batches) = self.batches.lock() {
            batches.push((batch.clone(), lens));
        }
        self.inner.forward(cache, batch)
    }
}

fn model() -> Result<Llama, Error> {
    let config = LlamaConfig {
        vocab_size: 268,
        hidden_size: 128,
        intermediate_size: 344,
        num_hidden_layers: 4,
        num_attention_heads: 4,
        num_key_value_heads: 4,
        head_dim: 32,
        max_position_embeddings: 512,
        rms_norm_eps: 1e-6,
        rope_theta: 10_000.0,
        tie_word_embeddings: true,
    };
    let mut tensors = config.initial_tensors(1)?.into_iter();
    let none = || candle_core::Error::Msg("no tensor left".to_owned());
    Llama::new(config.clone(), &Device::Cpu, DType::F32, |_, _| Ok(tensors.next().ok_or_else(none)?.1))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut sizes: Vec<usize> = std::env::args().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = vec![64, 256, 1024];
    }
    let model = model()?;
    let language = Language::new(LanguageConfig { max_len: Some(MAX_LEN), ..LanguageConfig::default() })?;
    let vocab = language.vocab().len();
    for rows in sizes {
        let noting = Noting { inner: &model, batches: Mutex::default() };
        let config = GenerateConfig { rows, prior: None, ..GenerateConfig::default() };
        let budget = Budget { programs: Some(4 * rows as u64), ..Budget::default() };
        let generated = |model: &dyn CausalModel| {
            let mut generator = Generator::new(model, &language, &[], config.clone())?;
            let each = &mut |_: Generated<'_>| ControlFlow::Continue(());
            generator.run(0, &budget, &AtomicBool::new(false), each)
        };
        generated(&noting)?;
        let Ok(batches) = noting.batches.into_inner() else { return Err("the model failed".into()) };
        let mut sampler = TensorSampler::new(vocab, None, TruncationConfig::default())?;
        let mut sampled = Sampled::default();
        let mut cache = model.new_cache(rows, MAX_LEN as usize + 1)?;
        let mut unmasked = || -> Result<f64, Box<dyn std::error::Error>> {
            let begin = Instant::now();
            for (batch, lens) in &batches {
                for ((slot, _), &len) in batch.iter().zip(lens) {
                    if len == 0 {
                        cache.reset(slot)?;
                    }
                }
                let logits = model.forward(&mut cache, batch)?;
                let all = BitmaskTensor::new(&everything(batch.rows(), vocab), &Device::Cpu)?;
                let (numbers, steps) = (vec![0; batch.rows()], vec![0; batch.rows()]);
                let draw = Draw { seed: 0, rows: &numbers, steps: &steps };
                sampler.sample(&logits, &all, None, draw, &mut sampled)?;
            }
            Ok(begin.elapsed().as_secs_f64())
        };
        let (mut best, mut ratios) = ([f64::INFINITY; 2], Vec::new());
        let mut last = None;
        for _ in 0..ROUNDS {
            let stats = generated(&model)?;
            let (masked, plain) = (stats.total.as_secs_f64(), unmasked()?);
            best = [best[0].min(masked), best[1].min(plain)];
            ratios.push(plain / masked);
            last = Some(stats);
        }
        ratios.sort_by(f64::total_cmp);
        let Some(stats) = last else { continue };
        let share = |part: std::time::Duration| 100.0 * part.as_secs_f64() / stats.total.as_secs_f64();
        println!(
            "{rows:5} rows: {:6.0} tokens/s, {:6.0} without masks, ratio {:.3} (median of {ROUNDS}); {} steps of {} tokens, {} forced; model {:.1}%, masks {:.2}%, draws {:.1}%",
            stats.tokens as f64 / best[0],
            stats.tokens as f64 / best[1],
            ratios[ROUNDS / 2],
            stats.steps,
            stats.tokens / stats.steps.max(1),
            stats.forced,
            share(stats.model),
            share(stats.mask),
            share(stats.sample),
        );
    }
    Ok(())
}

fn everything(rows: usize, vocab: usize) -> TokenBitmask {
    let mut bitmask = TokenBitmask::new(rows, vocab);
    let words = bitmask.words();
    for (nth, word) in bitmask.data_mut().iter_mut().enumerate() {
        let tokens = vocab - 32 * (nth % words);
        *word = if tokens < 32 { (1 << tokens) - 1 } else { u32::MAX };
    }
    bitmask
}
