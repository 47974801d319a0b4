//! What is said beside the program.

use std::ops::RangeInclusive;
use std::sync::Arc;

use pyprior_core::{BinOp, Compare};

use crate::error::Place;

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Feature {
    Tokens,
    /// Tokens of these kinds, as a set of bits of [`Kind`](crate::tally::Kind).
    Kinds(u32),
    /// Expressions that read a variable of this name.
    Reads(String),
}

/// How often something occurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bound {
    pub(crate) feature: Feature,
    pub(crate) low: u32,
    pub(crate) high: Option<u32>,
    pub(crate) place: Place,
}

/// What a hole is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Const,
    Var,
    Op,
    Expr,
    Cond,
    Stmt,
    Block,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Domain {
    Ints(Vec<RangeInclusive<i64>>),
    Ops(Vec<Result<BinOp, Compare>>),
    Role { role: Role, depth: Option<u32>, bounds: Vec<Bound> },
}

/// A number of the constraint language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Term {
    Int(i64),
    None,
    Hole(String, Place),
    /// A variable of `for … in …`.
    Quantified(usize),
    Call(String, Vec<Term>, Place),
    Negative(Box<Term>),
    Operation(Arithmetic, Box<Term>, Box<Term>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Sub,
    Mul,
    /// Python's `//`, rounding down.
    Quotient,
    /// Python's `%`, with the sign of the right side.
    Remainder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Less,
    AtMost,
    Equal,
    Unequal,
    AtLeast,
    Greater,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Formula {
    /// `a < b <= c …`
    Chain(Vec<Term>, Vec<Order>),
    AllDistinct(Vec<Term>),
    And(Box<Formula>, Box<Formula>),
    Or(Box<Formula>, Box<Formula>),
    Not(Box<Formula>),
    /// What the whole program prints.
    Prints(String),
}

/// A formula that holds for all values of its variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) formula: Formula,
    /// Values of each variable of `for`.
    pub(crate) over: Vec<Arc<[i64]>>,
    pub(crate) place: Place,
    pub(crate) text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Constraint {
    Domain {
        holes: Vec<(String, Place)>,
        domain: Domain,
        place: Place,
        text: String,
    },
    /// Of constants alone.
    Relation(Claim),
    /// Of what the program does.
    Behaviour(Claim),
    Bound(Bound),
    /// Operators and calls around an expression, at most.
    Depth(u32),
    /// Alike up to renaming.
    Renamed(String, Place),
}

/// What an option is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Setting {
    Int(i64),
    Range(i64, i64),
    Words(Vec<String>),
}

impl Formula {
    /// Calls `visit` for every term.
    pub(crate) fn terms(&self, visit: &mut dyn FnMut(&Term)) {
        match self {
            Formula::Chain(terms, _) | Formula::AllDistinct(terms) => terms.iter().for_each(|term| term.each(visit)),
            Formula::And(left, right) | Formula::Or(left, right) => {
                left.terms(visit);
                right.terms(visit);
            }
            Formula::Not(inner) => inner.terms(visit),
            Formula::Prints(_) => {}
        }
    }

    pub(crate) fn prints(&self) -> bool {
        match self {
            Formula::Prints(_) => true,
            Formula::And(left, right) | Formula::Or(left, right) => left.prints() || right.prints(),
            Formula::Not(inner) => inner.prints(),
            Formula::Chain(..) | Formula::AllDistinct(_) => false,
        }
    }
}

impl Term {
    fn each(&self, visit: &mut dyn FnMut(&Term)) {
        visit(self);
        match self {
            Term::Call(_, args, _) => args.iter().for_each(|arg| arg.each(visit)),
            Term::Negative(inner) => inner.each(visit),
            Term::Operation(_, left, right) => {
                left.each(visit);
                right.each(visit);
            }
            Term::Int(_) | Term::None | Term::Hole(..) | Term::Quantified(_) => {}
        }
    }
}
