//! One row of a batch.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyFrozenSet, PyTuple};
use pyprior_core::{BatchError, BatchMatcher, Matcher};

use crate::numbers::count;
use crate::shared::Shared;
use crate::{errors, numbers};

/// A slot of a batch, as long as it holds a row. What happens to the batch happens here, and the other way round.
#[pyclass(frozen, module = "pyprior_rs._engine")]
pub struct Row {
    shared: Arc<Shared>,
    slot: usize,
}

/// Vocabularies up to this many words are read into memory of the stack.
const WORDS: usize = 32;

impl Row {
    pub(crate) fn new(shared: &Arc<Shared>, slot: usize) -> Self {
        Self { shared: Arc::clone(shared), slot }
    }

    fn matcher(&self, py: Python<'_>) -> PyResult<Matcher> {
        let matcher = self.shared.lock(py).matcher(self.slot);
        matcher.map_err(|error| errors::batch(py, &error))
    }
}

#[pymethods]
impl Row {
    /// The legal next tokens, a frozenset. Those of a finished row are `PAD` alone.
    fn legal<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyFrozenSet>> {
        let (mut near, mut far) = ([0; WORDS], Vec::new());
        let words = self.shared.vocab.div_ceil(32);
        let out = match near.get_mut(..words) {
            Some(near) => near,
            None => {
                far.resize(words, 0);
                &mut far[..]
            }
        };
        let filled = {
            let batch = self.shared.lock(py);
            let is = batch.is_occupied(self.slot);
            if is { batch.fill_row_bitmask(self.slot, out) } else { Err(BatchError::EmptySlot { slot: self.slot }) }
        };
        filled.map_err(|error| errors::batch(py, &error))?;
        self.shared.sets.get(py, out)
    }

    /// Whether the program is complete.
    fn done(&self, py: Python<'_>) -> PyResult<bool> {
        let done = self.shared.lock(py).is_terminated(self.slot);
        done.map_err(|error| errors::batch(py, &error))
    }

    /// Takes a token. Raises TokenError if it is not legal; then the row is as it was.
    fn advance(&self, py: Python<'_>, tok: &Bound<'_, PyAny>) -> PyResult<()> {
        let token = numbers::ids(PyTuple::new(py, [tok])?.as_any(), "tok")?[0];
        let taken = self.shared.lock(py).accept_token(self.slot, token);
        taken.map_err(|error| errors::batch(py, &error))
    }

    /// Undoes the last `n` tokens, those of a prefix included.
    #[pyo3(signature = (n=1))]
    fn rollback(&self, py: Python<'_>, #[pyo3(from_py_with = count)] n: usize) -> PyResult<()> {
        let undone = self.shared.lock(py).rollback(self.slot, n);
        undone.map_err(|error| errors::batch(py, &error))
    }

    /// The row again, on its own.
    fn __copy__(&self, py: Python<'_>) -> PyResult<Self> {
        let matcher = self.matcher(py)?;
        let mut batch = BatchMatcher::empty(matcher.language(), 1);
        batch.set_matcher(0, &matcher).map_err(|error| errors::batch(py, &error))?;
        let shared = Shared::new(batch, Arc::clone(&self.shared.sets), self.shared.vocab);
        Ok(Self { shared: Arc::new(shared), slot: 0 })
    }

    fn __deepcopy__(&self, py: Python<'_>, _memo: &Bound<'_, PyAny>) -> PyResult<Self> {
        self.__copy__(py)
    }

    /// The tokens so far, those of a prefix included.
    #[getter]
    fn tokens<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let tokens = self.shared.lock(py).tokens(self.slot).map(<[u32]>::to_vec);
        PyTuple::new(py, tokens.map_err(|error| errors::batch(py, &error))?)
    }

    /// Number of legal tokens.
    fn legal_count(&self, py: Python<'_>) -> PyResult<u32> {
        let count = self.shared.lock(py).legal_count(self.slot);
        count.map_err(|error| errors::batch(py, &error))
    }

    /// Depths of the hole that is next, `(expression, control)`; `(0, 0)` once the program is complete.
    fn frontier(&self, py: Python<'_>) -> PyResult<(u32, u32)> {
        let frontier = self.shared.lock(py).frontier(self.slot);
        let frontier = frontier.map_err(|error| errors::batch(py, &error))?;
        Ok(frontier.map_or((0, 0), |hole| (hole.expr_depth, hole.control_depth)))
    }

    /// Kind of that hole: `block stmt expr cond var arity callee`; None once the program is complete.
    #[getter]
    fn kind(&self, py: Python<'_>) -> PyResult<Option<&'static str>> {
        let frontier = self.shared.lock(py).frontier(self.slot);
        Ok(frontier.map_err(|error| errors::batch(py, &error))?.map(|hole| hole.kind.name()))
    }

    /// Largest number of tokens, or None.
    #[getter]
    fn max_len(&self, py: Python<'_>) -> PyResult<Option<u32>> {
        let max_len = self.shared.lock(py).language(self.slot).map(|language| language.config().max_len);
        max_len.map_err(|error| errors::batch(py, &error))
    }

    /// Tokens that may still be taken, at most; None without a max_len.
    #[getter]
    fn remaining(&self, py: Python<'_>) -> PyResult<Option<u32>> {
        let remaining = self.shared.lock(py).remaining_budget(self.slot);
        remaining.map_err(|error| errors::batch(py, &error))
    }

    /// Least number of tokens that completes the program.
    #[getter]
    fn min_tokens_to_finish(&self, py: Python<'_>) -> PyResult<u32> {
        Ok(self.matcher(py)?.min_tokens_to_finish())
    }

    /// Why a token is not legal, in words; None if it is.
    fn why_not(&self, py: Python<'_>, tok: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
        let token = numbers::ids(PyTuple::new(py, [tok])?.as_any(), "tok")?[0];
        Ok(self.matcher(py)?.why_not(token).map(|reason| reason.to_string()))
    }
}
