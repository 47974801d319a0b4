//! A program read in preorder, from its tokens or its tree, without recursion.

use super::tree::DecodeError;
use crate::ast::{BinOp, Compare, Comparison, Expr, Module, Stmt};
use crate::frontier::HoleKind;
use crate::vocab::{Symbol, Vocab};

/// What takes two operands and has a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Operator {
    Arithmetic(BinOp),
    Compare(Compare),
}

/// The start of a statement.
#[derive(Clone, Copy)]
pub(crate) enum Statement {
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
pub(crate) enum Expression {
    Var(u8),
    Const(i64),
    Operator(Operator),
    /// With the number of arguments, unless that is up to the function.
    Call {
        func: u8,
        args: Option<usize>,
    },
}

/// What is read: one hole after the other is asked for, in preorder.
pub(crate) trait Preorder {
    /// Number of statements.
    fn block(&mut self) -> Result<usize, DecodeError>;
    fn statement(&mut self) -> Result<Statement, DecodeError>;
    fn condition(&mut self) -> Result<Compare, DecodeError>;
    fn expression(&mut self) -> Result<Expression, DecodeError>;
    /// The expression that comes next, if it is a number; if not, it is still to be asked for.
    fn number(&mut self) -> Option<i64>;
    /// Checks that nothing follows.
    fn end(&mut self) -> Result<(), DecodeError>;
}

pub(crate) struct Tokens<'a> {
    pub(crate) vocab: &'a Vocab,
    pub(crate) tokens: &'a [u32],
    pub(crate) position: usize,
}

impl Tokens<'_> {
    /// The next token.
    #[inline(always)]
    fn next(&mut self, hole: HoleKind) -> Result<Symbol, DecodeError> {
        let symbol = self.tokens.get(self.position).and_then(|&token| self.vocab.symbol(token));
        self.position += 1;
        symbol.ok_or_else(|| self.refused(hole))
    }

    /// Why the last token cannot be.
    #[cold]
    fn refused(&self, hole: HoleKind) -> DecodeError {
        let position = self.position - 1;
        match self.tokens.get(position) {
            Some(&token) => DecodeError::Unexpected { token, position, hole },
            None => DecodeError::Truncated { len: self.tokens.len(), hole },
        }
    }

    #[inline(always)]
    fn target(&mut self) -> Result<u8, DecodeError> {
        match self.next(HoleKind::Var)? {
            Symbol::Var(var) => Ok(var),
            _ => Err(self.refused(HoleKind::Var)),
        }
    }
}

impl Preorder for Tokens<'_> {
    #[inline(always)]
    fn block(&mut self) -> Result<usize, DecodeError> {
        match self.next(HoleKind::Block)? {
            Symbol::Block(count) => Ok(count.into()),
            _ => Err(self.refused(HoleKind::Block)),
        }
    }

    #[inline(always)]
    fn statement(&mut self) -> Result<Statement, DecodeError> {
        Ok(match self.next(HoleKind::Stmt)? {
            Symbol::Assign => Statement::Assign(self.target()?),
            Symbol::Print => Statement::Print,
            Symbol::Return => Statement::Return,
            Symbol::If => Statement::If,
            Symbol::For => Statement::For { target: self.target()?, start: false },
            Symbol::For2 => Statement::For { target: self.target()?, start: true },
            Symbol::Func(func) => match self.next(HoleKind::Arity)? {
                Symbol::Arity(arity) => Statement::Def { func, arity },
                _ => return Err(self.refused(HoleKind::Arity)),
            },
            _ => return Err(self.refused(HoleKind::Stmt)),
        })
    }

    #[inline(always)]
    fn condition(&mut self) -> Result<Compare, DecodeError> {
        match self.next(HoleKind::Cond)? {
            Symbol::Compare(op) => Ok(op),
            _ => Err(self.refused(HoleKind::Cond)),
        }
    }

    #[inline(always)]
    fn expression(&mut self) -> Result<Expression, DecodeError> {
        Ok(match self.next(HoleKind::Expr)? {
            Symbol::Var(var) => Expression::Var(var),
            Symbol::Const(value) => Expression::Const(value),
            Symbol::BinOp(op) => Expression::Operator(Operator::Arithmetic(op)),
            Symbol::Compare(op) => Expression::Operator(Operator::Compare(op)),
            Symbol::Call => match self.next(HoleKind::Callee)? {
                Symbol::Func(func) => Expression::Call { func, args: None },
                _ => return Err(self.refused(HoleKind::Callee)),
            },
            _ => return Err(self.refused(HoleKind::Expr)),
        })
    }

    #[inline(always)]
    fn number(&mut self) -> Option<i64> {
        match self.vocab.symbol(*self.tokens.get(self.position)?) {
            Some(Symbol::Const(value)) => {
                self.position += 1;
                Some(value)
            }
            _ => None,
        }
    }

    fn end(&mut self) -> Result<(), DecodeError> {
        match self.vocab.trailing(self.tokens, self.position) {
            Some(position) => Err(DecodeError::Trailing { token: self.tokens[position], position }),
            None => Ok(()),
        }
    }
}

/// Tokens whose constants are places of numbers: see `Encoder::any_constants`.
pub(crate) struct Placed<'a> {
    pub(crate) tokens: Tokens<'a>,
    pub(crate) constants: &'a [i64],
}

impl Placed<'_> {
    fn number_at(&self, place: i64) -> Option<i64> {
        usize::try_from(place).ok().and_then(|place| self.constants.get(place).copied())
    }
}

impl Preorder for Placed<'_> {
    fn block(&mut self) -> Result<usize, DecodeError> {
        self.tokens.block()
    }

    fn statement(&mut self) -> Result<Statement, DecodeError> {
        self.tokens.statement()
    }

    fn condition(&mut self) -> Result<Compare, DecodeError> {
        self.tokens.condition()
    }

    fn expression(&mut self) -> Result<Expression, DecodeError> {
        match self.tokens.expression()? {
            // A place that nothing was put to is that of a variable's value before the input, which nobody computes.
            Expression::Const(place) => Ok(Expression::Const(self.number_at(place).unwrap_or(0))),
            other => Ok(other),
        }
    }

    fn number(&mut self) -> Option<i64> {
        self.tokens.number().map(|place| self.number_at(place).unwrap_or(0))
    }

    fn end(&mut self) -> Result<(), DecodeError> {
        self.tokens.end()
    }
}

/// The parts of a tree that are still to come, the next one last.
pub(crate) struct Tree<'a> {
    blocks: Vec<&'a [Stmt]>,
    /// The blocks that have been asked for.
    open: Vec<std::slice::Iter<'a, Stmt>>,
    exprs: Vec<&'a Expr>,
    condition: Compare,
}

/// Nobody asks for more than there is.
const NOTHING: DecodeError = DecodeError::Truncated { len: 0, hole: HoleKind::Block };

impl<'a> Tree<'a> {
    pub(crate) fn new(module: &'a Module) -> Self {
        Self { blocks: vec![&module.body], open: Vec::new(), exprs: Vec::new(), condition: Compare::Lt }
    }

    fn both(&mut self, comparison: &'a Comparison) -> Compare {
        self.exprs.extend([&comparison.right, &comparison.left]);
        comparison.op
    }
}

impl Preorder for Tree<'_> {
    fn block(&mut self) -> Result<usize, DecodeError> {
        let block = self.blocks.pop().ok_or(NOTHING)?;
        self.open.push(block.iter());
        Ok(block.len())
    }

    fn statement(&mut self) -> Result<Statement, DecodeError> {
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

    fn condition(&mut self) -> Result<Compare, DecodeError> {
        Ok(self.condition)
    }

    fn expression(&mut self) -> Result<Expression, DecodeError> {
        Ok(match self.exprs.pop().ok_or(NOTHING)? {
            Expr::Var(var) => Expression::Var(*var),
            Expr::Const(value) => Expression::Const(*value),
            Expr::BinOp { op, left, right } => {
                self.exprs.extend([&**right, left]);
                Expression::Operator(Operator::Arithmetic(*op))
            }
            Expr::Compare(comparison) => Expression::Operator(Operator::Compare(self.both(comparison))),
            Expr::Call { func, args } => {
                self.exprs.extend(args.iter().rev());
                Expression::Call { func: *func, args: Some(args.len()) }
            }
        })
    }

    fn number(&mut self) -> Option<i64> {
        match self.exprs.last() {
            Some(Expr::Const(value)) => {
                self.exprs.pop();
                Some(*value)
            }
            _ => None,
        }
    }

    fn end(&mut self) -> Result<(), DecodeError> {
        Ok(())
    }
}
