//! The pass on the CPU, the composed operations and the formulas agree, row by row.

use candle_core::DType;
use pyprior_candle::{Draw, Sampled};
use pyprior_core::{LogitsScratch, TruncationConfig};

use super::Random;
use super::batch::{Batch, languages, truncations};
use super::prior::{OUT, log_softmax};
use super::reference::Expected;

fn largest(dtype: DType) -> f64 {
    match dtype {
        DType::F16 => half::f16::MAX.to_f64(),
        DType::BF16 => half::bf16::MAX.to_f64(),
        _ => f64::from(f32::MAX),
    }
}

/// How many rows agree, and how many are too near a border to say.
#[derive(Default, Debug)]
struct Tally {
    rows: u32,
    near: u32,
}

impl Tally {
    fn compare(&mut self, batch: &Batch, expected: &[Expected], sampled: &Sampled, draw: Draw<'_>, within: f64) {
        for (slot, expected) in expected.iter().enumerate() {
            let (token, gap) = expected.choose(draw.seed, draw.rows[slot], draw.steps[slot]);
            self.rows += 1;
            let what = || format!("row {slot} within {within}: {:?} {:?}", batch.config, batch.cases[slot].frontier);
            if expected.margin < within {
                self.near += 1;
                continue;
            }
            let count = batch.cases[slot].legal.iter().filter(|legal| **legal).count();
            assert_eq!(sampled.legal_counts[slot] as usize, count, "{}", what());
            let entropy = f64::from(sampled.entropies[slot]);
            assert!((entropy - expected.entropy()).abs() < within, "{entropy} {} {}", expected.entropy(), what());
            let log = f64::from(sampled.log_probabilities[slot]);
            let stated = expected.logs[sampled.tokens[slot] as usize];
            assert!((log - stated).abs() < within, "{log} {stated} {}", what());
            if gap < within {
                self.near += 1;
            } else {
                assert_eq!(sampled.tokens[slot], token, "gap {gap} {}", what());
            }
        }
    }
}

#[test]
fn both_paths_follow_the_formulas() {
    let mut random = Random(5);
    let (mut cpu, mut composed) = (Tally::default(), Tally::default());
    for round in 0..240_u64 {
        let [small, large] = languages_once();
        let vocab = if round % 3 == 0 { large.vocab() } else { small.vocab() };
        let dtype = [DType::F32, DType::F16, DType::BF16][round as usize / 2 % 3];
        let calm = random.pick(&[2, 20, 1000]);
        let rows = random.between(1, 40) as usize;
        let batch = Batch::random(&mut random, vocab, rows, calm, dtype);
        let truncation = random.pick(&truncations());
        let numbers = (0..rows).map(|_| random.below(1 << 40)).collect::<Vec<_>>();
        let steps = (0..rows).map(|_| random.between(0, 60)).collect::<Vec<_>>();
        let draw = Draw { seed: round << 31, rows: &numbers, steps: &steps };
        let expected = (0..rows)
            .map(|slot| Expected::new(&batch.cases[slot], vocab, &batch.logits[slot], largest(dtype), &truncation));
        let expected = expected.collect::<Vec<_>>();
        let mut sampler = batch.sampler(truncation);
        cpu.compare(&batch, &expected, &batch.sample(&mut sampler, draw).unwrap(), draw, 1e-5);
        let mut sampler = sampler.always_composed();
        composed.compare(&batch, &expected, &batch.sample(&mut sampler, draw).unwrap(), draw, 1e-4);
    }
    println!("CPU pass {cpu:?}, composed operations {composed:?}");
    assert!(cpu.rows > 4000 && cpu.near * 100 < cpu.rows && composed.near * 20 < composed.rows);
}

fn languages_once() -> &'static [std::sync::Arc<pyprior_core::Language>; 2] {
    static LANGUAGES: std::sync::OnceLock<[std::sync::Arc<pyprior_core::Language>; 2]> = std::sync::OnceLock::new();
    LANGUAGES.get_or_init(languages)
}

/// What the core's slices give in two steps, apply and softmax, comes out of the one pass.
#[test]
fn values_are_those_of_the_slices() {
    let [language, _] = languages();
    let vocab = language.vocab();
    let mut random = Random(6);
    let mut scratch = LogitsScratch::new(vocab.len());
    for round in 0..100 {
        let batch = Batch::random(&mut random, vocab, 30, 1 << 40, DType::F32);
        let numbers = (0..30).collect::<Vec<_>>();
        let draw = Draw { seed: round, rows: &numbers, steps: &[9; 30] };
        let sampled = batch.sample(&mut batch.sampler(TruncationConfig::default()), draw).unwrap();
        for (slot, case) in batch.cases.iter().enumerate() {
            let mut row = batch.logits[slot].clone();
            batch.prior.apply_row(&mut row, &batch.bitmask, slot, case.frontier, &mut scratch).unwrap();
            let logs = log_softmax(&row.iter().map(|&x| f64::from(x)).collect::<Vec<_>>());
            let entropy: f64 = logs.iter().filter(|log| **log > OUT).map(|log| -log * log.exp()).sum();
            let log = logs[sampled.tokens[slot] as usize];
            assert!((f64::from(sampled.log_probabilities[slot]) - log).abs() < 2e-5, "{log} {:?}", batch.config);
            assert!((f64::from(sampled.entropies[slot]) - entropy).abs() < 2e-5, "{entropy} {:?}", batch.config);
        }
    }
}

#[test]
fn greedy_takes_the_lowest_of_the_likeliest() {
    let [language, _] = languages();
    let vocab = language.vocab();
    let mut random = Random(7);
    let greedy = TruncationConfig { temperature: 0.0, ..TruncationConfig::default() };
    for round in 0..60 {
        let dtype = random.pick(&[DType::F32, DType::F16, DType::BF16]);
        let mut batch = Batch::random(&mut random, vocab, 20, 9, dtype);
        if round % 2 == 0 {
            // Ties, and no prior to break them.
            batch.config.apply = pyprior_core::ApplyMode::Off;
            let coarse = batch.logits.iter().map(|row| row.iter().map(|x| x.signum()).collect()).collect::<Vec<_>>();
            batch = Batch::new(vocab, batch.config, batch.cases, &coarse, dtype);
        }
        let numbers = (0..20).collect::<Vec<_>>();
        let draw = Draw { seed: round, rows: &numbers, steps: &[1; 20] };
        let sampled = batch.sample(&mut batch.sampler(greedy), draw).unwrap();
        let composed = batch.sample(&mut batch.sampler(greedy).always_composed(), draw).unwrap();
        for slot in 0..20 {
            let plain = TruncationConfig::default();
            let expected = Expected::new(&batch.cases[slot], vocab, &batch.logits[slot], largest(dtype), &plain);
            let best = expected.logs.iter().copied().fold(OUT, f64::max);
            let first = expected.logs.iter().position(|&log| log == best).unwrap();
            let near = expected.logs.iter().filter(|&&log| log < best && log > best - 1e-4).count();
            for sampled in [&sampled, &composed] {
                let token = sampled.tokens[slot] as usize;
                assert!(token == first || near > 0 || (round % 2 == 1 && expected.logs[token] > best - 1e-9));
                assert_eq!((sampled.log_probabilities[slot], sampled.entropies[slot]), (0.0, 0.0));
            }
        }
    }
}
