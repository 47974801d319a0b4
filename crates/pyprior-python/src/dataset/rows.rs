//! Rows: as objects, as arrays of numpy, as Arrow's arrays.

use arrow_array::ffi::{FFI_ArrowSchema, to_ffi};
use arrow_array::{Array as _, StructArray};
use arrow_schema::ArrowError;
use numpy::{Element, PyArray2};
use pyo3::exceptions::{PyKeyError, PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyCapsule, PyDict, PyList, PyRange, PyString};
use pyprior_data::Rows;
use pyprior_data::columns::{Buffer, Cell, Column, Lists};

use crate::places::{self, Places};
use crate::turns::{self, Turns};
use crate::{errors, masks, numbers};

/// Bytes from which on rows are freed without the interpreter.
const LARGE: usize = 1 << 20;

/// Rows of one table, one split and one shard, as they are in its file.
#[pyclass(frozen, name = "Rows", module = "pyprior_rs._engine")]
pub struct PyRows {
    inner: Rows,
}

impl PyRows {
    pub(super) fn new(inner: Rows) -> Self {
        Self { inner }
    }

    fn buffer(&self, name: &str) -> PyResult<&Buffer> {
        self.inner.columns().buffer(name).ok_or_else(|| PyKeyError::new_err(name.to_owned()))
    }

    fn row<'py>(&self, turns: &mut Turns<'py>, py: Python<'py>, nth: usize) -> PyResult<Bound<'py, PyDict>> {
        let row = PyDict::new(py);
        for (column, buffer) in self.inner.columns().iter() {
            row.set_item(column.name, cell(turns, py, buffer.cell(nth))?)?;
        }
        Ok(row)
    }

    fn rows<'py>(&self, py: Python<'py>, places: impl Iterator<Item = usize>) -> PyResult<Bound<'py, PyList>> {
        let (list, mut turns) = (PyList::empty(py), Turns::new(py));
        for nth in places {
            list.append(self.row(&mut turns, py, nth)?)?;
        }
        Ok(list)
    }
}

impl Drop for PyRows {
    fn drop(&mut self) {
        if self.inner.columns().bytes() >= LARGE {
            turns::free(std::mem::take(&mut self.inner));
        }
    }
}

#[pymethods]
impl PyRows {
    /// The number of their shard.
    #[getter]
    fn shard(&self) -> u64 {
        self.inner.shard()
    }

    /// Names of the columns.
    #[getter]
    fn columns(&self) -> Vec<&'static str> {
        let name = |(column, _): (&'static Column, _)| column.name;
        self.inner.columns().iter().map(name).collect()
    }

    fn __len__(&self) -> usize {
        self.inner.columns().len()
    }

    /// A row as a dict, by number; of a slice a list of them; or a column, by name.
    fn __getitem__<'py>(&self, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = key.py();
        if let Ok(name) = key.cast::<PyString>() {
            return column(py, self.buffer(&name.to_string_lossy())?);
        }
        let places = Places::read(key, self.__len__(), "rows").map_err(|error| {
            let kind = key.get_type().name().map_or_else(|_| "that".to_owned(), |name| name.to_string());
            let message = format!("the number of a row, a slice, or the name of a column is needed, not {kind}");
            if error.is_instance_of::<PyTypeError>(py) { PyTypeError::new_err(message) } else { error }
        });
        match places? {
            Places::One(nth) => Ok(self.row(&mut Turns::new(py), py, nth)?.into_any()),
            Places::Several { start, step, len } => Ok(self.rows(py, places::each(start, step, len))?.into_any()),
        }
    }

    /// The rows one after the other, as dicts.
    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let numbers = PyRange::new(slf.py(), 0, slf.get().__len__() as isize)?;
        slf.py().import("builtins")?.getattr("map")?.call1((slf.getattr("__getitem__")?, numbers))
    }

    /// All rows as dicts.
    fn to_pylist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.rows(py, 0..self.__len__())
    }

    /// Lists of a column of lists of numbers as int64 `[rows, width]`, filled up with `pad`.
    #[pyo3(signature = (name, width=None, pad=0))]
    fn padded<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        #[pyo3(from_py_with = self::width)] width: Option<usize>,
        #[pyo3(from_py_with = numbers::pad)] pad: i64,
    ) -> PyResult<Bound<'py, PyArray2<i64>>> {
        match self.buffer(name)? {
            Buffer::Tokens(_, lists) | Buffer::Numbers(_, lists) => padded(py, lists, width, pad),
            Buffer::Bytes(_, lists) => padded(py, lists, width, pad),
            _ => Err(errors::shape(
                py,
                &format!("column {name:?}"),
                "no list of numbers",
                "a column of lists of numbers",
            )),
        }
    }

    /// For `pyarrow.record_batch(rows)`: without a copy beyond the making of Arrow's arrays.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        // A wish, which one need not grant.
        drop(requested_schema);
        let exported = py.detach(|| {
            let batch = self.inner.record_batch()?;
            let schema = FFI_ArrowSchema::try_from(batch.schema().as_ref())?;
            let (array, _) = to_ffi(&StructArray::from(batch).to_data())?;
            Ok::<_, ArrowError>((schema, array))
        });
        let (schema, array) = exported.map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
        Ok((
            PyCapsule::new_with_value(py, schema, c"arrow_schema")?,
            PyCapsule::new_with_value(py, array, c"arrow_array")?,
        ))
    }

    fn __repr__(&self) -> String {
        format!("<{} rows of shard {}>", self.__len__(), self.shard())
    }
}

fn width(given: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
    if given.is_none() { Ok(None) } else { numbers::count_of("width", given).map(Some) }
}

fn cell<'py>(turns: &mut Turns<'py>, py: Python<'py>, cell: Cell<'_>) -> PyResult<Bound<'py, PyAny>> {
    turns.made(1);
    Ok(match cell {
        Cell::Null => py.None().into_bound(py),
        Cell::Tokens(numbers) | Cell::Numbers(numbers) => turns.list(numbers.iter().copied())?.into_any(),
        Cell::Bytes(numbers) => turns.list(numbers.iter().map(|&number| u32::from(number)))?.into_any(),
        Cell::Text(text) => turns.text(text).into_any(),
        Cell::Texts(texts) => {
            let list = PyList::empty(py);
            texts.iter().try_for_each(|text| list.append(turns.text(text)))?;
            list.into_any()
        }
        Cell::Unsigned(number) => number.into_pyobject(py)?.into_any(),
        Cell::Float(number) => number.into_pyobject(py)?.into_any(),
        Cell::Bool(value) => PyBool::new(py, value).to_owned().into_any(),
    })
}

/// Numbers are an array; those that may be missing a masked one; lists of numbers are two: values, and where lists begin with
/// the end of the last. Texts are a list.
fn column<'py>(py: Python<'py>, buffer: &Buffer) -> PyResult<Bound<'py, PyAny>> {
    Ok(match buffer {
        Buffer::Position(values) | Buffer::U64(_, values) => masks::numbers(py, values.iter().copied())?.into_any(),
        Buffer::U32(_, values) => masks::numbers(py, values.iter().copied())?.into_any(),
        Buffer::Bool(_, values) => masks::numbers(py, values.iter().copied())?.into_any(),
        Buffer::MaybeU32(_, values) => masked(py, values)?,
        Buffer::MaybeU64(_, values) => masked(py, values)?,
        Buffer::MaybeF64(_, values) => masked(py, values)?,
        Buffer::Tokens(_, lists) | Buffer::Numbers(_, lists) => ragged(py, lists)?,
        Buffer::Bytes(_, lists) => ragged(py, lists)?,
        texts => {
            let rows = match texts {
                Buffer::Text(_, lists) | Buffer::MaybeText(_, lists, _) => lists.offsets().len() - 1,
                Buffer::Texts(_, lists) => lists.offsets().len() - 1,
                _ => 0,
            };
            let (list, mut turns) = (PyList::empty(py), Turns::new(py));
            (0..rows).try_for_each(|nth| list.append(cell(&mut turns, py, texts.cell(nth))?))?;
            list.into_any()
        }
    })
}

fn masked<'py, T: Element + Copy + Default>(py: Python<'py>, values: &[Option<T>]) -> PyResult<Bound<'py, PyAny>> {
    let there = masks::numbers(py, values.iter().map(|value| value.unwrap_or_default()))?;
    let keywords = PyDict::new(py);
    keywords.set_item("mask", masks::numbers(py, values.iter().map(Option::is_none))?)?;
    py.import("numpy.ma")?.call_method("array", (there,), Some(&keywords))
}

fn ragged<'py, T: Element + Copy>(py: Python<'py>, lists: &Lists<T>) -> PyResult<Bound<'py, PyAny>> {
    let values = masks::numbers(py, lists.values().iter().copied())?;
    let offsets = masks::numbers(py, lists.offsets().iter().map(|&offset| i64::from(offset)))?;
    Ok((values, offsets).into_pyobject(py)?.into_any())
}

fn padded<'py, T: Copy + Into<i64> + Sync>(
    py: Python<'py>,
    lists: &Lists<T>,
    width: Option<usize>,
    pad: i64,
) -> PyResult<Bound<'py, PyArray2<i64>>> {
    let rows = lists.offsets().len() - 1;
    let longest = py.detach(|| (0..rows).filter_map(|nth| lists.get(nth)).map(<[T]>::len).max().unwrap_or(0));
    let width = width.unwrap_or(longest);
    if longest > width {
        return Err(super::errors::width(py, width, longest));
    }
    let array = masks::zeros(py, rows, width)?;
    masks::write(&array, |out| {
        py.detach(|| {
            for (nth, out) in out.chunks_mut(width.max(1)).enumerate() {
                let (values, rest) = out.split_at_mut(lists.get(nth).map_or(0, <[T]>::len));
                values.iter_mut().zip(lists.get(nth).unwrap_or_default()).for_each(|(out, &value)| *out = value.into());
                rest.fill(pad);
            }
        });
    })?;
    Ok(array)
}
