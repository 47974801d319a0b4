//! Solutions one after the other.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyprior_logic::fd;

use super::function::Search;
use super::interrupt::Interruption;
use super::repository::Repository;
use super::solver::told;
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
    Waiting(Box<(fd::Solutions, Search)>),
    Searching,
    Over,
}

impl Solutions {
    pub(super) fn new(
        solutions: fd::Solutions,
        problem: Py<Repository>,
        interruption: Arc<Interruption>,
        under_way: Search,
    ) -> Self {
        let search = Mutex::new(State::Waiting(Box::new((solutions, under_way))));
        Self { search, problem, interruption }
    }

    fn put(&self, state: State) -> State {
        std::mem::replace(&mut *self.search.lock().unwrap_or_else(PoisonError::into_inner), state)
    }
}

#[pymethods]
impl Solutions {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let mut solutions = match self.put(State::Searching) {
            State::Waiting(solutions) => solutions,
            State::Searching => {
                return Err(Raised::new::<PyPriorError>(py, "another thread is looking for the next solution").err());
            }
            State::Over => {
                self.put(State::Over);
                return Ok(None);
            }
        };
        let problem = self.problem.get();
        let (solutions, next) = self.interruption.run(py, move || {
            let next = solutions.0.next();
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
                Err(told(py, problem, &stopped))
            }
            (None, None) => {
                self.put(State::Over);
                Ok(None)
            }
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.problem)
    }
}
