//! Work on a store without the interpreter, and forks meanwhile.

use std::sync::atomic::{AtomicU32, Ordering};

/// Threads that work on a store without the interpreter, and the process that they are of: a fork then has the store locked for
/// ever. Changed with the interpreter held, as a fork holds it.
#[derive(Default)]
pub(super) struct Detached {
    threads: AtomicU32,
    process: AtomicU32,
}

impl Detached {
    /// Whether such threads were another process's.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.threads.load(Ordering::Relaxed) > 0 && self.process.load(Ordering::Relaxed) != std::process::id()
    }

    pub(super) fn begin(&self) {
        self.process.store(std::process::id(), Ordering::Relaxed);
        self.threads.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        self.threads.fetch_sub(1, Ordering::Relaxed);
    }
}
