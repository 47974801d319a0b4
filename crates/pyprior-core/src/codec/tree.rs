//! Tokens to tree and back.

use thiserror::Error;

use crate::ast::{Comparison, Expr, Module, Stmt};
use crate::frontier::HoleKind;
use crate::vocab::{Symbol, Vocab};

/// Depth beyond which a tree is refused; no language nests as deep.
pub(crate) const MAX_DEPTH: u32 = 200;

/// Tokens that are no program.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The tokens end before the program does.
    #[error("truncated token stream: {len} tokens, and a hole of kind '{}' is open", hole.name())]
    Truncated {
        /// Number of tokens.
        len: usize,
        /// The first hole that is open.
        hole: HoleKind,
    },
    /// Tokens other than `PAD` follow the end.
    #[error("trailing tokens after a complete module: token {token} at position {position}")]
    Trailing {
        /// The first such token.
        token: u32,
        /// Its position.
        position: usize,
    },
    /// A token does not fill the hole that it stands at.
    #[error("token {token} at position {position} does not fill a hole of kind '{}'", hole.name())]
    Unexpected {
        /// The token.
        token: u32,
        /// Its position.
        position: usize,
        /// The hole.
        hole: HoleKind,
    },
    /// A function is called that is not defined before.
    #[error("function {func} is called at position {position} before it is defined")]
    Undefined {
        /// Number of the function.
        func: u8,
        /// Position of its token.
        position: usize,
    },
    /// The tree is deeper than any program of any language.
    #[error("the tree is more than {MAX_DEPTH} levels deep at position {position}")]
    TooDeep {
        /// Position of the token.
        position: usize,
    },
}

/// A tree that is no program of the vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodeTreeError {
    /// There is no token for something.
    #[error("the vocabulary has no token for {symbol:?}")]
    NoToken {
        /// What there is no token for.
        symbol: Symbol,
    },
    /// A block has no statement, or more than 255.
    #[error("a block has {len} statements; 1 to 255 are possible")]
    BlockLen {
        /// Number of statements.
        len: usize,
    },
    /// A call has another number of arguments than its function, or the function is not defined before.
    #[error("function {func} is called with {got} arguments; its definition before has {arity:?}")]
    Arguments {
        /// Number of the function.
        func: u8,
        /// Number of arguments.
        got: usize,
        /// Number of parameters, if it is defined.
        arity: Option<u8>,
    },
    /// The tree is deeper than any program of any language.
    #[error("the tree is more than {MAX_DEPTH} levels deep")]
    TooDeep,
}

impl Vocab {
    /// The tree of a program's tokens. `EOS` and `PAD` may follow the end.
    ///
    /// Only the shape is checked: whether names are visible and limits kept is for a
    /// [`Matcher`](crate::Matcher) to say.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] at the first token that has no place in a tree.
    pub fn tokens_to_ast(&self, tokens: &[u32]) -> Result<Module, DecodeError> {
        let mut reader = Reader { vocab: self, tokens, position: 0, arities: [None; 256], depth: 0 };
        let body = reader.block()?;
        match self.trailing(tokens, reader.position) {
            Some(position) => Err(DecodeError::Trailing { token: tokens[position], position }),
            None => Ok(Module { body }),
        }
    }

    /// The tokens of a tree.
    ///
    /// # Errors
    ///
    /// [`EncodeTreeError`] if the tree holds something that the vocabulary has no token for, a call that does not fit
    /// its function, or too many levels.
    pub fn ast_to_tokens(&self, module: &Module) -> Result<Vec<u32>, EncodeTreeError> {
        let mut tokens = Vec::new();
        let put = |symbol| {
            tokens.push(self.id_of_symbol(symbol).ok_or(EncodeTreeError::NoToken { symbol })?);
            Ok(())
        };
        Writer { put, arities: [None; 256], depth: 0 }.block(&module.body)?;
        Ok(tokens)
    }
}

/// Checks that some vocabulary has tokens for a tree.
pub(super) fn check(module: &Module) -> Result<(), EncodeTreeError> {
    let put = |symbol| match symbol {
        Symbol::Var(0) | Symbol::Func(0) => Err(EncodeTreeError::NoToken { symbol }),
        _ => Ok(()),
    };
    Writer { put, arities: [None; 256], depth: 0 }.block(&module.body)
}

struct Reader<'a> {
    vocab: &'a Vocab,
    tokens: &'a [u32],
    position: usize,
    arities: [Option<u8>; 256],
    depth: u32,
}

impl Reader<'_> {
    fn next(&mut self, hole: HoleKind) -> Result<Symbol, DecodeError> {
        let position = self.position;
        let len = self.tokens.len();
        let &token = self.tokens.get(position).ok_or(DecodeError::Truncated { len, hole })?;
        self.position += 1;
        self.vocab.symbol(token).ok_or(DecodeError::Unexpected { token, position, hole })
    }

    fn unexpected<T>(&self, hole: HoleKind) -> Result<T, DecodeError> {
        let position = self.position - 1;
        Err(DecodeError::Unexpected { token: self.tokens[position], position, hole })
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, DecodeError>) -> Result<T, DecodeError> {
        if self.depth == MAX_DEPTH {
            return Err(DecodeError::TooDeep { position: self.position });
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn block(&mut self) -> Result<Vec<Stmt>, DecodeError> {
        let Symbol::Block(count) = self.next(HoleKind::Block)? else { return self.unexpected(HoleKind::Block) };
        self.deeper(|reader| (0..count).map(|_| reader.stmt()).collect())
    }

    fn stmt(&mut self) -> Result<Stmt, DecodeError> {
        Ok(match self.next(HoleKind::Stmt)? {
            Symbol::Assign => Stmt::Assign { target: self.target()?, value: self.expr()? },
            Symbol::Print => Stmt::Print(self.expr()?),
            Symbol::Return => Stmt::Return(self.expr()?),
            Symbol::If => Stmt::If { condition: self.condition()?, then: self.block()?, otherwise: self.block()? },
            Symbol::For => Stmt::For { target: self.target()?, start: None, stop: self.expr()?, body: self.block()? },
            Symbol::For2 => {
                let (target, start) = (self.target()?, Some(self.expr()?));
                Stmt::For { target, start, stop: self.expr()?, body: self.block()? }
            }
            Symbol::Func(func) => {
                let Symbol::Arity(arity) = self.next(HoleKind::Arity)? else {
                    return self.unexpected(HoleKind::Arity);
                };
                let body = self.block()?;
                self.arities[usize::from(func)] = Some(arity);
                Stmt::Def { func, arity, body }
            }
            _ => return self.unexpected(HoleKind::Stmt),
        })
    }

    fn target(&mut self) -> Result<u8, DecodeError> {
        match self.next(HoleKind::Var)? {
            Symbol::Var(var) => Ok(var),
            _ => self.unexpected(HoleKind::Var),
        }
    }

    fn condition(&mut self) -> Result<Comparison, DecodeError> {
        match self.next(HoleKind::Cond)? {
            Symbol::Compare(op) => Ok(Comparison { op, left: self.expr()?, right: self.expr()? }),
            _ => self.unexpected(HoleKind::Cond),
        }
    }

    fn expr(&mut self) -> Result<Expr, DecodeError> {
        self.deeper(|reader| {
            Ok(match reader.next(HoleKind::Expr)? {
                Symbol::Var(var) => Expr::Var(var),
                Symbol::Const(value) => Expr::Const(value),
                Symbol::BinOp(op) => {
                    Expr::BinOp { op, left: Box::new(reader.expr()?), right: Box::new(reader.expr()?) }
                }
                Symbol::Compare(op) => {
                    Expr::Compare(Box::new(Comparison { op, left: reader.expr()?, right: reader.expr()? }))
                }
                Symbol::Call => {
                    let Symbol::Func(func) = reader.next(HoleKind::Callee)? else {
                        return reader.unexpected(HoleKind::Callee);
                    };
                    let undefined = DecodeError::Undefined { func, position: reader.position - 1 };
                    let arity = reader.arities[usize::from(func)].ok_or(undefined)?;
                    let args = (0..arity).map(|_| reader.expr()).collect::<Result<_, _>>()?;
                    Expr::Call { func, args }
                }
                _ => return reader.unexpected(HoleKind::Expr),
            })
        })
    }
}

/// Goes through a tree in the order of its tokens.
struct Writer<P> {
    /// What becomes of each.
    put: P,
    arities: [Option<u8>; 256],
    depth: u32,
}

impl<P: FnMut(Symbol) -> Result<(), EncodeTreeError>> Writer<P> {
    fn put(&mut self, symbol: Symbol) -> Result<(), EncodeTreeError> {
        (self.put)(symbol)
    }

    fn deeper(&mut self, write: impl FnOnce(&mut Self) -> Result<(), EncodeTreeError>) -> Result<(), EncodeTreeError> {
        if self.depth == MAX_DEPTH {
            return Err(EncodeTreeError::TooDeep);
        }
        self.depth += 1;
        let result = write(self);
        self.depth -= 1;
        result
    }

    fn block(&mut self, block: &[Stmt]) -> Result<(), EncodeTreeError> {
        let len = block.len();
        let count = u8::try_from(len).ok().filter(|&count| count > 0).ok_or(EncodeTreeError::BlockLen { len })?;
        self.put(Symbol::Block(count))?;
        self.deeper(|writer| block.iter().try_for_each(|stmt| writer.stmt(stmt)))
    }

    fn stmt(&mut self, stmt: &Stmt) -> Result<(), EncodeTreeError> {
        match stmt {
            Stmt::Assign { target, value } => {
                self.put(Symbol::Assign)?;
                self.put(Symbol::Var(*target))?;
                self.expr(value)
            }
            Stmt::Print(value) => {
                self.put(Symbol::Print)?;
                self.expr(value)
            }
            Stmt::Return(value) => {
                self.put(Symbol::Return)?;
                self.expr(value)
            }
            Stmt::If { condition, then, otherwise } => {
                self.put(Symbol::If)?;
                self.comparison(condition)?;
                self.block(then)?;
                self.block(otherwise)
            }
            Stmt::For { target, start, stop, body } => {
                self.put(if start.is_some() { Symbol::For2 } else { Symbol::For })?;
                self.put(Symbol::Var(*target))?;
                start.iter().try_for_each(|start| self.expr(start))?;
                self.expr(stop)?;
                self.block(body)
            }
            Stmt::Def { func, arity, body } => {
                self.put(Symbol::Func(*func))?;
                self.put(Symbol::Arity(*arity))?;
                self.block(body)?;
                self.arities[usize::from(*func)] = Some(*arity);
                Ok(())
            }
        }
    }

    fn comparison(&mut self, comparison: &Comparison) -> Result<(), EncodeTreeError> {
        self.put(Symbol::Compare(comparison.op))?;
        self.expr(&comparison.left)?;
        self.expr(&comparison.right)
    }

    fn expr(&mut self, expr: &Expr) -> Result<(), EncodeTreeError> {
        self.deeper(|writer| writer.shallow_expr(expr))
    }

    fn shallow_expr(&mut self, expr: &Expr) -> Result<(), EncodeTreeError> {
        match expr {
            Expr::Var(var) => self.put(Symbol::Var(*var)),
            Expr::Const(value) => self.put(Symbol::Const(*value)),
            Expr::BinOp { op, left, right } => {
                self.put(Symbol::BinOp(*op))?;
                self.expr(left)?;
                self.expr(right)
            }
            Expr::Compare(comparison) => self.comparison(comparison),
            Expr::Call { func, args } => {
                let arity = self.arities[usize::from(*func)];
                if arity.map(usize::from) != Some(args.len()) {
                    return Err(EncodeTreeError::Arguments { func: *func, got: args.len(), arity });
                }
                self.put(Symbol::Call)?;
                self.put(Symbol::Func(*func))?;
                args.iter().try_for_each(|arg| self.expr(arg))
            }
        }
    }
}
