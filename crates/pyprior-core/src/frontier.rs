//! The hole that the next token fills.

use crate::grammar::classes::Hole;
use crate::language::Language;

/// What kind of hole is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HoleKind {
    /// A block: how many statements?
    Block,
    /// A statement.
    Stmt,
    /// An expression.
    Expr,
    /// The comparison of an `if`.
    Cond,
    /// A variable to assign.
    Var,
    /// The number of parameters of a definition.
    Arity,
    /// The function that a call calls.
    Callee,
}

impl HoleKind {
    /// Name as recorded: `block stmt expr cond var arity callee`.
    pub const fn name(self) -> &'static str {
        match self {
            HoleKind::Block => "block",
            HoleKind::Stmt => "stmt",
            HoleKind::Expr => "expr",
            HoleKind::Cond => "cond",
            HoleKind::Var => "var",
            HoleKind::Arity => "arity",
            HoleKind::Callee => "callee",
        }
    }
}

/// The hole that the next token fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Frontier {
    /// What kind of hole it is.
    pub kind: HoleKind,
    /// Operators and calls around it. A variable to assign reports 0.
    pub expr_depth: u32,
    /// `if` and `for` statements around it, within its function. A variable to assign reports 0.
    pub control_depth: u32,
}

/// The hole at the top of a row.
pub(crate) fn frontier(language: &Language, row: &[u32]) -> Option<Frontier> {
    let engine = &language.engine;
    let at = |kind, expr_depth, control_depth| Some(Frontier { kind, expr_depth, control_depth });
    let control = engine.control_depth(row);
    match engine.tables.holes[engine.hole(row)] {
        Hole::End => None,
        Hole::Block { control_depth, .. } => at(HoleKind::Block, 0, control_depth),
        Hole::Statement { control_depth, .. } => at(HoleKind::Stmt, 0, control_depth),
        Hole::Target(_) => at(HoleKind::Var, 0, 0),
        Hole::Condition => at(HoleKind::Cond, 0, control),
        Hole::Expr { depth } => at(HoleKind::Expr, depth, control),
        Hole::Callee { depth } => at(HoleKind::Callee, depth, control),
        Hole::Arity => at(HoleKind::Arity, 0, 0),
    }
}
