//! Languages and programs chosen by hand, at the corners of the rules. Each language is walked exhaustively, at the
//! largest `max_len` that the walk can take.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::exact::{Seen, every_prefix};
use common::{Pair, Random};
use pyprior_core::{ConfigError, LanguageConfig, Matcher, Profile, WhyNot};
use pyprior_naive::{check, rule, walk};
use rayon::prelude::*;

const NODES: u64 = 150_000;

fn tiny(profile: Profile) -> LanguageConfig {
    LanguageConfig {
        max_funcs: 1,
        max_vars: 1,
        value_range: (1, 1),
        max_block_stmts: 2,
        max_expr_depth: 1,
        max_control_depth: 1,
        ..LanguageConfig::with_profile(profile)
    }
}

fn excluding(mut config: LanguageConfig, names: &str) -> LanguageConfig {
    config.exclude = names.split_whitespace().map(str::to_owned).collect();
    config
}

/// Walks a language in both profiles, with and without `no_dead_code`, at the largest `max_len` up to `max_len` that
/// stays within [`NODES`].
fn walked(max_len: u32, config: impl Fn(LanguageConfig) -> LanguageConfig + Sync) -> Seen {
    let settings = [(Profile::Sound, true), (Profile::Sound, false), (Profile::PyPrior002, true)];
    let one = |&(profile, no_dead_code): &(Profile, bool)| {
        let config = config(LanguageConfig { no_dead_code, ..tiny(profile) });
        let least = Pair::new(&config).unwrap().language.min_len();
        assert!(least <= max_len, "the shortest program has {least} tokens");
        let at = |max_len| LanguageConfig { max_len: Some(max_len), ..config.clone() };
        let fits = |&max_len: &u32| walk(&common::rules(&at(max_len)), NODES, &mut |_, _| {}).is_ok();
        let max_len = (least..=max_len).take_while(fits).last().unwrap_or_else(|| panic!("too large: {config:?}"));
        let pair = Pair::new(&at(max_len)).unwrap();
        let seen = every_prefix(&pair, NODES, &mut Random(7)).unwrap();
        println!("{profile:?} no_dead_code {no_dead_code} max_len {max_len}: {} programs", seen.programs);
        assert!(seen.programs > 0);
        seen
    };
    settings.par_iter().map(one).reduce(Seen::default, |mut all, seen| {
        all.add(&seen);
        all
    })
}

fn refused(config: &LanguageConfig) -> String {
    assert_eq!(pyprior_naive::min_len(&common::rules(config)), None, "the oracle knows a program");
    match Pair::new(config).err() {
        Some(error @ ConfigError::NoProgram { .. }) => error.to_string(),
        other => panic!("{other:?} instead of a refusal"),
    }
}

#[test]
fn expression_depth_0() {
    let seen = walked(18, |base| excluding(LanguageConfig { max_expr_depth: 0, ..base }, "FOR2 EQ"));
    assert!(seen.decided.get(rule::EXPR_DEPTH) > 0 && seen.longest >= 12);
}

#[test]
fn expression_depth_0_and_nothing_but_branches_that_return() {
    let base = |base| LanguageConfig { max_expr_depth: 0, max_vars: 0, max_control_depth: 2, ..base };
    let seen = walked(24, |config| excluding(base(config), "FOR FOR2 EQ binop call"));
    assert!(seen.decided.get(rule::RETURNS_IN_IF) > 0);
    assert!(seen.longest >= 18, "{}", seen.longest);
}

#[test]
fn branches_where_returning_is_the_shorter_or_the_longer_way() {
    // Without constants and PRINT, falling through takes an ASSIGN, one token more than RETURN; nested two deep.
    let base = |base| LanguageConfig { max_expr_depth: 0, max_control_depth: 2, ..base };
    let seen = walked(26, |config| excluding(base(config), "const print for EQ binop ARITY_0"));
    assert!(seen.longest >= 18, "{}", seen.longest);
    let seen = walked(22, |config| excluding(base(config), "const assign for EQ binop ARITY_0"));
    assert!(seen.longest >= 18, "{}", seen.longest);
}

#[test]
fn one_constant() {
    walked(12, |base| LanguageConfig { max_funcs: 0, max_vars: 0, ..base });
    walked(14, |base| excluding(base, "SUB MUL EQ FOR2"));
}

#[test]
fn no_constant() {
    // Only a single def with parameters is a program: nothing else has anything to compute with.
    let seen = walked(18, |base| excluding(base, "const SUB MUL EQ FOR2"));
    assert!(seen.longest >= 9, "{}", seen.longest);
    let empty = |base| LanguageConfig { value_range: (5, 4), allow_empty_value_range: true, max_vars: 2, ..base };
    walked(14, |base| excluding(empty(base), "SUB MUL EQ FOR2"));
    for names in ["const func", "const FUNC_1", "const VAR_1 print", "const arity", "const ARITY_1", "const BLK_1"] {
        let text = refused(&excluding(tiny(Profile::Sound), names));
        assert!(text.starts_with("no program can be completed: "), "{text}");
    }
}

#[test]
fn var_1_excluded() {
    let base = |base| LanguageConfig { max_vars: 2, ..base };
    let seen = walked(16, |config| excluding(base(config), "VAR_1 SUB MUL EQ FOR2"));
    // VAR_1 is the one target a module could begin with.
    assert!(seen.decided.get("exclude:var") > 0);
    let seen = walked(14, |config| excluding(base(config), "VAR_1 const SUB MUL EQ"));
    assert!(seen.programs > 0);
    walked(14, |config| excluding(base(config), "VAR_2 SUB MUL EQ FOR2"));
}

#[test]
fn print_and_assign_excluded() {
    // Nothing ends a block of the module but a def that stands alone.
    let seen = walked(18, |base| excluding(base, "PRINT ASSIGN SUB MUL EQ FOR2"));
    assert!(seen.decided.get(rule::DEF_LAST) == 0 || seen.programs > 0);
    let two = |base| LanguageConfig { max_control_depth: 2, max_expr_depth: 0, max_vars: 2, ..base };
    walked(18, |base| excluding(two(base), "print assign EQ"));
    for names in ["print assign func", "print assign return", "print assign BLK_1", "print VAR_1 FUNC_1"] {
        refused(&excluding(tiny(Profile::Sound), names));
        refused(&excluding(tiny(Profile::PyPrior002), names));
    }
}

#[test]
fn return_excluded() {
    let seen = walked(15, |base| excluding(base, "RETURN SUB MUL EQ FOR2"));
    assert!(seen.decided.get("exclude:return") > 0);
    let depth = |base| LanguageConfig { max_control_depth: 0, max_block_stmts: 3, ..base };
    let seen = walked(16, |base| excluding(depth(base), "return binop compare"));
    assert!(seen.decided.get(rule::CALLS_RETURNING) > 0 && seen.calls > 0);
}

#[test]
fn blocks_excluded() {
    walked(18, |base| excluding(base, "BLK_1 SUB MUL EQ FOR2 ADD"));
    let three = |base| LanguageConfig { max_block_stmts: 3, max_expr_depth: 0, ..base };
    walked(18, |base| excluding(three(base), "BLK_1 BLK_2 EQ FOR2"));
    walked(18, |base| excluding(three(base), "BLK_2 EQ FOR2"));
    for names in ["block", "BLK_1 BLK_2"] {
        assert!(refused(&excluding(tiny(Profile::Sound), names)).contains("BLK"));
    }
    assert!(refused(&LanguageConfig { max_block_stmts: 0, ..tiny(Profile::Sound) }).contains("max_block_stmts is 0"));
}

#[test]
fn no_functions_no_variables_no_control() {
    walked(12, |base| LanguageConfig { max_funcs: 0, ..base });
    walked(14, |base| excluding(LanguageConfig { max_vars: 0, ..base }, "SUB MUL EQ"));
    walked(15, |base| excluding(LanguageConfig { max_control_depth: 0, ..base }, "SUB MUL EQ"));
    let none = |base| LanguageConfig { max_funcs: 0, max_vars: 0, max_control_depth: 0, max_expr_depth: 0, ..base };
    let seen = walked(18, none);
    // BLK_1 or BLK_2, each statement PRINT INT_1.
    assert_eq!(seen.programs, 3 * 2);
    refused(&excluding(none(tiny(Profile::Sound)), "print"));
}

#[test]
fn arities() {
    let many = |base| LanguageConfig { max_vars: 3, max_expr_depth: 1, max_control_depth: 0, ..base };
    walked(16, |base| excluding(LanguageConfig { max_arity: Some(0), ..many(base) }, "binop compare"));
    walked(16, |base| excluding(LanguageConfig { max_arity: Some(9), ..many(base) }, "binop compare ARITY_1 ASSIGN"));
    // Two functions of different arity: which of them a call can still afford differs.
    let two = |base| LanguageConfig { max_funcs: 2, max_block_stmts: 3, ..many(base) };
    let seen = walked(19, |base| excluding(two(base), "binop compare assign print ARITY_3 ARITY_1"));
    assert!(seen.decided.get(rule::DEF_ORDER) > 0);
    let seen = walked(18, |base| excluding(two(base), "binop compare assign ARITY_2 ARITY_3 VAR_1"));
    assert!(seen.calls > 0 && seen.decided.get(rule::CALLABLE) > 0);
}

#[test]
fn what_a_scope_holds_after_branches_and_loops() {
    let base = |base| LanguageConfig { max_funcs: 0, max_vars: 2, max_expr_depth: 0, ..base };
    let seen = walked(17, |config| excluding(base(config), "EQ FOR2 binop"));
    assert!(seen.decided.get(rule::SCOPE_MERGE) > 0 && seen.decided.get(rule::TARGET_ORDER) > 0);
    let nested = |config| LanguageConfig { max_control_depth: 2, ..base(config) };
    let seen = walked(24, |config| excluding(nested(config), "EQ for print"));
    assert!(seen.longest >= 18, "{}", seen.longest);
}

/// What the decoder and the oracle think of a program.
fn verdicts(profile: Profile, no_dead_code: bool, text: &str) -> bool {
    let config = LanguageConfig { no_dead_code, max_len: Some(60), ..LanguageConfig::with_profile(profile) };
    let pair = Pair::new(&config).unwrap();
    let ids = pair.read(text);
    let stepped = Matcher::with_prefix(&pair.language, &ids);
    let accepted = stepped.as_ref().is_ok_and(Matcher::is_terminated);
    assert_eq!(accepted, check(&pair.rules, &pair.toks(&ids)).is_ok(), "{profile:?}: {text}");
    accepted
}

#[test]
fn the_smallest_type_error_of_0_0_2() {
    let text = "BLK_2 FUNC_1 ARITY_0 BLK_1 PRINT INT_1 PRINT ADD CALL FUNC_1 INT_1";
    assert!(verdicts(Profile::PyPrior002, true, text));
    assert!(!verdicts(Profile::Sound, true, text));
    let language = Pair::new(&LanguageConfig { max_len: Some(30), ..LanguageConfig::default() }).unwrap();
    let matcher = Matcher::with_prefix(&language.language, &language.read(&text[..text.len() - 18])).unwrap();
    assert_eq!(matcher.why_not(language.read("CALL")[0]), Some(WhyNot::NothingCallable));
    assert!(verdicts(Profile::Sound, true, "BLK_2 FUNC_1 ARITY_0 BLK_1 RETURN INT_1 PRINT ADD CALL FUNC_1 INT_1"));
}

#[test]
fn statements_after_ones_that_return() {
    let cond = "LT INT_1 INT_2";
    let both = format!("IF {cond} BLK_1 RETURN INT_1 BLK_1 RETURN INT_2");
    let half = format!("IF {cond} BLK_1 RETURN INT_1 BLK_1 PRINT INT_2");
    let def = |blk: u32, body: &str| format!("BLK_1 FUNC_1 ARITY_0 BLK_{blk} {body}");
    let nested = |inner: &str| format!("IF {cond} BLK_1 {inner} BLK_1 RETURN INT_3");
    let looped = format!("FOR VAR_1 INT_2 BLK_1 {both}");
    // Body, then whether it is a program of: sound; 0.0.2; either without no_dead_code.
    let cases = [
        (def(1, &both), true, true),
        (def(2, &format!("{both} PRINT INT_1")), false, true),
        (def(2, &format!("{half} PRINT INT_1")), true, true),
        (def(2, &format!("{} PRINT INT_1", nested(&both))), false, true),
        (def(2, &format!("{} PRINT INT_1", nested(&half))), true, true),
        // A loop may take no turn at all: it never returns.
        (def(2, &format!("{looped} PRINT INT_1")), true, true),
        (def(2, &format!("FOR VAR_1 INT_2 BLK_2 {both} PRINT VAR_1 RETURN INT_1")), false, true),
        (def(2, "RETURN INT_1 PRINT INT_1"), false, false),
        (def(2, &format!("{half} RETURN INT_1")), true, true),
        (def(2, &format!("PRINT INT_1 {both}")), true, true),
    ];
    for (text, sound, recorded) in cases {
        assert_eq!(verdicts(Profile::Sound, true, &text), sound, "{text}");
        assert_eq!(verdicts(Profile::PyPrior002, true, &text), recorded, "{text}");
        assert!(verdicts(Profile::Sound, false, &text) && verdicts(Profile::PyPrior002, false, &text), "{text}");
    }
}

#[test]
fn what_returns_can_be_called() {
    let call = |body: &str| format!("BLK_2 FUNC_1 ARITY_0 {body} PRINT CALL FUNC_1");
    let cond = "LT INT_1 INT_2";
    let both = format!("IF {cond} BLK_1 RETURN INT_1 BLK_1 RETURN INT_2");
    for (body, returns) in [
        ("BLK_1 RETURN INT_1".to_owned(), true),
        (format!("BLK_1 {both}"), true),
        (format!("BLK_2 PRINT INT_1 {both}"), true),
        (format!("BLK_1 IF {cond} BLK_1 {both} BLK_1 RETURN INT_1"), true),
        (format!("BLK_1 IF {cond} BLK_1 RETURN INT_1 BLK_1 PRINT INT_1"), false),
        ("BLK_1 IF EQ INT_1 INT_1 BLK_1 RETURN INT_1 BLK_2 PRINT INT_1 ASSIGN VAR_1 INT_1".to_owned(), false),
        (format!("BLK_1 FOR VAR_1 INT_9 BLK_1 {both}"), false),
    ] {
        assert_eq!(verdicts(Profile::Sound, true, &call(&body)), returns, "{body}");
        assert!(verdicts(Profile::PyPrior002, true, &call(&body)), "{body}");
    }
    // Without no_dead_code, a return anywhere in a block makes it return.
    let dead = call("BLK_2 RETURN INT_1 PRINT INT_1");
    assert!(verdicts(Profile::Sound, false, &dead) && !verdicts(Profile::Sound, true, &dead));
    // No recursion, no call of what is defined later.
    for text in
        ["BLK_1 FUNC_1 ARITY_0 BLK_1 RETURN CALL FUNC_1", "BLK_2 FUNC_1 ARITY_0 BLK_1 RETURN CALL FUNC_2 PRINT INT_1"]
    {
        assert!(!verdicts(Profile::Sound, true, text) && !verdicts(Profile::PyPrior002, true, text), "{text}");
    }
}
