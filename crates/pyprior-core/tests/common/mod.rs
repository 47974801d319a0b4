//! What the tests share: a language on both sides, the decoder's and the oracle's.

#![allow(dead_code, reason = "every test file compiles this module for itself and uses its own part")]

pub(crate) mod chi;
pub(crate) mod disguise;
pub(crate) mod exact;
pub(crate) mod languages;
pub(crate) mod machine;
pub(crate) mod naive_run;
pub(crate) mod prior;
pub(crate) mod running;
pub(crate) mod slices;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use pyprior_core::{Calls, ConfigError, DeadCode, Language, LanguageConfig, Matcher, UniformSampler};
use pyprior_naive::{Rules, Tok};

/// A deterministic source of numbers that look random (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// A number below `n`, or 0.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)).checked_rem(n).unwrap_or(0)
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(u64::from(high - low) + 1) as u32
    }

    pub(crate) fn index(&mut self, n: usize) -> usize {
        self.below(n as u64) as usize
    }

    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.index(items.len())]
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.index(i + 1));
        }
    }
}

/// A number from the environment, or `default`.
pub(crate) fn env(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")),
        Err(_) => default,
    }
}

/// The oracle's rules of a configuration.
pub(crate) fn rules(config: &LanguageConfig) -> Rules {
    Rules {
        max_funcs: config.max_funcs as u16,
        max_vars: config.max_vars as u16,
        max_arity: config.max_arity.unwrap_or(config.max_vars) as u16,
        value_range: config.value_range,
        max_block_stmts: config.max_block_stmts as u16,
        max_expr_depth: config.max_expr_depth as usize,
        max_control_depth: config.max_control_depth as usize,
        no_dead_code: config.no_dead_code,
        calls_returning: config.calls == Calls::Returning,
        dead_after_returning: config.dead_code == DeadCode::AfterReturning,
        exclude: config.exclude.iter().cloned().collect(),
        max_len: config.max_len.map(|max_len| max_len as usize),
    }
}

/// One language in both readings, and the way between their tokens.
pub(crate) struct Pair {
    pub(crate) language: Arc<Language>,
    pub(crate) rules: Rules,
    toks: Vec<Option<Tok>>,
    ids: BTreeMap<Tok, u32>,
}

impl Pair {
    pub(crate) fn new(config: &LanguageConfig) -> Result<Pair, ConfigError> {
        let language = Language::new(config.clone())?;
        let offset = language.vocab().offset();
        let mut toks = vec![None; offset as usize];
        toks.extend(language.vocab().names().map(|name| name.parse::<Tok>().ok()));
        let ids = toks.iter().zip(0..).filter_map(|(&tok, id)| Some((tok?, id))).collect();
        Ok(Pair { rules: rules(config), language, toks, ids })
    }

    pub(crate) fn id(&self, tok: Tok) -> u32 {
        *self.ids.get(&tok).unwrap_or_else(|| panic!("{tok} has no id"))
    }

    pub(crate) fn ids(&self, toks: &[Tok]) -> Vec<u32> {
        toks.iter().map(|&tok| self.id(tok)).collect()
    }

    /// The ids of a set, ascending.
    pub(crate) fn id_set(&self, toks: &BTreeSet<Tok>) -> Vec<u32> {
        let mut ids = toks.iter().map(|&tok| self.id(tok)).collect::<Vec<_>>();
        ids.sort_unstable();
        ids
    }

    pub(crate) fn tok(&self, id: u32) -> Tok {
        self.toks[id as usize].unwrap_or_else(|| panic!("token {id} occurs in no program"))
    }

    pub(crate) fn toks(&self, ids: &[u32]) -> Vec<Tok> {
        ids.iter().map(|&id| self.tok(id)).collect()
    }

    /// The ids of the names in a text.
    pub(crate) fn read(&self, text: &str) -> Vec<u32> {
        read(&self.language, text)
    }
}

/// The ids of the names in a text.
pub(crate) fn read(language: &Language, text: &str) -> Vec<u32> {
    let id = |name| language.vocab().id_of(name).unwrap_or_else(|| panic!("no token is named {name}"));
    text.split_whitespace().map(id).collect()
}

/// The program of a row by the documented method, one step after the other: the reference for everything faster.
pub(crate) fn stepwise(start: &Matcher, sampler: &UniformSampler, row: u64) -> Vec<u32> {
    let mut matcher = start.fork();
    while !matcher.is_terminated() {
        let token = choose(&matcher, sampler, row);
        matcher.accept_token(token).unwrap_or_else(|error| panic!("row {row}: {error}"));
    }
    matcher.tokens().to_vec()
}

/// The token that the sampler chooses for the next step of a row.
pub(crate) fn choose(matcher: &Matcher, sampler: &UniformSampler, row: u64) -> u32 {
    let nth = sampler.index(row, matcher.tokens().len() as u32, matcher.legal_count());
    matcher.legal_tokens().nth(nth as usize).unwrap_or_else(|| panic!("no legal token {nth}"))
}
