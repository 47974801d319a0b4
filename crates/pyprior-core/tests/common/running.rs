//! Languages whose programs do much when they run.

use std::sync::Arc;

use pyprior_core::{Language, LanguageConfig, Profile, ProgramSampler, Programs};

use super::read;

/// Eight languages of a profile, each with the tokens that its programs start with.
pub(crate) fn configurations(profile: Profile) -> Vec<(LanguageConfig, &'static str)> {
    let base = LanguageConfig { max_len: Some(60), ..LanguageConfig::with_profile(profile) };
    let exclude = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    let small = LanguageConfig { value_range: (-3, 6), max_vars: 3, max_block_stmts: 4, ..base.clone() };
    vec![
        (base.clone(), ""),
        // Long, and deep in both ways.
        (LanguageConfig { max_len: Some(250), max_control_depth: 4, ..small.clone() }, "BLK_4"),
        (
            LanguageConfig {
                max_expr_depth: 10,
                max_len: Some(120),
                exclude: exclude(&["for", "if"]),
                ..small.clone()
            },
            "BLK_3",
        ),
        // Calls of calls.
        (
            LanguageConfig {
                max_arity: Some(2),
                max_vars: 2,
                max_len: Some(90),
                value_range: (-1, 2),
                ..small.clone()
            },
            "BLK_4 FUNC_1 ARITY_1 BLK_1",
        ),
        (
            LanguageConfig {
                max_arity: Some(1),
                max_vars: 1,
                max_len: Some(120),
                exclude: exclude(&["for", "INT_-3", "LT"]),
                ..small.clone()
            },
            "BLK_4 FUNC_1 ARITY_1 BLK_1 RETURN ADD VAR_1 VAR_1 FUNC_2 ARITY_1 BLK_1",
        ),
        // a = a * a over and over: integers beyond 64 bits.
        (
            LanguageConfig {
                exclude: exclude(&["ADD", "INT_0", "compare", "if", "FOR2", "func", "INT_-1", "INT_1"]),
                max_vars: 2,
                max_len: Some(70),
                max_control_depth: 1,
                max_expr_depth: 2,
                ..small.clone()
            },
            "BLK_4 ASSIGN VAR_1 INT_6 FOR VAR_2 INT_6 BLK_3 ASSIGN VAR_1 MUL VAR_1 VAR_1 ASSIGN VAR_1 MUL VAR_1",
        ),
        // Loops over bounds that their bodies change, backwards and within each other, with one variable.
        (
            LanguageConfig { exclude: exclude(&["FOR", "func", "MUL"]), max_vars: 2, ..small.clone() },
            "BLK_4 ASSIGN VAR_1 INT_5 FOR2 VAR_1 INT_-3 VAR_1",
        ),
        (
            LanguageConfig { exclude: exclude(&["func"]), max_vars: 1, max_control_depth: 3, ..small },
            "BLK_2 ASSIGN VAR_1 INT_6 FOR VAR_1 VAR_1",
        ),
    ]
}

/// Programs of one of these.
pub(crate) fn sample(config: &(LanguageConfig, &str), seed: u64, count: u64) -> (Arc<Language>, Programs) {
    let language = Language::new(config.0.clone()).unwrap_or_else(|error| panic!("{error}"));
    let prefix = read(&language, config.1);
    let sampler = ProgramSampler::new(&language, seed).with_prefix(&prefix);
    let programs = sampler.unwrap_or_else(|error| panic!("{error}")).sample(0..count);
    (language, programs.unwrap_or_else(|error| panic!("{error}")))
}
