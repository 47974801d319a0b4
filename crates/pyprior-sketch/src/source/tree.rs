//! The program with holes, as it is written.

use pyprior_core::{BinOp, Compare};

use crate::error::Place;

/// An occurrence of a hole; without a name each is a hole of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HoleAt {
    pub(crate) name: Option<String>,
    pub(crate) place: Place,
}

/// An operator that is written, or a hole that stands for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operator {
    BinOp(BinOp),
    Compare(Compare),
    Hole(HoleAt),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expr {
    pub(crate) place: Place,
    pub(crate) kind: ExprKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ExprKind {
    Name(String),
    Const(i64),
    Hole(HoleAt),
    Operation(Operator, Box<Expr>, Box<Expr>),
    Call(String, Vec<Expr>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stmt {
    pub(crate) place: Place,
    pub(crate) kind: StmtKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StmtKind {
    Assign(String, Expr),
    Print(Expr),
    Return(Expr),
    If(Expr, Block, Block),
    For(String, Option<Expr>, Expr, Block),
    Def(String, Vec<(String, Place)>, Block),
    /// One statement, or, if it is alone in its block and said to be a block, all of them.
    Hole(HoleAt),
    /// `...`: all statements of its block.
    Any(HoleAt),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) place: Place,
    pub(crate) stmts: Vec<Stmt>,
}

/// Whether a word is a hole: it begins with a capital letter, or is `_`; the constants of Python are none.
pub(crate) fn is_hole(name: &str) -> bool {
    let constant = matches!(name, "True" | "False" | "None");
    name == "_" || (name.starts_with(|first: char| first.is_ascii_uppercase()) && !constant)
}
