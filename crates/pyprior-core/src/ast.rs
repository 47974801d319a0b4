//! The syntax tree: values only, no names, no positions.
//!
//! Variables and functions carry the numbers of their tokens, counted from 1: `VAR_1` is variable 1 of its scope
//! (the module, or one function), `FUNC_1` the first function of the module.

pub use crate::vocab::{BinOp, Compare};

/// A program.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Module {
    /// Its statements.
    pub body: Vec<Stmt>,
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Stmt {
    /// `target = value`
    Assign {
        /// The variable.
        target: u8,
        /// What it becomes.
        value: Expr,
    },
    /// `print(value)`
    Print(Expr),
    /// `return value`
    Return(Expr),
    /// `if left op right: … else: …`
    If {
        /// The comparison.
        condition: Comparison,
        /// Statements if it holds.
        then: Vec<Stmt>,
        /// Statements if it does not.
        otherwise: Vec<Stmt>,
    },
    /// `for target in range(stop): …` or `for target in range(start, stop): …`
    For {
        /// The variable.
        target: u8,
        /// First value, if it is written.
        start: Option<Expr>,
        /// The value behind the last.
        stop: Expr,
        /// Statements of the loop.
        body: Vec<Stmt>,
    },
    /// `def func(…): …`
    Def {
        /// The function.
        func: u8,
        /// Number of parameters, which are variables 1 to `arity` of its scope.
        arity: u8,
        /// Its statements.
        body: Vec<Stmt>,
    },
}

/// A comparison of two values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Comparison {
    /// `<` or `==`.
    pub op: Compare,
    /// Left side.
    pub left: Expr,
    /// Right side.
    pub right: Expr,
}

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Expr {
    /// A variable.
    Var(u8),
    /// An integer.
    Const(i64),
    /// An arithmetic operation.
    BinOp {
        /// `+`, `-` or `*`.
        op: BinOp,
        /// Left side.
        left: Box<Expr>,
        /// Right side.
        right: Box<Expr>,
    },
    /// A comparison as a value.
    Compare(Box<Comparison>),
    /// A call.
    Call {
        /// The function.
        func: u8,
        /// As many values as the function has parameters.
        args: Vec<Expr>,
    },
}

impl Expr {
    /// Puts the operators and calls right below this one on a list, and constants in their places.
    fn take(&mut self, into: &mut Vec<Expr>) {
        let mut take = |part: &mut Expr| {
            if !matches!(part, Expr::Var(_) | Expr::Const(_)) {
                into.push(std::mem::replace(part, Expr::Const(0)));
            }
        };
        match self {
            Expr::Var(_) | Expr::Const(_) => {}
            Expr::BinOp { left, right, .. } => {
                take(left);
                take(right);
            }
            Expr::Compare(comparison) => {
                take(&mut comparison.left);
                take(&mut comparison.right);
            }
            Expr::Call { args, .. } => args.iter_mut().for_each(take),
        }
    }
}

/// A tree may be deeper than the stack is: what is below goes to a list first.
impl Drop for Expr {
    fn drop(&mut self) {
        let mut parts = Vec::new();
        self.take(&mut parts);
        while let Some(mut part) = parts.pop() {
            part.take(&mut parts);
        }
    }
}

impl Stmt {
    /// Puts the statements of the blocks of this one on a list.
    fn take(&mut self, into: &mut Vec<Stmt>) {
        match self {
            Stmt::Assign { .. } | Stmt::Print(_) | Stmt::Return(_) => {}
            Stmt::If { then, otherwise, .. } => {
                into.append(then);
                into.append(otherwise);
            }
            Stmt::For { body, .. } | Stmt::Def { body, .. } => into.append(body),
        }
    }
}

/// As for expressions.
impl Drop for Stmt {
    fn drop(&mut self) {
        let mut parts = Vec::new();
        self.take(&mut parts);
        while let Some(mut part) = parts.pop() {
            part.take(&mut parts);
        }
    }
}
