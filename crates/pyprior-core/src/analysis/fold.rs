//! What literals alone decide: the value of a test, the number of iterations of a loop.

use super::flat::{Expr, Flat, Kind, Node, Stmt};
use crate::ast::{BinOp, Compare};

/// What is known of a statement before anything runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Nothing,
    /// An `if` always goes this way.
    Test(bool),
    /// A `for` runs as often, if nothing returns within.
    Count(u64),
}

/// Folds literals; keep one to reuse its memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Folder {
    stack: Vec<i64>,
}

impl Folder {
    pub(super) fn known(&mut self, flat: &Flat, stmt: &Stmt) -> Known {
        let mut value = |span| fold(flat.nodes(span), &mut self.stack);
        match stmt.kind {
            Kind::If { op, left, right } => match (value(left), value(right)) {
                (Some(left), Some(right)) => Known::Test(holds(op, left, right)),
                _ => Known::Nothing,
            },
            Kind::For { start, stop, .. } => match (start.map_or(Some(0), &mut value), value(stop)) {
                // Two 64-bit numbers are less than 2^64 apart.
                (Some(start), Some(stop)) if start < stop => Known::Count(stop.abs_diff(start)),
                (Some(_), Some(_)) => Known::Count(0),
                _ => Known::Nothing,
            },
            _ => Known::Nothing,
        }
    }
}

fn holds(op: Compare, left: i64, right: i64) -> bool {
    match op {
        Compare::Lt => left < right,
        Compare::Eq => left == right,
    }
}

/// The value of an expression of literals; `None` where it reads or calls something, or leaves 64 bits on the way.
fn fold(nodes: &[Expr], stack: &mut Vec<i64>) -> Option<i64> {
    stack.clear();
    // Backwards, operands come before their operator, the left one last.
    for expr in nodes.iter().rev() {
        let value = match expr.node {
            Node::Const(value) => value,
            Node::BinOp(op) => {
                let (left, right) = (stack.pop()?, stack.pop()?);
                match op {
                    BinOp::Add => left.checked_add(right)?,
                    BinOp::Sub => left.checked_sub(right)?,
                    BinOp::Mul => left.checked_mul(right)?,
                }
            }
            Node::Compare(op) => {
                let (left, right) = (stack.pop()?, stack.pop()?);
                i64::from(holds(op, left, right))
            }
            Node::Var(_) | Node::Call { .. } => return None,
        };
        stack.push(value);
    }
    stack.pop()
}
