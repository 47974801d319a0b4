//! Slots of a batch that are filled, emptied and moved.

use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyprior_core::BatchError;

use crate::batch::{Batch, MAX_ROWS};
use crate::errors;
use crate::shared::Load;

impl Batch {
    /// A slot by its number in this view; below 0 it counts from the end.
    fn slot(&self, nth: &Bound<'_, PyAny>) -> PyResult<usize> {
        let py = nth.py();
        let asked = match nth.extract::<isize>() {
            Ok(asked) => Some(asked),
            // Of more bits than any slot's number has.
            Err(error) if error.is_instance_of::<PyOverflowError>(py) => None,
            Err(error) => return Err(error),
        };
        let slots = self.slots(&self.shared.lock(py));
        let from_start = |asked: isize| match asked < 0 {
            true => slots.len().checked_add_signed(asked),
            false => usize::try_from(asked).ok(),
        };
        match asked.and_then(from_start).filter(|&nth| nth < slots.len()) {
            Some(nth) => Ok(slots.start + nth),
            None => Err(errors::no_slot(py, nth, slots.len())),
        }
    }

    /// Empties a slot.
    pub(crate) fn free(&self, i: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, slot) = (i.py(), self.slot(i)?);
        let freed = self.shared.rearrange(py).free(slot);
        freed.map_err(|error| self.refuse(py, error))
    }

    /// Adds empty slots up to `capacity`.
    pub(crate) fn grow(&self, py: Python<'_>, capacity: usize) -> PyResult<()> {
        if self.is_view() {
            return Err(errors::of_a_view(py, "grow_to"));
        }
        if capacity > MAX_ROWS {
            return Err(errors::too_many(py, "capacity", capacity as u64, MAX_ROWS as u64));
        }
        self.shared.work(py, Load::Long, |batch| {
            self.shared.moved();
            batch.grow(capacity);
        });
        Ok(())
    }

    /// Moves what is in a slot, a row or none, to another, or exchanges the two.
    pub(crate) fn shift(&self, src: &Bound<'_, PyAny>, dst: &Bound<'_, PyAny>, swap: bool) -> PyResult<()> {
        let (py, src, dst) = (src.py(), self.slot(src)?, self.slot(dst)?);
        let mut batch = self.shared.rearrange(py);
        let moved = match (swap, batch.is_occupied(src)) {
            (true, _) => batch.swap(src, dst),
            (false, true) => batch.move_row(src, dst),
            (false, false) if src == dst => Ok(()),
            (false, false) => batch.free(dst),
        };
        drop(batch);
        moved.map_err(|error| self.refuse(py, error))
    }

    /// Copies a row to another slot.
    pub(crate) fn duplicate(&self, src: &Bound<'_, PyAny>, dst: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, src, dst) = (src.py(), self.slot(src)?, self.slot(dst)?);
        let forked = self.shared.rearrange(py).fork(src, dst);
        forked.map_err(|error| self.refuse(py, error))
    }

    /// Undoes the last `n` tokens of a row.
    pub(crate) fn undo(&self, i: &Bound<'_, PyAny>, n: usize) -> PyResult<()> {
        let (py, slot) = (i.py(), self.slot(i)?);
        let undone = self.shared.lock(py).rollback(slot, n);
        undone.map_err(|error| self.refuse(py, error))
    }

    /// Puts a row back to before its first token.
    pub(crate) fn restart(&self, i: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, slot) = (i.py(), self.slot(i)?);
        let reset = self.shared.lock(py).reset(slot);
        reset.map_err(|error| self.refuse(py, error))
    }

    /// Puts what is in the first slot of `source`, a copy of a row or none, into a slot.
    pub(crate) fn set(&self, i: &Bound<'_, PyAny>, source: &Self) -> PyResult<()> {
        let (py, slot) = (i.py(), self.slot(i)?);
        let first = {
            let batch = source.shared.lock(py);
            let slots = source.slots(&batch);
            if slots.is_empty() {
                Err(BatchError::NoSuchSlot { slot: 0, slots: 0 })
            } else {
                batch.matcher(slots.start)
            }
        };
        let (got, expected) = (source.shared.vocab, self.shared.vocab);
        let put = match first {
            Ok(matcher) => self.shared.rearrange(py).set_matcher(slot, &matcher),
            Err(BatchError::EmptySlot { .. }) if got != expected => Err(BatchError::VocabSize { got, expected }),
            Err(BatchError::EmptySlot { .. }) => self.shared.rearrange(py).free(slot),
            Err(error) => Err(error),
        };
        put.map_err(|error| self.refuse(py, error))
    }
}
