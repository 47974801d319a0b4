//! Functions of Python as relations, and what they raise.

use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyException, PyRuntimeError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyWeakrefReference};
use pyprior_logic::Value;
use pyprior_logic::fd::{FiniteDomain as Values, Relation};

use super::domain::FiniteDomain;

/// A function with the domains of its arguments: what the engine refers to weakly, and the collector sees.
#[pyclass(frozen, weakref, module = "pyprior_rs._engine")]
pub(super) struct Call {
    function: Py<PyAny>,
    domains: Vec<Py<FiniteDomain>>,
}

#[pymethods]
impl Call {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.function)?;
        self.domains.iter().try_for_each(|domain| visit.call(domain))
    }
}

/// A relation that asks a function, as long as its `Call` lives.
pub(super) fn relation(
    function: &Bound<'_, PyAny>,
    domains: Vec<Py<FiniteDomain>>,
    raised: &Arc<Raised>,
) -> PyResult<(Relation, Py<Call>)> {
    let py = function.py();
    let values = domains.iter().map(|domain| domain.get().inner.clone()).collect::<Vec<_>>();
    let call = Bound::new(py, Call { function: function.clone().unbind(), domains })?;
    let reference = PyWeakrefReference::new(call.as_any())?.unbind();
    let raised = Arc::clone(raised);
    let relation = Relation::predicate(move |given| {
        let asked = Python::attach(|py| {
            if raised.is_final() {
                return Err(String::new());
            }
            ask(reference.bind(py), &values, given).map_err(|error| raised.keep(py, error))
        });
        // What the function has raised is kept, and the engine is told which it is. Nothing is printed, unlike by a panic.
        asked.unwrap_or_else(|which| resume_unwind(Box::new(which)))
    });
    Ok((relation, call.unbind()))
}

fn ask<'py>(reference: &Bound<'py, PyWeakrefReference>, values: &[Values], given: &[Value]) -> PyResult<bool> {
    let py = reference.py();
    let gone = || PyRuntimeError::new_err("the problem of this function is gone");
    let call = reference.upgrade_as::<Call>()?.ok_or_else(gone)?;
    let Call { function, domains } = call.get();
    let object = |((value, values), domain): ((&Value, &Values), &Py<FiniteDomain>)| {
        let index = values.universe().index_of(value).ok_or_else(gone)?;
        domain.get().objects().get(py, index)
    };
    let arguments = given.iter().zip(values).zip(domains).map(object).collect::<PyResult<Vec<_>>>()?;
    function.bind(py).call1(PyTuple::new(py, arguments)?)?.is_truthy()
}

/// What functions of a problem have raised in searches under way. The engine ends a search by one of them, and passes by those
/// at values that relations over one variable rule out.
#[derive(Default)]
pub(super) struct Raised(Mutex<Held>);

#[derive(Default)]
struct Held {
    /// Searches under way.
    searches: usize,
    count: u64,
    errors: VecDeque<(String, PyErr)>,
    /// What is no error but a wish to end: KeyboardInterrupt, SystemExit.
    last: Option<PyErr>,
}

/// So many are kept: a search ends by the newest, or by one that another thread has just raised.
const KEPT: usize = 64;

impl Raised {
    fn held(&self) -> MutexGuard<'_, Held> {
        // Nobody runs Python or waits for it who has this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, py: Python<'_>, error: PyErr) -> String {
        let last = (!error.is_instance_of::<PyException>(py)).then(|| error.clone_ref(py));
        let mut held = self.held();
        held.count += 1;
        let which = format!("the function raised exception {}", held.count);
        held.errors.push_back((which.clone(), error));
        let forgotten = if held.errors.len() > KEPT { held.errors.pop_front() } else { None };
        let before = if last.is_some() { std::mem::replace(&mut held.last, last) } else { None };
        drop(held);
        drop((forgotten, before));
        which
    }

    /// The exception that the engine was told of by this text.
    pub(super) fn take(&self, which: &str) -> Option<PyErr> {
        let mut held = self.held();
        let place = held.errors.iter().position(|(known, _)| known == which)?;
        held.errors.remove(place).map(|(_, error)| error)
    }

    /// Whether a function wants all to end.
    pub(super) fn is_final(&self) -> bool {
        self.held().last.is_some()
    }

    /// What a function wants all to end by, for the search that ends by it: those after it are new.
    pub(super) fn take_last(&self) -> Option<PyErr> {
        self.held().last.take()
    }

    /// Notes that a search begins, until what is given is dropped.
    pub(super) fn search(self: &Arc<Self>) -> Search {
        self.held().searches += 1;
        Search(Arc::clone(self))
    }
}

/// A search under way. Behind the last one all is forgotten that its functions have raised.
pub(super) struct Search(Arc<Raised>);

impl Drop for Search {
    fn drop(&mut self) {
        let mut held = self.0.held();
        held.searches -= 1;
        let forgotten = match held.searches {
            0 => (std::mem::take(&mut held.errors), held.last.take()),
            _ => Default::default(),
        };
        drop(held);
        drop(forgotten);
    }
}
