//! Which situations are alike for all that is still to come.
//!
//! A prefix that has been put in the place of all like it has the same shortest completion as they have, though not
//! the same completions. Three things are made alike. Everything else of a prefix stays as it is.
//!
//! # Scopes
//!
//! The visible variables are always `VAR_1..VAR_n` for some n: the outermost scope begins with none and a definition
//! with its parameters `VAR_1..VAR_k`; a target is visible already or is `VAR_n+1`; the scope after an `IF` is the
//! scope before it and what both branches have, so the smaller of two such numbers; and all other statements come back
//! to a scope that was there before. Let f be the lowest-numbered variable that is not excluded, if there is any.
//!
//! - With f visible, one token (`VAR_f`) is an expression and one token (`VAR_f`) is a target, and less than one
//!   token is neither. That stays so as long as this scope lasts and in all blocks inside, whose scopes hold it as
//!   well; a definition begins with its parameters whatever was visible before. So what else is visible does not
//!   matter, and the scope `VAR_1..VAR_f` stands for all these.
//! - With the variable before f visible, but not f, no visible variable can be read or bound, and the next is f. There
//!   is one such scope, and it is kept.
//! - With less than that, or if there is no f, no visible variable can be read or bound, and neither can the next,
//!   so that none ever becomes visible. The empty scope stands for all these (if f is `VAR_1`, there is none of them).
//!
//! These three come in order of n, the last being that of the smallest. So the smaller of two numbers, which is what
//! `IF` asks for, has the smaller of what stands for the two; and a target that is bound is f or a later variable, so
//! that f is visible then, in the scope as in what stands for it. Hence it makes no difference whether variables are
//! bound and scopes are merged before this or after it.
//!
//! # Definitions
//!
//! What is defined decides the next definition's number and what can be called. Of these, the number of definitions
//! is kept. A call is an expression. Without any call, the shortest expression is one variable or constant, if one can
//! be had. An expression with calls is longer than that. Where no variable and no constant can be had, there must be
//! something else in an expression that has no expression inside, and that is a call without arguments: if one can be
//! had, its two tokens are the shortest expression, and if not, there is none. So it matters only whether a function
//! without parameters can be called: if so, all complete definitions become such functions, and if not, functions with
//! one parameter. (The first is never the case where it would matter: without constants the first function without
//! parameters would have no expression for its first statement. Nothing here relies on that.)
//!
//! This is about expressions that are still to be begun. A callee at hand is a call begun, and its arguments have to
//! be paid for; so as long as there is one (and it can only be the first hole), nothing of all this is done.
//!
//! Outside of the outermost block there are no definitions, so that their number does not matter either.
//!
//! # Constants, operators and comparisons
//!
//! Which one was chosen leaves no trace in a prefix.

use crate::holes::Hole;
use crate::rules::Rules;
use crate::state::{Def, Scope, State};
use crate::tok::Tok;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What decides which situations are alike.
#[derive(Clone, Debug)]
pub(crate) struct Alike {
    /// The lowest-numbered variable that is not excluded.
    first: Option<u16>,
    calls_returning: bool,
}

impl Alike {
    pub(crate) fn new(rules: &Rules) -> Alike {
        let first = (1..=rules.max_vars).find(|&var| !rules.excludes(Tok::Var(var)));
        Alike { first, calls_returning: rules.calls_returning }
    }

    /// Puts in the prefix's place the one that stands for all like it.
    pub(crate) fn represent(&self, state: &mut State) {
        if matches!(state.hole(), Some(Hole::Callee(_))) {
            return;
        }
        self.scope(&mut state.scope);
        state.kept.iter_mut().for_each(|scope| self.scope(scope));
        state.branches.iter_mut().for_each(|(scope, _)| self.scope(scope));
        let arity = u16::from(!self.without_arguments(&state.defs));
        for def in &mut state.defs {
            if def.complete {
                *def = Def { arity, complete: true, returns: true };
            } else {
                // Once complete, it is a function without parameters or it is not.
                def.arity = def.arity.min(1);
            }
        }
    }

    /// Definitions for a place where there are no further ones, that allow the same calls.
    pub(crate) fn for_calls(&self, defs: &[Def]) -> Vec<Def> {
        if self.without_arguments(defs) { vec![Def { arity: 0, complete: true, returns: true }] } else { vec![] }
    }

    /// Whether a function without parameters can be called.
    fn without_arguments(&self, defs: &[Def]) -> bool {
        defs.iter().any(|def| def.complete && def.arity == 0 && (def.returns || !self.calls_returning))
    }

    fn scope(&self, scope: &mut Scope) {
        let visible = &scope.visible;
        // How far up the variables are kept; as far as 0 if none ever matters.
        let up_to = match self.first {
            Some(first) if first == 1 || visible.contains(&(first - 1)) => first,
            _ => 0,
        };
        if visible.last().is_some_and(|&last| last > up_to) {
            let kept: BTreeSet<u16> = visible.range(..=up_to).copied().collect();
            scope.visible = Arc::new(kept);
        }
        // No rule asks for these.
        scope.with_either = Arc::clone(&scope.visible);
    }
}
