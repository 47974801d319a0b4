//! Draws of the fused kernel against those of the CPU.

use std::sync::Arc;

use candle_core::DType;
use pyprior_candle::{Draw, Sampled};
use pyprior_core::{
    ApplyMode, GumbelSampler, Language, LanguageConfig, LogitsScratch, PriorConfig, Truncation, TruncationConfig,
};
use pyprior_kernels::Refused;
use pyprior_kernels::emulation::Schedule;

use super::super::tensors::Random;
use super::super::tensors::batch::{Batch, languages};
use super::super::tensors::prior::Case;
use super::{NoToken, SCHEDULES, Subject};

/// Results are this near to the CPU's, relative to themselves: both are rounded to `f32`, and the CPU computes in `f64`.
const WITHIN: f64 = 1e-6;
/// The CPU adds the largest term, 1, to the others in `f64`: of what is smaller than this it keeps nothing.
const LEAST: f64 = 1e-15;

/// What has been compared.
#[derive(Debug, Default)]
pub(super) struct Tally {
    rows: usize,
    /// Rows in which another token was drawn, each with the distance of the two best scores.
    ties: Vec<f64>,
    largest: f64,
}

impl Tally {
    fn near(&mut self, found: f32, expected: f32, what: &dyn Fn() -> String) {
        let (found, expected) = (f64::from(found), f64::from(expected));
        let distance = (found - expected).abs();
        assert!(distance <= WITHIN * expected.abs() + LEAST, "{found:e} {expected:e} {}", what());
        if distance > LEAST {
            self.largest = self.largest.max(distance / expected.abs());
        }
    }

    fn compare(&mut self, batch: &Batch, truncation: TruncationConfig, draw: Draw<'_>, found: &Sampled, cpu: &Sampled) {
        assert_eq!(found.legal_counts, cpu.legal_counts);
        let vocab = batch.bitmask.vocab();
        for slot in 0..draw.rows.len() {
            self.rows += 1;
            let what = || {
                let (prior, logits) = (&batch.config, &batch.logits[slot]);
                let logits = if vocab < 300 { format!("{logits:?}") } else { String::new() };
                format!("slot {slot}, {vocab} tokens {:?} {truncation:?} {prior:?} {logits}", batch.tensor.dtype())
            };
            self.near(found.entropies[slot], cpu.entropies[slot], &what);
            let [log, cpu_log] = [found, cpu].map(|sampled| sampled.log_probabilities[slot]);
            let [token, cpu_token] = [found, cpu].map(|sampled| sampled.tokens[slot]);
            if token == cpu_token {
                self.near(log, cpu_log, &what);
                continue;
            }
            // Another token: then the two score alike.
            let mut noise = vec![0.0; vocab];
            let sampler = GumbelSampler::new(Truncation::new(truncation).unwrap(), draw.seed);
            let words = batch.bitmask.row(slot).unwrap();
            sampler.noise(draw.rows[slot], draw.steps[slot], words, &mut noise, &mut LogitsScratch::default());
            let score = |token: u32, log: f32| f64::from(log) + f64::from(noise[token as usize]);
            let gap = (score(token, log) - score(cpu_token, cpu_log)).abs();
            assert!(gap < 1e-5, "{token} {cpu_token}, {gap} apart: {}", what());
            println!("row {}: {token} for {cpu_token}, scores {gap:e} apart", self.rows);
            self.ties.push(gap);
        }
    }

    /// What must hold of all rows together.
    pub(super) fn check(&self, what: &str) {
        let Self { rows, ties, largest } = self;
        println!("{what}: {rows} rows, {} with another token, the largest relative distance {largest:.1e}", ties.len());
        assert!(ties.len() * 10_000 <= *rows, "{ties:?}");
    }
}

/// The language whose vocabulary has so many tokens, those of a base vocabulary among them.
fn language_of(tokens: u32) -> Arc<Language> {
    let value_range = if tokens < 300 { (0, 9) } else { (-99, 99) };
    let config = LanguageConfig { value_range, ..LanguageConfig::default() };
    let own = Language::new(config.clone()).unwrap().vocab().len() as u32;
    Language::new(LanguageConfig { base_vocab: tokens - own, ..config }).unwrap()
}

/// Rows of every kind: `calm` of them at once.
fn rounds(
    subject: &Subject,
    languages: &[Arc<Language>],
    rows: usize,
    (total, seed): (usize, u64),
    dtype: DType,
) -> Tally {
    let mut random = Random(seed);
    let mut tally = Tally::default();
    while tally.rows < total {
        let language = &languages[random.index(languages.len())];
        let rows = rows.min(total - tally.rows);
        let calm = random.pick(&[2, 20, 1000]);
        let mut batch = Batch::random(&mut random, language.vocab(), rows, calm, dtype);
        let config = PriorConfig { alpha: random.pick(&[0.0, 0.3, 1.0, 2.5]), ..batch.config };
        let mut logits = std::mem::take(&mut batch.logits);
        if config.apply == ApplyMode::Fixed && config.alpha > 1.0 {
            // There the least logits win, and beside the least of all `f64` forgets what the prior says.
            logits.iter_mut().flatten().for_each(|logit| *logit = logit.clamp(-1e4, 1e4));
        }
        batch = Batch::new(language.vocab(), config, batch.cases, &logits, dtype);
        let temperature = random.pick(&[1.0, 1.0, 0.6, 1.7, 0.05, 1e-9, 300.0]);
        let truncation = TruncationConfig { temperature, ..TruncationConfig::default() };
        let numbers = (0..rows).map(|_| random.below(u64::MAX)).collect::<Vec<_>>();
        let steps = (0..rows).map(|_| random.between(0, u32::MAX - 1)).collect::<Vec<_>>();
        let draw = Draw { seed: random.below(u64::MAX), rows: &numbers, steps: &steps };
        let cpu = batch.sample(&mut batch.sampler(truncation), draw).unwrap();
        let found = subject.draw(&batch, true, truncation, draw).unwrap();
        tally.compare(&batch, truncation, draw, &found, &cpu);
    }
    tally
}

/// The numbers of rows, on anything that runs kernels.
pub(super) fn all_rows(subject: &Subject, share: usize) {
    let small = languages();
    rounds(subject, &small, 40, (20_000 / share, 31), DType::F32).check("f32");
    rounds(subject, &small, 40, (2_000 / share, 32), DType::F16).check("f16");
    rounds(subject, &small, 40, (2_000 / share, 33), DType::BF16).check("bf16");
    let middle = [400, 1024].map(language_of);
    rounds(subject, &middle, 20, (400 / share, 34), DType::F32).check("400 and 1,024 tokens");
    for tokens in [1025, 50_257, 151_936] {
        let large = [language_of(tokens)];
        for (dtype, seed) in [(DType::F32, 35), (DType::F16, 36), (DType::BF16, 37)] {
            rounds(subject, &large, 4, (16, seed), dtype).check(&format!("{tokens} tokens {dtype:?}"));
        }
    }
}

#[test]
fn draws_are_those_of_the_cpu() {
    all_rows(&Subject::Emulated(Schedule::Shuffled(3)), 1);
}

/// Every mode of the prior at every size class: the same bits in every schedule.
#[test]
fn schedules_do_not_matter() {
    let mut random = Random(41);
    for tokens in [79, 268, 900, 3000] {
        let language = language_of(tokens);
        for apply in ApplyMode::ALL {
            let batch = Batch::random(&mut random, language.vocab(), 7, 20, DType::F32);
            let config = PriorConfig { apply, alpha: 0.5, ..batch.config };
            let logits = batch.logits.clone();
            let batch = Batch::new(language.vocab(), config, batch.cases, &logits, DType::F32);
            let draw = Draw { seed: 9, rows: &[1, 2, 3, 4, 5, 6, 7], steps: &[3; 7] };
            let plain = TruncationConfig::default();
            let of = |schedule| Subject::Emulated(schedule).draw(&batch, true, plain, draw).unwrap();
            let first = of(SCHEDULES[0]);
            for schedule in SCHEDULES.into_iter().chain([Schedule::Shuffled(8), Schedule::Shuffled(9)]) {
                assert_eq!(of(schedule), first, "{tokens} {apply:?} {schedule:?}");
            }
        }
    }
}

/// Temperature 0 takes the lowest of the likeliest.
pub(super) fn greedy(subject: &Subject) {
    let mut random = Random(51);
    let greedy = TruncationConfig { temperature: 0.0, ..TruncationConfig::default() };
    for round in 0..60 {
        let language = language_of([79, 268, 1024, 2000][round % 4]);
        let dtype = random.pick(&[DType::F32, DType::F16, DType::BF16]);
        let batch = Batch::random(&mut random, language.vocab(), 12, 9, dtype);
        // Every other round has ties, and no prior to break them.
        let coarse = |x: &f32| if round % 2 == 0 { x.signum() } else { *x };
        let apply = if round % 2 == 0 { ApplyMode::Off } else { batch.config.apply };
        let logits = batch.logits.iter().map(|row| row.iter().map(coarse).collect()).collect::<Vec<_>>();
        let batch = Batch::new(language.vocab(), PriorConfig { apply, ..batch.config }, batch.cases, &logits, dtype);
        let numbers = (0..12).collect::<Vec<_>>();
        let draw = Draw { seed: round as u64, rows: &numbers, steps: &[1; 12] };
        let cpu = batch.sample(&mut batch.sampler(greedy), draw).unwrap();
        assert_eq!(subject.draw(&batch, true, greedy, draw).unwrap(), cpu, "{:?}", batch.config);
    }
}

#[test]
fn greedy_takes_the_lowest_of_the_likeliest() {
    greedy(&Subject::Emulated(Schedule::Reversed));
}

/// Rows that cannot be drawn from, and rows with one legal token.
pub(super) fn special_rows(subject: &Subject) {
    let mut random = Random(61);
    for tokens in [79, 268, 1024, 5000] {
        let language = language_of(tokens);
        let (plain, draw) = (TruncationConfig::default(), Draw { seed: 1, rows: &[1, 2, 3], steps: &[0; 3] });
        let with = |logits: &[Vec<f32>], cases: &[Case], apply, dtype| {
            let config = PriorConfig { apply, ..PriorConfig::default() };
            Batch::new(language.vocab(), config, cases.to_vec(), logits, dtype)
        };
        for dtype in [DType::F32, DType::F16, DType::BF16] {
            for apply in ApplyMode::ALL {
                let mut cases = (0..3).map(|_| Case::random(&mut random, language.vocab())).collect::<Vec<_>>();
                let vocab = tokens as usize;
                // All but one masked, wherever it is and whatever the model says of it.
                for (row, only) in [0, vocab - 1, random.index(vocab)].into_iter().enumerate() {
                    cases[row].legal = (0..vocab).map(|token| token == only).collect();
                }
                for value in [0.5, f32::NEG_INFINITY, f32::INFINITY, -1e30] {
                    let batch = with(&vec![vec![value; vocab]; 3], &cases, apply, dtype);
                    let found = subject.draw(&batch, true, plain, draw).unwrap();
                    for (row, case) in cases.iter().enumerate() {
                        assert!(case.legal[found.tokens[row] as usize]);
                        assert_eq!((found.log_probabilities[row], found.entropies[row]), (0.0, 0.0));
                        assert_eq!(found.legal_counts[row], 1);
                    }
                }
                // NaN where it counts: the first of them is named; where it does not, nobody looks.
                let mut logits = vec![vec![0.25_f32; vocab]; 3];
                let places = [vocab / 3, vocab / 2, vocab - 2];
                for case in &mut cases {
                    case.legal.fill(true);
                    case.legal[places[0]] = false;
                }
                logits[1][places[0]] = f32::NAN;
                let fine = subject.draw(&with(&logits, &cases, ApplyMode::Off, dtype), true, plain, draw).unwrap();
                assert!((fine.entropies[1] - ((vocab - 1) as f32).ln()).abs() < 1e-5);
                logits[1][places[1]] = f32::NAN;
                logits[1][places[2]] = -f32::NAN;
                let batch = with(&logits, &cases, ApplyMode::Off, dtype);
                let error = subject.draw(&batch, true, plain, draw).unwrap_err();
                assert_eq!(error, NoToken { row: 1, refused: Refused::Nan { token: places[1] as u32 } });
            }
        }
    }
}

#[test]
fn rows_of_one_token_and_of_none() {
    let subject = Subject::Emulated(Schedule::InOrder);
    special_rows(&subject);
    // The host refuses rows without legal tokens; a kernel that gets one says so.
    let language = language_of(100);
    let mut case = Case::random(&mut Random(62), language.vocab());
    case.legal.fill(false);
    let batch = Batch::new(language.vocab(), PriorConfig::default(), vec![case], &[vec![0.0; 100]], DType::F32);
    let draw = Draw { seed: 1, rows: &[0], steps: &[0] };
    let error = subject.draw(&batch, true, TruncationConfig::default(), draw).unwrap_err();
    assert_eq!(error, NoToken { row: 0, refused: Refused::Empty });
}

/// Without a prior, vocabularies of any size.
#[test]
fn no_prior_is_needed() {
    let mut random = Random(71);
    let mut tally = Tally::default();
    for tokens in [79, 128, 129, 384, 385, 1024, 1025, 4096] {
        let language = language_of(tokens);
        let batch = Batch::random(&mut random, language.vocab(), 30, 20, DType::F32);
        let config = PriorConfig { apply: ApplyMode::Off, ..batch.config };
        let logits = batch.logits.clone();
        let batch = Batch::new(language.vocab(), config, batch.cases, &logits, DType::F32);
        let numbers = (0..30).collect::<Vec<_>>();
        let draw = Draw { seed: 5, rows: &numbers, steps: &[2; 30] };
        let plain = TruncationConfig::default();
        let cpu = batch.sample(&mut batch.sampler(plain), draw).unwrap();
        let found = Subject::Emulated(Schedule::InOrder).draw(&batch, false, plain, draw).unwrap();
        tally.compare(&batch, plain, draw, &found, &cpu);
    }
    tally.check("without a prior");
}
