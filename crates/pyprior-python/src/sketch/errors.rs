//! Exceptions of sketches.

use pyo3::create_exception;
use pyo3::prelude::*;
use pyprior_sketch::{
    EnumerateError, FillError as NotFilled, SampleError, SketchError as BadSketch, SketchErrorKind as Kind,
    SketchTokenError,
};

use crate::errors::{self, PyPriorError, Raised};

create_exception!(
    pyprior_rs,
    SketchError,
    PyPriorError,
    "A sketch that is refused. Attributes: `line`, `column` (from 1), `kind` (`syntax`, `not_in_language`, `unbound`, `kinds`, \
     `no_hole`, `empty_domain`, `empty_bounds`, `no_solution`, `never`, `unsupported`, `too_many`, `language`, `vocabulary`), \
     `message`."
);
create_exception!(
    pyprior_rs,
    FillError,
    PyPriorError,
    "No filling, or none within the limits. Attributes: `kind` (`no_filling`: this has been proved; `work`, `places`, `steps`, \
     `tries`, `nodes`, `size`: a limit was reached first; `interrupted`), `limit` (or None). One of `sample` has what was drawn before in `fillings`."
);

pub(super) fn add(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    for (name, class) in [("SketchError", py.get_type::<SketchError>()), ("FillError", py.get_type::<FillError>())] {
        class.setattr("__module__", "pyprior_rs.errors")?;
        m.add(name, class)?;
    }
    Ok(())
}

pub(super) fn sketch(py: Python<'_>, error: &BadSketch) -> PyErr {
    let kind = match &error.kind {
        Kind::Syntax { .. } => "syntax",
        Kind::NotInLanguage { .. } => "not_in_language",
        Kind::Unbound { .. } => "unbound",
        Kind::Kinds { .. } => "kinds",
        Kind::NoHole { .. } => "no_hole",
        Kind::EmptyDomain { .. } => "empty_domain",
        Kind::EmptyBounds { .. } => "empty_bounds",
        Kind::NoSolution { .. } => "no_solution",
        Kind::Never { .. } => "never",
        Kind::Unsupported { .. } => "unsupported",
        Kind::TooMany { .. } => "too_many",
        Kind::Language(_) => "language",
        _ => "other",
    };
    Raised::new::<SketchError>(py, error)
        .with("kind", kind)
        .with("line", error.place.line)
        .with("column", error.place.column)
        .with("message", error.kind.to_string())
        .err()
}

/// Options that make another vocabulary than the one that was given.
pub(super) fn vocabulary(py: Python<'_>) -> PyErr {
    let message = "the options of the sketch make another vocabulary than that of the tokenizer";
    Raised::new::<SketchError>(py, format!("1:1: {message}"))
        .with("kind", "vocabulary")
        .with("line", 1)
        .with("column", 1)
        .with("message", message)
        .err()
}

fn refused(py: Python<'_>, message: impl ToString, kind: &str, limit: Option<u64>) -> PyErr {
    Raised::new::<FillError>(py, message).with("kind", kind).with("limit", limit).err()
}

pub(super) fn fill(py: Python<'_>, error: &NotFilled) -> PyErr {
    let (kind, limit) = match error {
        NotFilled::NoFilling => ("no_filling", None),
        NotFilled::Work { work } => ("work", Some(*work)),
        NotFilled::Places { limit } => ("places", Some(*limit as u64)),
        NotFilled::Steps { steps } => ("steps", Some(*steps)),
        _ => ("other", None),
    };
    refused(py, error, kind, limit)
}

/// A token that is not legal in a row.
pub(super) fn token(py: Python<'_>, error: &SketchTokenError, slot: usize) -> PyErr {
    match error {
        SketchTokenError::Token(error) => errors::token(py, error, Some(slot)),
        SketchTokenError::Sketch { token, name, position } => {
            Raised::new::<errors::TokenError_>(py, format!("row {slot}: {error}"))
                .with("kind", "sketch")
                .with("token", *token)
                .with("position", *position)
                .with("name", name)
                .with("reason", "no filling of the sketch goes on with it")
                .with("slot", slot)
                .err()
        }
        SketchTokenError::Fill(error) => fill(py, error),
        _ => Raised::new::<PyPriorError>(py, error).err(),
    }
}

pub(super) fn sample(py: Python<'_>, error: &SampleError) -> PyErr {
    match error {
        SampleError::Tries { tries, .. } => refused(py, error, "tries", Some(*tries)),
        SampleError::Steps { steps, .. } => refused(py, error, "steps", Some(*steps)),
        SampleError::Interrupted => refused(py, error, "interrupted", None),
        SampleError::Fill(error) => fill(py, error),
        SampleError::Token(SketchTokenError::Fill(error)) => fill(py, error),
        _ => refused(py, error, "other", None),
    }
}

pub(super) fn enumerate(py: Python<'_>, error: &EnumerateError) -> PyErr {
    match error {
        EnumerateError::Nodes { limit } => refused(py, error, "nodes", Some(*limit)),
        EnumerateError::Steps { limit } => refused(py, error, "steps", Some(*limit)),
        EnumerateError::Size { limit } => refused(py, error, "size", Some(u64::from(*limit))),
        EnumerateError::Interrupted => refused(py, error, "interrupted", None),
        EnumerateError::Fill(error) => fill(py, error),
        EnumerateError::Token(SketchTokenError::Fill(error)) => fill(py, error),
        EnumerateError::Sketch(error) => sketch(py, error),
        _ => refused(py, error, "other", None),
    }
}
