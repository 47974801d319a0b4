//! Expressions over columns: `steps < 1000 and prints and dead_stores == 0`.
//!
//! ```text
//! lexer.rs -> parser.rs -> syntax.rs    text to words to a tree, and back to text
//! names.rs   what names stand for
//! compile.rs types, and where tests go on -> code.rs: what is evaluated
//! error.rs   what can be wrong, and where
//! ```
//!
//! Grammar, from what holds together least; brackets are optional, `*` is any number of times:
//!
//! ```text
//! truth      = both ("or" both)*
//! both       = single ("and" single)*
//! single     = "not" single | comparison | column | predicate | "true" | "false" | "(" truth ")"
//! comparison = sum ("<" | "<=" | ">" | ">=" | "==" | "!=") sum
//!            | sum ("contains" | "starts_with" | "ends_with") sum
//!            | sum ["not"] "in" ([sum] ".." [sum] | "[" sum ("," sum)* "]")
//!            | sum "is" ["not"] "null"
//! sum        = product (("+" | "-") product)*
//! product    = factor ("*" factor)*
//! factor     = "-" factor | number | text | column | "(" sum ")"
//! ```
//!
//! Both ends belong to a range. Texts stand in `"` or `'`. A comparison, `!=` included, with a number or a text that is null does
//! not hold, nor is null in any range or list; arithmetic with null is null; so `not` of such a comparison holds. Integers are
//! exact up to 2¹²⁷ and stay there beyond; beside a number with a point they are rounded to its 64 bits.

mod code;
mod compile;
mod error;
mod lexer;
mod names;
mod parser;
mod syntax;

use std::fmt;

use crate::columns::Column;
use crate::row::Row;
pub(crate) use code::Value;
use code::{FAILS, HOLDS, Number, Step, Target};
use compile::Code;
pub use error::{ExpressionError, ExpressionErrorKind, TextPlace};
pub use names::{PREDICATES, Predicate};

/// A truth over the columns of a row, compiled.
#[derive(Debug, Clone)]
pub struct Expression {
    text: String,
    steps: Vec<Step>,
    numbers: Vec<Number>,
    start: Target,
    columns: Vec<&'static Column>,
}

impl Expression {
    /// Reads and compiles a text.
    ///
    /// # Errors
    ///
    /// [`ExpressionError`] with the place of the first thing that is wrong.
    pub fn new(text: &str) -> Result<Self, ExpressionError> {
        let node = parser::parse(text)?;
        let mut code = Code::default();
        let start = code.truth(&node, HOLDS, FAILS)?;
        Ok(Self { text: node.to_string(), steps: code.steps, numbers: code.numbers, start, columns: code.columns })
    }

    /// Whether it holds for a row, of which what its columns need was found out.
    pub fn holds(&self, row: &Row<'_>) -> bool {
        code::holds(&self.steps, &self.numbers, self.start, row)
    }

    /// The columns that it reads, each once.
    pub fn columns(&self) -> &[&'static Column] {
        &self.columns
    }
}

/// Its text with single spaces and no more parentheses than it takes.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A number over the columns of a row, compiled.
#[derive(Debug, Clone)]
pub(crate) struct Measure {
    text: String,
    numbers: Vec<Number>,
    root: u32,
    columns: Vec<&'static Column>,
}

impl Measure {
    /// Reads and compiles a text.
    pub(crate) fn new(text: &str) -> Result<Self, ExpressionError> {
        let node = parser::parse(text)?;
        let mut code = Code::default();
        let root = code.number(&node)?;
        Ok(Self { text: node.to_string(), numbers: code.numbers, root, columns: code.columns })
    }

    /// The number of a row, of which what its columns need was found out.
    pub(crate) fn of(&self, row: &Row<'_>) -> Value {
        code::number(&self.numbers, self.root, row)
    }

    /// Whether it is an integer, or null, for every row.
    pub(crate) fn is_whole(&self) -> bool {
        let whole = |number: &Number| !matches!(number, Number::MaybeF64(_) | Number::Constant(Value::Float(_)));
        self.numbers.iter().all(whole)
    }

    /// The columns that it reads, each once.
    pub(crate) fn columns(&self) -> &[&'static Column] {
        &self.columns
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
