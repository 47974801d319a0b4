//! Iterables of Python, read up to a limit: what goes on for ever must not fill the memory.

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;

/// Values of a domain, cells of a table, names, at most: the engine's limit on domains. What comes again counts.
pub(crate) const MOST: usize = 1 << 24;

/// The items; `refused` in place of the first beyond `most`, and at once where the iterable knows that it has more.
pub(crate) fn bounded<'py, R: Fn() -> PyErr>(
    given: &Bound<'py, PyAny>,
    most: usize,
    refused: R,
) -> PyResult<impl Iterator<Item = PyResult<Bound<'py, PyAny>>> + use<'py, R>> {
    if known(given)?.is_some_and(|len| len > most) {
        return Err(refused());
    }
    let items = given.try_iter()?;
    Ok(items.zip(1..).map(move |(item, nth)| if nth > most { Err(refused()) } else { item }))
}

/// How many items there are, if that is known before they are read.
fn known(given: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
    match given.len() {
        Ok(len) => Ok(Some(len)),
        Err(error) if error.is_instance_of::<PyTypeError>(given.py()) => Ok(None),
        // A range, say, of more than there are addresses.
        Err(error) if error.is_instance_of::<PyOverflowError>(given.py()) => Ok(Some(usize::MAX)),
        Err(error) => Err(error),
    }
}
