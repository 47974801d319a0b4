//! Least numbers of tokens, by outcome.
//!
//! A statement either *returns* (on every path) or falls through. Where code behind a statement that returns is
//! forbidden, a position may bar the first outcome or make it dearer: if the first branch of an `if` in the
//! middle of a block returns, the second must not. [`Cost`] keeps both outcomes apart; a *penalty* is what
//! returning costs elsewhere, from 0 (nothing depends on it) to [`INFINITE`] (it is barred).

use std::cell::RefCell;
use std::collections::HashMap;

use super::rules::{Child, Position, Rules, Scope, Terminal};

/// More tokens than any program has.
pub(crate) const INFINITE: u32 = u32::MAX / 4;

/// Sum of two costs; infinite if one is.
pub(crate) fn add(a: u32, b: u32) -> u32 {
    a.saturating_add(b).min(INFINITE)
}

/// Product of a cost and a count; nothing of something infinite is nothing.
pub(crate) fn times(count: u32, cost: u32) -> u32 {
    count.saturating_mul(cost).min(INFINITE)
}

/// Least number of tokens that closes something, for each outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    /// If control can go on behind it.
    pub(crate) falls: u32,
    /// If it returns on every path.
    pub(crate) returns: u32,
}

impl Cost {
    /// The cheaper outcome.
    pub(crate) fn least(self) -> u32 {
        self.falls.min(self.returns)
    }

    /// The cheaper outcome where returning costs `penalty` tokens elsewhere.
    pub(crate) fn under(self, penalty: u32) -> u32 {
        self.falls.min(add(self.returns, penalty))
    }

    /// What the first branch of an `if` costs the second by returning, where the `if` returning costs `penalty`:
    /// the second then has that penalty itself.
    pub(crate) fn penalty_of_first_branch(self, penalty: u32) -> u32 {
        let (free, bound) = (self.least(), self.under(penalty));
        if bound >= INFINITE { INFINITE } else { bound - free }
    }

    pub(super) fn then(self, more: u32) -> Self {
        Self { falls: add(self.falls, more), returns: add(self.returns, more) }
    }

    fn branch(self, block: Cost) -> Self {
        let head = self.falls;
        let (falls, returns) = (block.falls, block.returns);
        Self { falls: add(head, add(falls, falls).min(add(falls, returns))), returns: add(head, add(returns, returns)) }
    }

    fn or(self, other: Self) -> Self {
        Self { falls: self.falls.min(other.falls), returns: self.returns.min(other.returns) }
    }
}

/// Costs of all blocks and statements of a language, each computed once.
#[derive(Debug)]
pub(crate) struct Costs<'a> {
    rules: &'a Rules,
    statements: RefCell<HashMap<(Scope, u32, Position), Cost>>,
}

impl<'a> Costs<'a> {
    pub(crate) fn new(rules: &'a Rules) -> Self {
        Self { rules, statements: RefCell::default() }
    }

    /// Cost of a block at `control_depth`: of its smallest size, since every statement costs something.
    pub(crate) fn block(&self, scope: Scope, control_depth: u32) -> Cost {
        let count = self.rules.least_block.unwrap_or(0);
        match count {
            0 => Cost { falls: INFINITE, returns: INFINITE },
            1 => self.statement(scope, control_depth, Position::Only).then(1),
            _ => self.block_of(scope, control_depth, count),
        }
    }

    /// Cost of a block of several statements.
    pub(crate) fn block_of(&self, scope: Scope, control_depth: u32, count: u32) -> Cost {
        let inner = self.inner(scope, control_depth);
        self.statement(scope, control_depth, Position::Last).then(add(1, times(count - 1, inner)))
    }

    /// Cost of a statement with others behind it.
    pub(crate) fn inner(&self, scope: Scope, control_depth: u32) -> u32 {
        let cost = self.statement(scope, control_depth, Position::Inner);
        if self.rules.restricts_returning { cost.falls } else { cost.least() }
    }

    /// Cost of a statement, over all that may stand there.
    pub(crate) fn statement(&self, scope: Scope, control_depth: u32, position: Position) -> Cost {
        let key = (scope, control_depth, position);
        if let Some(&cost) = self.statements.borrow().get(&key) {
            return cost;
        }
        let nothing = Cost { falls: INFINITE, returns: INFINITE };
        let all = self.rules.statements(scope, control_depth, position);
        let cost = all.map(|rule| self.rule(scope, control_depth, rule)).fold(nothing, Cost::or);
        self.statements.borrow_mut().insert(key, cost);
        cost
    }

    /// Cost of one statement, its token included.
    pub(crate) fn rule(&self, scope: Scope, control_depth: u32, (terminal, children): (Terminal, &[Child])) -> Cost {
        let mut cost = Cost { falls: 1, returns: INFINITE };
        let block = || self.block(scope.below(), control_depth + 1);
        for child in children {
            cost = match child {
                Child::Body => cost.then(block().least()),
                Child::Definition => cost.then(self.definition()),
                Child::Branches => cost.branch(block()),
                small => cost.then(self.small(scope, *small)),
            };
        }
        // Where nothing depends on it, outcomes are not told apart: what returns then costs as what falls through.
        if terminal == Terminal::Return && self.rules.restricts_returning {
            cost = Cost { falls: INFINITE, returns: cost.falls };
        }
        cost
    }

    /// Least number of tokens for an expression, a target and a condition in a scope.
    ///
    /// One leaf closes an expression at any depth. Where there is no leaf there is no expression at all: a call
    /// without arguments would do, but the body of such a function would need an expression without a leaf first.
    fn small(&self, scope: Scope, child: Child) -> u32 {
        let expr = if scope.leaf { 1 } else { INFINITE };
        match child {
            Child::Expr => expr,
            Child::Target if scope.target => 1,
            Child::Condition if self.rules.allows(Terminal::Compare) => add(1, add(expr, expr)),
            _ => INFINITE,
        }
    }

    /// Cost of a definition behind its name: number of parameters and body.
    pub(crate) fn definition(&self) -> u32 {
        let bodies = self.rules.arities().map(|(_, scope)| self.body(scope));
        add(1, bodies.min().unwrap_or(INFINITE))
    }

    /// Cost of a function's body.
    pub(crate) fn body(&self, scope: Scope) -> u32 {
        self.block(scope, 0).least()
    }
}
