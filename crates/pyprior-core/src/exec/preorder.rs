//! A program read in preorder, from its tokens or its tree, without recursion.

use super::compile::CompileError;
use crate::ast::{BinOp, Compare, Comparison, Expr, Module, Stmt};
use crate::codec::tree::DecodeError;
use crate::matcher::HoleKind;
use crate::vocab::{Symbol, Vocab};

/// The start of a statement.
#[derive(Clone, Copy)]
pub(super) enum Statement {
    Assign(u8),
    Print,
    Return,
    If,
    /// `start` is whether the first value is written.
    For {
        target: u8,
        start: bool,
    },
    Def {
        func: u8,
        arity: u8,
    },
}

/// The start of an expression.
#[derive(Clone, Copy)]
pub(super) enum Expression {
    Var(u8),
    Const(i64),
    BinOp(BinOp),
    Compare(Compare),
    /// With the number of arguments, unless that is up to the function.
    Call {
        func: u8,
        args: Option<usize>,
    },
}

/// What the compiler reads. It asks for one hole after the other, in preorder.
pub(super) trait Preorder {
    /// Number of statements.
    fn block(&mut self) -> Result<usize, CompileError>;
    fn statement(&mut self) -> Result<Statement, CompileError>;
    fn condition(&mut self) -> Result<Compare, CompileError>;
    fn expression(&mut self) -> Result<Expression, CompileError>;
    /// Checks that nothing follows.
    fn end(&mut self) -> Result<(), CompileError>;
}

pub(super) struct Tokens<'a> {
    pub(super) vocab: &'a Vocab,
    pub(super) tokens: &'a [u32],
    pub(super) position: usize,
}

impl Tokens<'_> {
    #[inline]
    fn next<T>(&mut self, hole: HoleKind, fits: impl FnOnce(Symbol) -> Option<T>) -> Result<T, CompileError> {
        let position = self.position;
        let Some(&token) = self.tokens.get(position) else {
            return Err(DecodeError::Truncated { len: self.tokens.len(), hole }.into());
        };
        self.position += 1;
        let found = self.vocab.symbol(token).and_then(fits);
        found.ok_or_else(|| DecodeError::Unexpected { token, position, hole }.into())
    }

    #[inline]
    fn target(&mut self) -> Result<u8, CompileError> {
        self.next(HoleKind::Var, |symbol| match symbol {
            Symbol::Var(var) => Some(var),
            _ => None,
        })
    }
}

impl Preorder for Tokens<'_> {
    #[inline]
    fn block(&mut self) -> Result<usize, CompileError> {
        self.next(HoleKind::Block, |symbol| match symbol {
            Symbol::Block(count) => Some(usize::from(count)),
            _ => None,
        })
    }

    #[inline]
    fn statement(&mut self) -> Result<Statement, CompileError> {
        let symbol = self.next(HoleKind::Stmt, |symbol| match symbol {
            Symbol::Assign | Symbol::Print | Symbol::Return | Symbol::If | Symbol::For | Symbol::For2 => Some(symbol),
            Symbol::Func(_) => Some(symbol),
            _ => None,
        })?;
        Ok(match symbol {
            Symbol::Assign => Statement::Assign(self.target()?),
            Symbol::Print => Statement::Print,
            Symbol::Return => Statement::Return,
            Symbol::If => Statement::If,
            Symbol::Func(func) => {
                let arity = self.next(HoleKind::Arity, |symbol| match symbol {
                    Symbol::Arity(arity) => Some(arity),
                    _ => None,
                })?;
                Statement::Def { func, arity }
            }
            _ => Statement::For { target: self.target()?, start: symbol == Symbol::For2 },
        })
    }

    #[inline]
    fn condition(&mut self) -> Result<Compare, CompileError> {
        self.next(HoleKind::Cond, |symbol| match symbol {
            Symbol::Compare(op) => Some(op),
            _ => None,
        })
    }

    #[inline]
    fn expression(&mut self) -> Result<Expression, CompileError> {
        let found = self.next(HoleKind::Expr, |symbol| {
            Some(match symbol {
                Symbol::Var(var) => Expression::Var(var),
                Symbol::Const(value) => Expression::Const(value),
                Symbol::BinOp(op) => Expression::BinOp(op),
                Symbol::Compare(op) => Expression::Compare(op),
                Symbol::Call => Expression::Call { func: 0, args: None },
                _ => return None,
            })
        })?;
        let Expression::Call { .. } = found else { return Ok(found) };
        let func = self.next(HoleKind::Callee, |symbol| match symbol {
            Symbol::Func(func) => Some(func),
            _ => None,
        })?;
        Ok(Expression::Call { func, args: None })
    }

    fn end(&mut self) -> Result<(), CompileError> {
        let pad = self.vocab.pad();
        let rest = self.tokens[self.position..].iter().zip(self.position..);
        match rest.into_iter().find(|(token, _)| **token != pad) {
            Some((&token, position)) => Err(DecodeError::Trailing { token, position }.into()),
            None => Ok(()),
        }
    }
}

/// The parts of a tree that are still to come, the next one last.
pub(super) struct Tree<'a> {
    blocks: Vec<&'a [Stmt]>,
    /// The blocks that have been asked for.
    open: Vec<std::slice::Iter<'a, Stmt>>,
    exprs: Vec<&'a Expr>,
    condition: Compare,
}

/// The compiler asks for no more than there is.
const NOTHING: CompileError = CompileError::Tokens(DecodeError::Truncated { len: 0, hole: HoleKind::Block });

impl<'a> Tree<'a> {
    pub(super) fn new(module: &'a Module) -> Self {
        Self { blocks: vec![&module.body], open: Vec::new(), exprs: Vec::new(), condition: Compare::Lt }
    }

    fn both(&mut self, comparison: &'a Comparison) -> Compare {
        self.exprs.extend([&comparison.right, &comparison.left]);
        comparison.op
    }
}

impl Preorder for Tree<'_> {
    fn block(&mut self) -> Result<usize, CompileError> {
        let block = self.blocks.pop().ok_or(NOTHING)?;
        self.open.push(block.iter());
        Ok(block.len())
    }

    fn statement(&mut self) -> Result<Statement, CompileError> {
        let stmt = loop {
            match self.open.last_mut().ok_or(NOTHING)?.next() {
                Some(stmt) => break stmt,
                None => drop(self.open.pop()),
            }
        };
        Ok(match stmt {
            Stmt::Assign { target, value } => {
                self.exprs.push(value);
                Statement::Assign(*target)
            }
            Stmt::Print(value) => {
                self.exprs.push(value);
                Statement::Print
            }
            Stmt::Return(value) => {
                self.exprs.push(value);
                Statement::Return
            }
            Stmt::If { condition, then, otherwise } => {
                self.blocks.extend([otherwise.as_slice(), then]);
                self.condition = self.both(condition);
                Statement::If
            }
            Stmt::For { target, start, stop, body } => {
                self.blocks.push(body);
                self.exprs.push(stop);
                self.exprs.extend(start);
                Statement::For { target: *target, start: start.is_some() }
            }
            Stmt::Def { func, arity, body } => {
                self.blocks.push(body);
                Statement::Def { func: *func, arity: *arity }
            }
        })
    }

    fn condition(&mut self) -> Result<Compare, CompileError> {
        Ok(self.condition)
    }

    fn expression(&mut self) -> Result<Expression, CompileError> {
        Ok(match self.exprs.pop().ok_or(NOTHING)? {
            Expr::Var(var) => Expression::Var(*var),
            Expr::Const(value) => Expression::Const(*value),
            Expr::BinOp { op, left, right } => {
                self.exprs.extend([&**right, left]);
                Expression::BinOp(*op)
            }
            Expr::Compare(comparison) => Expression::Compare(self.both(comparison)),
            Expr::Call { func, args } => {
                self.exprs.extend(args.iter().rev());
                Expression::Call { func: *func, args: Some(args.len()) }
            }
        })
    }

    fn end(&mut self) -> Result<(), CompileError> {
        Ok(())
    }
}
