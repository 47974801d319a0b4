//! A language walked exhaustively: everything the decoder says of a prefix against every program there is.

use std::collections::BTreeSet;

use pyprior_core::{ComparisonValues, Language, Matcher, Renderer, TokenBitmask};
use pyprior_naive::{Decided, State, Tok, TooMany, walk};

use super::{Pair, Random};

/// What a walk came by.
#[derive(Default)]
pub(crate) struct Seen {
    /// How many prefixes each rule decided.
    pub(crate) decided: Decided,
    pub(crate) prefixes: u64,
    pub(crate) programs: u64,
    pub(crate) longest: usize,
    /// Programs that contain a call.
    pub(crate) calls: u64,
    /// Programs whose source depends on `comparison_values`.
    pub(crate) comparisons: u64,
    /// Prefixes at which histories were compared as well.
    pub(crate) histories: u64,
}

impl Seen {
    pub(crate) fn add(&mut self, other: &Seen) {
        self.decided.add(&other.decided);
        self.prefixes += other.prefixes;
        self.programs += other.programs;
        self.longest = self.longest.max(other.longest);
        self.calls += other.calls;
        self.comparisons += other.comparisons;
        self.histories += other.histories;
    }
}

/// Compares the decoder at every prefix of every program with the walk over all of them; panics at the first
/// difference.
pub(crate) fn every_prefix(pair: &Pair, node_limit: u64, random: &mut Random) -> Result<Seen, TooMany> {
    let other = other_comparisons(pair);
    let mut walker = Walker {
        pair,
        renderers: [Renderer::new(&pair.language), Renderer::new(&other)],
        random,
        path: Vec::new(),
        states: vec![State::start(&pair.rules)],
        matchers: vec![Matcher::new(&pair.language)],
        least: Vec::new(),
        seen: Seen::default(),
    };
    walk(&pair.rules, node_limit, &mut |prefix, legal| walker.visit(prefix, legal))?;
    Ok(walker.seen)
}

/// The same language with the other setting of `comparison_values`.
fn other_comparisons(pair: &Pair) -> std::sync::Arc<Language> {
    let mut config = pair.language.config().clone();
    config.comparison_values = match config.comparison_values {
        ComparisonValues::Bool => ComparisonValues::Int,
        ComparisonValues::Int => ComparisonValues::Bool,
    };
    Language::new(config).unwrap_or_else(|error| panic!("the other setting of comparison_values: {error}"))
}

struct Walker<'a> {
    pair: &'a Pair,
    renderers: [Renderer<'a>; 2],
    random: &'a mut Random,
    /// The prefix visited last, and both sides after each of its tokens.
    path: Vec<Tok>,
    states: Vec<State>,
    matchers: Vec<Matcher>,
    /// For each length, the shortest rest of the prefixes of that length visited since the last shorter one. A
    /// prefix comes after all longer ones that begin with it, so these are the ones it begins.
    least: Vec<u32>,
    seen: Seen,
}

impl Walker<'_> {
    fn visit(&mut self, prefix: &[Tok], legal: &BTreeSet<Tok>) {
        self.follow(prefix);
        let complete = legal.contains(&Tok::Pad);
        self.least.resize(self.least.len().max(prefix.len() + 2), u32::MAX);
        let longer = std::mem::replace(&mut self.least[prefix.len() + 1], u32::MAX);
        let rest = if complete { 0 } else { 1 + longer };
        self.least[prefix.len()] = self.least[prefix.len()].min(rest);

        let (state, matcher) = (&self.states[prefix.len()], &self.matchers[prefix.len()]);
        let _ = state.candidates(&self.pair.rules, Some(&mut self.seen.decided));
        agrees(self.pair, matcher, prefix, legal, rest);
        self.seen.prefixes += 1;
        if self.random.one_in(8) {
            histories(self.pair, matcher, self.random);
            self.seen.histories += 1;
        }
        if complete {
            self.complete(prefix);
        }
    }

    /// Takes both sides to the prefix, from the part it has in common with the last one.
    fn follow(&mut self, prefix: &[Tok]) {
        let common = prefix.iter().zip(&self.path).take_while(|(one, other)| one == other).count();
        self.path.truncate(common);
        self.states.truncate(common + 1);
        self.matchers.truncate(common + 1);
        for &tok in &prefix[common..] {
            let mut state = self.states[self.path.len()].clone();
            assert_eq!(state.push(&self.pair.rules, tok), Ok(()));
            let mut matcher = self.matchers[self.path.len()].fork();
            if let Err(error) = matcher.accept_token(self.pair.id(tok)) {
                panic!("{} has a completion: {error}", text(prefix));
            }
            self.path.push(tok);
            self.states.push(state);
            self.matchers.push(matcher);
        }
    }

    fn complete(&mut self, program: &[Tok]) {
        self.seen.programs += 1;
        self.seen.longest = self.seen.longest.max(program.len());
        self.seen.calls += u64::from(program.contains(&Tok::Call));
        let compares = program.iter().filter(|tok| matches!(tok, Tok::Lt | Tok::Eq)).count();
        let conditions = program.iter().filter(|&&tok| tok == Tok::If).count();
        let ids = self.pair.ids(program);
        let sources = self.renderers.each_mut().map(|renderer| renderer.render(&ids).map(str::to_owned));
        assert!(sources.iter().all(Result::is_ok), "{}: {sources:?}", text(program));
        // Every comparison that is no condition is a value, and only those differ.
        assert_eq!(sources[0] != sources[1], compares > conditions, "{}: {sources:?}", text(program));
        self.seen.comparisons += u64::from(compares > conditions);
    }
}

pub(crate) fn text(toks: &[Tok]) -> String {
    toks.iter().map(|tok| tok.name()).collect::<Vec<_>>().join(" ")
}

/// Everything a matcher says, against the legal set and the length of the shortest completion.
pub(crate) fn agrees(pair: &Pair, matcher: &Matcher, prefix: &[Tok], legal: &BTreeSet<Tok>, rest: u32) {
    agrees_on_legal(pair, matcher, prefix, legal);
    assert_eq!(matcher.min_tokens_to_finish(), rest, "the shortest completion of {}", text(prefix));
}

/// As [`agrees`], where the length of the shortest completion is not known.
pub(crate) fn agrees_on_legal(pair: &Pair, matcher: &Matcher, prefix: &[Tok], legal: &BTreeSet<Tok>) {
    let expected = pair.id_set(legal);
    if !matcher.legal_tokens().eq(expected.iter().copied()) {
        let got = matcher.legal_tokens().map(|id| pair.tok(id)).collect::<BTreeSet<_>>();
        panic!("after {}:\n  decoder {got:?}\n  oracle  {legal:?}", text(prefix));
    }
    let at = || format!("after {}", text(prefix));
    assert_eq!(matcher.legal_tokens().len(), expected.len(), "{}", at());
    assert_eq!(matcher.legal_count() as usize, expected.len(), "{}", at());
    assert!(matcher.tokens().iter().copied().eq(prefix.iter().map(|&tok| pair.id(tok))), "{}", at());
    let complete = legal.contains(&Tok::Pad);
    assert_eq!(matcher.is_terminated(), complete, "{}", at());
    assert_eq!(matcher.frontier().is_none(), complete, "{}", at());
    let budget = pair.rules.max_len.map(|max_len| (max_len - prefix.len()) as u32);
    assert_eq!(matcher.remaining_budget(), budget, "{}", at());

    let vocab = pair.language.vocab().len();
    let mut words = vec![0u32; vocab.div_ceil(32)];
    expected.iter().for_each(|&id| words[id as usize / 32] |= 1 << (id % 32));
    let mut bitmask = TokenBitmask::new(3, vocab);
    bitmask.data_mut().fill(0xA5A5_A5A5);
    assert_eq!(matcher.fill_next_token_bitmask(&mut bitmask, 1), Ok(()));
    assert_eq!(bitmask.row(1), Some(words.as_slice()), "{}", at());
    for other in [0, 2] {
        assert!(bitmask.row(other).is_some_and(|row| row.iter().all(|&word| word == 0xA5A5_A5A5)));
    }
    let mut legal_ids = expected.iter().copied().peekable();
    for id in (0..vocab as u32 + 3).chain([u32::MAX]) {
        let is_legal = legal_ids.next_if_eq(&id).is_some();
        assert_eq!(matcher.is_legal(id), is_legal, "token {id} {}", at());
        assert_eq!(matcher.why_not(id).is_none(), is_legal, "token {id} {}: {:?}", at(), matcher.why_not(id));
    }
}

/// That two matchers are in the same state: they say the same now, and on a random way to the end.
pub(crate) fn same(one: &Matcher, other: &Matcher, random: &mut Random) {
    let (mut one, mut other) = (one.fork(), other.fork());
    // Languages without a bound have endless ways.
    for _ in 0..40 {
        assert_eq!(one.tokens(), other.tokens());
        assert!(one.legal_tokens().eq(other.legal_tokens()), "after {:?}", one.tokens());
        assert_eq!(one.frontier(), other.frontier(), "after {:?}", one.tokens());
        assert_eq!(one.min_tokens_to_finish(), other.min_tokens_to_finish(), "after {:?}", one.tokens());
        assert_eq!(one.remaining_budget(), other.remaining_budget());
        assert_eq!(one.is_terminated(), other.is_terminated());
        if one.is_terminated() {
            break;
        }
        let legal = one.legal_tokens().collect::<Vec<_>>();
        let token = random.pick(&legal);
        assert_eq!(one.accept_token(token), Ok(()));
        assert_eq!(other.accept_token(token), Ok(()));
    }
}

/// That the ways to a prefix do not matter: replayed, forked, rolled back, begun anew, after errors.
pub(crate) fn histories(pair: &Pair, matcher: &Matcher, random: &mut Random) {
    let tokens = matcher.tokens().to_vec();
    let replayed = |tokens: &[u32]| Matcher::with_prefix(&pair.language, tokens).unwrap_or_else(|e| panic!("{e}"));
    same(matcher, &replayed(&tokens), random);

    let mut moved = matcher.fork();
    let n = random.index(tokens.len() + 1);
    assert_eq!(moved.rollback(n), Ok(()));
    same(&moved, &replayed(&tokens[..tokens.len() - n]), random);
    assert!(moved.rollback(tokens.len() - n + 1).is_err());
    assert_eq!(moved.accept_tokens(&tokens[tokens.len() - n..]), Ok(()));
    same(&moved, matcher, random);

    moved.reset();
    same(&moved, &Matcher::new(&pair.language), random);
    assert_eq!(moved.accept_tokens(&tokens), Ok(()));
    let vocab = pair.language.vocab().len() as u32;
    let illegal = (0..=vocab).filter(|&id| !matcher.is_legal(id)).collect::<Vec<_>>();
    assert!(moved.accept_token(random.pick(&illegal)).is_err());
    same(&moved, matcher, random);

    // All or none: a legal token, then one that is not.
    let legal = matcher.legal_tokens().collect::<Vec<_>>();
    let first = random.pick(&legal);
    assert!(moved.accept_tokens(&[first, vocab]).is_err());
    same(&moved, matcher, random);
    same(matcher, &replayed(&tokens), random);
}
