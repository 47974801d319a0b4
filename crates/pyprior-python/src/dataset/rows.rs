//! Rows: as objects, as arrays of numpy, as Arrow's arrays.

use arrow_array::ffi::{FFI_ArrowSchema, to_ffi};
use arrow_array::{Array as _, StructArray};
use arrow_schema::ArrowError;
use numpy::{Element, PyArray1, PyArray2};
use pyo3::exceptions::{PyIndexError, PyKeyError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyCapsule, PyDict, PyList, PyRange};
use pyprior_data::Rows;
use pyprior_data::columns::{Buffer, Cell, Column, Lists};

use crate::numbers::{maybe_count, whole};
use crate::turns::in_turns;
use crate::{errors, masks};

/// Rows of one table, one split and one shard, as they are in its file.
#[pyclass(frozen, name = "Rows", module = "pyprior_rs._engine")]
pub struct PyRows {
    inner: Rows,
}

/// A number of the rows, or a name of a column.
#[derive(FromPyObject)]
pub enum Key {
    Row(isize),
    Column(String),
}

impl PyRows {
    pub(super) fn new(inner: Rows) -> Self {
        Self { inner }
    }

    fn buffer(&self, name: &str) -> PyResult<&Buffer> {
        self.inner.columns().buffer(name).ok_or_else(|| PyKeyError::new_err(name.to_owned()))
    }

    fn row<'py>(&self, py: Python<'py>, nth: usize) -> PyResult<Bound<'py, PyDict>> {
        let row = PyDict::new(py);
        for (column, buffer) in self.inner.columns().iter() {
            row.set_item(column.name, cell(py, buffer.cell(nth))?)?;
        }
        Ok(row)
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

    /// A row as a dict, by number; or a column, by name.
    fn __getitem__<'py>(&self, py: Python<'py>, key: Key) -> PyResult<Bound<'py, PyAny>> {
        let rows = self.__len__();
        match key {
            Key::Row(nth) => {
                let index = if nth < 0 { rows.checked_add_signed(nth) } else { usize::try_from(nth).ok() };
                let index = index.filter(|&index| index < rows);
                let index = index.ok_or_else(|| PyIndexError::new_err(format!("there are {rows} rows")))?;
                Ok(self.row(py, index)?.into_any())
            }
            Key::Column(name) => column(py, self.buffer(&name)?),
        }
    }

    /// The rows one after the other, as dicts.
    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let numbers = PyRange::new(slf.py(), 0, slf.get().__len__() as isize)?;
        slf.py().import("builtins")?.getattr("map")?.call1((slf.getattr("__getitem__")?, numbers))
    }

    /// All rows as dicts.
    fn to_pylist<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for nth in in_turns(py, 0..self.__len__()) {
            list.append(self.row(py, nth)?)?;
        }
        Ok(list)
    }

    /// Lists of a column of lists of numbers as int64 `[rows, width]`, filled up with `pad`.
    #[pyo3(signature = (name, width=None, pad=0))]
    fn padded<'py>(
        &self,
        py: Python<'py>,
        name: &str,
        #[pyo3(from_py_with = maybe_count)] width: Option<usize>,
        #[pyo3(from_py_with = whole)] pad: i64,
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

fn cell<'py>(py: Python<'py>, cell: Cell<'_>) -> PyResult<Bound<'py, PyAny>> {
    Ok(match cell {
        Cell::Null => py.None().into_bound(py),
        Cell::Tokens(numbers) | Cell::Numbers(numbers) => PyList::new(py, numbers)?.into_any(),
        Cell::Bytes(numbers) => {
            PyList::new(py, numbers.iter().map(|&number| u32::from(number)).collect::<Vec<_>>())?.into_any()
        }
        Cell::Text(text) => text.into_pyobject(py)?.into_any(),
        Cell::Texts(texts) => PyList::new(py, texts.iter().collect::<Vec<_>>())?.into_any(),
        Cell::Unsigned(number) => number.into_pyobject(py)?.into_any(),
        Cell::Float(number) => number.into_pyobject(py)?.into_any(),
        Cell::Bool(value) => PyBool::new(py, value).to_owned().into_any(),
    })
}

/// Numbers are an array; those that may be missing a masked one; lists of numbers are two: values, and where lists begin with
/// the end of the last. Texts are a list.
fn column<'py>(py: Python<'py>, buffer: &Buffer) -> PyResult<Bound<'py, PyAny>> {
    Ok(match buffer {
        Buffer::Position(values) | Buffer::U64(_, values) => PyArray1::from_slice(py, values).into_any(),
        Buffer::U32(_, values) => PyArray1::from_slice(py, values).into_any(),
        Buffer::Bool(_, values) => PyArray1::from_slice(py, values).into_any(),
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
            let all = (0..rows).map(|nth| cell(py, texts.cell(nth))).collect::<PyResult<Vec<_>>>()?;
            PyList::new(py, all)?.into_any()
        }
    })
}

fn masked<'py, T: Element + Copy + Default>(py: Python<'py>, values: &[Option<T>]) -> PyResult<Bound<'py, PyAny>> {
    let there = values.iter().map(|value| value.unwrap_or_default()).collect();
    let missing = values.iter().map(Option::is_none).collect();
    let keywords = PyDict::new(py);
    keywords.set_item("mask", PyArray1::<bool>::from_vec(py, missing))?;
    py.import("numpy.ma")?.call_method("array", (PyArray1::from_vec(py, there),), Some(&keywords))
}

fn ragged<'py, T: Element + Copy>(py: Python<'py>, lists: &Lists<T>) -> PyResult<Bound<'py, PyAny>> {
    let offsets = lists.offsets().iter().map(|&offset| i64::from(offset)).collect();
    let arrays = (PyArray1::from_slice(py, lists.values()), PyArray1::from_vec(py, offsets));
    Ok(arrays.into_pyobject(py)?.into_any())
}

fn padded<'py, T: Copy + Into<i64>>(
    py: Python<'py>,
    lists: &Lists<T>,
    width: Option<usize>,
    pad: i64,
) -> PyResult<Bound<'py, PyArray2<i64>>> {
    let rows = lists.offsets().len() - 1;
    let longest = (0..rows).filter_map(|nth| lists.get(nth)).map(<[T]>::len).max().unwrap_or(0);
    let width = width.unwrap_or(longest);
    if longest > width {
        return Err(errors::wrong_length(py, "width", width, longest));
    }
    let array = masks::zeros(py, rows, width)?;
    masks::write(&array, |out| {
        out.fill(pad);
        for (nth, out) in out.chunks_mut(width.max(1)).enumerate() {
            let list = lists.get(nth).unwrap_or_default();
            out.iter_mut().zip(list).for_each(|(out, &value)| *out = value.into());
        }
    })?;
    Ok(array)
}
