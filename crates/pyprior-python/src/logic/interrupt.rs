//! Signals, and other threads, while a search is under way.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use super::function::Raised;
use crate::{pool, turns};

/// How long a search goes on before it looks for signals.
const BETWEEN_SIGNALS: Duration = Duration::from_millis(50);

/// How a search shares the interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turns {
    /// It does without.
    Released,
    /// Functions of Python take part: it has the interpreter, and gives it away now and then.
    Held,
    /// Several threads search without it; the one that called waits, and looks for signals.
    Waiting,
}

/// What ends a search from outside.
pub(crate) struct Interruption {
    turns: Turns,
    raised: Arc<Raised>,
    stop: AtomicBool,
    looked: Mutex<Instant>,
    signal: Mutex<Option<PyErr>>,
}

impl Interruption {
    pub(super) fn new(turns: Turns, raised: &Arc<Raised>) -> Arc<Self> {
        let looked = Mutex::new(Instant::now());
        Arc::new(Self { turns, raised: Arc::clone(raised), stop: false.into(), looked, signal: Mutex::default() })
    }

    /// Of work that does without the interpreter: signals alone.
    pub(crate) fn of_signals() -> Arc<Self> {
        Self::new(Turns::Released, &Arc::default())
    }

    /// Whether the search is to end: asked by the engine.
    pub(crate) fn wanted(&self) -> bool {
        if self.stop.load(Ordering::Relaxed) || self.raised.is_final() {
            return true;
        }
        let pause = match self.turns {
            Turns::Waiting => return false,
            Turns::Released => BETWEEN_SIGNALS,
            Turns::Held => turns::TURN,
        };
        {
            let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
            if looked.elapsed() < pause {
                return false;
            }
            *looked = Instant::now();
        }
        let stop = Python::attach(|py| {
            if self.turns == Turns::Held {
                turns::leave(py);
            }
            self.signalled(py)
        });
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        stop
    }

    /// Runs handlers of signals that have come: whether one of them raised.
    fn signalled(&self, py: Python<'_>) -> bool {
        let Err(error) = py.check_signals() else { return false };
        let before = self.signal.lock().unwrap_or_else(PoisonError::into_inner).replace(error);
        drop(before);
        self.stop.store(true, Ordering::Relaxed);
        true
    }

    /// What a handler of a signal, or a function, raised to end the search.
    pub(crate) fn error(&self) -> Option<PyErr> {
        let signal = self.signal.lock().unwrap_or_else(PoisonError::into_inner).take();
        signal.or_else(|| self.raised.take_last())
    }

    /// The next search is not ended by what ended the last.
    pub(crate) fn go_on(&self) {
        self.stop.store(false, Ordering::Relaxed);
    }

    /// Searches as the turns have it.
    pub(super) fn run<R: Send>(&self, py: Python<'_>, search: impl FnOnce() -> R + Send) -> R {
        match self.turns {
            Turns::Released => py.detach(search),
            Turns::Held => search(),
            Turns::Waiting => {
                let pool = pool::threads(py);
                py.detach(|| self.wait(|| pool::on(pool.as_deref(), search)))
            }
        }
    }

    fn wait<R: Send>(&self, search: impl FnOnce() -> R + Send) -> R {
        let (done, over) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            let searching = scope.spawn(move || {
                let found = search();
                drop(done);
                found
            });
            // Nothing is sent: the channel closes when the search is over.
            while over.recv_timeout(BETWEEN_SIGNALS) == Err(mpsc::RecvTimeoutError::Timeout) {
                Python::attach(|py| self.signalled(py));
            }
            searching.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}
