//! Batches to learn from: what a model sees, what it is to foretell, and where that counts.

use numpy::PyArray2;
use pyo3::prelude::*;
use pyprior_core::{Form, Programs};

use crate::numbers::{self, count};
use crate::programs::Sampler;
use crate::{errors, masks, pool};

/// Rows of a batch, and tokens of a row, at most.
const MOST: u64 = 1 << 24;

/// Ids, targets, and where targets count.
type Arrays<'py> = (Bound<'py, PyArray2<i64>>, Bound<'py, PyArray2<i64>>, Bound<'py, PyArray2<bool>>);

/// A batch of programs to learn from, with the numbers `start` to `start + rows`: see `training_batches`.
#[pyfunction]
#[pyo3(signature = (sampler, rows, start, width, eos))]
pub fn training_batch<'py>(
    sampler: &Bound<'py, Sampler>,
    #[pyo3(from_py_with = count)] rows: usize,
    #[pyo3(from_py_with = count)] start: u64,
    #[pyo3(from_py_with = count)] width: usize,
    eos: bool,
) -> PyResult<Arrays<'py>> {
    let (py, sampler) = (sampler.py(), sampler.get());
    let end = numbers::range(py, "rows", rows as u64, MOST, start)?;
    if width as u64 > MOST {
        return Err(errors::too_many(py, "seq_len", width as u64, MOST));
    }
    // Before there are programs: what does not fit into memory is then said at once.
    let (ids, targets) = (masks::zeros(py, rows, width)?, masks::zeros(py, rows, width)?);
    let counts = masks::zeros(py, rows, width)?;
    let programs =
        pool::spread(py, || sampler.inner.sample(start..end)).map_err(|error| errors::too_long(py, &error))?;
    let longest = py.detach(|| programs.iter().map(<[u32]>::len).max().unwrap_or(0)) + usize::from(eos);
    if longest > width {
        return Err(errors::wrong_length(py, "seq_len", width, longest));
    }
    masks::write(&ids, |ids| {
        masks::write(&targets, |targets| {
            masks::write(&counts, |counts| py.detach(|| sampler.lay(&programs, width, eos, ids, targets, counts)))
        })
    })???;
    Ok((ids, targets, counts))
}

impl Sampler {
    /// Row i: behind `BOS` and each token of program i, the next; what the prefix gives is not foretold.
    fn lay(
        &self,
        programs: &Programs,
        width: usize,
        eos: bool,
        ids: &mut [i64],
        targets: &mut [i64],
        counts: &mut [bool],
    ) {
        let vocab = self.inner.language().vocab();
        let (bos, end, pad) = (vocab.ids_of(Form::Special).start, vocab.eos(), vocab.pad());
        ids.fill(i64::from(pad));
        targets.fill(i64::from(pad));
        let width = width.max(1);
        let rows = ids.chunks_mut(width).zip(targets.chunks_mut(width)).zip(counts.chunks_mut(width));
        for (tokens, ((ids, targets), counts)) in programs.iter().zip(rows) {
            let whole = tokens.iter().copied().chain(eos.then_some(end));
            let seen = std::iter::once(bos).chain(tokens.iter().copied());
            let places = ids.iter_mut().zip(targets).zip(counts).enumerate();
            for ((nth, ((id, target), count)), (see, next)) in places.zip(seen.zip(whole)) {
                (*id, *target, *count) = (i64::from(see), i64::from(next), nth >= self.prefix.len());
            }
        }
    }
}
