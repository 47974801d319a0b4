//! The exhaustive search that confirms where the engine allows less than the recording.

use std::collections::BTreeSet;

use pyprior_core::{Calls, DeadCode, LanguageConfig};
use pyprior_naive::{Rules, Search, State, Tok, legal, min_len};

/// The naive rules of a configuration and what has been searched so far.
pub(crate) struct Witness {
    rules: Rules,
    search: Search,
}

impl Witness {
    pub(crate) fn new(config: &LanguageConfig) -> Self {
        let small = |value: u32| u16::try_from(value).unwrap_or(u16::MAX);
        let rules = Rules {
            max_funcs: small(config.max_funcs),
            max_vars: small(config.max_vars),
            max_arity: small(config.effective_arity()),
            value_range: config.value_range,
            max_block_stmts: small(config.max_block_stmts),
            max_expr_depth: config.max_expr_depth as usize,
            max_control_depth: config.max_control_depth as usize,
            no_dead_code: config.no_dead_code,
            calls_returning: config.calls == Calls::Returning,
            dead_after_returning: config.dead_code == DeadCode::AfterReturning,
            exclude: config.exclude.iter().cloned().collect(),
            max_len: config.max_len.map(|max_len| max_len as usize),
        };
        let search = Search::new(&rules);
        Self { rules, search }
    }

    /// Length of the shortest program, by search.
    pub(crate) fn min_len(&self) -> Option<u32> {
        let unbounded = Rules { max_len: None, ..self.rules.clone() };
        min_len(&unbounded).and_then(|len| u32::try_from(len).ok())
    }

    /// Names of the tokens that have a completion behind `prefix`; `None` if the prefix itself breaks a rule.
    pub(crate) fn legal(&mut self, prefix: &[&str]) -> Option<BTreeSet<String>> {
        let prefix = prefix.iter().map(|name| name.parse().ok()).collect::<Option<Vec<Tok>>>()?;
        let state = State::of(&self.rules, &prefix).ok()?;
        Some(legal(&self.rules, &mut self.search, &state).into_iter().map(Tok::name).collect())
    }
}
