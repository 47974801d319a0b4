//! Sampled programs: a million of them over eight configurations of `sound`, each checked by an independent reading of
//! the rules; and that every step draws uniformly.
//!
//! `PYPRIOR_PROGRAMS` (1,000,000) sets how many.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::collections::BTreeMap;

use common::{Pair, env, read};
use pyprior_core::{
    BatchMatcher, Language, LanguageConfig, Matcher, Profile, ProgramSampler, Programs, UniformSampler,
};
use pyprior_naive::check;
use rayon::prelude::*;

fn configurations() -> Vec<LanguageConfig> {
    let base = LanguageConfig { max_len: Some(30), ..LanguageConfig::default() };
    let exclude = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let all = vec![
        base.clone(),
        LanguageConfig { value_range: (0, 9), max_len: Some(64), ..base.clone() },
        LanguageConfig { max_block_stmts: 4, max_control_depth: 3, max_len: Some(200), ..base.clone() },
        LanguageConfig { value_range: (1, 1), max_vars: 2, max_funcs: 3, max_len: Some(18), ..base.clone() },
        LanguageConfig { exclude: exclude(&["const", "FUNC_3"]), max_len: Some(40), ..base.clone() },
        LanguageConfig { exclude: exclude(&["assign", "print"]), max_len: Some(40), ..base.clone() },
        LanguageConfig { exclude: exclude(&["VAR_1", "BLK_1"]), max_block_stmts: 3, max_len: Some(50), ..base.clone() },
        LanguageConfig { no_dead_code: false, base_vocab: 1000, max_expr_depth: 1, max_len: Some(24), ..base },
    ];
    assert!(all.iter().all(|config| config.profile() == Some(Profile::Sound)));
    all
}

#[test]
fn a_million_programs() {
    let all = configurations();
    let each = env("PYPRIOR_PROGRAMS", 1_000_000).div_ceil(all.len() as u64);
    let mut longest_allowed = 0;
    for (nth, config) in all.iter().enumerate() {
        let pair = Pair::new(config).unwrap();
        let sampler = ProgramSampler::new(&pair.language, nth as u64);
        let max_len = config.max_len.unwrap() as usize;
        let starts = (0..each).step_by(4096).collect::<Vec<_>>();
        let one = |&start: &u64| {
            let mut programs = Programs::default();
            sampler.sample_into(start..each.min(start + 4096), &mut programs).unwrap();
            let (mut calls, mut functions, mut full) = (0, 0, 0);
            for (row, program) in (start..).zip(programs.iter()) {
                let facts = check(&pair.rules, &pair.toks(program));
                let facts = facts.unwrap_or_else(|error| panic!("seed {nth}, row {row}: {error}: {program:?}"));
                assert!(facts.tokens == program.len() && program.len() <= max_len, "seed {nth}, row {row}");
                calls += facts.calls;
                functions += facts.functions.len();
                full += usize::from(program.len() == max_len);
            }
            [programs.len(), programs.tokens().len(), calls, functions, full]
        };
        let sum = |one: [usize; 5], other: [usize; 5]| std::array::from_fn(|i| one[i] + other[i]);
        let [programs, tokens, calls, functions, full] = starts.par_iter().map(one).reduce(|| [0; 5], sum);
        println!("{programs} programs, {tokens} tokens, {calls} calls, {functions} defs, {full} of {max_len} tokens");
        assert_eq!(programs as u64, each);
        longest_allowed += full;
    }
    assert!(longest_allowed > 0, "no program came near its bound");
}

/// The 0.999 quantile of chi-squared, by Wilson and Hilferty's approximation.
fn quantile(degrees: f64) -> f64 {
    let spread = 2.0 / (9.0 * degrees);
    degrees * (1.0 - spread + 3.0902 * spread.sqrt()).powi(3)
}

/// That the counts are those of uniform draws among the legal tokens after `prefix`.
fn uniform(language: &Language, prefix: &[u32], matcher: &Matcher, counts: &BTreeMap<u32, u64>) {
    let legal = matcher.legal_tokens().collect::<Vec<_>>();
    assert!(counts.keys().all(|token| legal.contains(token)), "only legal tokens are drawn");
    let total = counts.values().sum::<u64>() as f64;
    let expected = total / legal.len() as f64;
    if legal.len() < 2 || expected < 20.0 {
        return;
    }
    let count = |token: &u32| counts.get(token).copied().unwrap_or(0) as f64;
    let chi = legal.iter().map(|token| (count(token) - expected).powi(2) / expected).sum::<f64>();
    let names = prefix.iter().filter_map(|&token| language.vocab().name(token)).collect::<Vec<_>>().join(" ");
    let limit = quantile((legal.len() - 1) as f64);
    println!("after {names:?}: {} choices, {total} draws, chi-squared {chi:.1} (at most {limit:.1})", legal.len());
    assert!(chi < limit, "after {names:?}: chi-squared {chi} for {} choices", legal.len());
}

#[test]
fn the_first_steps_are_uniform() {
    for (seed, config) in configurations().into_iter().enumerate() {
        let language = Language::new(config).unwrap();
        let programs = ProgramSampler::new(&language, 1000 + seed as u64).sample(0..60_000).unwrap();
        let mut after: BTreeMap<&[u32], BTreeMap<u32, u64>> = BTreeMap::new();
        for program in programs.iter() {
            for len in 0..program.len().min(4) {
                *after.entry(&program[..len]).or_default().entry(program[len]).or_default() += 1;
            }
        }
        for (prefix, counts) in &after {
            // The quantile is that of one test; prefixes seen often are few.
            if counts.values().sum::<u64>() > 8_000 {
                uniform(&language, prefix, &Matcher::with_prefix(&language, prefix).unwrap(), counts);
            }
        }
    }
}

#[test]
fn a_batch_draws_uniformly() {
    let language = Language::new(LanguageConfig { max_len: Some(30), ..LanguageConfig::default() }).unwrap();
    let prefix = read(&language, "BLK_2 ASSIGN VAR_1");
    let mut batch = BatchMatcher::empty(&language, 1);
    batch.set(0, &language, &prefix).unwrap();
    let (sampler, mut counts, mut token) = (UniformSampler::new(9), BTreeMap::new(), [0]);
    for row in 0..100_000 {
        batch.choose_uniform(&sampler, &[row], &mut token).unwrap();
        *counts.entry(token[0]).or_default() += 1;
    }
    assert!(counts.len() > 200);
    uniform(&language, &prefix, &batch.matcher(0).unwrap(), &counts);
}

#[test]
fn without_a_bound_programs_end_or_are_given_up() {
    let config = LanguageConfig { value_range: (0, 9), max_len: None, max_expr_depth: 1, ..LanguageConfig::default() };
    let pair = Pair::new(&config).unwrap();
    let sampler = ProgramSampler::new(&pair.language, 3);
    let programs = sampler.sample(0..20_000).unwrap();
    programs.iter().for_each(|program| assert!(check(&pair.rules, &pair.toks(program)).is_ok()));
    let longest = programs.iter().map(<[u32]>::len).max().unwrap() as u32;
    println!("longest of {} programs: {longest} tokens", programs.len());
    assert!(sampler.clone().with_token_limit(longest).sample(0..20_000).unwrap() == programs);
    let error = sampler.clone().with_token_limit(longest - 1).sample(0..20_000).unwrap_err();
    assert_eq!(error.limit, longest - 1);
    assert_eq!(programs.get(error.row as usize).unwrap().len() as u32, longest);
    for limit in [0, 1, 2] {
        let error = sampler.clone().with_token_limit(limit).sample(0..1).unwrap_err();
        assert_eq!((error.row, error.limit), (0, limit));
    }
    let mut kept = Programs::default();
    kept.push(&[1, 2]);
    sampler.clone().with_token_limit(2).sample_into(0..5, &mut kept).unwrap_err();
    assert_eq!((kept.len(), kept.tokens()), (1, [1, 2].as_slice()));
}

#[test]
fn sampling_can_be_stopped() {
    use std::sync::atomic::AtomicBool;

    let language = Language::new(LanguageConfig { max_len: Some(30), ..LanguageConfig::default() }).unwrap();
    let sampler = pyprior_core::ProgramSampler::new(&language, 3);
    let flag = AtomicBool::new(false);
    assert_eq!(sampler.sample_unless(5..3005, &flag).unwrap(), Some(sampler.sample(5..3005).unwrap()));
    flag.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(sampler.sample_unless(5..3005, &flag).unwrap(), None);
}
