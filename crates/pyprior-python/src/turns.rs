//! Long work on objects of Python, in turns.

use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::types::PyList;

/// How long the interpreter is kept, at most; what comes on top are `LOOK` objects.
pub(crate) const TURN: Duration = Duration::from_micros(400);
/// How long it is left, at least. A thread that waits for the interpreter is woken when it is let go of; whoever takes it again before
/// that thread runs leaves it waiting, and longer than if nothing had been let go of: it begins to wait from new.
const PAUSE: Duration = Duration::from_micros(10);
/// Objects between two looks at the clock.
const LOOK: usize = 64;

/// Turns of long work: other threads of Python may run now and then between two objects, so no lock may be held there.
///
/// Work on objects needs the interpreter. Python itself lets others run between two of its instructions, but a call into
/// this crate is one instruction.
pub(crate) struct Turns<'py> {
    py: Python<'py>,
    since: Option<Instant>,
    objects: usize,
}

impl<'py> Turns<'py> {
    pub(crate) fn new(py: Python<'py>) -> Self {
        Self { py, since: None, objects: 0 }
    }

    /// To be called at each object.
    #[inline]
    pub(crate) fn next(&mut self) {
        self.objects = self.objects.wrapping_add(1);
        if self.objects.is_multiple_of(LOOK) {
            self.look();
        }
    }

    fn look(&mut self) {
        let now = Instant::now();
        if now.duration_since(*self.since.get_or_insert(now)) >= TURN {
            leave(self.py);
            self.since = None;
        }
    }
}

/// The items one after the other, in [`Turns`].
pub(crate) fn in_turns<I: IntoIterator>(py: Python<'_>, items: I) -> impl Iterator<Item = I::Item> {
    let mut turns = Turns::new(py);
    items.into_iter().inspect(move |_| turns.next())
}

/// Leaves the interpreter to whoever waits for it. No lock may be held.
pub(crate) fn leave(py: Python<'_>) {
    // Asleep, not awake: that thread may need this core.
    py.detach(|| std::thread::sleep(PAUSE));
}

/// Parts from which on work that needs no objects is done without the interpreter.
pub(crate) const MANY: usize = 1 << 10;

/// Work that needs no objects, on so many parts.
pub(crate) fn without<R: Send>(py: Python<'_>, parts: usize, work: impl FnOnce() -> R + Send) -> R {
    // To take it back may be to wait for it.
    if parts < MANY { work() } else { py.detach(work) }
}

/// A list of objects that are made one after the other.
pub(crate) fn list<'py, I>(py: Python<'py>, items: I) -> PyResult<Bound<'py, PyList>>
where
    I: IntoIterator<IntoIter: ExactSizeIterator>,
    I::Item: IntoPyObject<'py>,
{
    let items = items.into_iter();
    if items.len() < LOOK {
        return PyList::new(py, items);
    }
    // Appended, not filled in: others may look at a list that is not full yet.
    let list = PyList::empty(py);
    in_turns(py, items).try_for_each(|item| list.append(item))?;
    Ok(list)
}
