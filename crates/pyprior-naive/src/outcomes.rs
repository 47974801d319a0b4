//! What can become of a hole, and for how many tokens at least: found by trying everything in it.
//!
//! # Outcomes
//!
//! A hole stands in a situation: the scope and the definitions. Whatever it is filled with, all that it leaves behind
//! for what comes later is its [`Outcome`]: the scope and the definitions afterwards, and whether it returns. (A
//! target leaves a variable that is to be bound, and an arity the parameters; these two holes are filled with each of
//! their tokens in turn and are never asked for their outcomes.) That can be read off [`State`]: what a hole is
//! replaced with lies on top of the stack and is gone when the next thing below is looked at, and its acts put on the
//! other stacks only what they also take off again. What is left is the scope, the definitions, the answer for the open
//! block around (a statement's) and the answer about the completed block (a block's).
//!
//! So a hole is tried by itself: on a stack that holds nothing else, in its situation. Every candidate is filled in,
//! and the holes that it brings are filled in turn, first to last. After each, prefixes that are equal but for their
//! length go on as one, of the least length: whatever completes one completes the other. Nothing is left out but what
//! is told in [`worth_trying`], and nothing is given up for its length. What was found is remembered by the hole and
//! its situation.
//!
//! # Why it ends
//!
//! A statement's holes lie deeper than it does, in control depth or by being a definition's, and a block's holes are
//! statements; the depths are bounded, and so is the number of statements in a block.

use crate::alike::Alike;
use crate::expr::Expressions;
use crate::holes::{Context, Hole, Item};
use crate::key::Key;
use crate::rules::Rules;
use crate::state::{Def, Scope, State};
use crate::tok::Tok;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// What a filled hole changes for all that comes after it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Outcome {
    /// The variables visible afterwards.
    visible: Arc<BTreeSet<u16>>,
    /// The definitions afterwards, in the outermost block; elsewhere there are no new ones.
    defs: Option<Vec<Def>>,
    /// Whether the statement or block returns; never, where no rule asks for it.
    returns: bool,
}

/// The outcomes that can be had, each with the least number of tokens.
type Outcomes = BTreeMap<Outcome, usize>;

/// Prefixes that go on together, each the shortest of those that differ in length only.
#[derive(Default)]
struct Front(HashMap<(Key, bool), State>);

impl Front {
    fn add(&mut self, rules: &Rules, state: State) {
        // The answer about a completed block is read by what comes next; only at the end has that yet to come.
        let returns = state.finished() && rules.asks_what_returns() && state.closed_block_returns;
        match self.0.entry((state.key(rules), returns)) {
            Entry::Vacant(entry) => {
                entry.insert(state);
            }
            Entry::Occupied(mut entry) => {
                if state.len < entry.get().len {
                    entry.insert(state);
                }
            }
        }
    }

    fn states(&self) -> impl Iterator<Item = &State> {
        self.0.values()
    }
}

/// What has been found about holes.
#[derive(Debug)]
pub(crate) struct Table {
    /// The rules, with no bound on the length.
    rules: Rules,
    alike: Alike,
    known: HashMap<Key, Arc<Outcomes>>,
    expressions: Expressions,
}

impl Table {
    pub(crate) fn new(rules: &Rules) -> Table {
        let rules = rules.clone().within(None);
        let alike = Alike::new(&rules);
        Table { rules, alike, known: HashMap::new(), expressions: Expressions::default() }
    }

    /// The rules that the table is about, without any bound on the length.
    pub(crate) fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Whether it is about these rules, whatever their bound on the length.
    pub(crate) fn is_about(&mut self, rules: &Rules) -> bool {
        self.rules.max_len = rules.max_len;
        let same = self.rules == *rules;
        self.rules.max_len = None;
        same
    }

    /// How many holes and situations it knows the outcomes of.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Completes the prefix as far as its first hole that is neither an expression nor a condition, and puts in its
    /// place the prefix that stands for all like it; `None` if an expression is missing that there is none of.
    pub(crate) fn settled(&mut self, mut state: State) -> Option<State> {
        self.alike.represent(&mut state);
        while let Some(hole @ (Hole::Expr(_) | Hole::Cond)) = state.hole() {
            let defs = self.alike.for_calls(&state.defs);
            let length = self.expressions.shortest(&self.rules, hole, &state.scope, defs)?;
            state.skip(length, |_| {});
            self.alike.represent(&mut state);
        }
        Some(state)
    }

    /// The length of the shortest program that begins like this settled prefix.
    pub(crate) fn shortest(&mut self, settled: State) -> Option<usize> {
        let mut front = Front::default();
        front.add(&self.rules, settled);
        let ends = self.completed(front);
        ends.states().map(State::len).min()
    }

    /// Fills all holes of all these prefixes in every way.
    fn completed(&mut self, mut front: Front) -> Front {
        let mut ends = Front::default();
        while !front.0.is_empty() {
            let mut next = Front::default();
            for (_, state) in front.0 {
                if state.finished() {
                    ends.add(&self.rules, state);
                } else {
                    self.fill_first(&state, &mut next);
                }
            }
            front = next;
        }
        ends
    }

    /// Fills the first hole in every way.
    fn fill_first(&mut self, state: &State, next: &mut Front) {
        match state.hole() {
            Some(hole @ (Hole::Block(place) | Hole::Stmt { block: place, .. })) => {
                let top = place.context == Context::Top;
                for (outcome, &length) in &*self.outcomes(hole, top, state) {
                    let mut filled = state.clone();
                    filled.skip(length, |state| outcome.apply(hole, state));
                    if let Some(settled) = self.settled(filled) {
                        next.add(&self.rules, settled);
                    }
                }
            }
            Some(_) => {
                for tok in worth_trying(state, state.candidates(&self.rules, None)) {
                    let mut filled = state.clone();
                    filled.fill(&self.rules, tok);
                    if let Some(settled) = self.settled(filled) {
                        next.add(&self.rules, settled);
                    }
                }
            }
            None => {}
        }
    }

    /// The outcomes of a statement or block in the situation of this prefix, in the outermost block or not.
    fn outcomes(&mut self, hole: Hole, top: bool, state: &State) -> Arc<Outcomes> {
        let defs = if top { state.defs.clone() } else { self.alike.for_calls(&state.defs) };
        let alone = State::alone(hole, state.scope.clone(), defs);
        let key = alone.key(&self.rules);
        if let Some(known) = self.known.get(&key) {
            return Arc::clone(known);
        }
        let mut outcomes = Outcomes::new();
        for end in self.ends(hole, &alone).states() {
            let outcome = Outcome::read(&self.rules, hole, top, end);
            let least = outcomes.entry(outcome).or_insert(end.len);
            *least = end.len.min(*least);
        }
        let outcomes = Arc::new(outcomes);
        self.known.insert(key, Arc::clone(&outcomes));
        outcomes
    }

    /// All ways to fill the one hole of this prefix. Larger blocks begin like smaller ones, so what was found about
    /// the holes that two blocks both begin with is used for both.
    fn ends(&mut self, hole: Hole, alone: &State) -> Front {
        let mut ends = Front::default();
        let mut begun: Option<(Vec<Item>, Front)> = None;
        for tok in alone.candidates(&self.rules, None) {
            let Some(items) = alone.children(&self.rules, tok) else {
                continue;
            };
            let mut filled = alone.clone();
            filled.skip(1, |_| {});
            // All but the last hole and what comes with it.
            let at = match hole {
                Hole::Block(_) => items.iter().rposition(|item| matches!(item, Item::Hole(_))).unwrap_or(0),
                _ => 0,
            };
            let (head, tail) = items.split_at(at);
            let (done, front) = match begun.take() {
                Some((done, front)) if head.starts_with(&done) => (done.len(), front),
                _ => {
                    let mut front = Front::default();
                    front.add(&self.rules, filled);
                    (0, front)
                }
            };
            let front = self.after(&front, head.get(done..).unwrap_or_default());
            for (_, end) in self.after(&front, tail).0 {
                ends.add(&self.rules, end);
            }
            begun = Some((head.to_vec(), front));
        }
        ends
    }

    /// These prefixes, which have no holes, with these items filled and acted on in every way.
    fn after(&mut self, front: &Front, items: &[Item]) -> Front {
        let mut begun = Front::default();
        for state in front.states() {
            let mut state = state.clone();
            state.expect(items);
            if let Some(settled) = self.settled(state) {
                begun.add(&self.rules, settled);
            }
        }
        self.completed(begun)
    }
}

impl Outcome {
    /// What has become of the hole that was alone in this prefix.
    fn read(rules: &Rules, hole: Hole, top: bool, end: &State) -> Outcome {
        let returns = match hole {
            Hole::Block(_) => end.closed_block_returns,
            _ => end.open_blocks.last().copied().unwrap_or_default(),
        };
        Outcome {
            visible: Arc::clone(&end.scope.visible),
            defs: top.then(|| end.defs.clone()),
            returns: returns && rules.asks_what_returns(),
        }
    }

    /// Changes the prefix as the hole's tokens would.
    fn apply(&self, hole: Hole, state: &mut State) {
        state.scope = Scope { visible: Arc::clone(&self.visible), with_either: Arc::clone(&self.visible) };
        if let Some(defs) = &self.defs {
            state.defs.clone_from(defs);
        }
        match hole {
            Hole::Block(_) => state.closed_block_returns = self.returns,
            _ => {
                if let Some(block) = state.open_blocks.last_mut() {
                    *block |= self.returns;
                }
            }
        }
    }
}

/// The candidates, but of the targets that are visible already only one: binding any of them changes nothing.
fn worth_trying(state: &State, mut candidates: Vec<Tok>) -> Vec<Tok> {
    if state.hole() == Some(Hole::Target) {
        let mut rebound = false;
        candidates.retain(|tok| match tok {
            Tok::Var(var) if state.scope.visible.contains(var) => !std::mem::replace(&mut rebound, true),
            _ => true,
        });
    }
    candidates
}
