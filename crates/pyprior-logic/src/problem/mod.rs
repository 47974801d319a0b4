//! Constraint problems in a small text form.
//!
//! A statement a line; inside brackets it goes on over lines. `#` begins a comment. Expressions are those of
//! [`make_expression`](crate::fd::make_expression): Python's.
//!
//! ```text
//! domain NAME = DOMAIN                 a domain to be used again
//! var NAME, NAME, … in DOMAIN          variables
//! group NAME = VARIABLES               variables to be listed again
//! EXPRESSION                           a constraint: the expression is true
//! for A, B in VARIABLES: EXPRESSION    for every choice of two of them, in their order (of as many as there are names)
//! all_distinct(VARIABLES)              their values are different
//! table(VARIABLES): (1, 2), (3, 4)     their values are one of the rows
//! minimise EXPRESSION                  the solution wanted; so maximise
//!
//! DOMAIN     1..9, or values and ranges with commas between: 'red', 'green'; or the name of a domain;
//!            or a product of these: rooms * 1..4, whose values are tuples
//! VARIABLES  names of variables and groups with commas between; * for all variables
//! ```
//!
//! ```
//! # use pyprior_logic::{fd::Solver, problem::Problem};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let problem = Problem::parse("var a, b, c in 1..3\nfor x, y in *: x != y\na < b\n")?;
//! let found = Solver::new().solve(problem.repository())?;
//! let lines: Vec<String> = found.iter().map(|solution| pyprior_logic::problem::json(&solution)).collect();
//! assert_eq!(lines[0], r#"{"a": 1, "b": 2, "c": 3}"#);
//! assert_eq!(lines.len(), 3);
//! # Ok(()) }
//! ```

mod json;
mod read;
mod statements;

use thiserror::Error;

pub use self::json::json;
use crate::fd::{EvaluationError, Repository, SolveError, SyntaxProblem};

/// Which solution is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// All, or any.
    Satisfy,
    /// One at which the expression is least.
    Minimise(String),
    /// One at which the expression is greatest.
    Maximise(String),
}

/// A problem that was read from text.
#[derive(Debug, Clone)]
pub struct Problem {
    repository: Repository,
    goal: Goal,
    goal_at: (usize, usize),
    /// The number of the first constraint of each statement, and its line and column.
    posted: Vec<(usize, (usize, usize))>,
}

impl Problem {
    /// Reads the text form.
    ///
    /// # Errors
    ///
    /// [`ProblemError`] says where the text is wrong.
    pub fn parse(text: &str) -> Result<Problem, ProblemError> {
        read::read(text)
    }

    /// Variables and constraints.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Line and column, from 1, of the statement that posted the constraint of a number.
    pub fn statement(&self, constraint: usize) -> Option<(usize, usize)> {
        let after = self.posted.partition_point(|(first, _)| *first <= constraint);
        (constraint < self.repository.constraints()).then_some(())?;
        self.posted.get(after.checked_sub(1)?).map(|(_, position)| *position)
    }

    /// What went wrong while solving, with the statement that it is about: an expression without a value, an objective that is
    /// no whole number. Nothing for what is about no statement.
    pub fn locate(&self, error: &SolveError) -> Option<ProblemError> {
        let (line, column) = match error {
            SolveError::Evaluation { number, .. } => self.statement(*number)?,
            SolveError::Objective { .. } => self.goal_at,
            _ => return None,
        };
        Some(ProblemError { line, column, fault: Fault::Problem(Box::new(error.clone())) })
    }

    /// Which solution is wanted.
    pub fn goal(&self) -> &Goal {
        &self.goal
    }
}

/// Where the text of a problem is wrong, and how.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{line}:{column}: {fault}")]
pub struct ProblemError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with the text of a problem.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Fault {
    /// An expression that cannot be read.
    #[error(transparent)]
    Expression(#[from] SyntaxProblem),
    /// A value that cannot be computed.
    #[error(transparent)]
    Value(#[from] EvaluationError),
    /// A problem that cannot be posed.
    #[error(transparent)]
    Problem(#[from] Box<SolveError>),
    /// Something should stand here.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// No name of a variable, group or domain can stand so.
    #[error("`{0}` is not a name")]
    Name(String),
    /// A name with a meaning already.
    #[error("`{0}` has a meaning already")]
    Taken(String),
    /// A name that stands for nothing.
    #[error("there is no variable or group `{0}`")]
    Unknown(String),
    /// The name of no domain.
    #[error("there is no domain `{0}`")]
    UnknownDomain(String),
    /// A range that ends before it begins, or has more values than a domain can.
    #[error("the range {low}..{high} {}", if low > high { "is empty" } else { "has more than 2^24 values" })]
    Range {
        /// First value.
        low: i64,
        /// Last value.
        high: i64,
    },
    /// A product, or a list, of more values than a domain can have.
    #[error("these are more than 2^24 values")]
    Product,
    /// A bracket that is not closed, or was not opened.
    #[error("`{0}` has no partner")]
    Bracket(char),
    /// A row of another length than there are variables.
    #[error("a row of {found} values for {wanted} variables")]
    Row {
        /// Values in the row.
        found: usize,
        /// Variables of the table.
        wanted: usize,
    },
    /// A loop with so many choices that it cannot be meant.
    #[error("the loop has more than a million choices")]
    Loop,
    /// A second goal.
    #[error("there is a goal already")]
    Goal,
}
