//! What a variable of a problem may be.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyList, PyRange, PyTuple};
use pyprior_logic::Value;
use pyprior_logic::fd::{self, SolveError};

use super::errors;
use super::objects::{self, Kept};
use crate::bounded::{MOST, bounded};
use crate::turns::{self, Turns};

/// The values that a variable may take, each once, in their order. An iterable of what can be hashed, or is made of lists and
/// dicts of such; ranges of step 1 are not written out. It has 2^24 items at most, those that come again counted; of more raises
/// ProblemError.
///
/// A description: variables that were given the same object are narrowed each by itself.
#[pyclass(frozen, module = "pyprior_rs._engine")]
pub struct FiniteDomain {
    pub(super) inner: fd::FiniteDomain,
    /// The objects by index: a range or a tuple.
    pub(super) objects: Py<PyAny>,
    kept: Kept,
}

/// Values that room is made for beforehand, at most.
const ROOM: usize = 1 << 20;

/// The objects of a domain by index.
#[derive(Clone, Copy, Debug)]
pub(super) enum Objects<'a> {
    /// Integers from this one on.
    Range(i64),
    Listed(&'a Py<PyAny>),
}

impl Objects<'_> {
    pub(super) fn get<'py>(&self, py: Python<'py>, index: u32) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Range(low) => Ok((low + i64::from(index)).into_pyobject(py)?.into_any()),
            Self::Listed(objects) => objects.bind(py).cast::<PyTuple>()?.get_item(index as usize),
        }
    }
}

/// The numbers of a range of step 1 that is not empty.
pub(super) fn consecutive(values: &Bound<'_, PyAny>) -> Option<RangeInclusive<i64>> {
    let range = values.cast::<PyRange>().ok()?;
    let end = |name: &str| range.getattr(name).ok()?.extract::<i64>().ok();
    let (start, stop) = (end("start")?, end("stop")?);
    (end("step")? == 1 && start < stop).then(|| start..=stop - 1)
}

impl FiniteDomain {
    pub(super) fn objects(&self) -> Objects<'_> {
        match self.inner.universe().as_range() {
            Some((low, _)) => Objects::Range(low),
            None => Objects::Listed(&self.objects),
        }
    }
}

#[pymethods]
impl FiniteDomain {
    #[new]
    pub(super) fn new(values: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = values.py();
        if let Ok(domain) = values.cast::<FiniteDomain>() {
            let FiniteDomain { inner, objects, kept } = domain.get();
            let kept = kept.iter().map(|name| name.clone_ref(py)).collect();
            return Ok(Self { inner: inner.clone(), objects: objects.clone_ref(py), kept });
        }
        let refused = || errors::problem(py, &SolveError::TooLarge { what: "a domain" }, None);
        if let Some(range) = consecutive(values) {
            let inner = fd::FiniteDomain::range(range);
            if inner.is_cut() {
                return Err(refused());
            }
            return Ok(Self { inner, objects: values.clone().unbind(), kept: Kept::new() });
        }
        // Room at once, where the length is known: to hash all again for more would be long for a turn.
        let room = values.len().unwrap_or(0).min(ROOM);
        let (mut kept, mut listed, mut known) = (Kept::new(), Vec::new(), HashSet::with_capacity(room));
        let mut all: Vec<Value> = Vec::new();
        let mut turns = Turns::new(py);
        for object in bounded(values, MOST, refused)? {
            let object = objects::bound(&object?)?;
            let value = objects::value(&object, &mut kept, &mut turns)?;
            if known.insert(value.clone()) {
                all.push(value);
                listed.push(object);
            }
        }
        let inner = turns::without(py, all.len(), move || {
            drop(known);
            fd::FiniteDomain::new(all)
        });
        Ok(Self { inner, objects: PyTuple::new(py, listed)?.into_any().unbind(), kept })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.objects)?;
        self.kept.iter().try_for_each(|name| name.visit(&visit))
    }

    /// Number of values.
    fn size(&self) -> usize {
        self.inner.len()
    }

    /// The values, in order. A list, as logilab-constraint has it.
    #[pyo3(name = "getValues")]
    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.objects.bind(py).try_iter()?.collect::<PyResult<Vec<_>>>().and_then(|all| PyList::new(py, all))
    }

    fn __len__(&self) -> usize {
        self.inner.len()
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.objects.bind(py).try_iter()
    }

    fn __contains__(&self, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        let mut kept = Kept::new();
        let value = objects::value(value, &mut kept, &mut Turns::new(value.py()))?;
        Ok(self.inner.universe().index_of(&value).is_some())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let objects = self.objects.bind(py);
        let few = match self.inner.len() {
            ..=8 => objects.repr()?.to_string(),
            many if objects.is_instance_of::<PyTuple>() => {
                let first = objects.cast::<PyTuple>()?.get_slice(0, 8).repr()?.to_string();
                format!("{}, ...: {many} values", first.strip_suffix(')').unwrap_or(&first))
            }
            _ => objects.repr()?.to_string(),
        };
        Ok(format!("FiniteDomain({few})"))
    }
}
