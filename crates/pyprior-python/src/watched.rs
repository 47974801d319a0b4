//! Long work that Python can interrupt.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use pyo3::prelude::*;

/// How long Python waits for an answer to a signal, and for news.
pub(crate) const PAUSE: Duration = Duration::from_millis(50);

/// Works on a thread of its own, without the interpreter. Meanwhile this thread has Python look at signals, and looks at the
/// work itself by `look`. What either raises sets `stop`, and is raised when the work has come to its end.
pub(crate) fn watched<T: Send>(
    py: Python<'_>,
    stop: &AtomicBool,
    mut look: impl FnMut(Python<'_>) -> PyResult<()> + Send,
    work: impl FnOnce() -> T + Send,
) -> PyResult<T> {
    py.detach(|| {
        thread::scope(|scope| {
            let (working, end) = channel::<()>();
            let worker = thread::Builder::new().spawn_scoped(scope, move || {
                // Dropped at the end, whatever that is.
                let _working = working;
                work()
            })?;
            let mut raised = None;
            while end.recv_timeout(PAUSE) != Err(RecvTimeoutError::Disconnected) {
                if raised.is_none() {
                    raised = Python::attach(|py| py.check_signals().and_then(|()| look(py))).err();
                    if raised.is_some() {
                        stop.store(true, Ordering::Relaxed);
                    }
                }
            }
            let worked = worker.join().unwrap_or_else(|panic| resume_unwind(panic));
            raised.map_or(Ok(worked), Err)
        })
    })
}
