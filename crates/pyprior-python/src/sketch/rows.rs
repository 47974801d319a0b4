//! Rows that are filled by loops of one's own: legal sets and steps.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use numpy::{PyArray2, PyUntypedArrayMethods as _};
use pyo3::prelude::*;
use pyo3::types::{PyFrozenSet, PyList};
use pyprior_sketch::{FillError, Sketch, SketchMatcher, SketchTokenError};

use super::errors;
use crate::locks::locked;
use crate::numbers::count;
use crate::turns::{self, Turns};
use crate::{masks, numbers};

/// Rows of a batch, at most.
const MAX_ROWS: usize = 1 << 16;

/// Rows from which on they are freed without the interpreter: 0.4 microseconds each.
const MANY: usize = 1 << 8;

/// Rows of a sketch. See `pyprior_rs.sketch.SketchStates`.
#[pyclass(frozen, subclass, module = "pyprior_rs._engine")]
pub struct SketchRows {
    rows: Mutex<Vec<SketchMatcher>>,
    vocab: usize,
}

impl SketchRows {
    pub(super) fn new(py: Python<'_>, sketch: &Arc<Sketch>, n: usize) -> PyResult<Self> {
        if n > MAX_ROWS {
            return Err(crate::errors::too_many(py, "n", n as u64, MAX_ROWS as u64));
        }
        let rows = py.detach(|| SketchMatcher::new(sketch).map(|row| vec![row; n]));
        let rows = rows.map_err(|error| errors::fill(py, &error))?;
        Ok(Self { rows: Mutex::new(rows), vocab: sketch.language().vocab().len() })
    }

    fn lock(&self, py: Python<'_>) -> MutexGuard<'_, Vec<SketchMatcher>> {
        locked(py, &self.rows)
    }

    /// Works on the rows without the interpreter: what is legal may take long to find out.
    fn work<R: Send>(&self, py: Python<'_>, work: impl FnOnce(&mut Vec<SketchMatcher>) -> R + Send) -> R {
        py.detach(|| work(&mut self.rows.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    fn tokens(&self, py: Python<'_>) -> Vec<Vec<u32>> {
        self.work(py, |rows| rows.iter().map(|row| row.tokens().to_vec()).collect())
    }

    /// The numbers of rows of which it is so, ascending.
    fn those<'py>(&self, py: Python<'py>, are: impl Fn(&SketchMatcher) -> bool + Sync) -> PyResult<Bound<'py, PyList>> {
        let found = self.work(py, |rows| (0..rows.len()).filter(|nth| are(&rows[*nth])).collect::<Vec<_>>());
        turns::list(py, found)
    }

    fn words(&self) -> usize {
        self.vocab.div_ceil(32)
    }

    /// One row of it, changed or asked.
    fn row<R: Send>(&self, py: Python<'_>, i: usize, work: impl FnOnce(&mut SketchMatcher) -> R + Send) -> PyResult<R> {
        let done = self.work(py, |rows| {
            let slots = rows.len();
            rows.get_mut(i).map(work).ok_or(slots)
        });
        done.map_err(|slots| crate::errors::no_slot(py, i, slots))
    }
}

impl Drop for SketchRows {
    fn drop(&mut self) {
        let rows = self.rows.get_mut().unwrap_or_else(PoisonError::into_inner);
        if rows.len() >= MANY {
            turns::free(std::mem::take(rows));
        }
    }
}

/// Writes legal sets as bits.
fn fill(rows: &[SketchMatcher], words: usize, out: &mut [u32]) -> Result<(), FillError> {
    let (mut legal, mut bits) = (Vec::new(), vec![0; out.len()]);
    for (row, bits) in rows.iter().zip(bits.chunks_mut(words.max(1))) {
        row.legal_tokens_into(&mut legal)?;
        for token in &legal {
            bits[*token as usize / 32] |= 1 << (token % 32);
        }
    }
    out.copy_from_slice(&bits);
    Ok(())
}

/// Takes a token in each row, or in none.
fn take(rows: &mut [SketchMatcher], tokens: &[u32], active: Option<&[bool]>) -> Result<(), (usize, SketchTokenError)> {
    let mut before: Vec<(usize, usize)> = Vec::new();
    for (nth, token) in tokens.iter().enumerate().filter(|(nth, _)| active.is_none_or(|active| active[*nth])) {
        let len = rows[nth].tokens().len();
        if let Err(error) = rows[nth].accept_token(*token) {
            for (nth, len) in before {
                let taken = rows[nth].tokens().len() - len;
                // As many as were taken.
                let _ = rows[nth].rollback(taken);
            }
            return Err((nth, error));
        }
        before.push((nth, len));
    }
    Ok(())
}

#[pymethods]
impl SketchRows {
    fn __len__(&self, py: Python<'_>) -> usize {
        self.lock(py).len()
    }

    /// The tokens of each row.
    #[getter]
    fn ids<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let (list, mut turns) = (PyList::empty(py), Turns::new(py));
        for tokens in self.tokens(py) {
            list.append(turns.tuple(tokens)?)?;
        }
        Ok(list)
    }

    /// The tokens so far as int64 `[rows, longest]`, filled up with `pad`.
    fn padded<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = numbers::pad)] pad: i64,
    ) -> PyResult<Bound<'py, PyArray2<i64>>> {
        masks::padded(py, self.tokens(py), pad)
    }

    /// Whether all rows are complete.
    fn done(&self, py: Python<'_>) -> bool {
        self.work(py, |rows| rows.iter().all(SketchMatcher::is_terminated))
    }

    /// The rows that are complete, ascending.
    fn terminated<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.those(py, SketchMatcher::is_terminated)
    }

    /// The rows of which it is known that they do not behave as the sketch asks for, ascending.
    fn violated<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.those(py, SketchMatcher::is_violated)
    }

    /// The legal set of each row; `PAD` alone once it is complete. Raises FillError at the limit of work.
    fn legal<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let sets = self.work(py, |rows| rows.iter().map(SketchMatcher::legal_tokens).collect::<Result<Vec<_>, _>>());
        let sets = sets.map_err(|error| errors::fill(py, &error))?;
        let (list, mut turns) = (PyList::empty(py), Turns::new(py));
        for set in sets {
            list.append(PyFrozenSet::new(py, &set)?)?;
            turns.made(1 + set.len());
        }
        Ok(list)
    }

    /// Takes one token a row: a list, an array or a tensor of as many ids; rows that are not `active` stay. All rows or, where a
    /// token is not legal, none.
    #[pyo3(signature = (toks, *, active=None))]
    fn advance<'py>(
        slf: &Bound<'py, Self>,
        toks: &Bound<'py, PyAny>,
        active: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, Self>> {
        let (py, this) = (slf.py(), slf.get());
        let tokens = numbers::ids(toks, "toks")?;
        let active = active.map(|given| numbers::flags(given, "active")).transpose()?;
        let rows = this.__len__(py);
        if tokens.len() != rows {
            return Err(crate::errors::wrong_length(py, "tokens", tokens.len(), rows));
        }
        if let Some(active) = active.as_ref().filter(|active| active.len() != rows) {
            return Err(crate::errors::wrong_length(py, "active", active.len(), rows));
        }
        let taken = this.work(py, |rows| take(rows, &tokens, active.as_deref()));
        taken.map_err(|(nth, error)| errors::token(py, &error, nth))?;
        Ok(slf.clone())
    }

    /// Undoes the last `n` tokens of a row.
    #[pyo3(signature = (i, n=1))]
    fn rollback(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = count)] i: usize,
        #[pyo3(from_py_with = count)] n: usize,
    ) -> PyResult<()> {
        let undone = self.row(py, i, |row| row.rollback(n))?;
        undone.map_err(|error| crate::errors::rollback(py, &error, Some(i)))
    }

    /// Puts a row back to before its first token: for another try.
    fn reset(&self, py: Python<'_>, #[pyo3(from_py_with = count)] i: usize) -> PyResult<()> {
        self.row(py, i, SketchMatcher::reset)
    }

    /// Copies a row to another slot, in place of what is there.
    fn fork(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = count)] src: usize,
        #[pyo3(from_py_with = count)] dst: usize,
    ) -> PyResult<()> {
        let copy = self.row(py, src, |row| row.fork())?;
        self.row(py, dst, |row| *row = copy)
    }

    /// Legal sets as bits, uint32 `[rows, ceil(V / 32)]`. A new array.
    fn bitmask<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<u32>>> {
        let array = masks::zeros(py, self.__len__(py), self.words())?;
        self._fill_bitmask(py, &array)?;
        Ok(array)
    }

    /// Writes legal sets into an array of the caller: uint32 or int32, `[rows, ceil(V / 32)]`.
    fn _fill_bitmask(&self, py: Python<'_>, out: &Bound<'_, PyAny>) -> PyResult<()> {
        let (rows, words) = (self.__len__(py), self.words());
        let mut lent = masks::words_of(out, rows, words)?;
        let out = lent
            .as_slice_mut()
            .map_err(|error| crate::errors::shape(py, "the bitmask", &error.to_string(), "a contiguous one"))?;
        self.work(py, |rows| fill(rows, words, out)).map_err(|error| errors::fill(py, &error))
    }

    /// Legal sets as float32 `[rows, V]` to be added to logits: 0 where legal, -inf elsewhere. A new array.
    fn mask<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let (rows, words, vocab) = (self.__len__(py), self.words().max(1), self.vocab.max(1));
        let mut bits = vec![0; rows * words];
        self.work(py, |rows| fill(rows, words, &mut bits)).map_err(|error| errors::fill(py, &error))?;
        let array = masks::zeros(py, rows, vocab)?;
        masks::write(&array, |out| {
            py.detach(|| {
                for (bits, out) in bits.chunks(words).zip(out.chunks_mut(vocab)) {
                    masks::additive(bits, out);
                }
            });
        })?;
        debug_assert_eq!(array.shape(), [rows, vocab]);
        Ok(array)
    }
}
