//! The choice by a prior alone, against the probabilities that the prior states for the same row: chi-squared at
//! p = 1e-5 for each state, fixed seeds, and against other priors to see that the test would tell.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::Arc;

use common::Random;
use common::chi::{chi_squared, fits};
use common::prior::Case;
use pyprior_core::{
    Language, LanguageConfig, LogitsScratch, Matcher, Normalisation, OtherLanguageError, Prior, PriorConfig,
    PriorSampler, Profile, ProgramSampler, TokenBitmask,
};

const DRAWS: u64 = 20_000;

fn languages() -> Vec<Arc<Language>> {
    let tight = LanguageConfig { value_range: (0, 9), max_len: Some(25), ..LanguageConfig::default() };
    let wide = LanguageConfig { max_block_stmts: 12, max_vars: 40, max_len: None, ..LanguageConfig::default() };
    let calls = LanguageConfig {
        value_range: (-1, 1),
        max_block_stmts: 4,
        max_len: Some(60),
        max_arity: Some(3),
        exclude: ["ASSIGN", "VAR_2", "EQ", "FOR2"].map(str::to_owned).to_vec(),
        ..LanguageConfig::with_profile(Profile::PyPrior002)
    };
    [tight, wide, calls].map(|config| Language::new(config).unwrap()).to_vec()
}

/// Any weights, also such as leave nothing to draw but what weighs 0.
fn prior(random: &mut Random, language: &Language) -> PriorConfig {
    Case::random(random, language.vocab()).config
}

fn probabilities(matcher: &Matcher, prior: &Prior) -> Vec<f64> {
    let vocab = matcher.language().vocab().len();
    let mut bitmask = TokenBitmask::new(1, vocab);
    matcher.fill_next_token_bitmask(&mut bitmask, 0).unwrap();
    let mut out = vec![0.0; vocab];
    prior.probabilities(matcher.frontier(), &bitmask, 0, &mut out, &mut LogitsScratch::new(vocab)).unwrap();
    out
}

fn counts(matcher: &Matcher, sampler: &PriorSampler) -> Vec<u64> {
    let mut counts = vec![0; matcher.language().vocab().len()];
    for row in 0..DRAWS {
        counts[matcher.choose_by_prior(sampler, row << 7 | 5).unwrap() as usize] += 1;
    }
    counts
}

/// A row after some tokens of a program that a prior might draw.
fn somewhere(language: &Arc<Language>, walk: &PriorSampler, random: &mut Random) -> Matcher {
    let mut matcher = Matcher::new(language);
    for _ in 0..random.index(30) {
        matcher.accept_token(matcher.choose_by_prior(walk, 0).unwrap()).unwrap();
    }
    matcher
}

/// A row that chooses among three functions.
fn at_callee(language: &Arc<Language>) -> Matcher {
    let names = "BLK_4 FUNC_1 ARITY_0 BLK_1 PRINT INT_1 FUNC_2 ARITY_1 BLK_1 PRINT INT_0 FUNC_3 ARITY_3 BLK_1 PRINT \
                 VAR_1 PRINT ADD CALL";
    let ids = names.split_whitespace().map(|name| language.vocab().id_of(name).unwrap());
    Matcher::with_prefix(language, &ids.collect::<Vec<_>>()).unwrap()
}

#[test]
fn draws_are_as_likely_as_the_prior_says() {
    let mut random = Random(5);
    let mut states = 0;
    let (mut told, mut others, mut kinds) = (0, 0, std::collections::BTreeMap::new());
    for language in languages() {
        for state in 0..60 {
            let config = prior(&mut random, &language);
            let sampler = PriorSampler::new(&language, config, random.below(u64::MAX)).unwrap();
            let stated = Prior::new(language.vocab(), config).unwrap();
            // Somewhere in a program that a plain prior might draw.
            let walk = PriorConfig { w_call: 60.0, w_if: 3.0, ..PriorConfig::default() };
            let walk = PriorSampler::new(&language, walk, random.below(u64::MAX)).unwrap();
            let matcher = match state {
                0..3 if language.config().max_block_stmts == 4 => at_callee(&language),
                _ => somewhere(&language, &walk, &mut random),
            };
            let (counts, stated) = (counts(&matcher, &sampler), probabilities(&matcher, &stated));
            let (chi, degrees) = chi_squared(&counts, &stated);
            assert!(fits(&counts, &stated), "{chi} of {degrees}: {config:?} after {:?}", matcher.tokens());
            states += 1;
            *kinds.entry(matcher.frontier().map(|found| found.kind.name())).or_insert(0) += 1;
            // Half as much again for one form.
            let other = Prior::new(language.vocab(), PriorConfig { w_const: config.w_const * 1.5, ..config }).unwrap();
            let other = probabilities(&matcher, &other);
            if other.iter().zip(&stated).any(|(a, b)| (a - b).abs() > 0.03) {
                others += 1;
                told += u32::from(!fits(&counts, &other));
            }
        }
    }
    println!("{states} states at {kinds:?}; {told} of {others} other priors told");
    assert_eq!(told, others);
    assert!(others > 10);
    for kind in ["block", "stmt", "expr", "cond", "arity", "var", "callee"] {
        assert!(kinds.contains_key(&Some(kind)), "no state at a hole of kind {kind}");
    }
}

#[test]
fn programs_are_what_rows_draw_one_by_one() {
    let mut random = Random(8);
    for language in languages() {
        for _ in 0..6 {
            let config = PriorConfig { length_decay: 0.6, ..prior(&mut random, &language) };
            let config = if language.config().max_len.is_none() { PriorConfig::default() } else { config };
            let seed = random.below(u64::MAX);
            let programs = ProgramSampler::with_prior(&language, config, seed).unwrap();
            let sampler = PriorSampler::new(&language, config, seed).unwrap();
            let first = u64::from(u32::MAX) - 20;
            let all = programs.sample(first..first + 300).unwrap();
            for (row, program) in (first..).zip(all.iter()).step_by(7) {
                let mut matcher = Matcher::new(&language);
                while !matcher.is_terminated() {
                    matcher.accept_token(matcher.choose_by_prior(&sampler, row).unwrap()).unwrap();
                }
                assert_eq!(matcher.tokens(), program, "row {row} of {config:?}");
                assert_eq!(programs.sample(row..row + 1).unwrap().get(0), Some(program));
            }
        }
    }
}

#[test]
fn what_weighs_nothing_is_not_drawn() {
    let config = LanguageConfig { max_len: Some(40), ..LanguageConfig::default() };
    let language = Language::new(config).unwrap();
    let vocab = language.vocab();
    for normalisation in [Normalisation::Vocabulary, Normalisation::Legal] {
        let prior = PriorConfig { w_binop: 0.0, w_if: 0.0, w_const: 1e-6, normalisation, ..PriorConfig::default() };
        let programs = ProgramSampler::with_prior(&language, prior, 1).unwrap().sample(0..20_000).unwrap();
        for name in ["ADD", "SUB", "MUL", "IF", "FOR", "FOR2"] {
            let id = vocab.id_of(name).unwrap();
            assert!(!programs.tokens().contains(&id), "{name} under {normalisation:?}");
        }
        // The only leaves where no variable is visible.
        assert!(programs.tokens().contains(&vocab.id_of("INT_3").unwrap()));
    }
}

#[test]
fn a_sampler_knows_its_language() {
    let languages = languages();
    let (one, other) = (&languages[0], &languages[1]);
    let sampler = PriorSampler::new(one, PriorConfig::default(), 1).unwrap();
    assert_eq!(Matcher::new(other).choose_by_prior(&sampler, 0), Err(OtherLanguageError));
    let wrong = PriorConfig { w_var: f64::NAN, ..PriorConfig::default() };
    let error = ProgramSampler::with_prior(one, wrong, 1).unwrap_err();
    assert_eq!(error.to_string(), "w_var is NaN; it must be a finite number, 0 or more");
}
