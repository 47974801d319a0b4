//! How much of a language the written part of a sketch takes.

use std::collections::BTreeSet;

use super::tree::{Block, Expr, ExprKind, Operator, StmtKind};

/// The least that the limits of a language must be for what is written; holes take nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) block_stmts: usize,
    pub(crate) control_depth: usize,
    pub(crate) expr_depth: usize,
    pub(crate) functions: usize,
    pub(crate) arity: usize,
    pub(crate) variables: usize,
    /// The smallest and the largest constant.
    pub(crate) constants: Option<(i64, i64)>,
}

impl Extent {
    pub(crate) fn of(block: &Block) -> Self {
        let mut extent = Self::default();
        extent.scope(block, &[]);
        extent
    }

    /// Takes in a constant, written or to be had.
    pub(crate) fn constant(&mut self, value: i64) {
        let (low, high) = self.constants.unwrap_or((value, value));
        self.constants = Some((low.min(value), high.max(value)));
    }

    /// The module, or a function: names are its own.
    fn scope<'a>(&mut self, block: &'a Block, parameters: &[&'a str]) {
        let mut names = parameters.iter().copied().collect();
        self.block(block, 0, &mut names);
        self.variables = self.variables.max(names.len());
    }

    fn block<'a>(&mut self, block: &'a Block, depth: usize, names: &mut BTreeSet<&'a str>) {
        self.block_stmts = self.block_stmts.max(block.stmts.len());
        self.control_depth = self.control_depth.max(depth);
        for stmt in &block.stmts {
            match &stmt.kind {
                StmtKind::Assign(name, value) => {
                    self.expr(value, 0);
                    names.insert(name);
                }
                StmtKind::Print(value) | StmtKind::Return(value) => self.expr(value, 0),
                StmtKind::If(condition, then, otherwise) => {
                    self.condition(condition);
                    self.block(then, depth + 1, names);
                    self.block(otherwise, depth + 1, names);
                }
                StmtKind::For(name, low, high, body) => {
                    low.iter().chain([high]).for_each(|bound| self.expr(bound, 0));
                    names.insert(name);
                    self.block(body, depth + 1, names);
                }
                StmtKind::Def(_, parameters, body) => {
                    self.functions += 1;
                    self.arity = self.arity.max(parameters.len());
                    let parameters = parameters.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
                    self.scope(body, &parameters);
                }
                StmtKind::Hole(_) | StmtKind::Any(_) => {}
            }
        }
    }

    /// The sides of a condition are as deep as expressions that stand alone.
    fn condition(&mut self, condition: &Expr) {
        match &condition.kind {
            ExprKind::Operation(Operator::Compare(_) | Operator::Hole(_), left, right) => {
                self.expr(left, 0);
                self.expr(right, 0);
            }
            _ => self.expr(condition, 0),
        }
    }

    fn expr(&mut self, expr: &Expr, depth: usize) {
        self.expr_depth = self.expr_depth.max(depth);
        match &expr.kind {
            ExprKind::Const(value) => self.constant(*value),
            ExprKind::Operation(_, left, right) => {
                self.expr(left, depth + 1);
                self.expr(right, depth + 1);
            }
            ExprKind::Call(_, args) => {
                self.expr_depth = self.expr_depth.max(depth + 1);
                args.iter().for_each(|arg| self.expr(arg, depth + 1));
            }
            ExprKind::Name(_) | ExprKind::Hole(_) => {}
        }
    }
}
