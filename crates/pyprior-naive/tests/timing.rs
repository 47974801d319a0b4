//! Languages in which a search over whole prefixes takes exponential time: every step of a random program takes the
//! search milliseconds.

mod common;

use common::Random;
use pyprior_naive::{Rules, Search, State, Tok, check, legal};
use std::time::{Duration, Instant};

/// Under the switches of both profiles.
fn profiles(rules: &Rules) -> [Rules; 2] {
    [false, true].map(|sound| Rules { calls_returning: sound, dead_after_returning: sound, ..rules.clone() })
}

fn languages() -> Vec<Rules> {
    let without_constants = Rules {
        value_range: (5, 4),
        max_funcs: 9,
        max_block_stmts: 3,
        max_expr_depth: 2,
        max_len: Some(87),
        ..Rules::original()
    };
    let many_variables = Rules {
        value_range: (-9, -2),
        max_funcs: 1,
        max_vars: 24,
        max_arity: 13,
        max_block_stmts: 5,
        max_expr_depth: 1,
        max_len: Some(43),
        ..Rules::original()
    };
    let deep = Rules { max_control_depth: 5, max_block_stmts: 6, max_len: Some(120), ..Rules::original() };
    let unbounded = deep.clone().excluding(&["const"]).within(None);
    let mut all = vec![without_constants, many_variables.excluding(&["const"]), unbounded];
    for exclude in [
        &["const"][..],
        &["PRINT", "assign"],
        &["VAR_1", "print"],
        &["VAR_1", "const"],
        &["VAR_1", "VAR_2", "const", "ARITY_3"],
        &["const", "BLK_1"],
        &["BLK_1", "BLK_2", "assign", "print"],
        &["RETURN", "const", "for"],
    ] {
        all.push(deep.clone().excluding(exclude));
    }
    all
}

/// Writes a program with random legal tokens, a long one; how long the slowest step took.
fn write(rules: &Rules, random: &mut Random, search: &mut Search) -> Duration {
    let mut state = State::start(rules);
    let (mut tokens, mut longest) = (vec![], Duration::ZERO);
    while !state.finished() {
        let begun = Instant::now();
        let legal: Vec<Tok> = legal(rules, search, &state).into_iter().collect();
        longest = longest.max(begun.elapsed());
        let Some(shortest) = search.completion(rules, &state) else {
            assert!(tokens.is_empty() && legal.is_empty(), "stuck after {tokens:?}");
            return longest;
        };
        // Of two, the one that leaves more to do, until that is enough.
        let tok = if shortest < 100 {
            let later = [random.pick(&legal), random.pick(&legal)];
            later.into_iter().flatten().max_by_key(|tok| matches!(tok, Tok::Blk(_) | Tok::If | Tok::For | Tok::Call))
        } else {
            legal.first().copied()
        };
        assert!(tok.is_some_and(|tok| state.push(rules, tok).is_ok()), "{legal:?}");
        tokens.extend(tok);
    }
    assert_eq!(check(rules, &tokens).err(), None);
    longest
}

#[test]
fn every_step_takes_milliseconds() {
    let begun = Instant::now();
    let mut longest = Duration::ZERO;
    for rules in languages().iter().flat_map(profiles) {
        let mut search = Search::new(&rules);
        let mut random = Random(7);
        let slowest = (0..2).map(|_| write(&rules, &mut random, &mut search)).max().unwrap_or_default();
        println!("{:?} {slowest:?}, {} remembered", rules.exclude, search.remembered());
        longest = longest.max(slowest);
    }
    println!("the slowest step took {longest:?}, all together {:?}", begun.elapsed());
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
