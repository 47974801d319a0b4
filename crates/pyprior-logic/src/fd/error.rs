//! What can be wrong with a problem, and with solving it.

use thiserror::Error;

use super::expression::EvaluationError;

/// Why a problem is refused or a search could not go on. A problem without a solution is no error.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SolveError {
    /// A constraint is over a variable that the problem does not have.
    #[error("{constraint} is over `{name}`, which is no variable of the problem")]
    UnknownVariable {
        /// The name.
        name: String,
        /// The constraint.
        constraint: String,
    },
    /// A domain was given for a variable that the problem does not have.
    #[error("a domain for `{name}`, which is no variable of the problem")]
    UnknownDomain {
        /// The name.
        name: String,
    },
    /// The same name twice.
    #[error("there are two variables `{name}`")]
    DuplicateVariable {
        /// The name.
        name: String,
    },
    /// A variable without a domain.
    #[error("variable `{name}` has no domain")]
    NoDomain {
        /// The variable.
        name: String,
    },
    /// A domain without values.
    #[error("the domain of `{name}` is empty")]
    EmptyDomain {
        /// The variable.
        name: String,
    },
    /// A constraint over more or fewer variables than it takes.
    #[error("{constraint} takes {wanted} variables and was given {found}")]
    Arity {
        /// The constraint.
        constraint: String,
        /// Number of variables that it takes.
        wanted: usize,
        /// Number that it was given.
        found: usize,
    },
    /// A sum over a variable with a value that is no whole number.
    #[error("{constraint} is over `{name}`, which may be {value}")]
    NotANumber {
        /// The constraint.
        constraint: String,
        /// The variable.
        name: String,
        /// The value.
        value: String,
    },
    /// An expression or closure has no value at values that are possible.
    #[error("{constraint}{}: {source}", at(assignment))]
    Evaluation {
        /// The constraint.
        constraint: String,
        /// Its number in the order in which they were posted, from 0.
        number: usize,
        /// The values of its variables; empty if it has none.
        assignment: String,
        /// What went wrong.
        source: EvaluationError,
    },
    /// What is to be least or greatest is no whole number.
    #[error("the objective {objective} is {value} at a solution, which is no whole number")]
    Objective {
        /// The objective.
        objective: String,
        /// The value.
        value: String,
    },
    /// A strategy chose a variable that is fixed, or values of which none or all are left.
    #[error("the strategy made no choice although variables are open")]
    Strategy,
    /// A strategy or a propagator panicked.
    #[error("{what} panicked: {message}")]
    Panicked {
        /// Which.
        what: String,
        /// What it said.
        message: String,
    },
    /// More variables, values or rows than the solver has numbers for.
    #[error("the problem is too large: {what}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
    },
}

/// Where something went wrong.
fn at(assignment: &str) -> String {
    if assignment.is_empty() { String::new() } else { format!(" at {assignment}") }
}
