//! Whether a prefix has a completion, and how long the shortest is: found by exhaustive search over the syntax tree.
//!
//! # How
//!
//! A prefix is a stack of holes. Each is filled in every way, first to last. What a filled hole can change for those
//! after it is little, its outcome, so for each hole in its situation the outcomes that can be had are found
//! by trying, each with the least number of tokens ([`Table`]). The search begins with the prefix at hand and goes from
//! hole to hole: it keeps the prefixes that differ in more than their length, and of those that differ in nothing else
//! the shortest. When no hole is left, the shortest of all is the answer.
//!
//! # Why that is exact
//!
//! Completions are exactly the ways to fill the pending holes, first to last. Holes have to do with one another through
//! outcomes and through the length of the whole and through nothing else; and of two prefixes that differ in length
//! only, the longer has no completion that would be of use to anybody who looks for the shortest. The bound on the
//! length says nothing but that the shortest completion must be within it, so it is asked once, at the end. Prefixes
//! that are alike for all that is still to come are taken for one; which ones are, and why, is told in `alike.rs`, and
//! why a hole can be tried by itself, and why that ends, in `outcomes.rs`.
//!
//! No length is put down anywhere: all of them are counts of tokens that were filled in by the same rules by which
//! prefixes are extended ([`State::candidates`]).
//!
//! # How long it takes
//!
//! There are three kinds of scopes at most, so outside of the outermost block the number of situations is a small
//! multiple of the control depth. In the outermost block it is a small multiple of the number of functions. Completing
//! a prefix takes a step for every pending hole and every situation that can be reached, and each step copies what is
//! still missing. That is milliseconds, unless hundreds of functions meet with outermost blocks of hundreds of
//! statements.

use crate::key::Key;
use crate::outcomes::Table;
use crate::rules::Rules;
use crate::state::State;
use crate::tok::Tok;
use std::collections::{BTreeSet, HashMap};

/// How many prefixes are remembered before all are forgotten: those after the same prefix, which often are alike.
const PREFIXES: usize = 4_096;

/// A search for completions, with the memory of what earlier ones found.
#[derive(Debug)]
pub struct Search {
    /// What is known of holes; it is about the rules but for the bound on the length.
    table: Table,
    /// How many more tokens some prefixes need, if they have a completion.
    prefixes: HashMap<Key, Option<usize>>,
}

impl Search {
    /// A search with nothing remembered yet.
    #[must_use]
    pub fn new(rules: &Rules) -> Search {
        Search { table: Table::new(rules), prefixes: HashMap::new() }
    }

    /// How many holes in their situations are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.table.len()
    }

    /// How many tokens the shortest completion of the prefix has in all, the prefix included; `None` if it is not
    /// within `max_len`, or there is none.
    pub fn completion(&mut self, rules: &Rules, from: &State) -> Option<usize> {
        self.remember_only(rules);
        let settled = self.table.settled(from.clone())?;
        let key = settled.key(self.table.rules());
        let len = settled.len();
        let more = match self.prefixes.get(&key) {
            Some(&more) => more?,
            None => {
                let more = self.table.shortest(settled).map(|total| total.saturating_sub(len));
                if self.prefixes.len() >= PREFIXES {
                    self.prefixes.clear();
                }
                self.prefixes.insert(key, more);
                more?
            }
        };
        let total = len.saturating_add(more);
        rules.max_len.is_none_or(|max_len| total <= max_len).then_some(total)
    }

    /// Forgets everything if the rules are not those it is about.
    fn remember_only(&mut self, rules: &Rules) {
        if !self.table.is_about(rules) {
            *self = Search::new(rules);
        }
    }
}

/// Whether the prefix has any completion within `max_len`.
#[must_use]
pub fn completable(rules: &Rules, state: &State) -> bool {
    Search::new(rules).completion(rules, state).is_some()
}

/// The exact answer: the candidates after which the prefix still has a
/// completion; of a finished program the padding.
pub fn legal(rules: &Rules, search: &mut Search, state: &State) -> BTreeSet<Tok> {
    let candidates = state.candidates(rules, None);
    let keeps_a_completion = |tok: &Tok| {
        let mut next = state.clone();
        next.push(rules, *tok).is_ok() && search.completion(rules, &next).is_some()
    };
    candidates.into_iter().filter(keeps_a_completion).collect()
}

/// The length of the shortest program; `None` if there is no program within `max_len`.
#[must_use]
pub fn min_len(rules: &Rules) -> Option<usize> {
    Search::new(rules).completion(rules, &State::start(rules))
}
