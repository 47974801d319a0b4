//! The syntax tree: values only, no names, no positions.
//!
//! Variables and functions carry the numbers of their tokens, counted from 1: `VAR_1` is variable 1 of its scope
//! (the module, or one function), `FUNC_1` the first function of the module.

pub use crate::vocab::{BinOp, Compare};

/// A program.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Module {
    /// Its statements.
    pub body: Vec<Stmt>,
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Stmt {
    /// `target = value`
    Assign {
        /// The variable.
        target: u8,
        /// What it becomes.
        value: Expr,
    },
    /// `print(value)`
    Print(Expr),
    /// `return value`
    Return(Expr),
    /// `if left op right: … else: …`
    If {
        /// The comparison.
        condition: Comparison,
        /// Statements if it holds.
        then: Vec<Stmt>,
        /// Statements if it does not.
        otherwise: Vec<Stmt>,
    },
    /// `for target in range(stop): …` or `for target in range(start, stop): …`
    For {
        /// The variable.
        target: u8,
        /// First value, if it is written.
        start: Option<Expr>,
        /// The value behind the last.
        stop: Expr,
        /// Statements of the loop.
        body: Vec<Stmt>,
    },
    /// `def func(…): …`
    Def {
        /// The function.
        func: u8,
        /// Number of parameters, which are variables 1 to `arity` of its scope.
        arity: u8,
        /// Its statements.
        body: Vec<Stmt>,
    },
}

/// A comparison of two values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Comparison {
    /// `<` or `==`.
    pub op: Compare,
    /// Left side.
    pub left: Expr,
    /// Right side.
    pub right: Expr,
}

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Expr {
    /// A variable.
    Var(u8),
    /// An integer.
    Const(i64),
    /// An arithmetic operation.
    BinOp {
        /// `+`, `-` or `*`.
        op: BinOp,
        /// Left side.
        left: Box<Expr>,
        /// Right side.
        right: Box<Expr>,
    },
    /// A comparison as a value.
    Compare(Box<Comparison>),
    /// A call.
    Call {
        /// The function.
        func: u8,
        /// As many values as the function has parameters.
        args: Vec<Expr>,
    },
}
