//! What a variable of a problem may be.

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyList, PyRange, PyTuple};
use pyprior_logic::Value;
use pyprior_logic::fd::{self, SolveError};

use super::errors;
use super::objects::{self, Kept};
use crate::turns::in_turns;

/// The values that a variable may take, each once, in their order. An iterable of what can be hashed, or is made of lists and
/// dicts of such; ranges of step 1 are not written out.
///
/// A description: variables that were given the same object are narrowed each by itself.
#[pyclass(frozen, module = "pyprior_rs._engine")]
pub struct FiniteDomain {
    pub(super) inner: fd::FiniteDomain,
    /// The objects by index: a range or a tuple.
    pub(super) objects: Py<PyAny>,
    kept: Kept,
}

/// Values of a domain, at most: the engine's limit.
const MOST: u64 = 1 << 24;

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
            let kept = kept.iter().map(|named| named.clone_ref(py)).collect();
            return Ok(Self { inner: inner.clone(), objects: objects.clone_ref(py), kept });
        }
        if let Ok(range) = values.cast::<PyRange>() {
            let end = |name: &str| range.getattr(name)?.extract::<i64>();
            if let (Ok(1), Ok(start), Ok(stop)) = (end("step"), end("start"), end("stop"))
                && start < stop
            {
                if stop.abs_diff(start) > MOST {
                    return Err(errors::problem(py, &SolveError::TooLarge { what: "a domain" }, None));
                }
                let inner = fd::FiniteDomain::range(start..=stop - 1);
                return Ok(Self { inner, objects: values.clone().unbind(), kept: Kept::new() });
            }
        }
        let (mut kept, mut listed, mut known) = (Kept::new(), Vec::new(), std::collections::HashSet::new());
        let mut all: Vec<Value> = Vec::new();
        for object in in_turns(py, values.try_iter()?) {
            let object = objects::bound(&object?)?;
            let value = objects::value(&object, &mut kept)?;
            if known.insert(value.clone()) {
                all.push(value);
                listed.push(object);
            }
        }
        Ok(Self { inner: fd::FiniteDomain::new(all), objects: PyTuple::new(py, listed)?.into_any().unbind(), kept })
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.objects)?;
        self.kept.iter().try_for_each(|named| visit.call(named))
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
        let value = objects::value(value, &mut kept)?;
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
