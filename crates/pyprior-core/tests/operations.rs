//! Random operations on matchers and batches, good and bad: none panics, and one that fails changes nothing.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::Arc;

use common::{Random, languages};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use pyprior_core::{BatchMatcher, Frontier, Language, LanguageConfig, Matcher, TokenBitmask, UniformSampler, WhyNot};

/// An operation; numbers are taken as they are or modulo what there is, as the operation says.
#[derive(Debug, Clone)]
enum Op {
    /// A legal token, the nth modulo how many there are.
    Legal(usize),
    Token(u32),
    Tokens(Vec<u32>),
    Rollback(usize),
    Reset,
    Fork(usize, usize),
    Move(usize, usize),
    Swap(usize, usize),
    Free(usize),
    Set(usize, Vec<u32>),
    Grow(usize),
    /// One token a slot, and how many too many or too few.
    Accept(Vec<u32>, usize),
    /// A legal token a slot.
    Step(u64),
    Fill(usize, usize),
}

fn token() -> impl Strategy<Value = u32> {
    prop_oneof![8 => 0u32..90, 1 => any::<u32>(), 1 => Just(u32::MAX)]
}

fn slot() -> impl Strategy<Value = usize> {
    prop_oneof![12 => 0usize..6, 1 => Just(usize::MAX), 1 => any::<usize>()]
}

fn op() -> impl Strategy<Value = Op> {
    let tokens = || prop::collection::vec(token(), 0..6);
    prop_oneof![
        8 => any::<usize>().prop_map(Op::Legal),
        8 => any::<u64>().prop_map(Op::Step),
        3 => token().prop_map(Op::Token),
        1 => tokens().prop_map(Op::Tokens),
        1 => prop_oneof![4 => 0usize..5, 1 => any::<usize>()].prop_map(Op::Rollback),
        1 => Just(Op::Reset),
        1 => (slot(), slot()).prop_map(|(from, to)| Op::Fork(from, to)),
        1 => (slot(), slot()).prop_map(|(from, to)| Op::Move(from, to)),
        1 => (slot(), slot()).prop_map(|(from, to)| Op::Swap(from, to)),
        1 => slot().prop_map(Op::Free),
        2 => (slot(), tokens()).prop_map(|(slot, prefix)| Op::Set(slot, prefix)),
        1 => (0usize..8).prop_map(Op::Grow),
        2 => (tokens(), 0usize..9).prop_map(|(tokens, len)| Op::Accept(tokens, len)),
        1 => (slot(), 0usize..100).prop_map(|(rows, width)| Op::Fill(rows, width)),
    ]
}

/// All that a matcher says.
#[derive(Debug, PartialEq)]
struct Said {
    tokens: Vec<u32>,
    legal: Vec<u32>,
    frontier: Option<Frontier>,
    least: u32,
    budget: Option<u32>,
    why_not: Vec<Option<WhyNot>>,
}

fn said(matcher: &Matcher) -> Said {
    let legal = matcher.legal_tokens().collect::<Vec<_>>();
    assert!(!legal.is_empty(), "the legal set is never empty");
    assert_eq!(legal.len(), matcher.legal_count() as usize);
    Said {
        tokens: matcher.tokens().to_vec(),
        legal,
        frontier: matcher.frontier(),
        least: matcher.min_tokens_to_finish(),
        budget: matcher.remaining_budget(),
        why_not: (0..matcher.language().vocab().len() as u32).map(|token| matcher.why_not(token)).collect(),
    }
}

fn batch_said(batch: &BatchMatcher) -> Vec<Option<Said>> {
    (0..batch.len()).map(|slot| batch.matcher(slot).ok().map(|matcher| said(&matcher))).collect()
}

/// Applies an operation to a matcher; what fails changes nothing.
fn on_matcher(matcher: &mut Matcher, op: &Op) {
    let before = said(matcher);
    let result = match op {
        Op::Legal(nth) => matcher.accept_token(before.legal[nth % before.legal.len()]).map_err(|e| e.to_string()),
        Op::Token(token) => matcher.accept_token(*token).map_err(|e| e.to_string()),
        Op::Tokens(tokens) => matcher.accept_tokens(tokens).map_err(|e| e.to_string()),
        Op::Rollback(n) => matcher.rollback(*n).map_err(|e| e.to_string()),
        Op::Fill(row, width) => {
            let mut bitmask = TokenBitmask::new(3, *width);
            let filled = matcher.fill_next_token_bitmask(&mut bitmask, *row).map_err(|e| e.to_string());
            assert_eq!(said(matcher), before);
            filled
        }
        Op::Reset => {
            matcher.reset();
            assert!(matcher.tokens().is_empty());
            Ok(())
        }
        _ => Ok(()),
    };
    if let Err(text) = result {
        assert!(!text.is_empty());
        assert_eq!(said(matcher), before, "after {op:?}: {text}");
    }
}

fn on_batch(batch: &mut BatchMatcher, language: &Arc<Language>, op: &Op) {
    let before = batch_said(batch);
    let slots = batch.len();
    let result = match op {
        Op::Rollback(n) => batch.rollback(n % (slots + 1), n / 2),
        Op::Reset => batch.reset(0),
        Op::Fork(from, to) => batch.fork(*from, *to),
        Op::Move(from, to) => batch.move_row(*from, *to),
        Op::Swap(a, b) => batch.swap(*a, *b),
        Op::Free(slot) => batch.free(*slot),
        Op::Set(slot, prefix) => batch.set(*slot, language, prefix),
        Op::Accept(tokens, len) => {
            let tokens = tokens.iter().copied().chain([0; 9]).take(*len).collect::<Vec<_>>();
            batch.accept_tokens(&tokens)
        }
        Op::Step(seed) => {
            let mut tokens = vec![u32::MAX; slots];
            let chosen = batch.choose_uniform(&UniformSampler::new(*seed), &vec![*seed; slots], &mut tokens);
            assert_eq!(chosen, Ok(()));
            assert_eq!(batch.accept_tokens(&tokens), Ok(()));
            Ok(())
        }
        Op::Fill(rows, width) => {
            let mut bitmask = TokenBitmask::new((*rows).min(9), *width);
            batch.fill_next_token_bitmask(&mut bitmask)
        }
        Op::Grow(slots) => {
            batch.grow(*slots);
            Ok(())
        }
        Op::Legal(_) | Op::Token(_) | Op::Tokens(_) => Ok(()),
    };
    if let Err(error) = result {
        assert!(!error.to_string().is_empty());
        assert!(batch_said(batch) == before, "after {op:?}: {error}");
    }
}

/// A random language that has programs.
fn language(seed: u64, bounded: bool) -> Arc<Language> {
    let mut random = Random(seed);
    loop {
        let config = languages::config(&mut random);
        let max_len = config.max_len.filter(|_| bounded);
        if let Ok(language) = Language::new(LanguageConfig { max_len, ..config }) {
            return language;
        }
    }
}

fn config(cases: u32) -> ProptestConfig {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/operations.proptest-regressions");
    ProptestConfig {
        cases,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(seeds))),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(1500))]

    #[test]
    fn of_one_row(seed in any::<u64>(), bounded in any::<bool>(), ops in prop::collection::vec(op(), 1..80)) {
        let language = language(seed, bounded);
        let mut matcher = Matcher::new(&language);
        for op in &ops {
            on_matcher(&mut matcher, op);
            // The history alone makes the state.
            let replayed = Matcher::with_prefix(&language, matcher.tokens()).unwrap();
            prop_assert_eq!(said(&replayed), said(&matcher));
        }
    }

    #[test]
    fn of_a_batch(seed in any::<u64>(), bounded in any::<bool>(), ops in prop::collection::vec(op(), 1..80)) {
        let language = language(seed, bounded);
        let mut batch = BatchMatcher::new(&language, 4);
        for op in &ops {
            on_batch(&mut batch, &language, op);
        }
        for slot in 0..batch.len() {
            if let Ok(tokens) = batch.tokens(slot) {
                let replayed = Matcher::with_prefix(&language, tokens).unwrap();
                prop_assert_eq!(said(&replayed), said(&batch.matcher(slot).unwrap()));
            }
        }
    }
}
