//! The shortest expression, found by trying expressions.
//!
//! An expression changes nothing but the length: no variable becomes visible
//! in it and no function callable. So to whoever looks for a completion one
//! expression is as good as another that is no longer, and a pending
//! expression stands for the shortest that may stand there.

use crate::holes::Hole;
use crate::key::Key;
use crate::rules::Rules;
use crate::state::{Def, Scope, State};
use crate::tok::Tok;
use std::collections::HashMap;

/// The lengths found so far, by scope, callable functions and depth.
#[derive(Default, Debug)]
pub(crate) struct Expressions {
    known: HashMap<Key, Option<usize>>,
}

impl Expressions {
    /// The length of the shortest expression (or condition) that fills this hole in this scope, if these are the
    /// definitions so far; `None` if there is none. The rules must not bound the length.
    pub(crate) fn shortest(&mut self, rules: &Rules, hole: Hole, scope: &Scope, defs: Vec<Def>) -> Option<usize> {
        self.alone(rules, &State::alone(hole, scope.clone(), defs))
    }

    /// The shortest way to fill a stack of expressions, conditions and callees. Depths grow
    /// with every operator and call up to the bound, so this comes to an end.
    fn alone(&mut self, rules: &Rules, state: &State) -> Option<usize> {
        if state.finished() {
            return Some(0);
        }
        let key = state.key(rules);
        if let Some(&known) = self.known.get(&key) {
            return known;
        }
        // The operands of one operator or the arguments of one call: each by
        // itself, since none affects the next.
        let shortest = if let (Some(hole), 2..) = (state.hole(), state.pending()) {
            self.shortest(rules, hole, &state.scope, state.defs.clone()).and_then(|first| {
                let mut rest = state.clone();
                rest.skip(first, |_| {});
                Some(first.saturating_add(self.alone(rules, &rest)?))
            })
        } else {
            let tries = distinct(state.candidates(rules, None));
            let filled = tries.into_iter().filter_map(|tok| {
                let mut next = state.clone();
                next.fill(rules, tok);
                Some(self.alone(rules, &next)?.saturating_add(1))
            });
            filled.min()
        };
        self.known.insert(key, shortest);
        shortest
    }
}

/// One leaf and one operator for all of them: they leave the same behind.
fn distinct(candidates: Vec<Tok>) -> Vec<Tok> {
    let kind = |tok: &Tok| match tok {
        Tok::Var(_) | Tok::Int(_) => Tok::Var(1),
        Tok::Add | Tok::Sub | Tok::Mul | Tok::Lt | Tok::Eq => Tok::Add,
        other => *other,
    };
    let mut kept: Vec<Tok> = vec![];
    for tok in candidates {
        if !kept.iter().any(|other| kind(other) == kind(&tok)) {
            kept.push(tok);
        }
    }
    kept
}
