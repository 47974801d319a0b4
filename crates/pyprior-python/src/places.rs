//! Places of a sequence, as Python asks for them.

use pyo3::exceptions::{PyIndexError, PyOverflowError};
use pyo3::prelude::*;
use pyo3::types::PySlice;

/// Places from 0 on, all below the length.
pub(crate) enum Places {
    /// That of a number.
    One(usize),
    /// Those of a slice.
    Several {
        /// The first.
        start: isize,
        /// From one to the next.
        step: isize,
        /// How many.
        len: usize,
    },
}

impl Places {
    /// Reads a number, negative ones counting from the end, or a slice, of a sequence of so many of `what`. Raises IndexError;
    /// TypeError for what is neither.
    pub(crate) fn read(given: &Bound<'_, PyAny>, len: usize, what: &str) -> PyResult<Self> {
        if let Ok(slice) = given.cast::<PySlice>() {
            let of = slice.indices(isize::try_from(len)?)?;
            return Ok(Self::Several { start: of.start, step: of.step, len: of.slicelength });
        }
        let beyond = || PyIndexError::new_err(format!("there are {len} {what}"));
        let asked: isize = given.extract().map_err(|error: PyErr| {
            let is_beyond = error.is_instance_of::<PyOverflowError>(given.py());
            if is_beyond { beyond() } else { error }
        })?;
        let place = if asked < 0 { len.checked_add_signed(asked) } else { usize::try_from(asked).ok() };
        place.filter(|&place| place < len).map(Self::One).ok_or_else(beyond)
    }
}

/// The places of a slice.
pub(crate) fn each(start: isize, step: isize, len: usize) -> impl Iterator<Item = usize> {
    // The last step may lead beyond all numbers, and is not taken.
    (0..len).map(move |nth| start.wrapping_add((nth as isize).wrapping_mul(step)) as usize)
}
