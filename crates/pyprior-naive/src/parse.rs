//! A finished list of tokens as a tree, by recursive descent.
//!
//! What bounds the depth of the tree is checked here, so that no list of tokens
//! makes the descent deeper than the rules allow; the rest is checked on the
//! tree.

use crate::rules::Rules;
use crate::tok::Tok;
use std::collections::BTreeMap;

/// A value.
#[derive(Debug)]
pub(crate) enum Expr {
    Var(u16),
    Int,
    /// An operator or a comparison.
    Op(Box<Expr>, Box<Expr>),
    Call(u16, Vec<Expr>),
}

/// A statement.
#[derive(Debug)]
pub(crate) enum Stmt {
    Assign(u16, Expr),
    Print(Expr),
    Return(Expr),
    If {
        /// The two sides of the condition.
        sides: [Expr; 2],
        then: Vec<Stmt>,
        otherwise: Vec<Stmt>,
    },
    For {
        target: u16,
        /// The range's one or two bounds.
        bounds: Vec<Expr>,
        body: Vec<Stmt>,
    },
    Def {
        number: u16,
        arity: u16,
        body: Vec<Stmt>,
    },
}

/// The block that these tokens are, all of them.
pub(crate) fn parse(rules: &Rules, tokens: &[Tok]) -> Result<Vec<Stmt>, String> {
    let mut parser = Parser { rules, tokens, at: 0, arities: BTreeMap::new() };
    let program = parser.block(0, true)?;
    match tokens.get(parser.at) {
        None => Ok(program),
        Some(tok) => Err(format!("the program ends before token {}, {tok}", parser.at)),
    }
}

struct Parser<'a> {
    rules: &'a Rules,
    tokens: &'a [Tok],
    at: usize,
    /// Of the definitions whose beginning has been read: a call has as many
    /// arguments as its function has parameters.
    arities: BTreeMap<u16, u16>,
}

impl Parser<'_> {
    fn next(&mut self, wanted: &str) -> Result<Tok, String> {
        let tok = self.tokens.get(self.at).copied();
        self.at += 1;
        tok.ok_or_else(|| format!("the tokens end where {wanted} is wanted"))
    }

    fn not<T>(&self, wanted: &str, tok: Tok) -> Result<T, String> {
        let at = self.at.saturating_sub(1);
        Err(format!("token {at} is {tok} where {wanted} is wanted"))
    }

    fn block(&mut self, cd: usize, top: bool) -> Result<Vec<Stmt>, String> {
        match self.next("a block")? {
            Tok::Blk(n) => (0..n).map(|_| self.statement(cd, top)).collect(),
            tok => self.not("a block", tok),
        }
    }

    fn statement(&mut self, cd: usize, top: bool) -> Result<Stmt, String> {
        let tok = self.next("a statement")?;
        if matches!(tok, Tok::If | Tok::For | Tok::For2) && cd >= self.rules.max_control_depth {
            return Err(format!("{tok} at control depth {cd}"));
        }
        Ok(match tok {
            Tok::Assign => Stmt::Assign(self.target()?, self.expression(0)?),
            Tok::Print => Stmt::Print(self.expression(0)?),
            Tok::Return => Stmt::Return(self.expression(0)?),
            Tok::If => {
                match self.next("a condition")? {
                    Tok::Lt | Tok::Eq => {}
                    tok => return self.not("a condition", tok),
                }
                Stmt::If {
                    sides: [self.expression(0)?, self.expression(0)?],
                    then: self.block(cd + 1, false)?,
                    otherwise: self.block(cd + 1, false)?,
                }
            }
            Tok::For => Stmt::For {
                target: self.target()?,
                bounds: vec![self.expression(0)?],
                body: self.block(cd + 1, false)?,
            },
            Tok::For2 => Stmt::For {
                target: self.target()?,
                bounds: vec![self.expression(0)?, self.expression(0)?],
                body: self.block(cd + 1, false)?,
            },
            Tok::Func(number) if top => {
                let arity = match self.next("an arity")? {
                    Tok::Arity(arity) => arity,
                    tok => return self.not("an arity", tok),
                };
                self.arities.insert(number, arity);
                let body = self.block(0, false)?;
                Stmt::Def { number, arity, body }
            }
            Tok::Func(_) => return Err(format!("a definition of {tok} below the top")),
            tok => return self.not("a statement", tok),
        })
    }

    fn target(&mut self) -> Result<u16, String> {
        match self.next("a target")? {
            Tok::Var(var) => Ok(var),
            tok => self.not("a target", tok),
        }
    }

    fn expression(&mut self, ed: usize) -> Result<Expr, String> {
        let tok = self.next("an expression")?;
        let inner = matches!(tok.form(), "binop" | "compare" | "call");
        if inner && ed >= self.rules.max_expr_depth {
            return Err(format!("{tok} at expression depth {ed}"));
        }
        Ok(match tok {
            Tok::Var(var) => Expr::Var(var),
            Tok::Int(_) => Expr::Int,
            Tok::Call => {
                let callee = match self.next("a callee")? {
                    Tok::Func(callee) => callee,
                    tok => return self.not("a callee", tok),
                };
                let Some(&arity) = self.arities.get(&callee) else {
                    return Err(format!("FUNC_{callee} is called before its definition"));
                };
                let arguments = (0..arity).map(|_| self.expression(ed + 1));
                Expr::Call(callee, arguments.collect::<Result<_, _>>()?)
            }
            _ if inner => {
                let left = self.expression(ed + 1)?;
                let right = self.expression(ed + 1)?;
                Expr::Op(Box::new(left), Box::new(right))
            }
            tok => return self.not("an expression", tok),
        })
    }
}
