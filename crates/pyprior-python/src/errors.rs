//! Exceptions: all are `PyPriorError`, which is a ValueError, and have the fields of the engine's errors as attributes.

use std::error::Error;
use std::fmt::Display;
use std::path::Path;

use pyo3::create_exception;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::type_object::PyTypeInfo;
use pyo3::types::PyType;
use pyprior_core::exec::{CompileError, SessionError};
use pyprior_core::{
    BatchError, ConfigError, DecodeError, EncodeTreeError, LogitsError, NameError, NamedError, PriorError as BadPrior,
    RollbackError as BadRollback, TokenError as BadToken, TooLongError,
};

create_exception!(pyprior_rs, PyPriorError, PyValueError, "What the engine refuses. A ValueError.");
create_exception!(
    pyprior_rs,
    ConfigError_,
    PyPriorError,
    "A language that is refused. Attributes by `kind`: `knob value max`, `low high`, `count`, `name suggestion`, `reason`, \
     `max_len min_len`."
);
create_exception!(
    pyprior_rs,
    TokenError_,
    PyPriorError,
    "A token that is not legal; nothing has changed. Attributes: `kind` (`illegal`, `out_of_range`), `token`, `position`, \
     `name`, `reason`, `slot`."
);
create_exception!(
    pyprior_rs,
    BatchError_,
    PyPriorError,
    "A batch operation that is refused; nothing has changed. Attributes: `kind`, and by it `slot`, `slots`, `what got expected`."
);
create_exception!(
    pyprior_rs,
    RollbackError_,
    PyPriorError,
    "A rollback beyond the start; nothing has changed. Attributes: `asked`, `len`."
);
create_exception!(
    pyprior_rs,
    ShapeError_,
    PyPriorError,
    "An array of another shape or type than is needed; nothing has changed. Attributes: `found`, `expected`."
);
create_exception!(
    pyprior_rs,
    PriorError_,
    PyPriorError,
    "A number of a PriorConfig out of its range. Attributes: `field`, `value`, `range`."
);
create_exception!(
    pyprior_rs,
    DecodeError_,
    PyPriorError,
    "Tokens that are no program. Attributes: `kind`, and by it `len`, `token`, `position`, `hole`, `func`."
);
create_exception!(
    pyprior_rs,
    TreeError_,
    PyPriorError,
    "Nodes that are no program of the vocabulary. Attribute: `kind`."
);
create_exception!(pyprior_rs, NamesError_, PyPriorError, "Names that do not fit. Attributes: `kind`, `name`.");
create_exception!(
    pyprior_rs,
    EncodeError_,
    PyPriorError,
    "Source that is no program of the language. Attributes: `stage`, `message`, `line`, `column`, `hint`, `node_type` (None)."
);
create_exception!(
    pyprior_rs,
    SessionError_,
    PyPriorError,
    "An input that a session refuses; the session is what it was. Attributes: `line`, `column` (or None), `message`, `hint`."
);
create_exception!(
    pyprior_rs,
    TooLongError_,
    PyPriorError,
    "A sampled program beyond the token limit. Attributes: `row`, `limit`."
);
create_exception!(
    pyprior_rs,
    ExportError_,
    PyPriorError,
    "An animation that cannot be written; a file that was there is what it was. Attributes: `path`, `format` (None if no \
     format goes by the path), `reason`."
);

pub(crate) fn add(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = m.py();
    let all: [(&str, Bound<'_, PyType>); 14] = [
        ("PyPriorError", py.get_type::<PyPriorError>()),
        ("ConfigError", py.get_type::<ConfigError_>()),
        ("TokenError", py.get_type::<TokenError_>()),
        ("BatchError", py.get_type::<BatchError_>()),
        ("RollbackError", py.get_type::<RollbackError_>()),
        ("ShapeError", py.get_type::<ShapeError_>()),
        ("PriorError", py.get_type::<PriorError_>()),
        ("DecodeError", py.get_type::<DecodeError_>()),
        ("TreeError", py.get_type::<TreeError_>()),
        ("NamesError", py.get_type::<NamesError_>()),
        ("EncodeError", py.get_type::<EncodeError_>()),
        ("SessionError", py.get_type::<SessionError_>()),
        ("TooLongError", py.get_type::<TooLongError_>()),
        ("ExportError", py.get_type::<ExportError_>()),
    ];
    all.iter().try_for_each(|(name, class)| put(m, name, class))
}

/// Puts an exception into the module, under the name that it has in the package.
pub(crate) fn put(m: &Bound<'_, PyModule>, name: &str, class: &Bound<'_, PyType>) -> PyResult<()> {
    class.setattr("__name__", name)?;
    class.setattr("__qualname__", name)?;
    class.setattr("__module__", "pyprior_rs.errors")?;
    m.add(name, class)
}

/// An exception and what is being set on it. What cannot be set is left out: the message says it too.
pub(crate) struct Raised<'py>(Python<'py>, PyErr);

impl<'py> Raised<'py> {
    pub(crate) fn new<E: PyTypeInfo>(py: Python<'py>, message: impl ToString) -> Self {
        Self(py, PyErr::new::<E, _>(message.to_string()))
    }

    pub(crate) fn with(self, name: &str, value: impl IntoPyObject<'py>) -> Self {
        _ = self.1.value(self.0).setattr(name, value);
        self
    }

    pub(crate) fn err(self) -> PyErr {
        self.1
    }
}

pub(crate) fn config(py: Python<'_>, error: &ConfigError) -> PyErr {
    let raised = Raised::new::<ConfigError_>(py, error);
    match error {
        ConfigError::KnobTooLarge { knob, value, max } => {
            raised.with("kind", "knob_too_large").with("knob", *knob).with("value", *value).with("max", *max)
        }
        ConfigError::EmptyValueRange { low, high } => {
            raised.with("kind", "empty_value_range").with("low", *low).with("high", *high)
        }
        ConfigError::TooManyConstants { low, high, count } => {
            raised.with("kind", "too_many_constants").with("low", *low).with("high", *high).with("count", *count)
        }
        ConfigError::UnknownExclude { name, suggestion } => {
            raised.with("kind", "unknown_exclude").with("name", name).with("suggestion", suggestion.as_deref())
        }
        ConfigError::NoProgram { reason } => raised.with("kind", "no_program").with("reason", reason),
        ConfigError::MaxLenTooSmall { max_len, min_len } => {
            raised.with("kind", "max_len_too_small").with("max_len", *max_len).with("min_len", *min_len)
        }
        _ => raised.with("kind", "other"),
    }
    .err()
}

/// A token that is not legal in a slot; `None` where there is only one row.
pub(crate) fn token(py: Python<'_>, error: &BadToken, slot: Option<usize>) -> PyErr {
    let message = slot.map_or_else(|| error.to_string(), |slot| format!("row {slot}: {error}"));
    let raised = Raised::new::<TokenError_>(py, message).with("slot", slot);
    match error {
        BadToken::OutOfRange { token, position, vocab } => {
            let raised = raised.with("name", py.None()).with("reason", py.None());
            raised.with("kind", "out_of_range").with("token", *token).with("position", *position).with("vocab", *vocab)
        }
        BadToken::Illegal { token, name, position, reason } => raised
            .with("kind", "illegal")
            .with("token", *token)
            .with("position", *position)
            .with("name", name)
            .with("reason", reason),
        _ => raised.with("kind", "other"),
    }
    .err()
}

/// An id that no vocabulary has, negative or too large for the engine to count: number `nth` of what is given.
pub(crate) fn no_token(id: &Bound<'_, PyAny>, what: &str, nth: usize) -> PyErr {
    let py = id.py();
    let shown = id.extract::<i64>().map_or_else(|_| "an integer of more than 64 bits".to_owned(), |id| id.to_string());
    let message = format!("{what}[{nth}]: {shown} is no token id; ids are from 0 on and below 2^32");
    // One token a row is given; a prefix has one a position.
    let (slot, position) = if what == "toks" { (Some(nth), None) } else { (None, Some(nth)) };
    Raised::new::<TokenError_>(py, message)
        .with("kind", "out_of_range")
        .with("token", id)
        .with("position", position)
        .with("slot", slot)
        .with("name", py.None())
        .with("reason", py.None())
        .err()
}

/// A word of an argument that is none of those that there are.
pub(crate) fn unknown_value(py: Python<'_>, knob: &str, given: &str, possible: &str) -> PyErr {
    Raised::new::<ConfigError_>(py, format!("{knob} is {given:?}; {possible} is possible"))
        .with("kind", "unknown_value")
        .with("knob", knob)
        .with("value", given)
        .err()
}

pub(crate) fn batch(py: Python<'_>, error: &BatchError) -> PyErr {
    match error {
        BatchError::Token { slot, source } => token(py, source, Some(*slot)),
        BatchError::Rollback { slot, source } => rollback(py, source, Some(*slot)),
        BatchError::Bitmask(source) => unfit(py, source),
        BatchError::WrongLength { what, got, expected } => Raised::new::<BatchError_>(py, error)
            .with("kind", "wrong_length")
            .with("what", *what)
            .with("got", *got)
            .with("expected", *expected)
            .err(),
        BatchError::NoSuchSlot { slot, slots } => no_slot(py, slot, *slots),
        BatchError::EmptySlot { slot } => {
            Raised::new::<BatchError_>(py, error).with("kind", "empty_slot").with("slot", *slot).err()
        }
        BatchError::VocabSize { got, expected } => Raised::new::<BatchError_>(py, error)
            .with("kind", "vocab_size")
            .with("got", *got)
            .with("expected", *expected)
            .err(),
        _ => Raised::new::<BatchError_>(py, error).with("kind", "other").err(),
    }
}

/// A slot, as it is asked for, that is not there.
pub(crate) fn no_slot<'py>(py: Python<'py>, slot: impl Display + IntoPyObject<'py>, slots: usize) -> PyErr {
    let message = format!("slot {slot} is beyond the batch's {slots} slots");
    Raised::new::<BatchError_>(py, message).with("kind", "no_such_slot").with("slot", slot).with("slots", slots).err()
}

/// What is done to a whole batch, asked of a view.
pub(crate) fn of_a_view(py: Python<'_>, what: &'static str) -> PyErr {
    let message = format!("{what} is of a whole batch; this is a view of some slots of one");
    Raised::new::<BatchError_>(py, message).with("kind", "view").with("what", what).err()
}

pub(crate) fn wrong_length(py: Python<'_>, what: &'static str, got: usize, expected: usize) -> PyErr {
    batch(py, &BatchError::WrongLength { what, got, expected })
}

/// More than can be done at once.
pub(crate) fn too_many(py: Python<'_>, what: &'static str, got: u64, most: u64) -> PyErr {
    Raised::new::<BatchError_>(py, format!("{what} is {got}; at most {most} is possible"))
        .with("kind", "too_many")
        .with("what", what)
        .with("got", got)
        .with("expected", most)
        .err()
}

/// An error about shapes that says it all in words.
fn unfit(py: Python<'_>, error: &dyn Display) -> PyErr {
    Raised::new::<ShapeError_>(py, error).with("found", error.to_string()).with("expected", py.None()).err()
}

pub(crate) fn rollback(py: Python<'_>, error: &BadRollback, slot: Option<usize>) -> PyErr {
    let raised = Raised::new::<RollbackError_>(py, error);
    raised.with("asked", error.asked).with("len", error.len).with("slot", slot).err()
}

pub(crate) fn shape(py: Python<'_>, what: &str, found: &str, expected: &str) -> PyErr {
    let message = format!("{what} is {found}; {expected} is needed");
    Raised::new::<ShapeError_>(py, message).with("found", found).with("expected", expected).err()
}

pub(crate) fn logits(py: Python<'_>, error: &LogitsError) -> PyErr {
    unfit(py, error)
}

pub(crate) fn prior(py: Python<'_>, error: &BadPrior) -> PyErr {
    let raised = Raised::new::<PriorError_>(py, error);
    raised.with("field", error.field).with("value", error.value).with("range", error.range).err()
}

pub(crate) fn decode(py: Python<'_>, error: &DecodeError) -> PyErr {
    let raised = Raised::new::<DecodeError_>(py, error);
    match error {
        DecodeError::Truncated { len, hole } => {
            raised.with("kind", "truncated").with("len", *len).with("hole", hole.name())
        }
        DecodeError::Trailing { token, position } => {
            raised.with("kind", "trailing").with("token", *token).with("position", *position)
        }
        DecodeError::Unexpected { token, position, hole } => raised
            .with("kind", "unexpected")
            .with("token", *token)
            .with("position", *position)
            .with("hole", hole.name()),
        DecodeError::Undefined { func, position } => {
            raised.with("kind", "undefined").with("func", *func).with("position", *position)
        }
        DecodeError::TooDeep { position } => raised.with("kind", "too_deep").with("position", *position),
        _ => raised.with("kind", "other"),
    }
    .err()
}

pub(crate) fn tree(py: Python<'_>, error: &EncodeTreeError) -> PyErr {
    let kind = match error {
        EncodeTreeError::NoToken { .. } => "no_token",
        EncodeTreeError::BlockLen { .. } => "block_len",
        EncodeTreeError::Arguments { .. } => "arguments",
        EncodeTreeError::TooDeep => "too_deep",
        _ => "other",
    };
    Raised::new::<TreeError_>(py, error).with("kind", kind).err()
}

/// A node that is none, or not where it stands.
pub(crate) fn node(py: Python<'_>, message: impl ToString) -> PyErr {
    Raised::new::<TreeError_>(py, message).with("kind", "node").err()
}

pub(crate) fn name(py: Python<'_>, error: &NameError) -> PyErr {
    let (kind, name) = match error {
        NameError::NotIdentifier { name } => ("not_identifier", Some(name.as_str())),
        NameError::Reserved { name } => ("reserved", Some(name.as_str())),
        NameError::Twice { name } => ("twice", Some(name.as_str())),
        _ => ("other", None),
    };
    Raised::new::<NamesError_>(py, error).with("kind", kind).with("name", name).err()
}

pub(crate) fn named(py: Python<'_>, error: &NamedError) -> PyErr {
    match error {
        NamedError::Decode(error) => decode(py, error),
        _ => Raised::new::<NamesError_>(py, error).with("kind", "other_program").err(),
    }
}

pub(crate) fn encode(py: Python<'_>, error: &pyprior_core::EncodeError) -> PyErr {
    Raised::new::<EncodeError_>(py, error)
        .with("stage", error.stage().name())
        .with("message", error.kind.to_string())
        .with("line", error.line)
        .with("column", error.column)
        .with("hint", error.hint())
        .with("node_type", py.None())
        .err()
}

pub(crate) fn session(py: Python<'_>, error: &SessionError) -> PyErr {
    let place = error.place();
    Raised::new::<SessionError_>(py, error)
        .with("line", place.map(|place| place.line))
        .with("column", place.map(|place| place.column))
        .with("message", error.reason())
        .with("hint", error.hint())
        .err()
}

pub(crate) fn compile(py: Python<'_>, error: &CompileError) -> PyErr {
    match error {
        CompileError::Tokens(error) => decode(py, error),
        _ => Raised::new::<TreeError_>(py, error).with("kind", "compile").err(),
    }
}

/// An animation that cannot be written, with all that its error says about why.
pub(crate) fn export(py: Python<'_>, path: &Path, format: Option<&str>, error: &(dyn Error + 'static)) -> PyErr {
    let mut reason = error.to_string();
    let causes = std::iter::successors(error.source(), |&cause| cause.source()).map(ToString::to_string);
    for cause in causes {
        // Some errors end in what their source says.
        if !reason.ends_with(&cause) {
            reason = format!("{reason}: {cause}");
        }
    }
    Raised::new::<ExportError_>(py, format!("cannot write {}: {reason}", path.display()))
        .with("path", path.as_os_str())
        .with("format", format)
        .with("reason", reason)
        .err()
}

pub(crate) fn too_long(py: Python<'_>, error: &TooLongError) -> PyErr {
    Raised::new::<TooLongError_>(py, error).with("row", error.row).with("limit", error.limit).err()
}
