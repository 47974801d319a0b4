//! A tree laid flat: statements, blocks and expressions in preorder.
//!
//! What stands deeper stands later, so a pass from the last statement to the first sees children before their parents,
//! a pass from the first to the last parents before children, and none needs recursion, however deep the tree.

use serde::Serialize;

use crate::ast::{self, BinOp, Compare, Module};

/// A part of [`Flat::exprs`]: one expression.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    start: usize,
    end: usize,
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
    /// The statement behind its last descendant.
    pub(super) end: usize,
    /// The blocks below: both of an `if`, the first of a `for` or `def`.
    pub(super) blocks: [usize; 2],
    /// Bindings of its scope that come before it.
    pub(super) binding: usize,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub(super) last: Option<usize>,
    pub(super) scope: usize,
}

/// The module, which is the first, or the body of a def.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    pub(super) def: Option<usize>,
    /// Number of the function.
    pub(super) func: Option<u8>,
    bindings: usize,
    /// Its statements; a def is one, what stands in it is not.
    pub(super) stmts: Vec<usize>,
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

#[derive(Debug)]
pub(super) struct Flat {
    pub(super) stmts: Vec<Stmt>,
    pub(super) blocks: Vec<Block>,
    pub(super) scopes: Vec<Scope>,
    exprs: Vec<Expr>,
    pub(super) tokens: usize,
    pub(super) forms: FormCounts,
    pub(super) expr_depth: usize,
    pub(super) control_depth: usize,
}

/// What is left to lay down.
enum Work<'a> {
    Open { body: &'a [ast::Stmt], owner: Option<usize>, nth: usize, scope: usize, depth: usize },
    Next { rest: std::slice::Iter<'a, ast::Stmt>, block: usize, depth: usize },
    Close { stmt: usize },
}

impl Flat {
    pub(super) fn new(module: &Module) -> Self {
        let mut flat = Self {
            stmts: Vec::new(),
            blocks: Vec::new(),
            scopes: vec![Scope { def: None, func: None, bindings: 0, stmts: Vec::new() }],
            exprs: Vec::new(),
            tokens: 0,
            forms: FormCounts::default(),
            expr_depth: 0,
            control_depth: 0,
        };
        let mut work = vec![Work::Open { body: &module.body, owner: None, nth: 0, scope: 0, depth: 0 }];
        let mut pending = Vec::new();
        while let Some(item) = work.pop() {
            match item {
                Work::Open { body, owner, nth, scope, depth } => {
                    let block = flat.blocks.len();
                    flat.blocks.push(Block { last: None, scope });
                    if let Some(owner) = owner {
                        flat.stmts[owner].blocks[nth] = block;
                    }
                    flat.tokens += 1;
                    flat.forms.block += 1;
                    flat.control_depth = flat.control_depth.max(depth);
                    work.push(Work::Next { rest: body.iter(), block, depth });
                }
                Work::Next { mut rest, block, depth } => {
                    if let Some(stmt) = rest.next() {
                        work.push(Work::Next { rest, block, depth });
                        flat.stmt(stmt, block, depth, &mut work, &mut pending);
                    }
                }
                Work::Close { stmt } => flat.stmts[stmt].end = flat.stmts.len(),
            }
        }
        flat
    }

    fn stmt<'a>(
        &mut self,
        stmt: &'a ast::Stmt,
        block: usize,
        depth: usize,
        work: &mut Vec<Work<'a>>,
        pending: &mut Vec<(&'a ast::Expr, usize)>,
    ) {
        let (nth, token) = (self.stmts.len(), self.tokens);
        let before = self.blocks[block].last.replace(nth);
        let scope = self.blocks[block].scope;
        let binding = self.scopes[scope].bindings;
        self.scopes[scope].stmts.push(nth);
        self.tokens += 1;
        work.push(Work::Close { stmt: nth });
        let below = |body, nth_block, scope, depth| Work::Open { body, owner: Some(nth), nth: nth_block, scope, depth };
        let kind = match stmt {
            ast::Stmt::Assign { target, value } => {
                self.forms.assign += 1;
                self.bind(scope);
                Kind::Assign { var: *target, value: self.expr(value, pending) }
            }
            ast::Stmt::Print(value) => {
                self.forms.print += 1;
                Kind::Print(self.expr(value, pending))
            }
            ast::Stmt::Return(value) => {
                self.forms.return_ += 1;
                Kind::Return(self.expr(value, pending))
            }
            ast::Stmt::If { condition, then, otherwise } => {
                self.forms.if_ += 1;
                self.forms.compare += 1;
                self.tokens += 1;
                let left = self.expr(&condition.left, pending);
                let right = self.expr(&condition.right, pending);
                work.push(below(otherwise, 1, scope, depth + 1));
                work.push(below(then, 0, scope, depth + 1));
                Kind::If { op: condition.op, left, right }
            }
            ast::Stmt::For { target, start, stop, body } => {
                self.forms.for_ += 1;
                self.bind(scope);
                let start = start.as_ref().map(|start| self.expr(start, pending));
                let stop = self.expr(stop, pending);
                work.push(below(body, 0, scope, depth + 1));
                Kind::For { var: *target, start, stop }
            }
            ast::Stmt::Def { func, arity, body } => {
                self.forms.func += 1;
                self.forms.arity += 1;
                self.tokens += 1;
                let inner = self.scopes.len();
                let bindings = usize::from(*arity);
                self.scopes.push(Scope { def: Some(nth), func: Some(*func), bindings, stmts: Vec::new() });
                work.push(below(body, 0, inner, 0));
                Kind::Def { func: *func, arity: *arity }
            }
        };
        self.stmts.push(Stmt { kind, token, block, before, end: nth + 1, blocks: [0; 2], binding });
    }

    /// Counts a target.
    fn bind(&mut self, scope: usize) {
        self.scopes[scope].bindings += 1;
        self.forms.var += 1;
        self.tokens += 1;
    }

    fn expr<'a>(&mut self, root: &'a ast::Expr, pending: &mut Vec<(&'a ast::Expr, usize)>) -> Span {
        let start = self.exprs.len();
        pending.push((root, 0));
        while let Some((expr, depth)) = pending.pop() {
            self.expr_depth = self.expr_depth.max(depth);
            let token = self.tokens;
            self.tokens += 1;
            let mut operands = |left, right| pending.extend([(right, depth + 1), (left, depth + 1)]);
            let node = match expr {
                ast::Expr::Var(var) => {
                    self.forms.var += 1;
                    Node::Var(*var)
                }
                ast::Expr::Const(value) => {
                    self.forms.constant += 1;
                    Node::Const(*value)
                }
                ast::Expr::BinOp { op, left, right } => {
                    self.forms.binop += 1;
                    operands(left, right);
                    Node::BinOp(*op)
                }
                ast::Expr::Compare(comparison) => {
                    self.forms.compare += 1;
                    operands(&comparison.left, &comparison.right);
                    Node::Compare(comparison.op)
                }
                ast::Expr::Call { func, args } => {
                    self.forms.call += 1;
                    self.forms.func += 1;
                    self.tokens += 1;
                    pending.extend(args.iter().rev().map(|arg| (arg, depth + 1)));
                    Node::Call { func: *func, args: args.len() }
                }
            };
            self.exprs.push(Expr { node, token });
        }
        Span { start, end: self.exprs.len() }
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
        let nodes = self.spans(stmt).flat_map(|span| self.nodes(span));
        nodes.filter_map(|expr| match expr.node {
            Node::Call { func, .. } => Some(func),
            _ => None,
        })
    }
}
