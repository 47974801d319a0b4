//! Work without the interpreter, on threads that each process has of its own.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use pyprior_core::BatchMatcher;
use rayon::ThreadPool;

use crate::locks::locked;

/// Rows from which on work on a batch is done here: it may be spread over threads.
pub(crate) const MANY: usize = BatchMatcher::PARALLEL_ROWS;

/// The threads, and the process that they run in: a fork has none of its parent's, and would wait for them for ever. This is
/// asked with the interpreter held, which a thread that forks holds too, so no fork happens in between.
static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);

/// This process's threads; `None` if there are no more to be had.
pub(crate) fn threads(py: Python<'_>) -> Option<Arc<ThreadPool>> {
    let mut known = locked(py, &POOL);
    let process = std::process::id();
    if let Some((_, pool)) = known.as_ref().filter(|(of, _)| *of == process) {
        return Some(Arc::clone(pool));
    }
    let pool = Arc::new(rayon::ThreadPoolBuilder::new().build().ok()?);
    // That of a parent is left alone: what it would be told to end by is locked as the fork found it.
    std::mem::forget(known.replace((process, Arc::clone(&pool))));
    Some(pool)
}

/// Does work that spreads over threads, without the interpreter.
pub(crate) fn spread<R: Send>(py: Python<'_>, work: impl FnOnce() -> R + Send) -> R {
    let pool = threads(py);
    py.detach(|| on(pool.as_deref(), work))
}

/// Does work that spreads over threads on what a lock guards. The lock is taken before the threads are entered: one that waits
/// for others takes up work of theirs, which might want the same lock.
pub(crate) fn spread_on<T: Send, R: Send>(py: Python<'_>, lock: &Mutex<T>, work: impl FnOnce(&mut T) -> R + Send) -> R {
    let pool = threads(py);
    py.detach(|| {
        let mut held = lock.lock().unwrap_or_else(PoisonError::into_inner);
        let held = &mut *held;
        on(pool.as_deref(), || work(held))
    })
}

/// Does work on threads, or on those that there are.
pub(crate) fn on<R: Send>(pool: Option<&ThreadPool>, work: impl FnOnce() -> R + Send) -> R {
    match pool {
        Some(pool) => pool.install(work),
        None => work(),
    }
}
