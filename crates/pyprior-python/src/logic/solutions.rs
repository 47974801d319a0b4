//! Solutions one after the other.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::{PyRuntimeError, PyStopIteration};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyprior_logic::fd;

use super::interrupt::Interruption;
use super::repository::Repository;
use crate::errors::{PyPriorError, Raised};

/// Solutions, each looked for when it is asked for; a search that comes to a limit on choices or time raises LimitError.
#[pyclass(frozen, module = "pyprior_rs._engine")]
pub struct Solutions {
    /// Taken out while it searches.
    search: Mutex<State>,
    problem: Py<Repository>,
    interruption: Arc<Interruption>,
}

enum State {
    Waiting(Box<fd::Solutions>),
    Searching,
    Over,
}

impl Solutions {
    pub(super) fn new(solutions: fd::Solutions, problem: Py<Repository>, interruption: Arc<Interruption>) -> Self {
        let search = Mutex::new(State::Waiting(Box::new(solutions)));
        Self { search, problem, interruption }
    }

    fn put(&self, state: State) -> State {
        std::mem::replace(&mut *self.search.lock().unwrap_or_else(PoisonError::into_inner), state)
    }

    /// Searches on to the next solution, if there is one.
    fn advance<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let mut solutions = match self.put(State::Searching) {
            State::Waiting(solutions) => solutions,
            State::Searching => {
                return Err(Raised::new::<PyPriorError>(
                    py,
                    "the next solution is being looked for, by this thread or another",
                )
                .err());
            }
            State::Over => {
                self.put(State::Over);
                return Ok(None);
            }
        };
        let problem = self.problem.get();
        // What functions raise at values that are ruled out is known from here to the end of this step, and no longer: the
        // frames behind it may have the iterator.
        let _search = problem.raised.search();
        let (solutions, next) = self.interruption.run(py, move || {
            let next = solutions.next();
            (solutions, next)
        });
        let interrupted = self.interruption.error();
        match (next, interrupted) {
            (_, Some(error)) => {
                self.put(State::Over);
                Err(error)
            }
            (Some(Ok(solution)), None) => {
                self.put(State::Waiting(solutions));
                problem.solution(py, &solution).map(Some)
            }
            (Some(Err(stopped)), None) => {
                self.put(State::Over);
                Err(problem.told(py, &stopped))
            }
            (None, None) => {
                self.put(State::Over);
                Ok(None)
            }
        }
    }
}

/// An error that does not end an iteration as if it were through: StopIteration becomes the cause of a RuntimeError, as in
/// generators (PEP 479).
fn no_end(py: Python<'_>, error: PyErr) -> PyErr {
    if !error.is_instance_of::<PyStopIteration>(py) {
        return error;
    }
    let told = PyRuntimeError::new_err("a function of the problem raised StopIteration");
    told.set_cause(py, Some(error));
    told
}

#[pymethods]
impl Solutions {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        self.advance(py).map_err(|error| no_end(py, error))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.problem)
    }
}
