//! How work is done: on how many threads, who is told of it, and who may end it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::error::DataError;

/// How the work is done. Nothing of it shows in the files.
pub struct Work<'a> {
    /// Threads that look at programs; 0 for as many as the machine has.
    pub threads: usize,
    /// Set by somebody who wants it to stop: shards that are not done are given up.
    pub stop: &'a AtomicBool,
    /// Told of progress, now and then, by any thread.
    pub progress: &'a (dyn Fn(Progress) + Sync),
}

impl std::fmt::Debug for Work<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Work").field("threads", &self.threads).finish_non_exhaustive()
    }
}

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Rows that there are to be, those of shards included that were done before.
    pub rows: u64,
    /// Rows that there are, of shards that are being made too.
    pub done: u64,
    /// Rows that were there at the start.
    pub before: u64,
    /// Candidates that have been looked at since.
    pub candidates: u64,
}

/// The threads that look at programs.
pub(crate) fn threads(work: &Work<'_>) -> Result<rayon::ThreadPool, DataError> {
    rayon::ThreadPoolBuilder::new().num_threads(work.threads).build().map_err(DataError::Threads)
}

/// Who is told how far it is, and asked whether to stop.
pub(crate) struct Watch<'a> {
    work: &'a Work<'a>,
    rows: u64,
    before: u64,
    done: AtomicU64,
    candidates: AtomicU64,
    failed: AtomicBool,
    /// Shards that are made at the same time.
    pub(crate) workers: usize,
}

impl<'a> Watch<'a> {
    /// There are to be so many rows in the end, `before` of which are there.
    pub(crate) fn new(work: &'a Work<'a>, rows: u64, before: u64, workers: usize) -> Self {
        let (done, candidates) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { work, rows, before, done, candidates, failed: AtomicBool::new(false), workers }
    }

    /// Whether somebody wants it to stop, or something has failed.
    pub(crate) fn stopped(&self) -> bool {
        self.failed.load(Ordering::Relaxed) || self.work.stop.load(Ordering::Relaxed)
    }

    /// Something has failed: the rest is to stop.
    pub(crate) fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    /// So many rows and candidates more; an error if it is to stop.
    pub(crate) fn step(&self, rows: u64, candidates: u64) -> Result<(), DataError> {
        let done = self.done.fetch_add(rows, Ordering::Relaxed) + rows + self.before;
        let candidates = self.candidates.fetch_add(candidates, Ordering::Relaxed) + candidates;
        (self.work.progress)(Progress { rows: self.rows, done, before: self.before, candidates });
        match self.stopped() {
            true => Err(DataError::Interrupted),
            false => Ok(()),
        }
    }
}
