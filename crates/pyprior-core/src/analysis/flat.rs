//! A program laid flat: statements, blocks and expressions in preorder.
//!
//! What stands deeper stands later, so a pass from the last statement to the first sees children before their parents,
//! a pass from the first to the last parents before children, and none needs recursion, however deep the tree.

use serde::Serialize;

use crate::ast::{BinOp, Compare};

/// A part of [`Flat::exprs`]: one expression.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A node of an expression; its operands or arguments follow.
#[derive(Debug, Clone, Copy)]
pub(super) enum Node {
    Var(u8),
    Const(i64),
    BinOp(BinOp),
    Compare(Compare),
    Call { func: u8, args: usize },
}

impl Node {
    /// Number of nodes directly below.
    pub(super) fn operands(self) -> usize {
        match self {
            Self::Var(_) | Self::Const(_) => 0,
            Self::BinOp(_) | Self::Compare(_) => 2,
            Self::Call { args, .. } => args,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Expr {
    pub(super) node: Node,
    pub(super) token: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Assign { var: u8, value: Span },
    Print(Span),
    Return(Span),
    If { op: Compare, left: Span, right: Span },
    For { var: u8, start: Option<Span>, stop: Span },
    Def { func: u8, arity: u8 },
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Stmt {
    pub(super) kind: Kind,
    /// Index of its first token.
    pub(super) token: usize,
    /// The block that it stands in, and the statement before it there.
    pub(super) block: usize,
    pub(super) before: Option<usize>,
    /// The statement before it in its scope.
    pub(super) prior: Option<usize>,
    /// The statement behind its last descendant.
    pub(super) end: usize,
    /// The blocks below: both of an `if`, the first of a `for` or `def`.
    pub(super) blocks: [usize; 2],
    /// Bindings of its scope that come before it.
    pub(super) binding: usize,
    /// Whether its own expressions hold a call.
    pub(super) calls: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub(super) last: Option<usize>,
    pub(super) scope: usize,
}

/// The module, which is the first, or the body of a def.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope {
    pub(super) def: Option<usize>,
    /// Number of the function.
    pub(super) func: Option<u8>,
    pub(super) bindings: usize,
    /// Its last statement; a def is one, what stands in it is not.
    pub(super) last: Option<usize>,
}

/// Number of tokens by form; their sum is the length of the program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FormCounts {
    /// `FUNC_j`: definitions and callees.
    pub func: usize,
    /// `VAR_i`: targets and reads.
    pub var: usize,
    /// `ADD`, `SUB`, `MUL`.
    pub binop: usize,
    /// `LT`, `EQ`.
    pub compare: usize,
    /// Integers.
    #[serde(rename = "const")]
    pub constant: usize,
    /// `ARITY_k`: one a definition.
    pub arity: usize,
    /// `BLK_n`: blocks.
    pub block: usize,
    /// `RETURN`.
    #[serde(rename = "return")]
    pub return_: usize,
    /// `IF`.
    #[serde(rename = "if")]
    pub if_: usize,
    /// `ASSIGN`.
    pub assign: usize,
    /// `FOR` and `FOR2`.
    #[serde(rename = "for")]
    pub for_: usize,
    /// `CALL`.
    pub call: usize,
    /// `PRINT`.
    pub print: usize,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Flat {
    pub(super) stmts: Vec<Stmt>,
    pub(super) blocks: Vec<Block>,
    pub(super) scopes: Vec<Scope>,
    pub(super) exprs: Vec<Expr>,
    pub(super) tokens: usize,
    pub(super) forms: FormCounts,
    pub(super) expr_depth: usize,
    pub(super) control_depth: usize,
}

impl Flat {
    /// Nothing, with the memory kept.
    pub(super) fn clear(&mut self) {
        let Self { stmts, blocks, scopes, exprs, tokens, forms, expr_depth, control_depth } = self;
        stmts.clear();
        blocks.clear();
        scopes.clear();
        exprs.clear();
        (*tokens, *expr_depth, *control_depth) = (0, 0, 0);
        *forms = FormCounts::default();
    }

    /// The statements of a scope, the last one first.
    pub(super) fn backwards(&self, scope: &Scope) -> impl Iterator<Item = usize> {
        std::iter::successors(scope.last, |&nth| self.stmts[nth].prior)
    }

    /// The nodes of an expression.
    pub(super) fn nodes(&self, span: Span) -> &[Expr] {
        &self.exprs[span.start..span.end]
    }

    pub(super) fn scope_of(&self, stmt: usize) -> &Scope {
        &self.scopes[self.blocks[self.stmts[stmt].block].scope]
    }

    /// The expressions of a statement itself, not of what stands below it.
    pub(super) fn spans(&self, stmt: usize) -> impl Iterator<Item = Span> {
        let (first, second) = match self.stmts[stmt].kind {
            Kind::Assign { value, .. } | Kind::Print(value) | Kind::Return(value) => (Some(value), None),
            Kind::If { left, right, .. } => (Some(left), Some(right)),
            Kind::For { start, stop, .. } => (start, Some(stop)),
            Kind::Def { .. } => (None, None),
        };
        [first, second].into_iter().flatten()
    }

    /// The functions that a statement itself calls.
    pub(super) fn calls(&self, stmt: usize) -> impl Iterator<Item = u8> {
        let spans = self.spans(stmt).take(if self.stmts[stmt].calls { usize::MAX } else { 0 });
        let nodes = spans.flat_map(|span| self.nodes(span));
        nodes.filter_map(|expr| match expr.node {
            Node::Call { func, .. } => Some(func),
            _ => None,
        })
    }
}
