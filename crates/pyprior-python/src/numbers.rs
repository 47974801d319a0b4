//! Numbers from Python and back: token ids, flags, values of programs.

use numpy::{PyArray1, PyArrayMethods as _, PyUntypedArray};
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict as _, PyBool, PyBytes, PyDict, PyFrozenSet, PyInt, PyList, PySet, PyString, PyTuple};
use pyprior_core::exec::Value;

use crate::errors;
use crate::turns::in_turns;

/// What fits a type of numbers: what is beyond it is a PyPriorError, which is a ValueError, with that message.
fn fitting<'py, T>(given: &Bound<'py, PyAny>, message: impl Fn() -> String) -> PyResult<T>
where
    T: for<'a> FromPyObject<'a, 'py>,
{
    given.extract::<T>().map_err(|error| {
        let (py, error) = (given.py(), error.into());
        if !error.is_instance_of::<PyOverflowError>(py) {
            return error;
        }
        errors::Raised::new::<errors::PyPriorError>(py, message()).with("value", given).err()
    })
}

/// A number that counts something, from 0 on.
pub(crate) fn count<'py, T>(given: &Bound<'py, PyAny>) -> PyResult<T>
where
    T: for<'a> FromPyObject<'a, 'py>,
{
    fitting(given, || format!("{given} is out of range: it must be from 0 on, and below 2^{}", 8 * size_of::<T>()))
}

/// A number of 64 bits.
pub(crate) fn whole(given: &Bound<'_, PyAny>) -> PyResult<i64> {
    fitting(given, || format!("{given} is out of range: it must be from -2^63 on, and below 2^63"))
}

/// `count`, of an argument that messages name.
pub(crate) fn count_of<'py, T>(what: &str, given: &Bound<'py, PyAny>) -> PyResult<T>
where
    T: for<'a> FromPyObject<'a, 'py>,
{
    let py = given.py();
    fitting(given, || format!("{what} is {given}; it must be from 0 on, and below 2^{}", 8 * size_of::<T>()))
        .map_err(|error| if error.is_instance_of::<PyTypeError>(py) { no_integer(what, given) } else { error })
}

/// What rows are filled up with.
pub(crate) fn pad(given: &Bound<'_, PyAny>) -> PyResult<i64> {
    fitting(given, || format!("pad is {given}; it must be from -2^63 on, and below 2^63"))
}

/// Whether an error says that something is no number, or none of that size. What else is raised where a number is asked for is
/// not ours to tell in other words.
fn says_no_number(py: Python<'_>, error: &PyErr) -> bool {
    error.is_instance_of::<PyTypeError>(py) || error.is_instance_of::<PyOverflowError>(py)
}

fn no_integer(what: &str, given: &Bound<'_, PyAny>) -> PyErr {
    let kind = given.get_type().name().map_or_else(|_| "that".to_owned(), |name| name.to_string());
    PyTypeError::new_err(format!("{what}: an integer is needed, not {kind}"))
}

/// Numbers from 0 on, of a list or whatever else can be iterated over.
pub(crate) fn counts(what: &'static str, given: &Bound<'_, PyAny>) -> PyResult<Vec<u64>> {
    items(given, what)?.map(|item| count_of(what, &item?)).collect()
}

/// `count`, or None.
pub(crate) fn maybe_count<'py, T>(given: &Bound<'py, PyAny>) -> PyResult<Option<T>>
where
    T: for<'a> FromPyObject<'a, 'py>,
{
    if given.is_none() { Ok(None) } else { count(given).map(Some) }
}

/// The end of `n` numbers from `start` on, if there are that many and no more than `most`.
pub(crate) fn range(py: Python<'_>, what: &'static str, n: u64, most: u64, start: u64) -> PyResult<u64> {
    if n > most {
        return Err(errors::too_many(py, what, n, most));
    }
    start.checked_add(n).ok_or_else(|| errors::too_many(py, "start", start, u64::MAX - n))
}

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

/// Ids of a list, at most: what goes on for ever must not fill the memory.
const MOST: usize = 1 << 24;

/// The items of a list, an array, or whatever else has an order.
fn items<'py>(
    given: &Bound<'py, PyAny>,
    what: &'static str,
) -> PyResult<impl Iterator<Item = PyResult<Bound<'py, PyAny>>>> {
    let py = given.py();
    let is_set = given.is_instance_of::<PySet>() || given.is_instance_of::<PyFrozenSet>();
    let is_text = given.is_instance_of::<PyString>() || given.is_instance_of::<PyBytes>();
    let refuse = || {
        let kind = given.get_type().name()?;
        Err(PyTypeError::new_err(format!("{what}: a list, an array or a tensor is needed, not {kind}")))
    };
    if is_set || is_text || given.is_instance_of::<PyDict>() {
        return refuse();
    }
    let list = match listed(given)?.try_iter() {
        Err(error) if error.is_instance_of::<PyTypeError>(py) => return refuse(),
        list => list?,
    };
    let mut nth = 0;
    Ok(in_turns(py, list).map(move |item| {
        nth += 1;
        if nth > MOST { Err(errors::too_many(py, what, nth as u64, MOST as u64)) } else { item }
    }))
}

/// The id of a list that has no more than that. None for all that is not as simple, wrong or not.
pub(crate) fn lone_id(given: &Bound<'_, PyAny>) -> Option<u32> {
    let list = given.cast_exact::<PyList>().ok()?;
    let item = if list.len() == 1 { list.get_item(0).ok()? } else { return None };
    item.cast_exact::<PyInt>().ok()?.extract().ok()
}

/// Token ids from a list, a tuple, an array or a tensor of one dimension, or whatever can be iterated over.
pub(crate) fn ids(given: &Bound<'_, PyAny>, what: &'static str) -> PyResult<Vec<u32>> {
    read_ids(given, what, &mut |nth, item| Err(errors::no_token(&item, what, nth)))
}

/// The same, where what cannot be an id is taken for one that no vocabulary has.
pub(crate) fn any_ids(given: &Bound<'_, PyAny>, what: &'static str) -> PyResult<Vec<u32>> {
    read_ids(given, what, &mut |_, _| Ok(NO_ID))
}

/// What no vocabulary has as an id.
const NO_ID: u32 = u32::MAX;

/// Ids for the rows of a batch, some of which may be there for their places alone.
pub(crate) struct RowIds<'py> {
    /// One a row; what is an integer and cannot be an id is `NO_ID`, which a row that takes it refuses.
    pub(crate) ids: Vec<u32>,
    /// Those integers as they are given, and their places.
    strays: Vec<(usize, Bound<'py, PyAny>)>,
}

impl<'py> RowIds<'py> {
    /// From what `ids` takes, and arrays and tensors of shape `[n, 1]`: what `multinomial` draws for n rows.
    pub(crate) fn read(given: &Bound<'py, PyAny>) -> PyResult<Self> {
        let column = match shape_of(given)?.as_deref() {
            Some(&[rows, 1]) => &given.call_method1("reshape", ((rows,),))?,
            _ => given,
        };
        let mut strays = Vec::new();
        let ids = read_ids(column, "toks", &mut |nth, item| {
            strays.push((nth, item));
            Ok(NO_ID)
        })?;
        Ok(Self { ids, strays })
    }

    /// The error about number `nth`, if that is an integer that cannot be an id.
    pub(crate) fn error(&self, nth: usize) -> Option<PyErr> {
        let at = self.strays.binary_search_by_key(&nth, |(nth, _)| *nth).ok()?;
        Some(errors::no_token(&self.strays[at].1, "toks", nth))
    }
}

/// Shape of an array or a tensor, of any package.
fn shape_of(given: &Bound<'_, PyAny>) -> PyResult<Option<Vec<usize>>> {
    if given.is_instance_of::<PyList>() || given.is_instance_of::<PyTuple>() {
        return Ok(None);
    }
    Ok(given.getattr_opt("shape")?.and_then(|shape| shape.extract().ok()))
}

/// What becomes of an integer that cannot be an id, and of its place.
type Stray<'a, 'py> = &'a mut dyn FnMut(usize, Bound<'py, PyAny>) -> PyResult<u32>;

fn read_ids<'py>(given: &Bound<'py, PyAny>, what: &'static str, stray: Stray<'_, 'py>) -> PyResult<Vec<u32>> {
    let py = given.py();
    if let Ok(list) = given.cast::<PyList>() {
        return in_turns(py, list).enumerate().map(|(nth, item)| id(item, what, nth, stray)).collect();
    }
    if let Some(shape) = shape_of(given)?.filter(|shape| shape.len() != 1) {
        return Err(PyTypeError::new_err(format!("{what}: ids in one dimension are needed, not of shape {shape:?}")));
    }
    if let Some(array) = array_of(given)?
        && let Some(ids) = [ids_of::<i64>, ids_of::<i32>, ids_of::<u32>].iter().find_map(|read| read(&array, stray))
    {
        return ids;
    }
    items(given, what)?.enumerate().map(|(nth, item)| id(item?, what, nth, stray)).collect()
}

/// An id; `nth` of what is given.
fn id<'py>(item: Bound<'py, PyAny>, what: &'static str, nth: usize, stray: Stray<'_, 'py>) -> PyResult<u32> {
    let py = item.py();
    // Numbers of numpy and torch are no Python integers, but become such.
    match item.extract::<i64>() {
        Ok(id) if item.is_exact_instance_of::<PyInt>() || !item.is_instance_of::<PyBool>() => {
            u32::try_from(id).or_else(|_| stray(nth, item))
        }
        Err(error) if error.is_instance_of::<PyOverflowError>(py) => stray(nth, item),
        Err(error) if !says_no_number(py, &error) => Err(error),
        _ => {
            let kind = item.get_type().name()?;
            Err(PyTypeError::new_err(format!("{what}: expected token ids, which are integers, not {kind}")))
        }
    }
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
fn ids_of<'py, T>(given: &Bound<'py, PyAny>, stray: Stray<'_, 'py>) -> Option<PyResult<Vec<u32>>>
where
    T: numpy::Element + Copy + Into<i64>,
{
    let py = given.py();
    let lent = given.cast::<PyArray1<T>>().ok()?.try_readonly().ok()?;
    let read = |(nth, &id): (usize, &T)| {
        let id = id.into();
        u32::try_from(id).or_else(|_| stray(nth, id.into_pyobject(py)?.into_any()))
    };
    Some(in_turns(py, lent.as_array()).enumerate().map(read).collect())
}

/// Several such lists.
pub(crate) fn id_lists(given: &Bound<'_, PyAny>, what: &'static str) -> PyResult<Vec<Vec<u32>>> {
    items(given, what)?.map(|item| ids(&item?, what)).collect()
}

/// Truth values, one a row: of Python or numpy, or 0 and 1.
pub(crate) fn flags(given: &Bound<'_, PyAny>, what: &'static str) -> PyResult<Vec<bool>> {
    let array = array_of(given)?;
    let lent = array.as_ref().and_then(|array| array.cast::<PyArray1<bool>>().ok()?.try_readonly().ok());
    if let Some(lent) = lent {
        return Ok(in_turns(given.py(), lent.as_array()).copied().collect());
    }
    let flag = |item: Bound<'_, PyAny>| {
        if let Ok(flag) = item.extract::<bool>() {
            return Ok(flag);
        }
        match item.extract::<i64>() {
            Ok(flag @ (0 | 1)) => Ok(flag == 1),
            Err(error) if !says_no_number(item.py(), &error) => Err(error),
            _ => {
                let kind = item.get_type().name()?;
                Err(PyTypeError::new_err(format!("{what}: expected one truth value a row, not {kind}")))
            }
        }
    };
    items(given, what)?.map(|item| flag(item?)).collect()
}

/// A value of a program as Python has it.
pub(crate) fn from_value<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::None => py.None().into_bound(py),
        Value::Bool(value) => PyBool::new(py, *value).to_owned().into_any(),
        Value::Int(value) => value.into_pyobject(py)?.into_any(),
        Value::Big(value) => {
            let signed = [("signed", true)].into_py_dict(py)?;
            let bytes = PyBytes::new(py, &value.to_signed_bytes_le());
            py.get_type::<PyInt>().call_method("from_bytes", (bytes, "little"), Some(&signed))?
        }
    })
}

/// The reverse: None, a truth value, an integer of any size, of numpy too.
pub(crate) fn to_value(given: &Bound<'_, PyAny>) -> PyResult<Value> {
    let py = given.py();
    if given.is_none() {
        return Ok(Value::None);
    }
    if let Ok(value) = given.extract::<bool>() {
        return Ok(Value::Bool(value));
    }
    match given.extract::<i64>() {
        Ok(value) => Ok(Value::Int(value)),
        Err(error) if error.is_instance_of::<PyOverflowError>(py) => {
            let whole = given.call_method0("__index__")?;
            let bits: usize = whole.call_method0("bit_length")?.extract()?;
            let signed = [("signed", true)].into_py_dict(py)?;
            let bytes = whole.call_method("to_bytes", (bits / 8 + 1, "little"), Some(&signed))?;
            Ok(Value::from_signed_bytes_le(bytes.cast::<PyBytes>()?.as_bytes()))
        }
        Err(error) if !says_no_number(py, &error) => Err(error),
        Err(_) => {
            let kind = given.get_type().name()?;
            Err(PyTypeError::new_err(format!("inputs of programs are integers, truth values or None, not {kind}")))
        }
    }
}
