//! The decoder against an oracle that shares no table with it, on random small languages: at every prefix of every
//! program, the legal set is exactly the set of tokens that some program goes on with.
//!
//! `PYPRIOR_LANGUAGES` (500) sets how many languages, `PYPRIOR_SEED` (1) which; a failure names the language's own
//! number and configuration.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::panic::{AssertUnwindSafe, catch_unwind};

use common::exact::{Seen, agrees_on_legal, every_prefix, text};
use common::{Pair, Random, env, languages};
use pyprior_core::{ConfigError, LanguageConfig, Matcher, Profile};
use pyprior_naive::{FORMS, Search, State, TooMany, legal, min_len, rule, walk};
use rayon::prelude::*;

/// What became of the draws.
#[derive(Default)]
struct Tally {
    seen: Seen,
    languages: u64,
    /// Draws without a program: refused by both sides.
    without_program: u64,
    /// Draws whose `max_len` was below the shortest program: refused by both sides, then raised.
    raised: u64,
    /// Languages that were too large at the `max_len` drawn, and were walked at a smaller one.
    reduced: u64,
    /// Languages too large even at their least `max_len`: compared along random walks, and redrawn.
    too_large: u64,
    failed: Vec<String>,
}

impl Tally {
    fn and(mut self, other: Tally) -> Tally {
        self.seen.add(&other.seen);
        self.languages += other.languages;
        self.without_program += other.without_program;
        self.raised += other.raised;
        self.reduced += other.reduced;
        self.too_large += other.too_large;
        self.failed.extend(other.failed);
        self
    }

    /// Runs a comparison; a panic becomes a failure that names the language.
    fn caught(&mut self, number: u64, config: &LanguageConfig, work: impl FnOnce(&mut Tally)) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| work(self))) {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            let config = serde_json::to_string(config).unwrap();
            self.failed.push(format!("language {number}: {}\n  config {config}", text.unwrap_or_default()));
        }
    }
}

/// The numbers of a language: they depend on nothing but the seed and its own number.
fn numbers(number: u64) -> Random {
    let mut seed = Random(env("PYPRIOR_SEED", 1));
    let high = seed.below(u64::MAX);
    Random(Random(number).below(u64::MAX) ^ high)
}

fn node_limit(random: &mut Random) -> u64 {
    match random.below(16) {
        0 => 200_000,
        1..=5 => 20_000,
        _ => 5_000,
    }
}

/// The length of the shortest program by the oracle, which the decoder has to agree with, refusing what has none.
fn compare_refusals(config: &LanguageConfig, tally: &mut Tally) -> Option<u32> {
    let unbounded = LanguageConfig { max_len: None, ..config.clone() };
    let least = min_len(&common::rules(&unbounded)).map(|least| least as u32);
    let drawn = config.max_len.unwrap();
    match (least, Pair::new(&unbounded), Pair::new(config)) {
        (None, Err(ConfigError::NoProgram { .. }), Err(ConfigError::NoProgram { .. })) => {
            tally.without_program += 1;
        }
        (Some(least), Ok(pair), Err(ConfigError::MaxLenTooSmall { max_len, min_len })) => {
            assert!(drawn < least, "refused, but the shortest program has {least} tokens");
            assert_eq!((max_len, min_len, pair.language.min_len()), (drawn, least, least));
            tally.raised += 1;
        }
        (Some(least), Ok(pair), Ok(bounded)) => {
            assert!(drawn >= least, "not refused, but the shortest program has {least} tokens");
            assert_eq!((pair.language.min_len(), bounded.language.min_len()), (least, least));
        }
        (least, unbounded, bounded) => {
            panic!("shortest program {least:?}, but {:?} and {:?}", unbounded.err(), bounded.err());
        }
    }
    least
}

/// The largest `max_len` up to the one wanted at which the walk stays within its limit.
fn walkable(config: &LanguageConfig, least: u32, limit: u64) -> Option<u32> {
    let wanted = config.max_len.unwrap().max(least);
    let fits = |&max_len: &u32| {
        let rules = common::rules(&LanguageConfig { max_len: Some(max_len), ..config.clone() });
        walk(&rules, limit, &mut |_, _| {}).is_ok()
    };
    (least..=wanted).take_while(fits).last()
}

/// Draws languages until one can be walked, and compares every draw in the ways that it allows.
fn one_language(number: u64) -> Tally {
    let mut random = numbers(number);
    let mut tally = Tally::default();
    while tally.languages == 0 && tally.failed.is_empty() {
        let mut config = languages::config(&mut random);
        let limit = node_limit(&mut random);
        tally.caught(number, &config.clone(), |tally| {
            let Some(least) = compare_refusals(&config, tally) else { return };
            let Some(max_len) = walkable(&config, least, limit) else {
                tally.too_large += 1;
                config.max_len = config.max_len.map(|max_len| max_len.max(least));
                random_walk(&Pair::new(&config).unwrap(), &mut random);
                return;
            };
            tally.reduced += u64::from(config.max_len > Some(max_len));
            config.max_len = Some(max_len);
            let found = every_prefix(&Pair::new(&config).unwrap(), limit, &mut random);
            let found = found.unwrap_or_else(|TooMany(_)| panic!("it was walked within the limit before"));
            assert!(found.programs > 0 && found.programs < 1_000_000);
            tally.seen.add(&found);
            tally.languages = 1;
        });
    }
    tally
}

/// Compares the legal sets along a random way, by the oracle's search.
fn random_walk(pair: &Pair, random: &mut Random) {
    let mut search = Search::new(&pair.rules);
    let mut state = State::start(&pair.rules);
    let mut matcher = Matcher::new(&pair.language);
    let mut prefix = Vec::new();
    while !state.finished() && prefix.len() < 50 {
        let set = legal(&pair.rules, &mut search, &state);
        agrees_on_legal(pair, &matcher, &prefix, &set);
        // The shortest completion: there is one of this length, and none shorter.
        let shortest = prefix.len() + matcher.min_tokens_to_finish() as usize;
        for (bound, expected) in [(shortest, true), (shortest - 1, false)] {
            let bounded = pair.rules.clone().within(Some(bound));
            let found = bound >= prefix.len() && search.completion(&bounded, &state).is_some();
            assert_eq!(found, expected, "a completion of {} of at most {bound} tokens", text(&prefix));
        }
        let tok = *set.iter().nth(random.index(set.len())).unwrap();
        state.push(&pair.rules, tok).unwrap();
        matcher.accept_token(pair.id(tok)).unwrap();
        prefix.push(tok);
    }
    assert_eq!(matcher.is_terminated(), state.finished());
    assert!(pair.rules.max_len.is_none_or(|max_len| prefix.len() <= max_len));
}

#[test]
fn random_languages() {
    let count = env("PYPRIOR_LANGUAGES", 500);
    let tally = (0..count).into_par_iter().map(one_language).reduce(Tally::default, Tally::and);
    let Tally { seen, .. } = &tally;
    println!("{} languages (seed {}), {} programs", tally.languages, env("PYPRIOR_SEED", 1), seen.programs);
    println!("{} prefixes, at {} of them histories; longest program {}", seen.prefixes, seen.histories, seen.longest);
    println!("walked at a smaller max_len than drawn {}, redrawn as too large {}", tally.reduced, tally.too_large);
    println!("refusals compared: no program {}, max_len too small {}", tally.without_program, tally.raised);
    println!("programs with calls: {}\n", seen.calls);
    println!("rule                 prefixes decided");
    let excludes = FORMS.map(|form| format!("exclude:{form}"));
    let rules = [
        rule::DEF_LAST,
        rule::DEF_ORDER,
        rule::DEF_CONTEXT,
        rule::CALLABLE,
        rule::CALLS_RETURNING,
        rule::RETURN_LAST,
        rule::RETURN_CONTEXT,
        rule::RETURNS_IN_IF,
        rule::SCOPE,
        rule::SCOPE_MERGE,
        rule::TARGET_ORDER,
        rule::EXPR_DEPTH,
        rule::CONTROL_DEPTH,
        rule::LENGTH,
    ];
    let mut counts = rules.iter().map(|&rule| (rule, seen.decided.get(rule))).collect::<Vec<_>>();
    counts.extend(excludes.iter().map(|rule| (rule.as_str(), seen.decided.get(rule))));
    counts.push(("comparison_values *", seen.comparisons));
    counts.iter().for_each(|(rule, count)| println!("{rule:<20} {count:>12}"));
    println!("* programs whose source it changes\n");
    assert!(tally.failed.is_empty(), "{} failures:\n{}", tally.failed.len(), tally.failed.join("\n"));
    assert_eq!(tally.languages, count);
    if count >= 500 {
        let idle = counts.iter().filter(|(_, count)| *count == 0).collect::<Vec<_>>();
        assert!(idle.is_empty(), "rules that decided nothing: {idle:?}");
        assert!(tally.without_program > 0 && tally.raised > 0 && seen.calls > 0);
    }
}

#[test]
fn random_languages_without_a_bound() {
    let count = env("PYPRIOR_LANGUAGES", 500).div_ceil(2);
    let one = |number: u64| {
        let mut random = numbers(number ^ 1 << 40);
        let mut tally = Tally::default();
        let config = LanguageConfig { max_len: None, ..languages::config(&mut random) };
        tally.caught(number, &config, |tally| {
            let Ok(pair) = Pair::new(&config) else { return };
            tally.languages += 1;
            (0..4).for_each(|_| random_walk(&pair, &mut random));
        });
        tally
    };
    let tally = (0..count).into_par_iter().map(one).reduce(Tally::default, Tally::and);
    println!("{} languages without a bound", tally.languages);
    assert!(tally.failed.is_empty(), "{} failures:\n{}", tally.failed.len(), tally.failed.join("\n"));
    assert!(tally.languages > count / 4);
}

#[test]
fn the_default_vocabulary() {
    let one = |number: u64| {
        let mut random = numbers(number ^ 2 << 40);
        let profile = random.pick(&[Profile::Sound, Profile::PyPrior002]);
        let mut config = LanguageConfig::with_profile(profile);
        config.max_len = random.pick(&[None, Some(6), Some(12), Some(20), Some(30), Some(64)]);
        config.base_vocab = random.pick(&[0, 0, 1000]);
        config.value_range = random.pick(&[(0, 9), (-99, 99)]);
        let mut tally = Tally::default();
        tally.caught(number, &config, |_| random_walk(&Pair::new(&config).unwrap(), &mut random));
        tally
    };
    let tally = (0..60).into_par_iter().map(one).reduce(Tally::default, Tally::and);
    assert!(tally.failed.is_empty(), "{} failures:\n{}", tally.failed.len(), tally.failed.join("\n"));
}
