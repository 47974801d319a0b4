//! Bitmasks and float masks, written into memory that numpy has.

use numpy::{PyArray, PyArray1, PyArray2, PyArrayMethods as _, PyReadwriteArray2, PyUntypedArrayMethods as _};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::errors;

/// Numbers from which on the interpreter is let go of while they are written: 20 to 60 microseconds.
pub(crate) const LONG: usize = 1 << 16;

/// Eight floats for each byte of a bitmask: 0 where the bit is set, negative infinity elsewhere.
static OF_BYTE: [[f32; 8]; 256] = of_byte();

const fn of_byte() -> [[f32; 8]; 256] {
    let mut table = [[f32::NEG_INFINITY; 8]; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut bit = 0;
        while bit < 8 {
            if byte >> bit & 1 == 1 {
                table[byte][bit] = 0.0;
            }
            bit += 1;
        }
        byte += 1;
    }
    table
}

/// Writes a row of a bitmask as floats to be added to logits: 0 where a token is legal, negative infinity elsewhere.
pub(crate) fn additive(words: &[u32], out: &mut [f32]) {
    for (word, out) in words.iter().zip(out.chunks_mut(32)) {
        for (byte, out) in word.to_le_bytes().into_iter().zip(out.chunks_mut(8)) {
            out.copy_from_slice(&OF_BYTE[usize::from(byte)][..out.len()]);
        }
    }
}

/// An array of the caller to write bitmasks to: uint32 or int32, `[rows, words]`, row after row without gaps.
pub(crate) fn words_of<'py>(
    out: &Bound<'py, PyAny>,
    rows: usize,
    words: usize,
) -> PyResult<PyReadwriteArray2<'py, u32>> {
    let py = out.py();
    let expected = format!("a writable, contiguous array of uint32 or int32 of shape ({rows}, {words})");
    let refuse = |found: String| errors::shape(py, "the bitmask", &found, &expected);
    let kind = |array: &Bound<'_, PyAny>| array.getattr("dtype").and_then(|dtype| Ok(dtype.str()?.to_string()));
    if !out.is_instance_of::<numpy::PyUntypedArray>() {
        let kind = out.get_type().name()?;
        return Err(PyTypeError::new_err(format!("the bitmask is of type {kind}; {expected} is needed")));
    }
    // The same bytes with another name; sizes are equal, so any layout can be looked at so.
    let dtype = kind(out)?;
    let array = match dtype.as_str() {
        "int32" => out.call_method1("view", ("uint32",))?,
        _ => out.clone(),
    };
    let array = array.cast_into::<PyArray2<u32>>().map_err(|_| refuse(format!("an array of {dtype}")))?;
    if (array.shape()[0], array.shape()[1]) != (rows, words) {
        return Err(refuse(format!("of shape ({}, {})", array.shape()[0], array.shape()[1])));
    }
    if !array.is_c_contiguous() || !array.getattr("flags")?.getattr("aligned")?.is_truthy()? {
        return Err(refuse("not contiguous".to_owned()));
    }
    array.try_readwrite().map_err(|error| refuse(format!("not writable ({error})")))
}

/// Bytes from which on numpy is asked itself.
const LARGE: usize = 1 << 20;

/// A new array of floats or words. Raises MemoryError.
pub(crate) fn zeros<T: numpy::Element>(
    py: Python<'_>,
    rows: usize,
    columns: usize,
) -> PyResult<Bound<'_, PyArray2<T>>> {
    let bytes = rows.checked_mul(columns).and_then(|numbers| numbers.checked_mul(size_of::<T>()));
    if bytes.is_some_and(|bytes| bytes < LARGE) {
        return Ok(PyArray2::zeros(py, [rows, columns], false));
    }
    // numpy's own function raises where there is no memory; the crate's panics.
    let array = py.import("numpy")?.call_method1("zeros", ((rows, columns), numpy::dtype::<T>(py)))?;
    Ok(array.cast_into()?)
}

/// A new array of one dimension. Raises MemoryError.
pub(crate) fn line<T: numpy::Element>(py: Python<'_>, len: usize) -> PyResult<Bound<'_, PyArray1<T>>> {
    Ok(zeros::<T>(py, 1, len)?.call_method1("reshape", (len,))?.cast_into()?)
}

/// A new array of one dimension with these numbers, which are written without the interpreter. Raises MemoryError.
pub(crate) fn numbers<T: numpy::Element>(
    py: Python<'_>,
    numbers: impl ExactSizeIterator<Item = T> + Send,
) -> PyResult<Bound<'_, PyArray1<T>>> {
    let array = line(py, numbers.len())?;
    write(&array, |out| py.detach(|| out.iter_mut().zip(numbers).for_each(|(out, number)| *out = number)))?;
    Ok(array)
}

/// Lists of tokens as int64 `[rows, longest]`, filled up with `pad`. They are freed without the interpreter: there may be millions.
pub(crate) fn padded(py: Python<'_>, rows: Vec<Vec<u32>>, pad: i64) -> PyResult<Bound<'_, PyArray2<i64>>> {
    let longest = py.detach(|| rows.iter().map(Vec::len).max().unwrap_or(0));
    let array = zeros(py, rows.len(), longest)?;
    write(&array, |out| {
        py.detach(|| {
            out.fill(pad);
            for (row, out) in rows.iter().zip(out.chunks_mut(longest.max(1))) {
                row.iter().zip(out).for_each(|(&token, out)| *out = i64::from(token));
            }
            drop(rows);
        });
    })?;
    Ok(array)
}

/// Writes to an array that nobody else has yet.
pub(crate) fn write<'py, T: numpy::Element, D: numpy::ndarray::Dimension, R>(
    array: &Bound<'py, PyArray<T, D>>,
    work: impl FnOnce(&mut [T]) -> R,
) -> PyResult<R> {
    let refuse = |error: String| errors::shape(array.py(), "the array", &error, "a writable, contiguous one");
    let mut lent = array.try_readwrite().map_err(|error| refuse(error.to_string()))?;
    let slice = lent.as_slice_mut().map_err(|error| refuse(error.to_string()))?;
    Ok(work(slice))
}
