//! Draws from logits, against the distribution that is stated: chi-squared at p = 1e-5 for each of the tests here,
//! with fixed seeds, and against slightly wrong distributions to see that the test would tell.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::Random;
use common::chi::{chi_squared, fits};
use common::prior::{Case, log_softmax, normal, wild};
use common::slices::probabilities;
use half::f16;
use pyprior_core::{
    ApplyMode, GumbelSampler, Language, LanguageConfig, LogitsScratch, Matcher, Normalisation, Prior, PriorConfig,
    Sampled, TokenBitmask, TokenSampler, Truncation, TruncationConfig, UniformSampler,
};

fn counts(sampler: &TokenSampler, logits: &[f32], bitmask: &TokenBitmask, draws: u64) -> Vec<u64> {
    let mut scratch = LogitsScratch::new(logits.len());
    let mut counts = vec![0; logits.len()];
    for draw in 0..draws {
        let (row, step) = (draw / 50, (draw % 50) as u32);
        let sampled = sampler.sample(logits, bitmask, 0, row, step, &mut scratch).unwrap().unwrap();
        counts[sampled.token as usize] += 1;
    }
    counts
}

/// Holes of every kind, by the tokens before them.
const PREFIXES: [&[&str]; 5] = [
    &[],
    &["BLK_2"],
    &["BLK_2", "ASSIGN", "VAR_1", "INT_7", "PRINT"],
    &["BLK_2", "ASSIGN", "VAR_1", "INT_7", "PRINT", "ADD", "MUL"],
    &["BLK_3", "ASSIGN", "VAR_1", "INT_7", "IF", "LT", "VAR_1", "INT_1", "BLK_2"],
];

#[test]
fn every_mode_and_normalisation_draws_what_it_states() {
    let config =
        LanguageConfig { value_range: (0, 9), max_len: Some(60), max_block_stmts: 3, ..LanguageConfig::default() };
    let language = Language::new(config).unwrap();
    let vocab = language.vocab();
    let mut random = Random(21);
    let (mut told, mut told_other) = (0, 0);
    for (prefix, normalisation) in
        PREFIXES.iter().flat_map(|&prefix| [Normalisation::Vocabulary, Normalisation::Legal].map(|by| (prefix, by)))
    {
        let prefix = prefix.iter().map(|name| vocab.id_of(name).unwrap()).collect::<Vec<_>>();
        let matcher = Matcher::with_prefix(&language, &prefix).unwrap();
        let mut bitmask = TokenBitmask::new(1, vocab.len());
        matcher.fill_next_token_bitmask(&mut bitmask, 0).unwrap();
        let legal = (0..vocab.len()).map(|id| bitmask.is_allowed(0, id as u32)).collect::<Vec<_>>();
        let model = (0..vocab.len()).map(|_| normal(&mut random) as f32).collect::<Vec<_>>();
        for apply in ApplyMode::ALL {
            let config = PriorConfig { apply, normalisation, alpha: 0.75, w_compare: 0.0, ..PriorConfig::default() };
            let case = Case { config, frontier: matcher.frontier(), legal: legal.clone() };
            let of = |case: &Case, model: &[f32]| {
                let model = model.iter().map(|&value| f64::from(value)).collect::<Vec<_>>();
                log_softmax(&case.apply(vocab, &model)).iter().map(|log| log.exp()).collect::<Vec<_>>()
            };
            let mut row = model.clone();
            let prior = Prior::new(vocab, config).unwrap();
            prior.apply_row(&mut row, &bitmask, 0, matcher.frontier(), &mut LogitsScratch::default()).unwrap();
            let counts = counts(&TokenSampler::new(77), &row, &bitmask, 40_000);
            let stated = of(&case, &model);
            assert!(fits(&counts, &stated), "{apply:?} {normalisation:?} {:?}", chi_squared(&counts, &stated));
            // 15 per cent less for the likeliest token: wrong, and told.
            let likeliest = (0..stated.len()).max_by(|&a, &b| stated[a].total_cmp(&stated[b])).unwrap();
            let mut wrong = stated.clone();
            wrong[likeliest] *= 0.85;
            let sum: f64 = wrong.iter().sum();
            wrong.iter_mut().for_each(|probability| *probability /= sum);
            told += u32::from(!fits(&counts, &wrong));
            // The other normalisation, where it says something else: wrong, and told.
            let by = [Normalisation::Vocabulary, Normalisation::Legal]
                [usize::from(normalisation == Normalisation::Vocabulary)];
            let other = Case { config: PriorConfig { normalisation: by, ..config }, ..case };
            let other = of(&other, &model);
            if stated.iter().zip(&other).any(|(a, b)| (a - b).abs() > 0.05) {
                assert!(!fits(&counts, &other), "{apply:?} {normalisation:?}");
                told_other += 1;
            }
        }
    }
    println!("of 40 wrong distributions {told} are told; {told_other} of the other normalisation");
    assert!(told >= 36 && told_other >= 10, "{told} {told_other}");
}

/// The choice by Gumbel noise, prior and all in one pass.
#[test]
fn noise_draws_what_is_stated() {
    let language = Language::new(LanguageConfig { value_range: (0, 9), ..LanguageConfig::default() }).unwrap();
    let vocab = language.vocab();
    let mut random = Random(51);
    let mut scratch = LogitsScratch::default();
    let sampler = GumbelSampler::new(Truncation::new(TruncationConfig::default()).unwrap(), 1 << 40);
    for _ in 0..60 {
        let mut case = Case::random(&mut random, vocab);
        case.config.alpha = case.config.alpha.min(1.0);
        let model = (0..vocab.len()).map(|_| normal(&mut random) as f32).collect::<Vec<_>>();
        let logits = case.apply(vocab, &model.iter().map(|&logit| f64::from(logit)).collect::<Vec<_>>());
        let stated = log_softmax(&logits).iter().map(|log| log.exp()).collect::<Vec<_>>();
        let (prior, bitmask) = (Prior::new(vocab, case.config).unwrap(), case.bitmask());
        let shifts = prior.row_shifts(case.frontier, &bitmask, 0).unwrap();
        let mut counts = vec![0; vocab.len()];
        for draw in 0..10_000 {
            let prior = Some((&prior, &shifts));
            let choice = sampler.sample(&model, bitmask.data(), prior, draw / 7, (draw % 7) as u32, &mut scratch);
            let choice = choice.unwrap();
            counts[choice.token as usize] += 1;
            assert!((choice.log_probability - stated[choice.token as usize].ln()).abs() < 1e-5, "{case:?}");
            assert_eq!(choice.legal, bitmask.count(0));
        }
        assert!(fits(&counts, &stated), "{case:?} {:?}", chi_squared(&counts, &stated));
    }
}

#[test]
fn the_prior_alone_is_drawn_as_stated() {
    let vocab = Language::new(LanguageConfig::default()).unwrap();
    let vocab = vocab.vocab();
    let mut random = Random(31);
    let mut scratch = LogitsScratch::default();
    for seed in 0..40 {
        let case = Case::random(&mut random, vocab);
        let config = PriorConfig { apply: ApplyMode::Additive, alpha: 1.0, ..case.config };
        let mut row = vec![0.0_f32; vocab.len()];
        let prior = Prior::new(vocab, config).unwrap();
        prior.apply_row(&mut row, &case.bitmask(), 0, case.frontier, &mut scratch).unwrap();
        let counts = counts(&TokenSampler::new(seed), &row, &case.bitmask(), 10_000);
        let mut stated = vec![0.0; vocab.len()];
        prior.probabilities(case.frontier, &case.bitmask(), 0, &mut stated, &mut scratch).unwrap();
        assert!(fits(&counts, &stated), "{case:?}");
        assert!(fits(&counts, &probabilities(&case, vocab)), "{case:?}");
    }
}

#[test]
fn a_draw_is_the_inverse_of_the_distribution() {
    let mut random = Random(41);
    let mut scratch = LogitsScratch::default();
    let sampler = TokenSampler::new(9);
    for round in 0..20_000 {
        let vocab = random.between(1, 90) as usize;
        let mut bitmask = TokenBitmask::new(1, vocab);
        let (word, step) = (random.index(vocab), round);
        bitmask
            .data_mut()
            .iter_mut()
            .for_each(|word| *word = random.below(1 << 32) as u32 & random.below(1 << 32) as u32);
        bitmask.data_mut()[word / 32] |= 1 << (word % 32);
        let calm = random.pick(&[1, 3, 1000]);
        let row = (0..vocab).map(|_| f16::from_f64(wild(&mut random, calm))).collect::<Vec<_>>();
        let sampled = sampler.sample(&row, &bitmask, 0, 5, step, &mut scratch).unwrap().unwrap();
        assert!(bitmask.is_allowed(0, sampled.token));
        assert!(sampled.log_probability <= 0.0 && sampled.log_probability.is_finite());
        // The naive way: candidates, probabilities, their sums one after the other.
        let value = |id: usize| f64::from(row[id]).clamp(-65504.0, 65504.0);
        let allowed = (0..vocab).filter(|&id| bitmask.is_allowed(0, id as u32)).collect::<Vec<_>>();
        let said = allowed.iter().copied().filter(|&id| f64::from(row[id]) > f64::NEG_INFINITY).collect::<Vec<_>>();
        let logits = match said.is_empty() {
            true => allowed.iter().map(|&id| (id, 0.0)).collect::<Vec<_>>(),
            false => said.iter().map(|&id| (id, value(id))).collect(),
        };
        let logs = log_softmax(&logits.iter().map(|logit| logit.1).collect::<Vec<_>>());
        let fraction = sampler.fraction(5, step);
        let mut sum = 0.0;
        let nth = logs.iter().position(|log| {
            sum += log.exp();
            (sum - fraction).abs() < 1e-12 || sum > fraction
        });
        let nth = nth.unwrap();
        let at_the_edge = (sum - fraction).abs() < 1e-12;
        assert!(logits[nth].0 == sampled.token as usize || at_the_edge, "{sampled:?}");
        let drawn = logits.iter().position(|logit| logit.0 == sampled.token as usize).unwrap();
        assert!((logs[drawn] - sampled.log_probability).abs() < 1e-9);
    }
}

#[test]
fn draws_are_functions_of_seed_row_and_step() {
    let mut scratch = LogitsScratch::default();
    let mut bitmask = TokenBitmask::new(3, 40);
    bitmask.data_mut().copy_from_slice(&[u32::MAX, 0xff, u32::MAX, 0xff, 0, 0]);
    let logits = (0..120).map(|i| (i % 7) as f32).collect::<Vec<_>>();
    let sampler = TokenSampler::new(1 << 40);
    let mut out = [Some(Sampled::default()); 3];
    sampler.sample_rows(&logits, &bitmask, &[6, 1 << 33, 0], &[4, 5, 6], &mut out, &mut scratch).unwrap();
    for (slot, (row, step)) in [(6, 4), (1 << 33, 5), (0, 6)].into_iter().enumerate() {
        let logits = &logits[40 * slot..][..40];
        assert_eq!(sampler.sample(logits, &bitmask, slot, row, step, &mut scratch).unwrap(), out[slot]);
    }
    assert!(out[0].is_some() && out[2].is_none());
    let error = sampler.sample_rows(&logits, &bitmask, &[0; 3], &[0; 2], &mut out, &mut scratch).unwrap_err();
    assert_eq!(error.to_string(), "2 steps were given for 3 rows");
    // Neither the uniform choice of the same seed nor another row, step or seed has the same numbers.
    let fractions = |seed, row| (0..64).map(move |step| TokenSampler::new(seed).fraction(row, step));
    let uniform = UniformSampler::new(5);
    let words = (0..64).map(|step| f64::from(uniform.index(3, step, 1 << 16)));
    let same = fractions(5, 3).zip(words).filter(|(ours, word)| (ours * 65536.0).floor() == *word);
    assert!(same.count() <= 1);
    let all =
        [fractions(5, 3), fractions(5, 4), fractions(6, 3), fractions(5 + (1 << 32), 3), fractions(5, 3 + (1 << 32))];
    let mut all = all.into_iter().flatten().map(f64::to_bits).collect::<Vec<_>>();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 5 * 64);
    assert!(all.iter().all(|&bits| (0.0..1.0).contains(&f64::from_bits(bits))));
}
