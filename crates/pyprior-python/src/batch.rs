//! Many rows: slots that come and go, and steps for all of them.

use std::ops::Range;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use numpy::{PyArray2, PyUntypedArrayMethods as _};
use pyo3::prelude::*;
use pyo3::pyclass::{PyTraverseError, PyVisit};
use pyo3::types::{PyList, PyTuple};
use pyprior_core::{BatchError, BatchMatcher, Frontier, UniformSampler};

use crate::language::PyLanguage;
use crate::locks::locked;
use crate::masks;
use crate::numbers::{count, maybe_count, pad};
use crate::pool::MANY;
use crate::shared::{Load, Shared};
use crate::{errors, numbers, turns};

/// Slots of a batch, at most: what does not fit into memory would end the process, and each takes hundreds of bytes.
pub(crate) const MAX_ROWS: usize = 1 << 22;

/// Rows of prefixes, or fresh and empty slots.
fn made(
    py: Python<'_>,
    language: &PyLanguage,
    prefixes: Option<Vec<Vec<u32>>>,
    rows: usize,
    slots: usize,
) -> PyResult<Shared> {
    let all = prefixes.as_ref().map_or(rows.saturating_add(slots), Vec::len);
    if all > MAX_ROWS {
        return Err(errors::too_many(py, "n", all as u64, MAX_ROWS as u64));
    }
    let tokens: usize = prefixes.iter().flatten().map(Vec::len).sum();
    let make = || {
        let Some(prefixes) = prefixes else {
            let mut batch = BatchMatcher::new(&language.inner, rows);
            batch.grow(all);
            return Ok(batch);
        };
        let mut batch = BatchMatcher::empty(&language.inner, all);
        for (slot, prefix) in prefixes.into_iter().enumerate() {
            batch.set(slot, &language.inner, &prefix)?;
        }
        Ok::<_, BatchError>(batch)
    };
    let batch = if all + tokens >= MANY { py.detach(make) } else { make() };
    let batch = batch.map_err(|error| errors::batch(py, &error))?;
    Ok(Shared::new(batch, Arc::clone(&language.sets), language.inner.vocab().len()))
}

/// Rows in slots, or a view of some of them. See `States`.
#[pyclass(frozen, subclass, module = "pyprior_rs._engine")]
pub struct Batch {
    /// The tokenizer that it was made with.
    #[pyo3(get)]
    tok: Py<PyAny>,
    /// The language that it was made with; rows may be of others with as many tokens.
    #[pyo3(get)]
    pub(crate) language: Py<PyLanguage>,
    pub(crate) shared: Arc<Shared>,
    start: usize,
    /// Number of slots of a view; None for all, however many there come to be.
    len: Option<usize>,
    /// The array that `bitmask` writes to and gives out.
    bitmask: Mutex<Option<Py<PyArray2<u32>>>>,
    /// The rows as given out, and the arrangement that they are of: a loop asks for them at every step.
    rows: Mutex<Option<(u64, Py<PyTuple>)>>,
}

impl Batch {
    /// All the slots of rows.
    pub(crate) fn of_rows(tok: &Bound<'_, PyAny>, language: &Bound<'_, PyLanguage>, shared: Shared) -> Self {
        Self {
            tok: tok.clone().unbind(),
            language: language.clone().unbind(),
            shared: Arc::new(shared),
            start: 0,
            len: None,
            bitmask: Mutex::default(),
            rows: Mutex::default(),
        }
    }

    /// The slots, which views may have fewer of than they were made for only if they were made wrongly.
    pub(crate) fn slots(&self, batch: &BatchMatcher) -> Range<usize> {
        let end = self.len.map_or(batch.len(), |len| self.start.saturating_add(len).min(batch.len()));
        self.start.min(end)..end
    }

    /// The number that a slot has here.
    pub(crate) fn nth(&self, slot: usize) -> usize {
        slot.saturating_sub(self.start)
    }

    pub(crate) fn is_view(&self) -> bool {
        self.len.is_some()
    }

    /// Reads the slots: on this thread if there are few, else without the interpreter on those that there are.
    pub(crate) fn read<R: Send>(&self, py: Python<'_>, read: impl FnOnce(&BatchMatcher) -> R + Send) -> R {
        let batch = self.shared.lock(py);
        if self.slots(&batch).len() < MANY {
            return read(&batch);
        }
        drop(batch);
        self.shared.work(py, Load::Spread, move |batch| read(batch))
    }

    /// Bitmasks of slots, row after row, without Python.
    pub(crate) fn words(batch: &BatchMatcher, slots: Range<usize>, out: &mut [u32]) -> Result<(), BatchError> {
        if slots == (0..batch.len()) {
            return batch.fill_next_token_bitmask_into(out);
        }
        let words = batch.bitmask_words();
        slots.zip(out.chunks_mut(words.max(1))).try_for_each(|(slot, out)| batch.fill_row_bitmask(slot, out))
    }

    /// Holes of slots; none for finished rows and empty slots.
    pub(crate) fn holes(batch: &BatchMatcher, slots: Range<usize>) -> Vec<Option<Frontier>> {
        slots.map(|slot| batch.frontier(slot).ok().flatten()).collect()
    }

    /// An error about a slot, numbered as in this view.
    pub(crate) fn refuse(&self, py: Python<'_>, error: BatchError) -> PyErr {
        let here = |slot| self.nth(slot);
        errors::batch(
            py,
            &match error {
                BatchError::Token { slot, source } => BatchError::Token { slot: here(slot), source },
                BatchError::Rollback { slot, source } => BatchError::Rollback { slot: here(slot), source },
                BatchError::EmptySlot { slot } => BatchError::EmptySlot { slot: here(slot) },
                other => other,
            },
        )
    }
}

#[pymethods]
impl Batch {
    /// Holds those of `prefixes`, or `rows` fresh ones and behind them `slots` that are empty; or is a view of slots `of` another.
    #[new]
    #[pyo3(signature = (tok, language, prefixes=None, rows=0, slots=0, of=None, start=0, length=None))]
    #[expect(clippy::too_many_arguments, reason = "those of the class in Python, in one call")]
    fn new(
        tok: &Bound<'_, PyAny>,
        language: &Bound<'_, PyLanguage>,
        prefixes: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = count)] rows: usize,
        #[pyo3(from_py_with = count)] slots: usize,
        of: Option<&Bound<'_, Batch>>,
        start: usize,
        length: Option<usize>,
    ) -> PyResult<Self> {
        let py = tok.py();
        let shared = match of {
            Some(of) => Arc::clone(&of.get().shared),
            None => {
                let prefixes = prefixes.map(|given| numbers::id_lists(given, "ids")).transpose()?;
                Arc::new(made(py, language.get(), prefixes, rows, slots)?)
            }
        };
        Ok(Self {
            tok: tok.clone().unbind(),
            language: language.clone().unbind(),
            shared,
            start,
            len: length,
            bitmask: Mutex::default(),
            rows: Mutex::default(),
        })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.tok)
    }

    fn __len__(&self, py: Python<'_>) -> usize {
        self.slots(&self.shared.lock(py)).len()
    }

    /// First slot of a view, in the batch that it is of.
    #[getter(_start)]
    fn get_start(&self) -> usize {
        self.start
    }

    /// Slots of a view; None for all.
    #[getter(_length)]
    fn get_length(&self) -> Option<usize> {
        self.len
    }

    /// All slots again, on their own.
    fn _twin(&self, py: Python<'_>) -> Self {
        let batch = self.shared.work(py, Load::of(self.__len__(py), 0), |batch| batch.clone());
        let shared = Shared::new(batch, Arc::clone(&self.shared.sets), self.shared.vocab);
        Self::of_rows(self.tok.bind(py), self.language.bind(py), shared)
    }

    /// Number of slots that hold a row.
    #[getter]
    fn batch_size(&self, py: Python<'_>) -> usize {
        self.each(py, |batch, slot| usize::from(batch.is_occupied(slot))).iter().sum()
    }

    /// The rows, None for slots that are empty. The same tuple until slots are filled, emptied or moved.
    #[getter]
    fn rows<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let arrangement = self.shared.arrangement.load(Ordering::Relaxed);
        let known = || locked(py, &self.rows);
        if let Some((_, rows)) = known().as_ref().filter(|(of, _)| *of == arrangement) {
            return Ok(rows.bind(py).clone());
        }
        let rows = self.rows_now(py)?;
        let before = known().replace((arrangement, rows.clone().unbind()));
        drop(before);
        Ok(rows)
    }

    /// The tokens of each row, those of its prefix too: a list of tuples. Empty slots are left out, as in 0.0.2.
    #[getter]
    fn ids<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.tuples(py)
    }

    /// The tokens so far as int64 `[rows, longest]`, filled up with `pad`.
    fn padded<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = pad)] pad: i64,
    ) -> PyResult<Bound<'py, PyArray2<i64>>> {
        self.matrix(py, pad)
    }

    /// Whether all rows, or those in the first `b` slots, are complete; empty slots do not count. Raises BatchError if there
    /// are fewer slots than `b`.
    #[pyo3(signature = (b=None))]
    fn done(&self, py: Python<'_>, #[pyo3(from_py_with = maybe_count)] b: Option<usize>) -> PyResult<bool> {
        self.all_done(py, b)
    }

    /// The slots of rows that are complete, ascending.
    fn terminated<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.complete(py)
    }

    /// Takes one token a row: `toks` is a list, an array or a tensor of integers, `[slots]`, or an array or tensor of them,
    /// `[slots, 1]`. Rows step that are `active`, truth values `[slots]` (all if None); what is given for others, and for
    /// empty slots, does not count, whatever integer it is. Finished rows take `PAD`, which changes nothing.
    ///
    /// With `b` the rows of the first `b` slots alone, by the first `b` of what is given.
    ///
    /// All rows step, or none: raises TokenError at a token that is not legal, BatchError for another number of tokens than
    /// slots, TypeError for what are no integers.
    #[pyo3(signature = (toks, *, active=None, b=None))]
    fn advance<'py>(
        slf: &Bound<'py, Self>,
        toks: &Bound<'py, PyAny>,
        active: Option<&Bound<'py, PyAny>>,
        #[pyo3(from_py_with = maybe_count)] b: Option<usize>,
    ) -> PyResult<Bound<'py, Self>> {
        slf.get().step(toks, active, b)?;
        Ok(slf.clone())
    }

    /// Empties slot `i`: 0 to slots - 1, or from the end if below 0. An empty one stays so. Raises BatchError if there is
    /// no such slot.
    fn free_row(&self, i: &Bound<'_, PyAny>) -> PyResult<()> {
        self.free(i)
    }

    /// Adds empty slots up to `capacity`, at most 2**22; never removes any. Raises BatchError beyond that, and if this is a view.
    fn grow_to(&self, py: Python<'_>, #[pyo3(from_py_with = count)] capacity: usize) -> PyResult<()> {
        self.grow(py, capacity)
    }

    /// Moves what is in slot `src` to slot `dst`, in place of what is there, and leaves `src` empty; or exchanges the two.
    /// Either may be empty; numbers below 0 count from the end. Raises BatchError if there is no such slot.
    #[pyo3(signature = (src, dst, *, swap=false))]
    fn move_row(&self, src: &Bound<'_, PyAny>, dst: &Bound<'_, PyAny>, swap: bool) -> PyResult<()> {
        self.shift(src, dst, swap)
    }

    /// Copies the row in slot `src` to slot `dst`, in place of what is there. Numbers below 0 count from the end. Raises
    /// BatchError if there is no such slot, or none in `src`.
    fn fork(&self, src: &Bound<'_, PyAny>, dst: &Bound<'_, PyAny>) -> PyResult<()> {
        self.duplicate(src, dst)
    }

    /// Undoes the last `n` tokens, 0 or more, of the row in slot `i`, those of a prefix included; `PAD` given after the end
    /// is none of them. Raises RollbackError if the row has fewer, BatchError if there is no such slot or no row in it.
    #[pyo3(signature = (i, n=1))]
    fn rollback(&self, i: &Bound<'_, PyAny>, #[pyo3(from_py_with = count)] n: usize) -> PyResult<()> {
        self.undo(i, n)
    }

    /// Puts the row in slot `i` back to before its first token, prefix included. Raises BatchError if there is no such slot
    /// or no row in it.
    fn reset(&self, i: &Bound<'_, PyAny>) -> PyResult<()> {
        self.restart(i)
    }

    /// Puts a copy of the first row of another batch into slot `i`, in place of what is there; empties the slot if the first
    /// of the other batch is empty. Raises BatchError if there is no such slot, or the vocabularies differ in size.
    fn put(&self, i: &Bound<'_, PyAny>, source: &Bound<'_, Batch>) -> PyResult<()> {
        self.set(i, source.get())
    }

    /// Depths of the holes: a list of `(expression, control)`, `(0, 0)` for finished rows and empty slots.
    fn frontiers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.depths(py)
    }

    /// Legal sets as bits, uint32 `[rows, ceil(vocab / 32)]`: the batch's own array, written anew by every call.
    fn bitmask<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<u32>>> {
        let (rows, words) = (self.__len__(py), self.shared.vocab.div_ceil(32));
        let known = {
            let known = locked(py, &self.bitmask);
            known.as_ref().map(|array| array.bind(py).clone())
        };
        // Given away as it was, it may be read-only by now, or another thread may be writing to it: then there is a new one.
        if let Some(array) =
            known.filter(|array| array.shape() == [rows, words] && self.fill_bitmask(py, array).is_ok())
        {
            return Ok(array);
        }
        let array = masks::zeros(py, rows, words)?;
        self.fill_bitmask(py, &array)?;
        let new = Some(array.clone().unbind());
        let old = {
            let mut kept = locked(py, &self.bitmask);
            std::mem::replace(&mut *kept, new)
        };
        drop(old);
        Ok(array)
    }

    /// Writes legal sets into an array of the caller: uint32 or int32, `[rows, ceil(vocab / 32)]`.
    fn fill_bitmask(&self, py: Python<'_>, out: &Bound<'_, PyAny>) -> PyResult<()> {
        let (rows, words) = (self.__len__(py), self.shared.vocab.div_ceil(32));
        let mut lent = masks::words_of(out, rows, words)?;
        let out = lent.as_slice_mut().map_err(|error| errors::shape(py, "the bitmask", &error.to_string(), "one"))?;
        let filled = self.shared.work(py, Load::of(rows, rows * words), |batch| {
            let slots = self.slots(batch);
            Self::words(batch, slots, out)
        });
        filled.map_err(|error| self.refuse(py, error))
    }

    /// Legal sets as float32 `[rows, vocab]` to be added to logits: 0 where legal, -inf elsewhere. A new array.
    fn mask<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let (rows, vocab) = (self.__len__(py), self.shared.vocab);
        let array = masks::zeros(py, rows, vocab)?;
        let filled = masks::write(&array, |out| {
            self.shared.work(py, Load::of(rows, rows * vocab), |batch| {
                let words = batch.bitmask_words().max(1);
                let mut bits = vec![0; words * rows];
                Self::words(batch, self.slots(batch), &mut bits)?;
                for (bits, out) in bits.chunks(words).zip(out.chunks_mut(vocab.max(1))) {
                    masks::additive(bits, out);
                }
                Ok::<_, BatchError>(())
            })
        })?;
        filled.map_err(|error| self.refuse(py, error))?;
        Ok(array)
    }

    /// Chooses a legal token a row uniformly, a list of one a slot: that of this step of row number `first + i` of the seed,
    /// both 0 to 2**64 - 1. `PAD` for finished rows and empty slots. Raises BatchError if this is a view.
    #[pyo3(signature = (seed, first=0))]
    fn choose_uniform<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = count)] seed: u64,
        #[pyo3(from_py_with = count)] first: u64,
    ) -> PyResult<Bound<'py, PyList>> {
        let rows = self.__len__(py);
        if self.is_view() {
            return Err(errors::of_a_view(py, "choose_uniform"));
        }
        let pad = self.shared.vocab as u32 - 1;
        let chosen = self.shared.work(py, Load::of(rows, 0), |batch| {
            let numbers = (0..batch.len() as u64).map(|row| first.wrapping_add(row)).collect::<Vec<_>>();
            let mut tokens = vec![pad; batch.len()];
            batch.choose_uniform(&UniformSampler::new(seed), &numbers, &mut tokens)?;
            Ok::<_, BatchError>(tokens)
        });
        turns::list(py, chosen.map_err(|error| errors::batch(py, &error))?)
    }
}
