//! Numbers from Python and back: token ids, flags, values of programs.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyList, PyTuple};
use pyprior_core::exec::Value;

use crate::errors;

/// Lists as Python has them, and what makes one of itself: arrays and tensors, of any device.
fn listed<'py>(given: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if given.is_instance_of::<PyList>() || given.is_instance_of::<PyTuple>() {
        return Ok(given.clone());
    }
    match given.getattr_opt("tolist")? {
        Some(tolist) => tolist.call0(),
        None => Ok(given.clone()),
    }
}

fn id(item: &Bound<'_, PyAny>, what: &str) -> PyResult<u32> {
    // Numbers of numpy and torch are no Python integers, but become such.
    let number = match item.extract::<i64>() {
        Ok(number) if !item.is_instance_of::<PyBool>() => number,
        _ => {
            let kind = item.get_type().name()?;
            return Err(PyTypeError::new_err(format!("{what}: expected token ids, which are integers, not {kind}")));
        }
    };
    u32::try_from(number).map_err(|_| errors::no_token(item.py(), number, what))
}

/// Token ids from a list, a tuple, an array or a tensor of one dimension, or whatever can be iterated over.
pub(crate) fn ids(given: &Bound<'_, PyAny>, what: &str) -> PyResult<Vec<u32>> {
    let given = listed(given)?;
    if let Ok(list) = given.cast::<PyList>() {
        return list.iter().map(|item| id(&item, what)).collect();
    }
    if let Ok(tuple) = given.cast::<PyTuple>() {
        return tuple.iter_borrowed().map(|item| id(&item, what)).collect();
    }
    given.try_iter()?.map(|item| id(&item?, what)).collect()
}

/// Several such lists.
pub(crate) fn id_lists(given: &Bound<'_, PyAny>, what: &str) -> PyResult<Vec<Vec<u32>>> {
    listed(given)?.try_iter()?.map(|item| ids(&item?, what)).collect()
}

/// Truth values, one a row.
pub(crate) fn flags(given: &Bound<'_, PyAny>) -> PyResult<Vec<bool>> {
    listed(given)?.try_iter()?.map(|item| item?.is_truthy()).collect()
}

/// A value of a program as Python has it. Integers beyond 64 bits are decimal text: the package makes them integers, since
/// how much of that Python does at once is a setting.
pub(crate) fn from_value<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::None => py.None().into_bound(py),
        Value::Bool(value) => PyBool::new(py, *value).to_owned().into_any(),
        Value::Int(value) => value.into_pyobject(py)?.into_any(),
        Value::Big(value) => value.to_string().into_pyobject(py)?.into_any(),
    })
}

/// The reverse: None, a truth value, an integer, or decimal text for integers of more than 64 bits.
pub(crate) fn to_value(given: &Bound<'_, PyAny>) -> PyResult<Value> {
    if given.is_none() {
        return Ok(Value::None);
    }
    if given.is_instance_of::<PyBool>() {
        return Ok(Value::Bool(given.is_truthy()?));
    }
    if given.is_instance_of::<PyInt>() {
        return Ok(Value::Int(given.extract()?));
    }
    let text: String =
        given.extract().map_err(|_| PyTypeError::new_err("inputs of programs are integers, truth values or None"))?;
    text.parse().map_err(|error| errors::Raised::new::<errors::PyPriorError>(given.py(), error).err())
}
