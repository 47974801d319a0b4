//! What is looked for, how, and how far.

use std::sync::Arc;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use pyprior_logic::fd::{self, Distribution, Limit, Stopped, ValueOrder, VariableOrder};

use super::errors;
use super::interrupt::{Interruption, Turns};
use super::repository::Repository;
use super::solutions::Solutions;
use crate::errors::{PyPriorError, Raised};
use crate::numbers::maybe_count;
use crate::turns::in_turns;

/// Looks for solutions. See `pyprior_rs.logic.Solver`.
#[pyclass(frozen, subclass, module = "pyprior_rs._engine")]
pub struct Solver {
    inner: fd::Solver,
    parallel: bool,
}

fn choice<T: Copy, const N: usize>(py: Python<'_>, what: &str, given: &str, all: [(&str, T); N]) -> PyResult<T> {
    all.iter().find(|(name, _)| *name == given).map(|(_, value)| *value).ok_or_else(|| {
        let known = all.map(|(name, _)| format!("{name:?}")).join(", ");
        Raised::new::<PyPriorError>(py, format!("{what} is {given:?}; there are {known}")).err()
    })
}

/// A solution, the objective there, the limit that came before it was proved that none is better, choices, failures.
type Best<'py> = (Bound<'py, PyDict>, i64, Option<&'static str>, u64, u64);

/// Solutions, the limit that ended the search, choices, failures.
type Found<'py> = (Bound<'py, PyList>, Option<&'static str>, u64, u64);

impl Solver {
    fn turns(&self, problem: &Repository) -> Turns {
        match (self.parallel, problem.calls()) {
            (true, _) => Turns::Waiting,
            (false, true) => Turns::Held,
            (false, false) => Turns::Released,
        }
    }

    /// The engine's solver, to be interrupted.
    fn interruptible(&self, interruption: &Arc<Interruption>) -> fd::Solver {
        let asked = Arc::clone(interruption);
        self.inner.clone().interrupt(move || asked.wanted())
    }

    fn run<R: Send>(
        &self,
        py: Python<'_>,
        problem: &Repository,
        work: impl FnOnce(&fd::Solver, &fd::Repository) -> Result<R, Stopped> + Send,
    ) -> PyResult<R> {
        let _search = problem.raised.search();
        let interruption = Interruption::new(self.turns(problem), &problem.raised);
        let solver = self.interruptible(&interruption);
        let found = interruption.run(py, || work(&solver, &problem.inner));
        match interruption.error() {
            Some(error) => Err(error),
            None => found.map_err(|stopped| problem.told(py, &stopped)),
        }
    }

    fn optimise<'py>(
        &self,
        py: Python<'py>,
        problem: &Repository,
        objective: &str,
        maximise: bool,
    ) -> PyResult<Option<Best<'py>>> {
        let best = self.run(py, problem, |solver, problem| match maximise {
            true => solver.maximise(problem, objective),
            false => solver.minimise(problem, objective),
        })?;
        let Some(best) = best else { return Ok(None) };
        let fd::Best { solution, value, stopped, statistics } = best;
        let stopped = stopped.map(errors::limit_name);
        Ok(Some((problem.solution(py, &solution)?, value, stopped, statistics.nodes, statistics.failures)))
    }
}

#[pymethods]
impl Solver {
    #[new]
    #[pyo3(signature = (*, variables="weighted_degree", values="least", distribution="enumerating", nodes=None, time=None,
                        solutions=None, parallel=false))]
    #[allow(clippy::too_many_arguments, reason = "keywords")]
    fn new(
        py: Python<'_>,
        variables: &str,
        values: &str,
        distribution: &str,
        #[pyo3(from_py_with = maybe_count)] nodes: Option<u64>,
        time: Option<f64>,
        #[pyo3(from_py_with = maybe_count)] solutions: Option<u64>,
        parallel: bool,
    ) -> PyResult<Self> {
        let variables = choice(
            py,
            "variables",
            variables,
            [
                ("input", VariableOrder::Input),
                ("smallest_domain", VariableOrder::SmallestDomain),
                ("weighted_degree", VariableOrder::WeightedDegree),
            ],
        )?;
        let orders = [("least", ValueOrder::Least), ("greatest", ValueOrder::Greatest), ("median", ValueOrder::Median)];
        let values = choice(py, "values", values, orders)?;
        let ways = [("enumerating", Distribution::Enumerating), ("dichotomic", Distribution::Dichotomic)];
        let distribution = choice(py, "distribution", distribution, ways)?;
        let mut inner = fd::Solver::new().variables(variables).values(values).distribution(distribution);
        if let Some(most) = nodes {
            inner = inner.nodes(most);
        }
        if let Some(seconds) = time {
            let most = Duration::try_from_secs_f64(seconds).map_err(|error| {
                let raised = Raised::new::<PyPriorError>(py, format!("time is {seconds}: {error}"));
                raised.with("value", seconds).err()
            })?;
            inner = inner.time(most);
        }
        if let Some(most) = solutions {
            inner = inner.solutions(most);
        }
        Ok(Self { inner: inner.parallel(parallel), parallel })
    }

    fn _solve<'py>(&self, py: Python<'py>, problem: &Bound<'py, Repository>) -> PyResult<Found<'py>> {
        let problem = problem.get();
        let found = self.run(py, problem, |solver, problem| solver.solve(problem).map_err(Stopped::from))?;
        let solutions = PyList::empty(py);
        for solution in in_turns(py, (0..found.len()).filter_map(|number| found.get(number))) {
            solutions.append(problem.solution(py, &solution)?)?;
        }
        let (stopped, statistics) = (found.stopped(), found.statistics());
        match stopped {
            Some(Limit::Interrupted) => Err(errors::limit(py, Limit::Interrupted)),
            _ => Ok((solutions, stopped.map(errors::limit_name), statistics.nodes, statistics.failures)),
        }
    }

    fn _first<'py>(&self, py: Python<'py>, problem: &Bound<'py, Repository>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let problem = problem.get();
        let found = self.run(py, problem, |solver, problem| solver.solve_first(problem))?;
        found.map(|solution| problem.solution(py, &solution)).transpose()
    }

    fn _count(&self, py: Python<'_>, problem: &Bound<'_, Repository>) -> PyResult<usize> {
        self.run(py, problem.get(), |solver, problem| solver.count(problem))
    }

    fn _iter(&self, py: Python<'_>, problem: &Bound<'_, Repository>) -> PyResult<Solutions> {
        let of = problem.get();
        // One after another is one thread.
        let turns = if of.calls() { Turns::Held } else { Turns::Released };
        let _search = of.raised.search();
        let interruption = Interruption::new(turns, &of.raised);
        let solver = self.interruptible(&interruption);
        let found = interruption.run(py, || solver.iter(&of.inner));
        match interruption.error() {
            Some(error) => Err(error),
            None => {
                let solutions = found.map_err(|error| of.error(py, &error))?;
                Ok(Solutions::new(solutions, problem.clone().unbind(), interruption))
            }
        }
    }

    fn _optimise<'py>(
        &self,
        py: Python<'py>,
        problem: &Bound<'py, Repository>,
        objective: &str,
        maximise: bool,
    ) -> PyResult<Option<Best<'py>>> {
        self.optimise(py, problem.get(), objective, maximise)
    }
}
