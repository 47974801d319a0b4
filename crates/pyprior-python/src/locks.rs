//! Locks that are taken while this thread has the interpreter.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::sync::MutexExt as _;

/// What `mutex` guards. While another thread has it, the interpreter is let go of: that thread may want it. Python must not run
/// before the guard is dropped: see the head of this crate.
pub(crate) fn locked<'a, T>(py: Python<'_>, mutex: &'a Mutex<T>) -> MutexGuard<'a, T> {
    match mutex.try_lock() {
        Ok(guard) => guard,
        // A lock that a panic has poisoned is taken as it is: what failed has been told, and what is guarded stays usable.
        Err(_) => mutex.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner),
    }
}
