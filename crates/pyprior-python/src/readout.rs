//! What the rows of a batch hold, as objects of Python.

use numpy::PyArray2;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};
use pyprior_core::BatchMatcher;

use crate::batch::Batch;
use crate::masks;
use crate::row::Row;
use crate::turns::{self, Turns};

impl Batch {
    /// Looks at every slot.
    pub(crate) fn each<R: Send>(&self, py: Python<'_>, look: impl Fn(&BatchMatcher, usize) -> R + Sync) -> Vec<R> {
        self.read(py, |batch| self.slots(batch).map(|slot| look(batch, slot)).collect())
    }

    /// The rows, None for slots that are empty.
    pub(crate) fn rows_now<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let slots = self.each(py, |batch, slot| batch.is_occupied(slot).then_some(slot));
        let row = |slot: Option<usize>| slot.map(|slot| Row::new(&self.shared, slot));
        Turns::new(py).tuple(slots.into_iter().map(row))
    }

    /// The tokens of each row, those of its prefix too. Empty slots are left out, as in 0.0.2.
    pub(crate) fn tuples<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let tokens = self.each(py, |batch, slot| batch.tokens(slot).ok().map(<[u32]>::to_vec));
        let (list, mut turns) = (PyList::empty(py), Turns::new(py));
        for tokens in tokens.into_iter().flatten() {
            list.append(turns.tuple(tokens)?)?;
        }
        Ok(list)
    }

    /// The tokens so far as int64 `[rows, longest]`, filled up with `pad`.
    pub(crate) fn matrix<'py>(&self, py: Python<'py>, pad: i64) -> PyResult<Bound<'py, PyArray2<i64>>> {
        let rows = self.each(py, |batch, slot| batch.tokens(slot).map(<[u32]>::to_vec).unwrap_or_default());
        masks::padded(py, rows, pad)
    }

    /// The slots of rows that are complete, ascending.
    pub(crate) fn complete<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let done = self.each(py, |batch, slot| batch.is_terminated(slot).unwrap_or(false));
        let slots = done.into_iter().enumerate().filter_map(|(nth, done)| done.then_some(nth));
        turns::list(py, slots.collect::<Vec<_>>())
    }

    /// Depths of the holes, `(0, 0)` for finished rows and empty slots.
    pub(crate) fn depths<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let of = |batch: &BatchMatcher, slot| batch.frontier(slot).ok().flatten();
        let holes = self.each(py, of);
        turns::list(py, holes.iter().map(|hole| hole.map_or((0, 0), |hole| (hole.expr_depth, hole.control_depth))))
    }
}
