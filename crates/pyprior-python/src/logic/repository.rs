//! A problem: variables, domains, constraints; or the text of one.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};
use pyprior_logic::Value;
use pyprior_logic::fd::{self, Relation, Solution, SolveError, Stopped};
use pyprior_logic::problem::{Goal, Problem};

use super::constraint::{self, Constraint, Made};
use super::domain::FiniteDomain;
use super::function::{self, Call, Raised};
use super::{errors, objects};
use crate::errors::PyPriorError;
use crate::numbers::count;
use crate::turns::{self, in_turns};

/// A constraint satisfaction problem: names of variables, a mapping from them to domains, constraints.
///
/// Domains are FiniteDomain or what one is made of. Raises ProblemError, which names what is missing, doubled or empty.
#[pyclass(frozen, module = "pyprior_rs._engine")]
pub struct Repository {
    pub(super) inner: fd::Repository,
    names: Vec<Py<PyString>>,
    /// Those of the variables; none for problems that were read from text.
    domains: Vec<Py<FiniteDomain>>,
    /// Keeps what functions and names of values the engine refers to.
    calls: Vec<Py<Call>>,
    constraints: Vec<Py<Constraint>>,
    pub(super) raised: Arc<Raised>,
    problem: Option<Problem>,
}

/// What makes the values of two domains the same: then variables share tables.
#[derive(PartialEq, Eq, Hash)]
enum Alike {
    Range(i64, i64),
    Listed(Vec<Value>),
}

impl Alike {
    fn of(domain: &fd::FiniteDomain) -> Self {
        let universe = domain.universe();
        match universe.as_range() {
            Some((low, high)) => Self::Range(low, high),
            None => Self::Listed(universe.iter().collect()),
        }
    }
}

/// One engine's domain for all that have the same values.
fn share(domains: &[Py<FiniteDomain>]) -> Vec<fd::FiniteDomain> {
    let mut by_object: HashMap<usize, fd::FiniteDomain> = HashMap::new();
    let mut by_values: HashMap<Alike, fd::FiniteDomain> = HashMap::new();
    let shared = |domain: &Py<FiniteDomain>| {
        let own = &domain.get().inner;
        let known = by_object.entry(domain.as_ptr() as usize);
        known.or_insert_with(|| by_values.entry(Alike::of(own)).or_insert_with(|| own.clone()).clone()).clone()
    };
    domains.iter().map(shared).collect()
}

impl Repository {
    /// Whether functions of Python take part in a search.
    pub(super) fn calls(&self) -> bool {
        !self.calls.is_empty()
    }

    /// What the text asks for.
    fn goal(&self) -> Option<&Goal> {
        self.problem.as_ref().map(Problem::goal)
    }

    /// A solution as a dict.
    pub(super) fn solution<'py>(&self, py: Python<'py>, solution: &Solution) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        match self.domains.is_empty() {
            true => {
                for (place, name) in self.names.iter().enumerate() {
                    let value = solution.value(place).unwrap_or_default();
                    dict.set_item(name, objects::object(py, &value, &|_| None)?)?;
                }
            }
            false => {
                for ((name, domain), index) in self.names.iter().zip(&self.domains).zip(solution.indices()) {
                    dict.set_item(name, domain.get().objects().get(py, *index)?)?;
                }
            }
        }
        Ok(dict)
    }

    /// Why a search of it gave no answer.
    pub(super) fn told(&self, py: Python<'_>, stopped: &Stopped) -> PyErr {
        match stopped {
            Stopped::Limit(limit) => errors::limit(py, *limit),
            Stopped::Problem(error) => self.error(py, error),
            Stopped::Objective(error) => errors::expression(py, error),
            other => crate::errors::Raised::new::<PyPriorError>(py, other).err(),
        }
    }

    /// What went wrong in a search: what a function raised, if it was that.
    pub(super) fn error(&self, py: Python<'_>, error: &SolveError) -> PyErr {
        if let Some(raised) = errors::given_up(error).and_then(|which| self.raised.take(which)) {
            return raised;
        }
        let place = self.problem.as_ref().and_then(|problem| problem.locate(error));
        errors::problem(py, error, place.map(|at| (at.line, at.column)))
    }
}

#[pymethods]
impl Repository {
    #[new]
    #[pyo3(signature = (variables, domains, constraints=None))]
    fn new(
        variables: &Bound<'_, PyAny>,
        domains: &Bound<'_, PyAny>,
        constraints: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let py = variables.py();
        let refuse = |error: SolveError| errors::problem(py, &error, None);
        let names = constraint::names(variables)?;
        let mut given: HashMap<String, Py<FiniteDomain>> = HashMap::new();
        for key in in_turns(py, domains.call_method0("keys")?.try_iter()?) {
            let key = key?;
            let domain = domains.get_item(&key)?;
            let domain = match domain.cast_into::<FiniteDomain>() {
                Ok(domain) => domain.unbind(),
                Err(other) => Py::new(py, FiniteDomain::new(&other.into_inner())?)?,
            };
            given.insert(key.extract()?, domain);
        }
        // In the order of the variables; where one is missing the engine says so below.
        let own: Vec<(&str, Py<FiniteDomain>)> =
            names.iter().filter_map(|name| Some((name.as_str(), given.get(name)?.clone_ref(py)))).collect();
        let listed = names.iter().map(String::as_str).collect::<HashSet<_>>();
        let unknown = given.keys().filter(|name| !listed.contains(name.as_str())).min();
        if let Some(name) = unknown {
            return Err(refuse(SolveError::UnknownDomain { name: name.clone() }));
        }
        let (present, objects): (Vec<&str>, Vec<Py<FiniteDomain>>) = own.into_iter().unzip();
        let values = objects.iter().map(|domain| domain.get().inner.len()).sum();
        let shared = turns::without(py, values, || share(&objects));
        let places: HashMap<&str, usize> = present.iter().enumerate().map(|(place, name)| (*name, place)).collect();
        let listed = names.iter().map(String::as_str).collect::<Vec<_>>();
        let all = present.iter().copied().zip(shared.iter().cloned());
        let mut inner = fd::Repository::new(&listed, all, []).map_err(refuse)?;
        let raised = Arc::default();
        let (mut calls, mut kept) = (Vec::new(), Vec::new());
        // A function that is posted again over the same domains is asked once for all.
        let mut known: HashMap<(usize, Vec<usize>), Relation> = HashMap::new();
        for constraint in constraints.map(|all| all.try_iter()).transpose()?.into_iter().flatten() {
            let constraint = constraint?.cast_into::<Constraint>()?;
            let of = constraint.get();
            let over = of.names.iter().map(String::as_str).collect::<Vec<_>>();
            let relation = match &of.relation {
                Made::Engine(relation) => relation.clone(),
                Made::Function(function) => {
                    let function = function.bind(py);
                    let place = |name: &&str| {
                        places.get(name).copied().ok_or_else(|| {
                            let constraint = function.repr().map(|text| text.to_string()).unwrap_or_default();
                            refuse(SolveError::UnknownVariable { name: (*name).to_owned(), constraint })
                        })
                    };
                    let scope = over.iter().map(place).collect::<PyResult<Vec<_>>>()?;
                    let universes = scope.iter().map(|place| Arc::as_ptr(shared[*place].universe()) as usize).collect();
                    let key = (function.as_ptr() as usize, universes);
                    match known.get(&key) {
                        Some(relation) => relation.clone(),
                        None => {
                            let domains = scope.iter().map(|place| objects[*place].clone_ref(py)).collect();
                            let (relation, call) = function::relation(function, domains, &raised)?;
                            calls.push(call);
                            known.insert(key, relation.clone());
                            relation
                        }
                    }
                }
            };
            inner.add(&relation.on(&over)).map_err(refuse)?;
            kept.push(constraint.unbind());
        }
        let names = names.iter().map(|name| PyString::intern(py, name).unbind()).collect();
        Ok(Self { inner, names, domains: objects, calls, constraints: kept, raised, problem: None })
    }

    /// Reads the text form. Raises ProblemError with line and column.
    #[staticmethod]
    fn parse(py: Python<'_>, text: &str) -> PyResult<Self> {
        let problem = py.detach(|| Problem::parse(text)).map_err(|error| errors::text(py, &error))?;
        let inner = problem.repository().clone();
        let names = inner.names().map(|name| PyString::intern(py, name).unbind()).collect();
        Ok(Self {
            inner,
            names,
            domains: Vec::new(),
            calls: Vec::new(),
            constraints: Vec::new(),
            raised: Arc::default(),
            problem: Some(problem),
        })
    }

    /// Names of the variables, in order.
    #[getter]
    fn variables<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.names)
    }

    /// What a text asks for: `("satisfy", None)`, or `("minimise", expression)` and so on.
    #[getter]
    fn _goal(&self) -> (&'static str, Option<&str>) {
        match self.goal() {
            Some(Goal::Minimise(objective)) => ("minimise", Some(objective)),
            Some(Goal::Maximise(objective)) => ("maximise", Some(objective)),
            _ => ("satisfy", None),
        }
    }

    /// The first constraint, by number from 0, at which propagation alone shows that there is no solution; None if a search is
    /// needed to tell. For messages: the constraints are compiled again, a few times.
    fn contradiction(&self, py: Python<'_>) -> PyResult<Option<usize>> {
        let _search = self.raised.search();
        let found = match self.calls() {
            true => self.inner.contradiction(),
            false => py.detach(|| self.inner.contradiction()),
        };
        found.map_err(|error| self.error(py, &error))
    }

    /// Line and column, from 1, of the statement that posted a constraint; None if there is no text.
    fn place(&self, #[pyo3(from_py_with = count)] constraint: usize) -> Option<(usize, usize)> {
        self.problem.as_ref()?.statement(constraint)
    }

    fn __len__(&self) -> usize {
        self.names.len()
    }

    fn __repr__(&self) -> String {
        format!("<Repository of {} variables, {} constraints>", self.names.len(), self.inner.constraints())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.domains.iter().try_for_each(|domain| visit.call(domain))?;
        self.calls.iter().try_for_each(|call| visit.call(call))?;
        self.constraints.iter().try_for_each(|constraint| visit.call(constraint))
    }
}
