//! Logic variables: a store of them, for Python.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::sync::MutexExt as _;
use pyo3::types::PyTuple;
use pyprior_logic::{DomainError, Entailment, GraphNode, Term, UnifyError, Universe, Value, Var};

use super::bounded::{MOST, bounded};
use super::domain;
use super::errors;
use super::flat::{self, Variables};
use super::objects::{self, Kept, Name};
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

/// Threads that work on a store without the interpreter, and the process that they are of: a fork then has the store locked for
/// ever. Changed with the interpreter held, as a fork holds it.
#[derive(Default)]
struct Detached {
    threads: AtomicU32,
    process: AtomicU32,
}

impl Detached {
    /// Whether such threads were another process's.
    fn is_elsewhere(&self) -> bool {
        self.threads.load(Ordering::Relaxed) > 0 && self.process.load(Ordering::Relaxed) != std::process::id()
    }

    fn begin(&self) {
        self.process.store(std::process::id(), Ordering::Relaxed);
        self.threads.fetch_add(1, Ordering::Relaxed);
    }

    fn end(&self) {
        self.threads.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What keeps names in use that terms have. Of objects that are equal it has the first, and that is what is read.
#[derive(Default)]
struct Names {
    by_name: HashMap<Arc<str>, Name>,
    /// In the order in which they came, so that what is undone lets go of its own.
    order: Vec<Arc<str>>,
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
    fn lock(&self, py: Python<'_>) -> PyResult<MutexGuard<'_, pyprior_logic::Store>> {
        if self.detached.is_elsewhere() {
            return Err(errors::forked(py));
        }
        Ok(self.inner.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner))
    }

    /// Works on the engine's store, with terms of so many parts: without the interpreter if they are many.
    fn work<R: Send>(
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

    fn var(&self, py: Python<'_>, number: u32) -> PyResult<Var> {
        let var = self.lock(py)?.var(number);
        var.ok_or_else(|| errors::unknown(py))
    }

    fn keep(&self, py: Python<'_>, kept: Kept) {
        // Those that are there already go when nothing is locked.
        let mut twice = Kept::new();
        let mut names = self.names(py);
        let Names { by_name, order } = &mut *names;
        for name in kept {
            match by_name.entry(Arc::clone(&name.text)) {
                Entry::Vacant(place) => {
                    order.push(Arc::clone(&name.text));
                    place.insert(name);
                }
                Entry::Occupied(_) => twice.push(name),
            }
        }
        drop(names);
        drop(twice);
    }

    fn names(&self, py: Python<'_>) -> MutexGuard<'_, Names> {
        self.kept.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner)
    }
}

/// The store as the one whose variables are meant.
struct Own<'a, 'py>(&'a Bound<'py, Store>);

impl Variables for Own<'_, '_> {
    fn variable(&self, object: &Bound<'_, PyAny>) -> PyResult<Option<Var>> {
        let py = object.py();
        let Some((store, number)) = variable(object)? else { return Ok(None) };
        match store.is(self.0) {
            true => self.0.get().var(py, number).map(Some),
            false => Err(errors::foreign(py)),
        }
    }
}

/// Store and number of a variable; nothing for anything else.
fn variable<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<(Bound<'py, PyAny>, u32)>> {
    if !objects::is_variable(object)? {
        return Ok(None);
    }
    Ok(Some((object.getattr("_store")?, object.getattr("_number")?.extract()?)))
}

impl Store {
    /// The nodes of a term. What keeps its names in use goes to `kept`: to the store's where the term stays in the store.
    fn flatten<'py>(
        slf: &Bound<'py, Self>,
        object: &Bound<'py, PyAny>,
        kept: &mut Kept,
        turns: &mut Turns<'py>,
    ) -> PyResult<Vec<GraphNode>> {
        flat::flatten(object, &Own(slf), kept, turns)
    }

    /// Both sides of something.
    fn flatten_both<'py>(
        slf: &Bound<'py, Self>,
        left: &Bound<'py, PyAny>,
        right: &Bound<'py, PyAny>,
        kept: &mut Kept,
    ) -> PyResult<(Vec<GraphNode>, Vec<GraphNode>)> {
        let turns = &mut Turns::new(slf.py());
        Ok((Store::flatten(slf, left, kept, turns)?, Store::flatten(slf, right, kept, turns)?))
    }

    /// The object of nodes; of constants that the store does not have, one of these.
    fn object<'py>(
        slf: &Bound<'py, Self>,
        nodes: &[GraphNode],
        kept: &Kept,
        turns: &mut Turns<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        let own: HashMap<&str, &Name> = kept.iter().rev().map(|name| (&*name.text, name)).collect();
        let constant = |name: &str| {
            let names = this.names(py);
            let known = names.by_name.get(name).or_else(|| own.get(name).copied());
            known.and_then(|name| name.object.as_ref().map(|object| object.bind(py).clone()))
        };
        let make = |var: Var| slf.call_method1("_variable", (var.number(),));
        flat::object(py, nodes, &constant, turns, make)?.ok_or_else(|| errors::unknown(py))
    }

    /// Values that a domain is made of, as terms have them.
    fn universe<'py>(slf: &Bound<'py, Self>, values: &Bound<'py, PyAny>, kept: &mut Kept) -> PyResult<Arc<Universe>> {
        if let Some(range) = domain::consecutive(values) {
            return Ok(Universe::range(range));
        }
        let py = slf.py();
        let refused = || errors::unify(py, &UnifyError::Domain(DomainError::TooLarge { most: MOST }));
        let (mut all, mut turns) = (Vec::new(), Turns::new(py));
        for item in bounded(values, MOST, refused)? {
            let item = item?;
            turns.made(1);
            if !objects::is_variable(&item)?
                && let Some(value) = objects::plain(&item)?
            {
                all.push(value);
                continue;
            }
            let nodes = Store::flatten(slf, &item, kept, &mut turns)?;
            // Written down to be read whole, and taken back.
            let value = {
                let mut store = slf.get().lock(py)?;
                let mark = store.mark();
                let value = store.term_of_graph(&nodes).map_err(Err).and_then(|term| store.value(term).map_err(Ok));
                store.undo_to(mark);
                value
            };
            all.push(value.map_err(|error| match error {
                Ok(error) => errors::read(py, &error),
                Err(error) => errors::unify(py, &error),
            })?);
        }
        Ok(turns::without(py, all.len(), || Universe::new(all)))
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
        kept.by_name.values().try_for_each(|name| name.visit(&visit))
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
        let nodes = read.map_err(|error| match error {
            Ok(error) => errors::read(py, &error),
            Err(error) => errors::unify(py, &error),
        })?;
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
        let (names, made) = (self.names(py).order.len(), self.made.load(Ordering::Relaxed));
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
            let gone = {
                let mut kept = self.names(py);
                let keep = mark.get().names.min(kept.order.len());
                let gone = kept.order.split_off(keep);
                gone.iter().filter_map(|name| kept.by_name.remove(name)).collect::<Vec<_>>()
            };
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

impl Store {
    /// The object of a value, which may be deeper than the stack: so as a term.
    fn deep<'py>(slf: &Bound<'py, Self>, value: &Value, turns: &mut Turns<'py>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let nodes = {
            let mut store = slf.get().lock(py)?;
            let mark = store.mark();
            let nodes = store.term(value).map_err(Err).and_then(|term| store.graph(term).map_err(Ok));
            store.undo_to(mark);
            nodes
        };
        let nodes = nodes.map_err(|error| match error {
            Ok(error) => errors::read(py, &error),
            Err(error) => errors::unify(py, &error),
        })?;
        Store::object(slf, &nodes, &Kept::new(), turns)
    }
}

impl Mark {
    /// What is open of it, if it is of this store.
    fn take(&self, store: u64) -> Option<pyprior_logic::Mark> {
        if self.store == store { self.open.lock().unwrap_or_else(PoisonError::into_inner).take() } else { None }
    }
}
