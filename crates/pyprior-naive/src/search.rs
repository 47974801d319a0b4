//! Whether a prefix has a completion: found by trying, depth first.
//!
//! # Why the search is exhaustive
//!
//! From every prefix it tries every candidate, but for those that leave exactly
//! what another leaves: the second operator of a condition, and binding another
//! variable that is visible already. A pending expression is filled with a
//! shortest one, since expressions change nothing but the length. Nothing else
//! is skipped, except prefixes that are longer than allowed even if every
//! pending hole took just one token, and prefixes whose canonical form is known
//! to have failed with at least as many tokens left, or to have succeeded with
//! at most as many. A form that failed without anything being given up for its
//! length fails with any number of tokens left.
//!
//! # Why it ends, also without a bound on the length
//!
//! Every program is a tree with bounded branching and bounded depth: blocks
//! have at most `max_block_stmts` statements, definitions nest only in the
//! outermost block, control structures at most `max_control_depth` deep, and
//! operators and calls at most `max_expr_depth` deep, with at most `top_arity`
//! arguments. So there are finitely many programs and no endless paths. How
//! long it takes is another matter: without the memory it would be the number
//! of prefixes, with it it is the number of canonical forms, which still grows
//! exponentially in `max_control_depth` where there is no completion.

use crate::expr::Expressions;
use crate::holes::Hole;
use crate::key::Key;
use crate::rules::Rules;
use crate::state::State;
use crate::tok::Tok;
use std::collections::{BTreeSet, HashMap};

/// What is known of a canonical form, in tokens that are left.
#[derive(Clone, Copy, Default, Debug)]
struct Known {
    /// The largest number of tokens that is known not to be enough; the largest
    /// there is if no number is.
    too_few: Option<usize>,
    /// The length of the shortest completion seen.
    enough: Option<usize>,
}

/// A search for completions, with the memory of what earlier ones found.
#[derive(Debug)]
pub struct Search {
    /// The rules that the memory is about, but for the bound on the length.
    rules: Rules,
    known: HashMap<Key, Known>,
    expressions: Expressions,
}

/// A prefix on the path that is being tried.
struct Step {
    state: State,
    key: Key,
    untried: Vec<Tok>,
    /// Whether anything tried so far was given up for its length, so that it
    /// might do with more tokens left.
    cut: bool,
}

/// What becomes of a prefix before any token is tried.
enum Outlook {
    /// No completion, of any length.
    Never,
    /// No completion that is not too long.
    TooLong,
    /// A completion, with this many tokens in all.
    Completion(usize),
    /// To be tried.
    Open(Box<Step>),
}

impl Search {
    /// A search with nothing remembered yet.
    #[must_use]
    pub fn new(rules: &Rules) -> Search {
        Search { rules: rules.clone().within(None), known: HashMap::new(), expressions: Expressions::default() }
    }

    /// How many canonical forms are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.known.len()
    }

    /// How many tokens some completion of the prefix has in all, the prefix
    /// included; `None` if no completion is within `max_len`.
    pub fn completion(&mut self, rules: &Rules, from: &State) -> Option<usize> {
        self.remember_only(rules);
        let mut path = match self.outlook(rules, from.clone()) {
            Outlook::Never | Outlook::TooLong => return None,
            Outlook::Completion(total) => return Some(total),
            Outlook::Open(step) => vec![step],
        };
        while let Some(step) = path.last_mut() {
            let Some(tok) = step.untried.pop() else {
                let cut = step.cut;
                if let Some(step) = path.pop() {
                    self.failed(rules, *step);
                }
                if let Some(before) = path.last_mut() {
                    before.cut |= cut;
                }
                continue;
            };
            let mut next = step.state.clone();
            next.fill(&self.rules, tok);
            match self.outlook(rules, next) {
                Outlook::Never => {}
                Outlook::TooLong => step.cut = true,
                Outlook::Open(step) => path.push(step),
                Outlook::Completion(total) => {
                    for step in path {
                        self.succeeded(*step, total);
                    }
                    return Some(total);
                }
            }
        }
        None
    }

    /// Forgets everything if the rules are not those it is about.
    fn remember_only(&mut self, rules: &Rules) {
        let bound = self.rules.max_len;
        self.rules.max_len = rules.max_len;
        let same = self.rules == *rules;
        self.rules.max_len = bound;
        if !same {
            *self = Search::new(rules);
        }
    }

    /// Everything was tried, with as many tokens left as there were.
    fn failed(&mut self, rules: &Rules, step: Step) {
        let too_few = if step.cut { left(rules, &step.state) } else { usize::MAX };
        let known = self.known.entry(step.key).or_default();
        known.too_few = known.too_few.max(Some(too_few));
    }

    fn succeeded(&mut self, step: Step, total: usize) {
        let more = total.saturating_sub(step.state.len);
        let known = self.known.entry(step.key).or_default();
        known.enough = Some(known.enough.map_or(more, |least| least.min(more)));
    }

    fn outlook(&mut self, rules: &Rules, mut state: State) -> Outlook {
        while let Some(Hole::Expr(ed)) = state.hole() {
            match self.expressions.shortest(&self.rules, &state, ed) {
                Some(length) => state.skip_expression(length),
                None => return Outlook::Never,
            }
        }
        let left = left(rules, &state);
        let too_long = rules.max_len.is_some_and(|max_len| state.len > max_len);
        // Every pending hole needs at least one token.
        if too_long || state.pending() > left {
            return Outlook::TooLong;
        }
        if state.finished() {
            return Outlook::Completion(state.len);
        }
        let key = state.key(&self.rules);
        if let Some(known) = self.known.get(&key) {
            match known.too_few {
                Some(usize::MAX) => return Outlook::Never,
                Some(too_few) if left <= too_few => return Outlook::TooLong,
                _ => {}
            }
            if let Some(more) = known.enough
                && more <= left
            {
                return Outlook::Completion(state.len.saturating_add(more));
            }
        }
        // The candidates of any length: the length is seen to above. They are
        // listed smallest first, and taken from the end.
        let mut untried = worth_trying(&state, state.candidates(&self.rules, None));
        untried.reverse();
        Outlook::Open(Box::new(Step { state, key, untried, cut: false }))
    }
}

/// The candidates but for those that leave what another leaves.
fn worth_trying(state: &State, mut candidates: Vec<Tok>) -> Vec<Tok> {
    match state.hole() {
        Some(Hole::Cond) => candidates.truncate(1),
        Some(Hole::Target) => {
            let mut rebound = false;
            candidates.retain(|tok| match tok {
                Tok::Var(var) if state.scope.visible.contains(var) => !std::mem::replace(&mut rebound, true),
                _ => true,
            });
        }
        _ => {}
    }
    candidates
}

/// How many more tokens the prefix may have.
fn left(rules: &Rules, state: &State) -> usize {
    match rules.max_len {
        Some(max_len) => max_len.saturating_sub(state.len),
        None => usize::MAX,
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

/// The length of the shortest program, found by asking for one of at most 1, 2,
/// 3 and so on tokens; `None` if there is no program.
#[must_use]
pub fn min_len(rules: &Rules) -> Option<usize> {
    let mut search = Search::new(rules);
    // Some program must exist, or the asking would not end.
    let some = search.completion(rules, &State::start(rules))?;
    (1..=some).find(|&bound| {
        let bounded = rules.clone().within(Some(bound));
        let start = State::start(&bounded);
        search.completion(&bounded, &start).is_some()
    })
}
