//! Laying a program flat, in one pass over its preorder and without recursion.

use super::flat::{Block, Expr, Flat, Kind, Node, Scope, Span, Stmt};
use crate::ast::Module;
use crate::codec::preorder::{Expression, Operator, Preorder, Statement, Tree};
use crate::codec::tree::DecodeError;

/// Lays programs flat; keep one to reuse its memory.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    /// The blocks around what is being read, but for the innermost.
    open: Vec<Open>,
    /// Operands that are left of the operators and calls around what is being read.
    operands: Vec<usize>,
    /// By number of the function, once its definition is complete; before that [`UNDEFINED`].
    arities: [u16; 256],
}

/// More parameters than any function has.
const UNDEFINED: u16 = u16::MAX;

impl Default for Layer {
    fn default() -> Self {
        Self { open: Vec::new(), operands: Vec::new(), arities: [UNDEFINED; 256] }
    }
}

/// A statement of which a block is being read.
#[derive(Debug, Clone, Copy)]
struct Open {
    stmt: usize,
    /// Which of its blocks.
    nth: usize,
    around: Here,
}

/// A block that is being read.
#[derive(Debug, Clone, Copy, Default)]
struct Here {
    block: usize,
    scope: usize,
    /// Statements that are left.
    left: usize,
    /// Depth of `if` and `for` in each other.
    depth: usize,
}

impl Flat {
    /// A tree laid flat.
    pub(super) fn of(module: &Module) -> Self {
        let mut flat = Self::default();
        // A tree has all that it is asked for.
        let laid = Layer::default().lay(&mut flat, &mut Tree::new(module), usize::MAX);
        debug_assert!(laid.is_ok());
        flat
    }
}

impl Layer {
    /// Lays down a program in place of the one before. One that is more than `deepest` levels deep is refused.
    pub(super) fn lay(
        &mut self,
        flat: &mut Flat,
        source: &mut impl Preorder,
        deepest: usize,
    ) -> Result<(), DecodeError> {
        flat.clear();
        self.open.clear();
        self.operands.clear();
        self.arities.fill(UNDEFINED);
        Pass { layer: self, flat, source, deepest, here: Here::default() }.run()
    }
}

/// One program on its way.
struct Pass<'a, S> {
    layer: &'a mut Layer,
    flat: &'a mut Flat,
    source: &'a mut S,
    deepest: usize,
    here: Here,
}

impl<S: Preorder> Pass<'_, S> {
    fn run(&mut self) -> Result<(), DecodeError> {
        self.flat.scopes.push(Scope { def: None, func: None, bindings: 0, last: None });
        self.block(0, 0)?;
        loop {
            while self.here.left > 0 {
                self.here.left -= 1;
                self.stmt()?;
            }
            let Some(Open { stmt, nth, around }) = self.layer.open.pop() else { return self.source.end() };
            self.here = around;
            match self.flat.stmts[stmt].kind {
                Kind::If { .. } if nth == 0 => {
                    self.below(stmt, 1, around.scope, around.depth + 1)?;
                    continue;
                }
                Kind::Def { func, arity } => self.layer.arities[usize::from(func)] = arity.into(),
                _ => {}
            }
            self.flat.stmts[stmt].end = self.flat.stmts.len();
        }
    }

    /// Begins a block.
    #[inline(always)]
    fn block(&mut self, scope: usize, depth: usize) -> Result<(), DecodeError> {
        let left = self.source.block()?;
        self.flat.tokens += 1;
        self.check_depth(self.layer.open.len())?;
        let block = self.flat.blocks.len();
        self.flat.blocks.push(Block { last: None, scope });
        self.flat.forms.block += 1;
        self.flat.control_depth = self.flat.control_depth.max(depth);
        self.here = Here { block, scope, left, depth };
        Ok(())
    }

    /// Begins a block of a statement.
    #[inline(always)]
    fn below(&mut self, stmt: usize, nth: usize, scope: usize, depth: usize) -> Result<(), DecodeError> {
        self.layer.open.push(Open { stmt, nth, around: self.here });
        self.block(scope, depth)?;
        self.flat.stmts[stmt].blocks[nth] = self.here.block;
        Ok(())
    }

    fn check_depth(&self, levels: usize) -> Result<(), DecodeError> {
        match levels < self.deepest {
            true => Ok(()),
            false => Err(DecodeError::TooDeep { position: self.flat.tokens }),
        }
    }

    /// Reads a statement, or the start of one up to the first statement of its block.
    #[inline(always)]
    fn stmt(&mut self) -> Result<(), DecodeError> {
        let statement = self.source.statement()?;
        let Here { block, scope, depth, .. } = self.here;
        let (nth, token) = (self.flat.stmts.len(), self.flat.tokens);
        let before = self.flat.blocks[block].last.replace(nth);
        let prior = self.flat.scopes[scope].last.replace(nth);
        let (binding, calls) = (self.flat.scopes[scope].bindings, self.flat.forms.call);
        self.flat.tokens += 1;
        let mut below = None;
        let kind = match statement {
            Statement::Assign(var) => {
                self.flat.forms.assign += 1;
                self.bind(scope);
                Kind::Assign { var, value: self.expr()? }
            }
            Statement::Print => {
                self.flat.forms.print += 1;
                Kind::Print(self.expr()?)
            }
            Statement::Return => {
                self.flat.forms.return_ += 1;
                Kind::Return(self.expr()?)
            }
            Statement::If => {
                let op = self.source.condition()?;
                self.flat.forms.if_ += 1;
                self.flat.forms.compare += 1;
                self.flat.tokens += 1;
                below = Some((scope, depth + 1));
                Kind::If { op, left: self.expr()?, right: self.expr()? }
            }
            Statement::For { target: var, start } => {
                self.flat.forms.for_ += 1;
                self.bind(scope);
                let start = if start { Some(self.expr()?) } else { None };
                below = Some((scope, depth + 1));
                Kind::For { var, start, stop: self.expr()? }
            }
            Statement::Def { func, arity } => {
                self.flat.forms.func += 1;
                self.flat.forms.arity += 1;
                self.flat.tokens += 1;
                below = Some((self.flat.scopes.len(), 0));
                self.flat.scopes.push(Scope { def: Some(nth), func: Some(func), bindings: arity.into(), last: None });
                Kind::Def { func, arity }
            }
        };
        let calls = self.flat.forms.call > calls;
        self.flat.stmts.push(Stmt { kind, token, block, before, prior, end: nth + 1, blocks: [0; 2], binding, calls });
        match below {
            Some((scope, depth)) => self.below(nth, 0, scope, depth),
            None => Ok(()),
        }
    }

    /// Counts a target.
    fn bind(&mut self, scope: usize) {
        self.flat.scopes[scope].bindings += 1;
        self.flat.forms.var += 1;
        self.flat.tokens += 1;
    }

    #[inline(always)]
    fn expr(&mut self) -> Result<Span, DecodeError> {
        let start = self.flat.exprs.len();
        loop {
            let depth = self.layer.operands.len();
            self.check_depth(self.layer.open.len() + 1 + depth)?;
            let token = self.flat.tokens;
            let forms = &mut self.flat.forms;
            let node = match self.source.expression()? {
                Expression::Var(var) => {
                    forms.var += 1;
                    Node::Var(var)
                }
                Expression::Const(value) => {
                    forms.constant += 1;
                    Node::Const(value)
                }
                Expression::Operator(Operator::Arithmetic(op)) => {
                    forms.binop += 1;
                    Node::BinOp(op)
                }
                Expression::Operator(Operator::Compare(op)) => {
                    forms.compare += 1;
                    Node::Compare(op)
                }
                Expression::Call { func, args } => {
                    forms.call += 1;
                    forms.func += 1;
                    self.flat.tokens += 1;
                    let undefined = DecodeError::Undefined { func, position: token + 1 };
                    let arity = Some(self.layer.arities[usize::from(func)]).filter(|&arity| arity != UNDEFINED);
                    Node::Call { func, args: args.or(arity.map(usize::from)).ok_or(undefined)? }
                }
            };
            self.flat.tokens += 1;
            self.flat.expr_depth = self.flat.expr_depth.max(depth);
            self.flat.exprs.push(Expr { node, token });
            match node.operands() {
                0 if self.complete() => return Ok(Span { start, end: self.flat.exprs.len() }),
                0 => {}
                operands => self.layer.operands.push(operands),
            }
        }
    }

    /// Ends an operand, and the operators and calls of which it is the last; whether the expression ends with it.
    #[inline(always)]
    fn complete(&mut self) -> bool {
        while let Some(left) = self.layer.operands.last_mut() {
            *left -= 1;
            if *left > 0 {
                return false;
            }
            self.layer.operands.pop();
        }
        true
    }
}
