//! Exceptions of logic variables and problems.

use pyo3::create_exception;
use pyo3::prelude::*;
use pyo3::types::PyType;
use pyprior_logic::fd::{EvaluationError, ExpressionError as BadExpression, Limit, SolveError, Stopped};
use pyprior_logic::problem::{Fault, ProblemError as BadText};
use pyprior_logic::{DomainError, ReadError, UnifyError};

use crate::errors::{PyPriorError, Raised};

create_exception!(
    pyprior_rs,
    RebindingError,
    PyPriorError,
    "A variable that is bound was to be bound to something else; nothing has changed. Attributes: `variable`, `held`, `offered`."
);
create_exception!(
    pyprior_rs,
    UnificationError,
    PyPriorError,
    "Two terms that cannot be equal; nothing has changed. Attributes: `left`, `right`, in short, and `clash`: the parts of both \
     that differ, a pair, or None where they are the sides themselves."
);
create_exception!(
    pyprior_rs,
    FreeVariableError,
    PyPriorError,
    "A value was asked of a variable that is free. Attribute: `variable`, its name."
);
create_exception!(
    pyprior_rs,
    StoreError,
    PyPriorError,
    "What a store refuses beside that; nothing has changed. Attribute: `kind` (`unknown`, `failed`, `infinite`, `empty_domain`, \
     `too_large`, `full`, `forked`)."
);
create_exception!(
    pyprior_rs,
    ExpressionError,
    PyPriorError,
    "An expression that cannot be read. Attributes: `expression`, `column` (from 1), `problem`."
);
create_exception!(
    pyprior_rs,
    ProblemError,
    PyPriorError,
    "A constraint problem that is refused. Attributes: `kind`, `line` and `column` (from 1, of the text; else None), and by kind \
     `name`, `constraint`, `wanted found`, `value`, `number assignment reason`, `what`, `message`."
);
create_exception!(
    pyprior_rs,
    LimitError,
    PyPriorError,
    "A search came to a limit before it had an answer. Attributes: `limit` (`nodes`, `time`, `solutions`, `interrupted`), `value`."
);

pub(super) fn add(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    let all: [(&str, Bound<'_, PyType>); 7] = [
        ("RebindingError", py.get_type::<RebindingError>()),
        ("UnificationError", py.get_type::<UnificationError>()),
        ("FreeVariableError", py.get_type::<FreeVariableError>()),
        ("StoreError", py.get_type::<StoreError>()),
        ("ExpressionError", py.get_type::<ExpressionError>()),
        ("ProblemError", py.get_type::<ProblemError>()),
        ("LimitError", py.get_type::<LimitError>()),
    ];
    for (name, class) in all {
        class.setattr("__module__", "pyprior_rs.errors")?;
        m.add(name, class)?;
    }
    Ok(())
}

pub(super) fn unify(py: Python<'_>, error: &UnifyError) -> PyErr {
    let refused = |kind: &str| Raised::new::<StoreError>(py, error).with("kind", kind).err();
    match error {
        UnifyError::Rebinding(it) => Raised::new::<RebindingError>(py, error)
            .with("variable", &it.variable)
            .with("held", &it.held)
            .with("offered", &it.offered)
            .err(),
        UnifyError::Unification(it) => Raised::new::<UnificationError>(py, error)
            .with("left", &it.left)
            .with("right", &it.right)
            .with("clash", it.clash.clone())
            .err(),
        UnifyError::Failed(_) => refused("failed"),
        UnifyError::EmptyDomain => refused("empty_domain"),
        UnifyError::Domain(DomainError::TooLarge { .. }) | UnifyError::TooLarge { .. } => refused("too_large"),
        UnifyError::Domain(_) => refused("full"),
        UnifyError::Unknown => refused("unknown"),
    }
}

/// A variable that was made in what is undone, or that there is no room for.
pub(super) fn unknown(py: Python<'_>) -> PyErr {
    unify(py, &UnifyError::Unknown)
}

/// A variable of another store.
pub(super) fn foreign(py: Python<'_>) -> PyErr {
    let message = "a variable of another store: variables of two stores have nothing to do with each other";
    Raised::new::<StoreError>(py, message).with("kind", "unknown").err()
}

/// A store that another process was working on when this one was forked from it.
pub(super) fn forked(py: Python<'_>) -> PyErr {
    let message = "this process was forked while a thread of its parent worked on the store, which cannot be used here";
    Raised::new::<StoreError>(py, message).with("kind", "forked").err()
}

pub(super) fn free(py: Python<'_>, variable: &str) -> PyErr {
    Raised::new::<FreeVariableError>(py, format!("{variable} is free")).with("variable", variable).err()
}

pub(super) fn read(py: Python<'_>, error: &ReadError) -> PyErr {
    match error {
        ReadError::Free { variable } => free(py, variable),
        ReadError::Failed(failed) => unify(py, &UnifyError::Failed(failed.clone())),
        ReadError::Infinite { .. } => Raised::new::<StoreError>(py, error).with("kind", "infinite").err(),
        ReadError::Unknown => unknown(py),
    }
}

pub(super) fn expression(py: Python<'_>, error: &BadExpression) -> PyErr {
    Raised::new::<ExpressionError>(py, error)
        .with("expression", &*error.expression)
        .with("column", error.column)
        .with("problem", error.problem.to_string())
        .err()
}

/// What is wrong with a problem, and where in its text if it has one.
pub(super) fn problem(py: Python<'_>, error: &SolveError, place: Option<(usize, usize)>) -> PyErr {
    let message = match place {
        Some((line, column)) => format!("{line}:{column}: {error}"),
        None => error.to_string(),
    };
    let raised = Raised::new::<ProblemError>(py, message)
        .with("line", place.map(|(line, _)| line))
        .with("column", place.map(|(_, column)| column))
        .with("message", error.to_string());
    match error {
        SolveError::UnknownVariable { name, constraint } => {
            raised.with("kind", "unknown_variable").with("name", name).with("constraint", constraint)
        }
        SolveError::UnknownDomain { name } => raised.with("kind", "unknown_domain").with("name", name),
        SolveError::DuplicateVariable { name } => raised.with("kind", "duplicate_variable").with("name", name),
        SolveError::NoDomain { name } => raised.with("kind", "no_domain").with("name", name),
        SolveError::EmptyDomain { name } => raised.with("kind", "empty_domain").with("name", name),
        SolveError::Arity { constraint, wanted, found } => {
            raised.with("kind", "arity").with("constraint", constraint).with("wanted", *wanted).with("found", *found)
        }
        SolveError::NotANumber { constraint, name, value } => {
            raised.with("kind", "not_a_number").with("constraint", constraint).with("name", name).with("value", value)
        }
        SolveError::Evaluation { constraint, number, assignment, source } => raised
            .with("kind", "evaluation")
            .with("constraint", constraint)
            .with("number", *number)
            .with("assignment", assignment)
            .with("reason", source.to_string()),
        SolveError::Objective { objective, value } => {
            raised.with("kind", "objective").with("constraint", objective).with("value", value)
        }
        SolveError::TooLarge { what } => raised.with("kind", "too_large").with("what", *what),
        SolveError::Panicked { what, .. } => raised.with("kind", "panicked").with("what", what),
        _ => raised.with("kind", "other"),
    }
    .err()
}

pub(super) fn text(py: Python<'_>, error: &BadText) -> PyErr {
    let place = (error.line, error.column);
    let kind = match &error.fault {
        Fault::Problem(fault) => return problem(py, fault, Some(place)),
        Fault::Expression(_) => "expression",
        Fault::Value(_) => "value",
        Fault::Missing(_) => "missing",
        Fault::Name(_) => "name",
        Fault::Taken(_) => "taken",
        Fault::Unknown(_) => "unknown",
        Fault::UnknownDomain(_) => "unknown_domain",
        Fault::Range { .. } => "range",
        Fault::Product => "product",
        Fault::Bracket(_) => "bracket",
        Fault::Row { .. } => "row",
        Fault::Loop => "loop",
        Fault::Goal => "goal",
        _ => "other",
    };
    Raised::new::<ProblemError>(py, error)
        .with("kind", kind)
        .with("line", error.line)
        .with("column", error.column)
        .with("message", error.fault.to_string())
        .err()
}

/// The name of a limit.
pub(super) fn limit_name(limit: Limit) -> &'static str {
    match limit {
        Limit::Nodes(_) => "nodes",
        Limit::Time(_) => "time",
        Limit::Solutions(_) => "solutions",
        Limit::Interrupted => "interrupted",
    }
}

pub(super) fn limit(py: Python<'_>, limit: Limit) -> PyErr {
    let raised = Raised::new::<LimitError>(py, Stopped::Limit(limit)).with("limit", limit_name(limit));
    match limit {
        Limit::Nodes(most) | Limit::Solutions(most) => raised.with("value", most),
        Limit::Time(most) => raised.with("value", most.as_secs_f64()),
        Limit::Interrupted => raised.with("value", py.None()),
    }
    .err()
}

/// What a closure of ours said when it gave up, if that is what ended a search.
pub(super) fn given_up(error: &SolveError) -> Option<&str> {
    match error {
        SolveError::Evaluation { source: EvaluationError::Panicked { message }, .. } => Some(message),
        _ => None,
    }
}

/// Why a term was not read, or could not be written down to be read.
pub(super) fn unreadable(py: Python<'_>, error: Result<ReadError, UnifyError>) -> PyErr {
    match error {
        Ok(error) => read(py, &error),
        Err(error) => unify(py, &error),
    }
}
