//! An analyzer that is used again and again, on tokens, against a fresh one on the tree.
//!
//! `PYPRIOR_ANALYSIS` (1) multiplies the number of programs, `PYPRIOR_SEED` (1) says which.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::env;
use pyprior_core::{
    Analysis, Analyzer, DecodeError, Form, Language, LanguageConfig, PriorConfig, Profile, ProgramSampler, RowSampler,
    UniformSampler,
};

fn languages() -> Vec<LanguageConfig> {
    let short = LanguageConfig { max_len: Some(30), ..LanguageConfig::default() };
    let calls = LanguageConfig {
        value_range: (0, 2),
        max_vars: 3,
        max_arity: Some(2),
        max_block_stmts: 6,
        max_len: Some(120),
        ..LanguageConfig::with_profile(Profile::PyPrior002)
    };
    let deep = LanguageConfig {
        value_range: (i64::MAX - 1, i64::MAX),
        max_block_stmts: 4,
        max_expr_depth: 20,
        max_control_depth: 8,
        max_len: Some(200),
        no_dead_code: false,
        ..LanguageConfig::default()
    };
    vec![short, calls, deep]
}

#[test]
fn memory_that_is_reused_shows_nowhere() {
    let (mut analyzer, seed) = (Analyzer::default(), env("PYPRIOR_SEED", 1));
    let (mut found, mut defined, mut called) = (0, 0, 0);
    for config in languages() {
        let language = Language::new(config).unwrap();
        let prior = ProgramSampler::with_prior(&language, PriorConfig::default(), seed).unwrap();
        for sampler in [prior, ProgramSampler::new(&language, seed)] {
            let programs = sampler.sample(0..5_000 * env("PYPRIOR_ANALYSIS", 1)).unwrap();
            for tokens in programs.iter() {
                let module = language.vocab().tokens_to_ast(tokens).unwrap();
                let expected = Analysis::of(&module);
                assert_eq!(*analyzer.analyze_tokens(language.vocab(), tokens).unwrap(), expected, "{tokens:?}");
                assert_eq!(*analyzer.analyze(&module), expected, "{tokens:?}");
                found += expected.findings.len();
                defined += expected.functions.len();
                called += usize::from(expected.call_value_used);
            }
        }
    }
    assert!(found > 30_000 && defined > 3_000 && called > 500, "{found} {defined} {called}");
}

/// What is no program is refused for the reason for which there is no tree, and leaves nothing behind.
#[test]
fn what_is_no_program_is_refused_as_by_the_tree() {
    let mut analyzer = Analyzer::default();
    let (draws, mut refused) = (UniformSampler::new(3), [0; 5]);
    for config in languages() {
        let language = Language::new(config).unwrap();
        let (vocab, pad) = (language.vocab(), language.vocab().pad());
        let programs = ProgramSampler::new(&language, 5).sample(0..4_000).unwrap();
        for (row, tokens) in (0..).zip(programs.iter()) {
            let (mut random, mut step) = (RowSampler::new(&draws, row), 0);
            let mut below = |count: usize| {
                step += 1;
                random.index(step, count as u32) as usize
            };
            let mut broken = tokens.to_vec();
            for _ in 0..1 + below(3) {
                let place = below(broken.len());
                let funcs = vocab.ids_of(Form::Func);
                match below(5) {
                    0 => broken.truncate(place + 1),
                    1 => broken.push(if below(2) == 0 { pad } else { broken[place] }),
                    2 => broken.swap(0, place),
                    // Calls of what is not defined, mostly.
                    3 => {
                        let func = below(funcs.len()) as u32 + funcs.start;
                        let of_form = broken.iter_mut().filter(|token| vocab.form(**token) == Some(Form::Func));
                        of_form.for_each(|token| *token = func);
                        let first = broken.iter_mut().find(|token| vocab.form(**token) == Some(Form::Func));
                        first.into_iter().for_each(|token| *token = funcs.end - 1);
                    }
                    _ => broken[place] = below(vocab.len() + 1) as u32,
                }
            }
            let expected = vocab.tokens_to_ast(&broken).map(|module| Analysis::of(&module));
            assert_eq!(analyzer.analyze_tokens(vocab, &broken).cloned(), expected, "{broken:?}");
            refused[match expected {
                Ok(_) => 0,
                Err(DecodeError::Truncated { .. }) => 1,
                Err(DecodeError::Trailing { .. }) => 2,
                Err(DecodeError::Unexpected { .. }) => 3,
                Err(_) => 4,
            }] += 1;
            assert_eq!(*analyzer.analyze_tokens(vocab, tokens).unwrap(), Analysis::of_tokens(vocab, tokens).unwrap());
        }
    }
    assert!(refused.iter().zip([1_000, 1_000, 500, 1_000, 20]).all(|(&count, least)| count > least), "{refused:?}");
}

/// At the depth at which the tree is refused, and not before.
#[test]
fn what_is_too_deep_is_refused_as_by_the_tree() {
    let language = Language::new(LanguageConfig { max_len: None, ..LanguageConfig::default() }).unwrap();
    let id = |name: &str| language.vocab().id_of(name).unwrap();
    let [block, print, add, one, branch, less] = ["BLK_1", "PRINT", "ADD", "INT_1", "IF", "LT"].map(id);
    let sums = |levels: usize| {
        let mut tokens = vec![block, print];
        tokens.extend(std::iter::repeat_n(add, levels));
        tokens.extend(std::iter::repeat_n(one, levels + 1));
        tokens
    };
    let tests = |levels: usize| {
        let mut tokens = Vec::new();
        (0..levels).for_each(|_| tokens.extend([block, branch, less, one, one]));
        tokens.extend([block, print, one]);
        (0..levels).for_each(|_| tokens.extend([block, print, one]));
        tokens
    };
    let mut analyzer = Analyzer::default();
    for make in [&sums as &dyn Fn(usize) -> Vec<u32>, &tests] {
        let mut deepest = [0; 2];
        for levels in 190..210 {
            let tokens = make(levels);
            let expected = language.vocab().tokens_to_ast(&tokens).map(|module| Analysis::of(&module));
            deepest[usize::from(expected.is_err())] += 1;
            assert_eq!(analyzer.analyze_tokens(language.vocab(), &tokens).cloned(), expected, "{levels} levels");
        }
        assert!(deepest.iter().all(|&count| count > 0), "{deepest:?}");
    }
}
