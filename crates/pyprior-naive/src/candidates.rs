//! The local rules: which tokens may come next, as far as one step can tell.
//!
//! Every token of the hole's kind is put to every rule. The answer is the list
//! of rules that object, so that what a rule decided can be told exactly: it
//! decided where a token has it for its only objector.

use crate::decided::{Decided, exclusion, rule};
use crate::holes::{Context, Hole, holes};
use crate::rules::Rules;
use crate::state::{Def, State};
use crate::tok::Tok;
use std::collections::BTreeSet;

/// A rule that forbids a token at hand.
struct Objection {
    rule: &'static str,
    /// A part of the rule that is counted by itself as well, if it is that part
    /// which forbids the token.
    part: Option<&'static str>,
}

impl From<&'static str> for Objection {
    fn from(rule: &'static str) -> Objection {
        Objection { rule, part: None }
    }
}

impl State {
    /// The tokens the local rules allow next: those about holes, scopes,
    /// depths, excludes and switches, and of the length only that every pending
    /// hole needs at least one token. Of a finished program: the padding.
    ///
    /// With `decided`, counts this prefix for every rule that decided here.
    #[must_use]
    pub fn candidates(&self, rules: &Rules, decided: Option<&mut Decided>) -> Vec<Tok> {
        let Some(hole) = self.hole() else {
            return vec![Tok::Pad];
        };
        let mut allowed = vec![];
        let mut deciding = BTreeSet::new();
        for tok in tokens_for(hole, rules) {
            match self.objections(rules, hole, tok).as_slice() {
                [] => allowed.push(tok),
                [only] => {
                    deciding.insert(only.rule);
                    deciding.extend(only.part);
                }
                _ => {}
            }
        }
        if let Some(decided) = decided {
            decided.prefix(deciding);
        }
        allowed
    }

    /// Whether the token is a candidate.
    pub(crate) fn allows(&self, rules: &Rules, tok: Tok) -> bool {
        match self.hole() {
            None => tok == Tok::Pad,
            Some(hole) => {
                rules.has(tok) && self.children(rules, tok).is_some() && self.objections(rules, hole, tok).is_empty()
            }
        }
    }

    /// The rules that forbid this token, which is of the hole's kind.
    fn objections(&self, rules: &Rules, hole: Hole, tok: Tok) -> Vec<Objection> {
        let mut found = vec![];
        if rules.excludes(tok) {
            found.push(exclusion(tok.form()).into());
        }
        if let Some(max_len) = rules.max_len {
            let children = self.children(rules, tok).unwrap_or_default();
            // The hole at hand is filled, and these come in its place.
            let pending = (self.pending() + holes(&children)).saturating_sub(1);
            if self.len + 1 + pending > max_len {
                found.push(rule::LENGTH.into());
            }
        }
        match hole {
            Hole::Stmt { .. } => self.statement_objections(rules, hole, tok, &mut found),
            Hole::Target => found.extend(self.target_objection(tok)),
            Hole::Expr(ed) => self.expression_objections(rules, ed, tok, &mut found),
            Hole::Callee(_) => found.extend(self.callee_objection(rules, tok)),
            Hole::Block(_) | Hole::Cond | Hole::Arity => {}
        }
        found
    }

    fn statement_objections(&self, rules: &Rules, hole: Hole, tok: Tok, found: &mut Vec<Objection>) {
        let Hole::Stmt { block, last, only } = hole else {
            return;
        };
        match tok {
            Tok::Return => {
                if block.context != Context::Func {
                    found.push(rule::RETURN_CONTEXT.into());
                }
                if rules.no_dead_code && !last {
                    found.push(rule::RETURN_LAST.into());
                }
                // A return anywhere in the block would make the block return.
                if !block.may_return {
                    found.push(rule::RETURNS_IN_IF.into());
                }
            }
            Tok::If | Tok::For | Tok::For2 if block.cd >= rules.max_control_depth => {
                found.push(rule::CONTROL_DEPTH.into());
            }
            Tok::Func(j) => {
                if block.context != Context::Top {
                    found.push(rule::DEF_CONTEXT.into());
                }
                if last && !only {
                    found.push(rule::DEF_LAST.into());
                }
                if usize::from(j) != self.defs.len() + 1 {
                    found.push(rule::DEF_ORDER.into());
                }
            }
            _ => {}
        }
    }

    fn target_objection(&self, tok: Tok) -> Option<Objection> {
        let Tok::Var(var) = tok else {
            return None;
        };
        let visible = &self.scope.visible;
        // The lowest-numbered variable that is not visible: all below it are.
        let next = (1..var).all(|lower| visible.contains(&lower));
        if visible.contains(&var) || next {
            return None;
        }
        Some(self.invisible(rule::TARGET_ORDER, var))
    }

    fn expression_objections(&self, rules: &Rules, ed: usize, tok: Tok, found: &mut Vec<Objection>) {
        match tok {
            Tok::Var(var) => {
                if !self.scope.visible.contains(&var) {
                    found.push(self.invisible(rule::SCOPE, var));
                }
            }
            Tok::Int(_) => {}
            _ => {
                if ed >= rules.max_expr_depth {
                    found.push(rule::EXPR_DEPTH.into());
                }
            }
        }
        if tok == Tok::Call {
            let callable = |def: &Def| def.complete && (def.returns || !rules.calls_returning);
            if !self.defs.iter().any(callable) {
                let only_returning = self.defs.iter().any(|def| def.complete);
                found.push(Objection { rule: rule::CALLABLE, part: only_returning.then_some(rule::CALLS_RETURNING) });
            }
        }
    }

    /// The callable are the complete definitions. Those inside `FUNC_j` are
    /// below j, since the definitions come in order and j itself is incomplete.
    fn callee_objection(&self, rules: &Rules, tok: Tok) -> Option<Objection> {
        let Tok::Func(j) = tok else {
            return None;
        };
        match self.def(j) {
            Some(def) if def.complete => (rules.calls_returning && !def.returns)
                .then_some(Objection { rule: rule::CALLABLE, part: Some(rule::CALLS_RETURNING) }),
            _ => Some(rule::CALLABLE.into()),
        }
    }

    /// The objection that the variable is not visible.
    fn invisible(&self, rule: &'static str, var: u16) -> Objection {
        let merged_away = self.scope.with_either.contains(&var);
        Objection { rule, part: merged_away.then_some(rule::SCOPE_MERGE) }
    }
}

/// Every token of the vocabulary that holes of this kind take somewhere.
fn tokens_for(hole: Hole, rules: &Rules) -> Vec<Tok> {
    let vars = (1..=rules.max_vars).map(Tok::Var);
    let funcs = (1..=rules.max_funcs).map(Tok::Func);
    match hole {
        Hole::Block(_) => (1..=rules.max_block_stmts).map(Tok::Blk).collect(),
        Hole::Stmt { .. } => {
            [Tok::Return, Tok::Print, Tok::Assign, Tok::If, Tok::For, Tok::For2].into_iter().chain(funcs).collect()
        }
        Hole::Target => vars.collect(),
        Hole::Cond => vec![Tok::Lt, Tok::Eq],
        Hole::Expr(_) => {
            let (low, high) = rules.value_range;
            vars.chain((low..=high).map(Tok::Int))
                .chain([Tok::Add, Tok::Sub, Tok::Mul, Tok::Lt, Tok::Eq, Tok::Call])
                .collect()
        }
        Hole::Callee(_) => funcs.collect(),
        Hole::Arity => (0..=rules.top_arity()).map(Tok::Arity).collect(),
    }
}
