//! Long work on objects of Python, in turns.

use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};

/// How long the interpreter is kept, at most; what comes on top are `LOOK` objects.
pub(crate) const TURN: Duration = Duration::from_micros(400);
/// How long it is left, at least. A thread that waits for the interpreter is woken when it is let go of; whoever takes it again before
/// that thread runs leaves it waiting, and longer than if nothing had been let go of: it begins to wait from new.
const PAUSE: Duration = Duration::from_micros(10);
/// Objects between two looks at the clock.
const LOOK: usize = 64;

/// Bytes of a text that take about as long as an object.
const BYTES: usize = 64;

/// Objects that are made or read one after the other; other threads of Python may run now and then in between, so no lock may
/// be held.
///
/// Work on objects needs the interpreter. Python itself lets others run between two of its instructions, but a call into
/// this crate is one instruction.
pub(crate) struct Turns<'py> {
    py: Python<'py>,
    since: Option<Instant>,
    /// Objects until the next look at the clock.
    left: usize,
}

impl<'py> Turns<'py> {
    pub(crate) fn new(py: Python<'py>) -> Self {
        Self { py, since: None, left: LOOK }
    }

    /// So many more objects, or what takes as long.
    pub(crate) fn made(&mut self, objects: usize) {
        if let Some(left @ 1..) = self.left.checked_sub(objects) {
            self.left = left;
            return;
        }
        let now = Instant::now();
        self.left = LOOK;
        if now.duration_since(*self.since.get_or_insert(now)) >= TURN {
            leave(self.py);
            self.since = Some(Instant::now());
        }
    }

    /// Whether so many objects are few enough to be made at once; then they count.
    fn few(&mut self, objects: usize) -> bool {
        let few = objects < LOOK;
        if few {
            self.made(objects);
        }
        few
    }

    /// A list of objects that are made one after the other.
    pub(crate) fn list<I>(&mut self, items: I) -> PyResult<Bound<'py, PyList>>
    where
        I: IntoIterator<IntoIter: ExactSizeIterator>,
        I::Item: IntoPyObject<'py>,
    {
        let items = items.into_iter();
        if self.few(items.len()) {
            return PyList::new(self.py, items);
        }
        // Appended, not filled in: others may look at a list that is not full yet.
        let list = PyList::empty(self.py);
        for item in items {
            list.append(item)?;
            self.made(1);
        }
        Ok(list)
    }

    /// The same as a tuple.
    pub(crate) fn tuple<I>(&mut self, items: I) -> PyResult<Bound<'py, PyTuple>>
    where
        I: IntoIterator<IntoIter: ExactSizeIterator>,
        I::Item: IntoPyObject<'py>,
    {
        let items = items.into_iter();
        if self.few(items.len()) {
            return PyTuple::new(self.py, items);
        }
        Ok(self.list(items)?.to_tuple())
    }

    /// An object of so many bytes.
    pub(crate) fn copied(&mut self, bytes: usize) {
        self.made(1 + bytes / BYTES);
    }

    pub(crate) fn text(&mut self, text: &str) -> Bound<'py, PyString> {
        self.copied(text.len());
        PyString::new(self.py, text)
    }
}

/// The items one after the other, in turns.
pub(crate) fn in_turns<I: IntoIterator>(py: Python<'_>, items: I) -> impl Iterator<Item = I::Item> {
    let mut turns = Turns::new(py);
    items.into_iter().inspect(move |_| turns.made(1))
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

/// Frees what is large without the interpreter: a system that gets memory back takes milliseconds.
pub(crate) fn free<T: Send>(large: T) {
    // Where Python is at its end, as it is.
    Python::try_attach(|py| py.detach(|| drop(large)));
}

/// A list of objects that are made one after the other.
pub(crate) fn list<'py, I>(py: Python<'py>, items: I) -> PyResult<Bound<'py, PyList>>
where
    I: IntoIterator<IntoIter: ExactSizeIterator>,
    I::Item: IntoPyObject<'py>,
{
    Turns::new(py).list(items)
}
