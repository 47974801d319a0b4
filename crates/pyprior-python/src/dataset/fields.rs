//! Fields of a description, as Python has them: what TOML has.

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};
use toml::{Table, Value};

use super::errors;

/// Tables and lists in one another, at most: one that holds itself has no end.
const DEPTH: usize = 32;

/// A dict as a table; what is None is left out, at any depth. Raises DatasetError for numbers that TOML does not have, TypeError
/// for anything else.
pub(super) fn table(fields: &Bound<'_, PyDict>) -> PyResult<Table> {
    table_at(fields, "", 0)
}

fn table_at(fields: &Bound<'_, PyDict>, place: &str, depth: usize) -> PyResult<Table> {
    // A copy: what is asked of values may be Python's code, which may change the dict.
    fields.items().iter().filter_map(|item| entry(&item, place, depth).transpose()).collect()
}

fn entry(item: &Bound<'_, PyAny>, place: &str, depth: usize) -> PyResult<Option<(String, Value)>> {
    let (key, given): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
    if given.is_none() {
        return Ok(None);
    }
    let key =
        key.cast::<PyString>().map_err(|_| other(&key, if place.is_empty() { "a field's name" } else { place }))?;
    let key = key.to_string_lossy().into_owned();
    let place = if place.is_empty() { key.clone() } else { format!("{place}.{key}") };
    Ok(Some((key, value(&given, &place, depth + 1)?)))
}

fn value(given: &Bound<'_, PyAny>, place: &str, depth: usize) -> PyResult<Value> {
    let py = given.py();
    if depth > DEPTH {
        return Err(errors::field(py, place, "what is in it", "at most 32 tables and lists in one another"));
    }
    if let Ok(text) = given.cast::<PyString>() {
        // Half of a character is none.
        let text = text.to_str().map_err(|_| errors::field(py, place, &text.to_string_lossy(), "text in Unicode"))?;
        return Ok(Value::String(text.to_owned()));
    }
    if let Ok(fields) = given.cast::<PyDict>() {
        return table_at(fields, place, depth).map(Value::Table);
    }
    if given.is_instance_of::<PyList>() || given.is_instance_of::<PyTuple>() {
        let item =
            |(nth, item): (usize, PyResult<Bound<'_, PyAny>>)| value(&item?, &format!("{place}[{nth}]"), depth + 1);
        return given.try_iter()?.enumerate().map(item).collect::<PyResult<_>>().map(Value::Array);
    }
    if let Ok(flag) = given.extract::<bool>() {
        return Ok(Value::Boolean(flag));
    }
    // Of numpy too.
    match given.extract::<i64>() {
        Ok(number) => return Ok(Value::Integer(number)),
        Err(error) if error.is_instance_of::<PyOverflowError>(py) => {
            let range = if given.lt(0)? { "-2^63 or more" } else { "below 2^63" };
            return Err(errors::field(py, place, &given.to_string(), range));
        }
        Err(_) => {}
    }
    match given.extract::<f64>() {
        Ok(number) if number.is_finite() => Ok(Value::Float(number)),
        Ok(number) => Err(errors::field(py, place, &number.to_string(), "finite")),
        Err(_) => Err(other(given, place)),
    }
}

fn other(given: &Bound<'_, PyAny>, place: &str) -> PyErr {
    match given.get_type().name() {
        Ok(kind) => PyTypeError::new_err(format!(
            "{place}: TOML has text, numbers, true and false, lists and tables, not {kind}"
        )),
        Err(error) => error,
    }
}
