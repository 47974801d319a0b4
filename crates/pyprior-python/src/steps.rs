//! What a loop asks of rows at every step: whether all are complete, and to take a token each.
//!
//! Loops over one row are common too, and there a call should cost little more than Python's own: ids are read without memory
//! of the heap, and the rows are locked once.

use std::ops::Range;

use pyo3::prelude::*;
use pyprior_core::{BatchError, BatchMatcher};

use crate::batch::Batch;
use crate::numbers::{self, RowIds};
use crate::shared::{self, Load};

impl Batch {
    /// The slots, or the first `b` of them.
    fn first(&self, batch: &BatchMatcher, b: Option<usize>) -> Result<Range<usize>, BatchError> {
        let slots = self.slots(batch);
        match b {
            None => Ok(slots),
            Some(b) if b <= slots.len() => Ok(slots.start..slots.start + b),
            Some(got) => Err(BatchError::WrongLength { what: "b", got, expected: slots.len() }),
        }
    }

    /// Whether all rows, or the first `b`, are complete; empty slots do not count.
    pub(crate) fn all_done(&self, py: Python<'_>, b: Option<usize>) -> PyResult<bool> {
        let done = self.read(py, |batch| {
            let mut slots = self.first(batch, b)?;
            Ok(match slots == (0..batch.len()) {
                true => batch.all_terminated(),
                false => slots.all(|slot| batch.is_terminated(slot).unwrap_or(true)),
            })
        });
        done.map_err(|error| self.refuse(py, error))
    }

    /// Takes one token a row, or of the first `b`, which may be given more; those that are not active stay. All rows or none.
    pub(crate) fn step(
        &self,
        toks: &Bound<'_, PyAny>,
        active: Option<&Bound<'_, PyAny>>,
        b: Option<usize>,
    ) -> PyResult<()> {
        let (one, many);
        let (tokens, many): (&[u32], Option<&RowIds<'_>>) = match numbers::lone_id(toks) {
            Some(id) => {
                one = [id];
                (&one, None)
            }
            None => {
                many = RowIds::read(toks)?;
                (&many.ids, Some(&many))
            }
        };
        let active = active.map(|given| numbers::flags(given, "active")).transpose()?;
        let (py, active) = (toks.py(), active.as_deref());
        let taken = self.shared.work(py, Load::of(tokens.len(), 0), |batch| {
            let slots = self.first(batch, b)?;
            let fits = |what, got| match got == slots.len() || (got > slots.len() && b.is_some()) {
                true => Ok(()),
                false => Err(BatchError::WrongLength { what, got, expected: slots.len() }),
            };
            fits("tokens", tokens.len())?;
            active.map_or(Ok(()), |active| fits("active", active.len()))?;
            let tokens = &tokens[..slots.len()];
            match active.is_none() && tokens.len() != 1 && slots == (0..batch.len()) {
                true => batch.accept_tokens(tokens),
                false => shared::some(batch, tokens, active, slots.start),
            }
        });
        taken.map_err(|error| {
            let stray = match (&error, many) {
                (BatchError::Token { slot, .. }, Some(many)) => many.error(self.nth(*slot)),
                _ => None,
            };
            stray.unwrap_or_else(|| self.refuse(py, error))
        })
    }
}

/// Takes one token a row in `states`: a list, an array or a tensor of as many ids. See `States.advance`.
#[pyfunction]
#[pyo3(signature = (states, toks, *, active=None))]
pub fn advance<'py>(
    states: &Bound<'py, Batch>,
    toks: &Bound<'py, PyAny>,
    active: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, Batch>> {
    states.get().step(toks, active, None)?;
    Ok(states.clone())
}

/// Whether all rows of `states` are complete. See `States.done`.
#[pyfunction]
pub fn done(states: &Bound<'_, Batch>) -> PyResult<bool> {
    states.get().all_done(states.py(), None)
}
