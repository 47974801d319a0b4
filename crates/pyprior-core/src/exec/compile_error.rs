//! Why a program cannot be run.

use thiserror::Error;

use crate::codec::tree::DecodeError;

/// A program that cannot be run. Programs that a matcher takes to their end always can.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CompileError {
    /// The tokens are no program.
    #[error(transparent)]
    Tokens(#[from] DecodeError),
    /// A variable is read or assigned that the rules of scopes do not allow: what is read must be visible, what is
    /// assigned visible or the next new one.
    #[error("variable {var} of statement {statement} is out of place; {visible} are visible")]
    Variable {
        /// Number of the variable.
        var: u8,
        /// Number of visible variables.
        visible: u32,
        /// Position of the statement in preorder, counted from 0.
        statement: u32,
    },
    /// A function is called that is not defined before.
    #[error("statement {statement} calls function {func} before it is defined")]
    Undefined {
        /// Number of the function.
        func: u8,
        /// Position of the statement in preorder, counted from 0.
        statement: u32,
    },
    /// A function is called with another number of arguments than it has parameters.
    #[error("statement {statement} calls function {func} with {got} arguments; it has {arity} parameters")]
    Arguments {
        /// Number of the function.
        func: u8,
        /// Number of arguments.
        got: usize,
        /// Number of parameters.
        arity: u8,
        /// Position of the statement in preorder, counted from 0.
        statement: u32,
    },
    /// A `def` within another statement, or the second of one number.
    #[error("statement {statement} defines function {func} in another statement or for the second time")]
    Def {
        /// Number of the function.
        func: u8,
        /// Position of the statement in preorder, counted from 0.
        statement: u32,
    },
    /// A `return` outside of functions.
    #[error("statement {statement} is a return outside of functions")]
    Return {
        /// Position of the statement in preorder, counted from 0.
        statement: u32,
    },
    /// More than 2³⁰ instructions.
    #[error("the program has more than {} instructions", 1_u32 << 30)]
    TooLong,
}
