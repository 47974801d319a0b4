//! The search against the plain walk over every program: the legal sets and the lengths of the shortest completions at
//! every prefix, under the switches of both profiles.

mod common;

use common::Random;
use pyprior_naive::{Rules, Search, State, Tok, legal, min_len, walk};
use std::collections::{BTreeMap, BTreeSet};

/// Prefixes looked at for one language before it is passed over as too large.
const LIMIT: u64 = 12_000;

/// Under the switches of both profiles.
fn profiles(rules: &Rules) -> [Rules; 2] {
    [false, true].map(|sound| Rules { calls_returning: sound, dead_after_returning: sound, ..rules.clone() })
}

/// Languages in which leaves and targets are hard to come by, so that it matters which scope and which callee is at
/// hand: mostly without constants, with parameters that may be read and variables that may not.
fn scarce(random: &mut Random) -> Rules {
    let mut rules = random.rules();
    rules.max_vars = 1 + random.small(4);
    rules.max_arity = random.small(4);
    rules.max_funcs = 1 + random.small(2);
    rules.max_block_stmts = 1 + random.small(4);
    rules.max_len = Some(6 + random.size(16));
    for often in ["const", "EQ", "SUB", "MUL", "FOR2"] {
        if !random.one_in(5) {
            rules.exclude.insert(often.to_owned());
        }
    }
    for name in ["var", "func", "block", "arity", "FUNC_1", "VAR_1", "VAR_2", "BLK_1"] {
        rules.exclude.remove(name);
    }
    for name in ["VAR_1", "VAR_2", "VAR_3", "ARITY_0", "ARITY_1", "ARITY_2", "BLK_1", "BLK_2", "BLK_3"] {
        if random.one_in(4) {
            rules.exclude.insert(name.to_owned());
        }
    }
    rules
}

/// What the walk found of every prefix of every program: the legal tokens and the length of the shortest program that
/// begins like this.
type Walked = BTreeMap<Vec<Tok>, (BTreeSet<Tok>, usize)>;

fn walked(rules: &Rules) -> Option<Walked> {
    let mut found = Walked::new();
    let walked = walk(rules, LIMIT, &mut |prefix, legal| {
        // What comes after the prefix has been visited before it.
        let after = |&tok: &Tok| match tok {
            Tok::Pad => Some(prefix.len()),
            tok => found.get(&[prefix, &[tok]].concat()).map(|&(_, shortest)| shortest),
        };
        let shortest = legal.iter().filter_map(after).min();
        assert!(shortest.is_some(), "{prefix:?} has a completion");
        found.insert(prefix.to_vec(), (legal.clone(), shortest.unwrap_or_default()));
    });
    walked.is_ok().then_some(found)
}

/// Compares the search with what was walked; a fresh one, and another whose memory is of the same rules under another
/// bound on the length.
fn compare(rules: &Rules, expected: &Walked) {
    let mut search = Search::new(rules);
    let mut used = Search::new(rules);
    let _ = used.completion(rules, &State::start(rules));
    let longer = rules.clone().within(rules.max_len.map(|max_len| max_len + 1));
    let _ = used.completion(&longer, &State::start(&longer));
    for (prefix, (legal_tokens, shortest)) in expected {
        let state = State::of(rules, prefix);
        assert!(state.is_ok(), "{prefix:?} is refused under {rules:?}");
        let Ok(state) = state else { continue };
        assert_eq!(legal(rules, &mut search, &state), *legal_tokens, "{prefix:?} under {rules:?}");
        assert_eq!(search.completion(rules, &state), Some(*shortest), "{prefix:?} under {rules:?}");
        assert_eq!(used.completion(rules, &state), Some(*shortest), "{prefix:?} under {rules:?}");
    }
    assert_eq!(min_len(rules), expected.get(&vec![]).map(|&(_, shortest)| shortest), "{rules:?}");
}

/// Compares as many languages that have more than the one or other program, and the rest that come along.
fn compare_random(languages: usize, mut draw: impl FnMut() -> Rules) {
    let (mut with_programs, mut without, mut tight) = (0, 0, 0);
    while with_programs < languages {
        for rules in profiles(&draw()) {
            let Some(expected) = walked(&rules) else { continue };
            compare(&rules, &expected);
            with_programs += usize::from(expected.len() > 3);
            without += usize::from(expected.is_empty());
            let state = State::start(&rules);
            let first = state.candidates(&rules, None).len();
            tight += usize::from(expected.get(&vec![]).is_some_and(|(legal, _)| legal.len() < first));
        }
    }
    assert!(without > 10, "{without} without programs");
    assert!(tight > 10, "{tight} where a first token that no rule forbids by itself leads nowhere");
}

#[test]
fn small_languages() {
    let mut random = Random(11);
    compare_random(200, || random.rules());
}

#[test]
fn languages_where_leaves_and_targets_are_scarce() {
    let mut random = Random(12);
    compare_random(200, || scarce(&mut random));
}
