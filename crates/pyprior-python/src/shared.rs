//! Rows that several objects of Python share, and their lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyprior_core::{BatchError, BatchMatcher};

use crate::legal_sets::LegalSets;
use crate::locks::locked;
use crate::masks::LONG;
use crate::pool::{self, MANY};

/// The rows that a `Batch`, its views and its `Row`s share.
pub(crate) struct Shared {
    batch: Mutex<BatchMatcher>,
    pub(crate) sets: Arc<LegalSets>,
    /// Counts what is put into slots, taken out or moved: while it stays, so do the rows that Python has been given.
    pub(crate) arrangement: AtomicU64,
    /// Tokens of the vocabulary: the same for every language that a slot can hold.
    pub(crate) vocab: usize,
}

impl Shared {
    pub(crate) fn new(batch: BatchMatcher, sets: Arc<LegalSets>, vocab: usize) -> Self {
        Self { batch: Mutex::new(batch), sets, arrangement: AtomicU64::new(0), vocab }
    }

    /// The rows.
    pub(crate) fn lock(&self, py: Python<'_>) -> MutexGuard<'_, BatchMatcher> {
        locked(py, &self.batch)
    }

    /// The rows, to be put elsewhere.
    pub(crate) fn rearrange(&self, py: Python<'_>) -> MutexGuard<'_, BatchMatcher> {
        let batch = self.lock(py);
        self.moved();
        batch
    }

    /// Says, while the rows are locked, that they are put elsewhere.
    pub(crate) fn moved(&self) {
        self.arrangement.fetch_add(1, Ordering::Relaxed);
    }

    /// Works on the rows, without the interpreter if it is long work.
    pub(crate) fn work<R: Send>(
        &self,
        py: Python<'_>,
        load: Load,
        work: impl FnOnce(&mut BatchMatcher) -> R + Send,
    ) -> R {
        match load {
            Load::Short => work(&mut self.lock(py)),
            Load::Long => py.detach(|| work(&mut self.batch.lock().unwrap_or_else(PoisonError::into_inner))),
            Load::Spread => pool::spread_on(py, &self.batch, work),
        }
    }
}

/// How much work there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// Less than letting go of the interpreter would cost.
    Short,
    /// On this thread, without the interpreter.
    Long,
    /// On the threads that there are.
    Spread,
}

impl Load {
    /// That of writing so many words or numbers for so many rows.
    pub(crate) fn of(rows: usize, written: usize) -> Self {
        match (rows >= MANY, written >= LONG) {
            (true, _) => Self::Spread,
            (false, true) => Self::Long,
            (false, false) => Self::Short,
        }
    }
}

/// Takes tokens in some rows, or in none if one is not legal.
pub(crate) fn some(
    batch: &mut BatchMatcher,
    tokens: &[u32],
    active: Option<&[bool]>,
    start: usize,
) -> Result<(), BatchError> {
    let is_active = |nth: usize| active.is_none_or(|active| active[nth]);
    let mut before = Vec::new();
    for (nth, &token) in tokens.iter().enumerate().filter(|&(nth, _)| is_active(nth)) {
        let slot = start + nth;
        // As in a step over all rows, what is given for an empty slot does not count.
        if !batch.is_occupied(slot) {
            continue;
        }
        // What is taken alone has nothing before it to be undone.
        let len = if tokens.len() > 1 { batch.tokens(slot)?.len() } else { 0 };
        if let Err(error) = batch.accept_token(slot, token) {
            for (slot, len) in before {
                let taken = batch.tokens(slot)?.len() - len;
                batch.rollback(slot, taken)?;
            }
            return Err(error);
        }
        if tokens.len() > 1 {
            before.push((slot, len));
        }
    }
    Ok(())
}
