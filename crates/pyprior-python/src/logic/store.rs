//! Logic variables: a store of them, for Python.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use pyprior_logic::{Entailment, GraphNode, Term, Value, Var};

use super::detached::Detached;
use super::errors;
use super::names::Names;
use super::objects::{self, Kept};
use crate::locks::locked;
use crate::turns::{self, Turns};

/// Variables, terms and domains, and what undoes what is done to them. See `pyprior_rs.logic.Store`.
///
/// Variables go by their numbers; `make` makes the object of one.
#[pyclass(frozen, subclass, weakref, module = "pyprior_rs._engine")]
pub struct Store {
    inner: Mutex<pyprior_logic::Store>,
    kept: Mutex<Names>,
    /// Variables that `newvar` made; the engine's has others, of terms.
    made: AtomicUsize,
    detached: Detached,
    /// Tells stores apart.
    id: u64,
}

/// A place to come back to.
#[pyclass(frozen, module = "pyprior_rs._engine")]
pub struct Mark {
    store: u64,
    /// The engine's, until it is closed.
    open: Mutex<Option<pyprior_logic::Mark>>,
    /// How many names and variables there were.
    names: usize,
    made: usize,
}

impl Store {
    /// The engine's store. Whoever has it has the interpreter too, but for [`work`](Store::work).
    pub(super) fn lock(&self, py: Python<'_>) -> PyResult<MutexGuard<'_, pyprior_logic::Store>> {
        if self.detached.is_elsewhere() {
            return Err(errors::forked(py));
        }
        Ok(locked(py, &self.inner))
    }

    /// Works on the engine's store, with terms of so many parts: without the interpreter if they are many.
    pub(super) fn work<R: Send>(
        &self,
        py: Python<'_>,
        parts: usize,
        work: impl FnOnce(&mut pyprior_logic::Store) -> R + Send,
    ) -> PyResult<R> {
        if parts < turns::MANY {
            return Ok(work(&mut *self.lock(py)?));
        }
        if self.detached.is_elsewhere() {
            return Err(errors::forked(py));
        }
        self.detached.begin();
        let done = py.detach(|| work(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner)));
        self.detached.end();
        Ok(done)
    }

    pub(super) fn var(&self, py: Python<'_>, number: u32) -> PyResult<Var> {
        let var = self.lock(py)?.var(number);
        var.ok_or_else(|| errors::unknown(py))
    }

    fn keep(&self, py: Python<'_>, kept: Kept) {
        let twice = self.names(py).take_in(kept);
        drop(twice);
    }

    pub(super) fn names(&self, py: Python<'_>) -> MutexGuard<'_, Names> {
        locked(py, &self.kept)
    }
}

#[pymethods]
impl Store {
    #[new]
    fn new() -> Self {
        static STORES: AtomicU64 = AtomicU64::new(0);
        Self {
            inner: Mutex::default(),
            kept: Mutex::default(),
            made: AtomicUsize::new(0),
            detached: Detached::default(),
            id: STORES.fetch_add(1, Ordering::Relaxed),
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // The collector runs in a thread that has the interpreter, and whoever has this lock does not wait for it.
        let Ok(kept) = self.kept.try_lock() else { return Ok(()) };
        kept.visit(&visit)
    }

    fn __clear__(&self) {
        let kept = self.kept.try_lock().map(|mut kept| std::mem::take(&mut *kept));
        drop(kept);
    }

    /// Number of variables that `newvar` made and no undo has taken back.
    fn __len__(&self) -> usize {
        self.made.load(Ordering::Relaxed)
    }

    /// Whether it can be used in this process: not if a fork came while another thread worked on it.
    fn _usable(&self) -> bool {
        !self.detached.is_elsewhere()
    }

    /// A new free variable's number.
    #[pyo3(signature = (name=None))]
    fn _newvar(&self, py: Python<'_>, name: Option<&str>) -> PyResult<u32> {
        let mut store = self.lock(py)?;
        let made = match name {
            Some(name) => store.newvar_named(name),
            None => store.newvar(),
        };
        // Where there is no room it is one that the store does not know.
        let known = store.var(made.number());
        if known.is_some() {
            self.made.fetch_add(1, Ordering::Relaxed);
        }
        drop(store);
        known.map(Var::number).ok_or_else(|| errors::unknown(py))
    }

    /// Gives a variable a domain, or narrows that which it has.
    fn _constrain<'py>(slf: &Bound<'py, Self>, number: u32, values: &Bound<'py, PyAny>) -> PyResult<()> {
        let (py, this) = (slf.py(), slf.get());
        let mut kept = Kept::new();
        let (var, universe) = (this.var(py, number)?, Store::universe(slf, values, &mut kept)?);
        let done = this.work(py, universe.len(), |store| store.constrain(var, &universe))?;
        done.map_err(|error| errors::unify(py, &error))?;
        this.keep(py, kept);
        Ok(())
    }

    /// The values of a variable's domain, or None.
    fn _domain<'py>(slf: &Bound<'py, Self>, number: u32) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let (py, this) = (slf.py(), slf.get());
        let var = this.var(py, number)?;
        let domain = {
            let store = this.lock(py)?;
            store.domain(var).map(|domain| (Arc::clone(domain.universe), domain.words.to_vec()))
        };
        let Some((universe, words)) = domain else { return Ok(None) };
        let indices = (0_u32..)
            .zip(&words)
            .flat_map(|(place, word)| (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| 64 * place + bit));
        let (mut objects, mut turns) = (Vec::new(), Turns::new(py));
        for value in indices.filter_map(|index| universe.value(index)) {
            turns.made(1);
            objects.push(match value {
                Value::None | Value::Bool(_) | Value::Int(_) | Value::Str(_) => objects::object(py, &value, &|_| None)?,
                _ => Store::deep(slf, &value, &mut turns)?,
            });
        }
        PyTuple::new(py, objects).map(Some)
    }

    fn _name(&self, py: Python<'_>, number: u32) -> PyResult<String> {
        let var = self.var(py, number)?;
        Ok(self.lock(py)?.name(var))
    }

    fn _is_free(&self, py: Python<'_>, number: u32) -> PyResult<bool> {
        let var = self.var(py, number)?;
        Ok(self.lock(py)?.is_free(var))
    }

    fn _alias_of(&self, py: Python<'_>, a: u32, b: u32) -> PyResult<bool> {
        let (a, b) = (self.var(py, a)?, self.var(py, b)?);
        Ok(self.lock(py)?.alias_of(a, b))
    }

    fn _bind<'py>(slf: &Bound<'py, Self>, number: u32, value: &Bound<'py, PyAny>) -> PyResult<()> {
        let (py, this) = (slf.py(), slf.get());
        let mut kept = Kept::new();
        let var = this.var(py, number)?;
        let nodes = Store::flatten(slf, value, &mut kept, &mut Turns::new(py))?;
        let bound = this.work(py, nodes.len(), move |store| {
            store.transaction(|store| {
                let term = store.term_of_graph(&nodes)?;
                store.bind(var, term)
            })
        })?;
        bound.map_err(|error| errors::unify(py, &error))?;
        this.keep(py, kept);
        Ok(())
    }

    fn _unify<'py>(slf: &Bound<'py, Self>, left: &Bound<'py, PyAny>, right: &Bound<'py, PyAny>) -> PyResult<()> {
        let (py, this) = (slf.py(), slf.get());
        let mut kept = Kept::new();
        let (left, right) = Store::flatten_both(slf, left, right, &mut kept)?;
        let unified = this.work(py, left.len() + right.len(), move |store| {
            store.transaction(|store| {
                let (left, right) = (store.term_of_graph(&left)?, store.term_of_graph(&right)?);
                store.unify(left, right)
            })
        })?;
        unified.map_err(|error| errors::unify(py, &error))?;
        this.keep(py, kept);
        Ok(())
    }

    /// True, False, or None where it hangs on free variables.
    fn _entailed<'py>(
        slf: &Bound<'py, Self>,
        left: &Bound<'py, PyAny>,
        right: &Bound<'py, PyAny>,
    ) -> PyResult<Option<bool>> {
        let (py, this) = (slf.py(), slf.get());
        let mut kept = Kept::new();
        let (left, right) = Store::flatten_both(slf, left, right, &mut kept)?;
        let known = this.work(py, left.len() + right.len(), move |store| {
            let mark = store.mark();
            let terms = store.term_of_graph(&left).and_then(|left| Ok((left, store.term_of_graph(&right)?)));
            let known = terms.and_then(|(left, right)| store.entailed(left, right));
            store.undo_to(mark);
            known
        })?;
        Ok(match known.map_err(|error| errors::unify(py, &error))? {
            Entailment::Equal => Some(true),
            Entailment::Different => Some(false),
            Entailment::Open(_) => None,
        })
    }

    /// What a variable is bound to; parts that are free are variables. Raises FreeVariableError if it is free itself.
    fn _read<'py>(slf: &Bound<'py, Self>, number: u32) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        let var = this.var(py, number)?;
        let nodes = {
            let mut store = this.lock(py)?;
            store.graph(var).map_err(Ok).and_then(|nodes| match nodes.last() {
                Some(GraphNode::Var(_)) | None => Err(Err(store.name(var))),
                Some(_) => Ok(nodes),
            })
        };
        let nodes = nodes.map_err(|error| match error {
            Ok(error) => errors::read(py, &error),
            Err(name) => errors::free(py, &name),
        })?;
        Store::object(slf, &nodes, &Kept::new(), &mut Turns::new(py))
    }

    /// A term without variables. Raises FreeVariableError at the first that is free.
    fn _value<'py>(slf: &Bound<'py, Self>, term: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        let (mut kept, mut turns) = (Kept::new(), Turns::new(py));
        let nodes = Store::flatten(slf, term, &mut kept, &mut turns)?;
        let read = this.work(py, nodes.len(), move |store| {
            let mark = store.mark();
            let term = store.term_of_graph(&nodes);
            let read = term.map_err(Err).and_then(|term| {
                store.value(term).map_err(Ok)?;
                store.graph(term).map_err(Ok)
            });
            store.undo_to(mark);
            read
        })?;
        let nodes = read.map_err(|error| errors::unreadable(py, error))?;
        Store::object(slf, &nodes, &kept, &mut turns)
    }

    /// A term in short.
    fn _show<'py>(slf: &Bound<'py, Self>, term: &Bound<'py, PyAny>) -> PyResult<String> {
        let (py, this) = (slf.py(), slf.get());
        let mut kept = Kept::new();
        let nodes = Store::flatten(slf, term, &mut kept, &mut Turns::new(py))?;
        let shown = this.work(py, nodes.len(), move |store| {
            let mark = store.mark();
            let shown = store.term_of_graph(&nodes).map(|term: Term| store.show(term));
            store.undo_to(mark);
            shown
        })?;
        shown.map_err(|error| errors::unify(py, &error))
    }

    /// A place to come back to.
    fn mark(&self, py: Python<'_>) -> PyResult<Mark> {
        let mark = self.lock(py)?.mark();
        let (names, made) = (self.names(py).len(), self.made.load(Ordering::Relaxed));
        Ok(Mark { store: self.id, open: Mutex::new(Some(mark)), names, made })
    }

    /// Undoes all that was done since the mark, and closes it; False if it was closed already or is of another store.
    /// Variables made since are gone.
    fn undo_to(&self, py: Python<'_>, mark: &Bound<'_, Mark>) -> PyResult<bool> {
        let mut store = self.lock(py)?;
        let Some(open) = mark.get().take(self.id) else { return Ok(false) };
        let undone = store.undo_to(open);
        if undone {
            self.made.store(mark.get().made, Ordering::Relaxed);
        }
        drop(store);
        if undone {
            let gone = self.names(py).truncate(mark.get().names);
            drop(gone);
        }
        Ok(undone)
    }

    /// Closes the mark and keeps what was done since; False if it was closed already or is of another store.
    fn commit(&self, py: Python<'_>, mark: &Bound<'_, Mark>) -> PyResult<bool> {
        let mut store = self.lock(py)?;
        Ok(mark.get().take(self.id).is_some_and(|mark| store.commit(mark)))
    }
}

impl Mark {
    /// What is open of it, if it is of this store.
    fn take(&self, store: u64) -> Option<pyprior_logic::Mark> {
        if self.store == store { self.open.lock().unwrap_or_else(PoisonError::into_inner).take() } else { None }
    }
}
