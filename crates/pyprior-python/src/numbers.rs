//! Numbers from Python and back: token ids, flags, values of programs.

use numpy::{PyArray1, PyArrayMethods as _, PyUntypedArray};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyList, PyTuple};
use pyprior_core::exec::Value;

use crate::errors;
use crate::turns::in_turns;

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
        Ok(number) if item.is_exact_instance_of::<PyInt>() || !item.is_instance_of::<PyBool>() => number,
        _ => {
            let kind = item.get_type().name()?;
            return Err(PyTypeError::new_err(format!("{what}: expected token ids, which are integers, not {kind}")));
        }
    };
    u32::try_from(number).map_err(|_| errors::no_token(item.py(), number, what))
}

/// Token ids from a list, a tuple, an array or a tensor of one dimension, or whatever can be iterated over.
pub(crate) fn ids(given: &Bound<'_, PyAny>, what: &str) -> PyResult<Vec<u32>> {
    let py = given.py();
    if let Ok(list) = given.cast::<PyList>() {
        return in_turns(py, list).map(|item| id(&item, what)).collect();
    }
    if let Ok(tuple) = given.cast::<PyTuple>() {
        return in_turns(py, tuple).map(|item| id(&item, what)).collect();
    }
    if let Some(array) = array_of(given)?
        && let Some(ids) = [ids_of::<i64>, ids_of::<i32>, ids_of::<u32>].iter().find_map(|read| read(&array, what))
    {
        return ids;
    }
    in_turns(py, listed(given)?.try_iter()?).map(|item| id(&item?, what)).collect()
}

/// What is given as an array: it is one, or a tensor whose memory numpy can have.
fn array_of<'py>(given: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    if given.is_instance_of::<PyUntypedArray>() {
        return Ok(Some(given.clone()));
    }
    let is_tensor = given.getattr_opt("data_ptr")?.is_some();
    // Refused for those of other devices and those with gradients: they become lists.
    Ok(if is_tensor { given.call_method0("numpy").ok() } else { None })
}

/// Ids of an array of one dimension, read where they lie.
fn ids_of<T: numpy::Element + Copy + Into<i64>>(given: &Bound<'_, PyAny>, what: &str) -> Option<PyResult<Vec<u32>>> {
    let py = given.py();
    let lent = given.cast::<PyArray1<T>>().ok()?.try_readonly().ok()?;
    let read = |&id: &T| u32::try_from(id.into()).map_err(|_| errors::no_token(py, id.into(), what));
    Some(in_turns(py, lent.as_array()).map(read).collect())
}

/// Several such lists.
pub(crate) fn id_lists(given: &Bound<'_, PyAny>, what: &str) -> PyResult<Vec<Vec<u32>>> {
    in_turns(given.py(), listed(given)?.try_iter()?).map(|item| ids(&item?, what)).collect()
}

/// Truth values, one a row.
pub(crate) fn flags(given: &Bound<'_, PyAny>) -> PyResult<Vec<bool>> {
    let py = given.py();
    if let Some(lent) =
        array_of(given)?.as_ref().and_then(|array| array.cast::<PyArray1<bool>>().ok()?.try_readonly().ok())
    {
        return Ok(in_turns(py, lent.as_array()).copied().collect());
    }
    in_turns(py, listed(given)?.try_iter()?).map(|item| item?.is_truthy()).collect()
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
