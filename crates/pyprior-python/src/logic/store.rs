//! Logic variables: a store of them, for Python.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::sync::MutexExt as _;
use pyo3::types::PyTuple;
use pyprior_logic::{Entailment, GraphNode, Term, Universe, Value, Var};

use super::errors;
use super::flat::{self, Variables};
use super::objects::{self, Kept};
use crate::turns::in_turns;

/// Variables, terms and domains, and what undoes what is done to them. See `pyprior_rs.logic.Store`.
///
/// Variables go by their numbers; `make` makes the object of one.
#[pyclass(frozen, subclass, weakref, module = "pyprior_rs._engine")]
pub struct Store {
    inner: Mutex<pyprior_logic::Store>,
    kept: Mutex<Names>,
    /// Tells stores apart.
    id: u64,
}

/// What keeps names in use that terms have.
#[derive(Default)]
struct Names {
    by_name: HashMap<String, Py<PyAny>>,
    /// In the order in which they came, so that what is undone lets go of its own.
    order: Vec<String>,
}

/// A place to come back to.
#[pyclass(frozen, module = "pyprior_rs._engine")]
pub struct Mark {
    store: u64,
    /// The engine's, until it is closed, and how many names there were.
    open: Mutex<Option<(pyprior_logic::Mark, usize)>>,
}

impl Store {
    fn lock(&self, py: Python<'_>) -> MutexGuard<'_, pyprior_logic::Store> {
        self.inner.lock_py_attached(py).unwrap_or_else(PoisonError::into_inner)
    }

    fn var(&self, py: Python<'_>, number: u32) -> PyResult<Var> {
        let var = self.lock(py).var(number);
        var.ok_or_else(|| errors::foreign(py))
    }

    fn keep(&self, py: Python<'_>, kept: Kept) -> PyResult<()> {
        for named in kept {
            let name: String = named.bind(py).getattr("name")?.extract()?;
            let mut names = self.names(py);
            let before = names.by_name.insert(name.clone(), named);
            if before.is_none() {
                names.order.push(name);
            }
            drop(names);
            drop(before);
        }
        Ok(())
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
    fn flatten(slf: &Bound<'_, Self>, object: &Bound<'_, PyAny>, kept: &mut Kept) -> PyResult<Vec<GraphNode>> {
        flat::flatten(object, &Own(slf), kept)
    }

    fn object<'py>(slf: &Bound<'py, Self>, nodes: &[GraphNode]) -> PyResult<Bound<'py, PyAny>> {
        let make = |var: Var| slf.call_method1("_variable", (var.number(),));
        flat::object(slf.py(), nodes, make)?.ok_or_else(|| errors::foreign(slf.py()))
    }

    /// Values that a domain is made of, as terms have them.
    fn universe(
        slf: &Bound<'_, Self>,
        values: &Bound<'_, PyAny>,
        kept: &mut Kept,
    ) -> PyResult<std::sync::Arc<Universe>> {
        let py = slf.py();
        let mut all = Vec::new();
        for item in in_turns(py, values.try_iter()?) {
            let nodes = Store::flatten(slf, &item?, kept)?;
            // Written down to be read whole, and taken back.
            let value = {
                let mut store = slf.get().lock(py);
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
        Ok(Universe::new(all))
    }
}

#[pymethods]
impl Store {
    #[new]
    fn new() -> Self {
        static STORES: AtomicU64 = AtomicU64::new(0);
        Self { inner: Mutex::default(), kept: Mutex::default(), id: STORES.fetch_add(1, Ordering::Relaxed) }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // The collector runs in a thread that has the interpreter, and whoever has this lock does not wait for it.
        let Ok(kept) = self.kept.try_lock() else { return Ok(()) };
        kept.by_name.values().try_for_each(|named| visit.call(named))
    }

    fn __clear__(&self) {
        let kept = self.kept.try_lock().map(|mut kept| std::mem::take(&mut *kept));
        drop(kept);
    }

    /// Number of variables.
    fn __len__(&self, py: Python<'_>) -> usize {
        self.lock(py).len()
    }

    /// A new free variable's number.
    #[pyo3(signature = (name=None))]
    fn _newvar(&self, py: Python<'_>, name: Option<&str>) -> PyResult<u32> {
        let mut store = self.lock(py);
        let made = match name {
            Some(name) => store.newvar_named(name),
            None => store.newvar(),
        };
        // Where there is no room it is one that the store does not know.
        let known = store.var(made.number());
        drop(store);
        known.map(Var::number).ok_or_else(|| errors::foreign(py))
    }

    /// Gives a variable a domain, or narrows that which it has.
    fn _constrain(slf: &Bound<'_, Self>, number: u32, values: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, this) = (slf.py(), slf.get());
        let mut kept = Kept::new();
        let (var, universe) = (this.var(py, number)?, Store::universe(slf, values, &mut kept)?);
        let done = this.lock(py).constrain(var, &universe);
        done.map_err(|error| errors::unify(py, &error))?;
        this.keep(py, kept)
    }

    /// The values of a variable's domain, or None.
    fn _domain<'py>(slf: &Bound<'py, Self>, number: u32) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let (py, this) = (slf.py(), slf.get());
        let var = this.var(py, number)?;
        let values: Option<Vec<Value>> = {
            let store = this.lock(py);
            store.domain(var).map(|domain| {
                let indices = (0..domain.universe.len() as u32).filter(|index| store.contains(var, *index));
                indices.filter_map(|index| domain.universe.value(index)).collect()
            })
        };
        let Some(values) = values else { return Ok(None) };
        // As terms, since values may be deeper than the stack.
        let nodes = |value: &Value| {
            let mut store = this.lock(py);
            let mark = store.mark();
            let nodes = store.term(value).map_err(Err).and_then(|term| store.graph(term).map_err(Ok));
            store.undo_to(mark);
            nodes
        };
        let object = |value: &Value| match nodes(value) {
            Ok(nodes) => Store::object(slf, &nodes),
            Err(Ok(error)) => Err(errors::read(py, &error)),
            Err(Err(error)) => Err(errors::unify(py, &error)),
        };
        PyTuple::new(py, values.iter().map(object).collect::<PyResult<Vec<_>>>()?).map(Some)
    }

    fn _name(&self, py: Python<'_>, number: u32) -> PyResult<String> {
        let var = self.var(py, number)?;
        Ok(self.lock(py).name(var))
    }

    fn _is_free(&self, py: Python<'_>, number: u32) -> PyResult<bool> {
        let var = self.var(py, number)?;
        Ok(self.lock(py).is_free(var))
    }

    fn _alias_of(&self, py: Python<'_>, a: u32, b: u32) -> PyResult<bool> {
        let (a, b) = (self.var(py, a)?, self.var(py, b)?);
        Ok(self.lock(py).alias_of(a, b))
    }

    fn _bind(slf: &Bound<'_, Self>, number: u32, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, this) = (slf.py(), slf.get());
        let mut kept = Kept::new();
        let (var, nodes) = (this.var(py, number)?, Store::flatten(slf, value, &mut kept)?);
        let bound = this.lock(py).transaction(|store| {
            let term = store.term_of_graph(&nodes)?;
            store.bind(var, term)
        });
        bound.map_err(|error| errors::unify(py, &error))?;
        this.keep(py, kept)
    }

    fn _unify(slf: &Bound<'_, Self>, left: &Bound<'_, PyAny>, right: &Bound<'_, PyAny>) -> PyResult<()> {
        let (py, this) = (slf.py(), slf.get());
        let mut kept = Kept::new();
        let (left, right) = (Store::flatten(slf, left, &mut kept)?, Store::flatten(slf, right, &mut kept)?);
        let unified = this.lock(py).transaction(|store| {
            let (left, right) = (store.term_of_graph(&left)?, store.term_of_graph(&right)?);
            store.unify(left, right)
        });
        unified.map_err(|error| errors::unify(py, &error))?;
        this.keep(py, kept)
    }

    /// True, False, or None where it hangs on free variables.
    fn _entailed(slf: &Bound<'_, Self>, left: &Bound<'_, PyAny>, right: &Bound<'_, PyAny>) -> PyResult<Option<bool>> {
        let (py, this) = (slf.py(), slf.get());
        let mut kept = Kept::new();
        let (left, right) = (Store::flatten(slf, left, &mut kept)?, Store::flatten(slf, right, &mut kept)?);
        let known = {
            let mut store = this.lock(py);
            let mark = store.mark();
            let terms = store.term_of_graph(&left).and_then(|left| Ok((left, store.term_of_graph(&right)?)));
            let known = terms.and_then(|(left, right)| store.entailed(left, right));
            store.undo_to(mark);
            known
        };
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
            let mut store = this.lock(py);
            store.graph(var).map_err(Ok).and_then(|nodes| match nodes.last() {
                Some(GraphNode::Var(_)) | None => Err(Err(store.name(var))),
                Some(_) => Ok(nodes),
            })
        };
        let nodes = nodes.map_err(|error| match error {
            Ok(error) => errors::read(py, &error),
            Err(name) => errors::free(py, &name),
        })?;
        Store::object(slf, &nodes)
    }

    /// A term without variables. Raises FreeVariableError at the first that is free.
    fn _value<'py>(slf: &Bound<'py, Self>, term: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        let mut kept = Kept::new();
        let nodes = Store::flatten(slf, term, &mut kept)?;
        let read = {
            let mut store = this.lock(py);
            let mark = store.mark();
            let term = store.term_of_graph(&nodes);
            let read = term.map_err(Err).and_then(|term| {
                store.value(term).map_err(Ok)?;
                store.graph(term).map_err(Ok)
            });
            store.undo_to(mark);
            read
        };
        let nodes = read.map_err(|error| match error {
            Ok(error) => errors::read(py, &error),
            Err(error) => errors::unify(py, &error),
        })?;
        Store::object(slf, &nodes)
    }

    /// A term in short.
    fn _show(slf: &Bound<'_, Self>, term: &Bound<'_, PyAny>) -> PyResult<String> {
        let (py, this) = (slf.py(), slf.get());
        let mut kept = Kept::new();
        let nodes = Store::flatten(slf, term, &mut kept)?;
        let shown = {
            let mut store = this.lock(py);
            let mark = store.mark();
            let shown = store.term_of_graph(&nodes).map(|term: Term| store.show(term));
            store.undo_to(mark);
            shown
        };
        shown.map_err(|error| errors::unify(py, &error))
    }

    /// A place to come back to.
    fn mark(&self, py: Python<'_>) -> Mark {
        let mark = self.lock(py).mark();
        Mark { store: self.id, open: Mutex::new(Some((mark, self.names(py).order.len()))) }
    }

    /// Undoes all that was done since the mark, and closes it; False if it was closed already or is of another store.
    /// Variables made since are gone.
    fn undo_to(&self, py: Python<'_>, mark: &Bound<'_, Mark>) -> bool {
        let mut store = self.lock(py);
        let Some((mark, names)) = mark.get().take(self.id) else { return false };
        let undone = store.undo_to(mark);
        drop(store);
        let gone = {
            let mut kept = self.names(py);
            let keep = names.min(kept.order.len());
            let gone = kept.order.split_off(keep);
            gone.iter().filter_map(|name| kept.by_name.remove(name)).collect::<Vec<_>>()
        };
        drop(gone);
        undone
    }

    /// Closes the mark and keeps what was done since; False if it was closed already or is of another store.
    fn commit(&self, py: Python<'_>, mark: &Bound<'_, Mark>) -> bool {
        let mut store = self.lock(py);
        mark.get().take(self.id).is_some_and(|(mark, _)| store.commit(mark))
    }
}

impl Mark {
    /// What is open of it, if it is of this store.
    fn take(&self, store: u64) -> Option<(pyprior_logic::Mark, usize)> {
        if self.store == store { self.open.lock().unwrap_or_else(PoisonError::into_inner).take() } else { None }
    }
}
