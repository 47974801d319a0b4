//! Expressions over variables, in the syntax and with the meaning of Python.
//!
//! ```text
//! expression  either [`if` either `else` expression]      either: `or`, `and`, `not` from loose to tight
//! comparison  sum {(`==` `!=` `<` `<=` `>` `>=` `in` `not in`) sum}, chained as in Python
//! sum         `+` `-`, then `*` `//` `%`, then signs, then `**`
//! operand     variable, `%s` (the next variable), 42, 'text', True, False, None, (…), […], x[i], x[i:j]
//! functions   abs min max len sum;  methods of text: startswith endswith lower upper
//! ```

mod eval;
mod lexer;
mod linear;
mod node;
mod parser;
mod python;

use std::borrow::Cow;

use thiserror::Error;

pub(crate) use self::eval::Plan;
pub(crate) use self::linear::{LinearForm, LinearOperator};
use self::node::{Id, Node, Nodes, Reads};
use self::parser::Parser;
pub use self::python::EvaluationError;
pub(crate) use self::python::{canonical, equal, has_truth, number};
use crate::Value;

/// An expression that cannot be read: which, where and why.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("column {column} of {expression:?}: {problem}")]
pub struct ExpressionError {
    /// The text.
    pub expression: Box<str>,
    /// Where, in characters from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: SyntaxProblem,
}

/// What is wrong with the text of an expression.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SyntaxProblem {
    /// A character that begins nothing.
    #[error("`{0}` has no meaning here")]
    Character(char),
    /// A text without its closing quote.
    #[error("the text does not end on its line")]
    Quote,
    /// An escape other than `\\ \' \" \n \r \t`.
    #[error("an escape that is not known")]
    Escape,
    /// A number beyond 64 bits, with letters in it, with zeros before it, or with `_` other than between two digits.
    #[error("not a whole number of 64 bits")]
    Number,
    /// A number with a decimal point.
    #[error("there are no floats")]
    Float,
    /// Something else should stand here.
    #[error("{wanted} is missing before {found}")]
    Unexpected {
        /// What stands there.
        found: String,
        /// What should.
        wanted: &'static str,
    },
    /// A name that is neither a variable of the constraint nor a function.
    #[error("`{0}` is neither a variable of this constraint nor a function")]
    Name(String),
    /// A method that text does not have here.
    #[error("no method `{0}`: there are startswith, endswith, lower, upper")]
    Method(String),
    /// A call with too few or too many arguments.
    #[error("the number of arguments of `{function}`")]
    Arguments {
        /// What is called.
        function: String,
    },
    /// `%s` more or less often than there are variables.
    #[error("`%s` must stand once for each of the {variables} variables")]
    Placeholders {
        /// Number of variables.
        variables: usize,
    },
    /// `/` would make floats.
    #[error("`/` makes floats, and there are none: `//` divides and rounds down")]
    Division,
    /// `is`.
    #[error("`is` compares objects: use `==`")]
    Is,
    /// `=`.
    #[error("`=` assigns: use `==`")]
    Assignment,
    /// More than 250 levels, not counting operands of one sum, or more variables than have a number.
    #[error("nested too deeply")]
    Deep,
}

/// A compiled expression over variables by position. Immutable; read one, post it on many variables.
#[derive(Debug, Clone)]
pub struct Expression {
    nodes: Nodes,
    variables: u32,
    text: Box<str>,
}

impl Expression {
    /// Reads a text in which `%s` stands for the variables, one each from left to right.
    pub fn template(text: &str) -> Result<Expression, ExpressionError> {
        let (nodes, variables) = Parser::parse(text, &[]).map_err(|error| *error)?;
        Ok(Expression { nodes, variables, text: text.into() })
    }

    /// Reads a text over variables by name. Where it has `%s`, that stands once for each of them.
    pub fn new(variables: &[&str], text: &str) -> Result<Expression, ExpressionError> {
        let (nodes, placeholders) = Parser::parse(text, variables).map_err(|error| *error)?;
        if placeholders > 0 && placeholders as usize != variables.len() {
            let problem = SyntaxProblem::Placeholders { variables: variables.len() };
            return Err(ExpressionError { expression: text.into(), column: 1, problem });
        }
        Ok(Expression { nodes, variables: variables.len() as u32, text: text.into() })
    }

    /// Number of variables.
    pub fn variables(&self) -> usize {
        self.variables as usize
    }

    /// The text that was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the two are the same but for the names of their variables.
    pub(crate) fn reads_as(&self, other: &Expression) -> bool {
        self.variables == other.variables && self.nodes == other.nodes
    }

    /// The value at these values of the variables, by position.
    ///
    /// # Errors
    ///
    /// What Python would raise, and numbers beyond 64 bits.
    pub fn evaluate(&self, values: &[Value]) -> Result<Value, EvaluationError> {
        eval::evaluate(&self.nodes, self.nodes.whole(), &eval::Direct(values)).map(Cow::into_owned)
    }

    /// The position of the variable that it reads, if it reads one and no other.
    pub(crate) fn reads_one(&self) -> Option<usize> {
        match self.nodes.reads(self.nodes.whole()) {
            Reads::One(position) => Some(position as usize),
            _ => None,
        }
    }

    /// The positions of all variables that it reads, ascending.
    pub(crate) fn positions(&self) -> Vec<usize> {
        let mut read = vec![false; self.variables()];
        for position in self.nodes.positions() {
            if let Some(read) = read.get_mut(position as usize) {
                *read = true;
            }
        }
        (0..read.len()).filter(|position| read[*position]).collect()
    }

    /// Whether it is true at this value of the one variable that it reads.
    pub(crate) fn holds_at(&self, value: &Value) -> Result<bool, EvaluationError> {
        eval::evaluate(&self.nodes, self.nodes.whole(), &eval::One(value)).map(|value| python::truth(&value))
    }

    /// The two sides where this is one comparison, with nothing that reads both variables inside a side.
    ///
    /// Then a matrix needs each side at each value once, and comparisons of what came out.
    pub(crate) fn sides(&self) -> Option<Sides<'_>> {
        let Node::Compare(comparison, left, right) = *self.nodes.node(self.nodes.whole()) else { return None };
        match (self.nodes.reads(left), self.nodes.reads(right)) {
            (Reads::One(a), Reads::One(b)) if a != b => {
                Some(Sides { expression: self, comparison, left, right, swapped: a > b })
            }
            _ => None,
        }
    }
}

/// `left(x) ⋈ right(y)`.
pub(crate) struct Sides<'e> {
    expression: &'e Expression,
    comparison: python::Comparison,
    left: Id,
    right: Id,
    /// Whether the left side reads the second variable.
    pub(crate) swapped: bool,
}

impl Sides<'_> {
    fn side(&self, position: usize) -> Id {
        if (position == 1) == self.swapped { self.left } else { self.right }
    }

    /// The side that reads the variable of this position (0 or 1), at one of its values.
    pub(crate) fn at<'v>(&'v self, position: usize, value: &'v Value) -> Result<Cow<'v, Value>, EvaluationError> {
        eval::evaluate(&self.expression.nodes, self.side(position), &eval::One(value))
    }

    /// Whether the comparison holds between what came out at the first and at the second variable.
    pub(crate) fn holds(&self, first: &Value, second: &Value) -> Result<bool, EvaluationError> {
        let (left, right) = if self.swapped { (second, first) } else { (first, second) };
        python::compare(self.comparison, left, right)
    }

    /// As [`equality`](Sides::equality), where the sides are the variables and nothing else.
    pub(crate) fn plain_equality(&self) -> Option<bool> {
        let variable = |id| matches!(self.expression.nodes.node(id), Node::Variable(_));
        self.equality().filter(|_| variable(self.left) && variable(self.right))
    }

    /// Whether it is `==` (`Some(true)`) or `!=` (`Some(false)`).
    pub(crate) fn equality(&self) -> Option<bool> {
        match self.comparison {
            python::Comparison::Equal => Some(true),
            python::Comparison::NotEqual => Some(false),
            _ => None,
        }
    }
}
