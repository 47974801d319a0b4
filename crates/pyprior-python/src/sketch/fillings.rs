//! All fillings by their size, or some by chance.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyList;
use pyprior_sketch::{Chooser, Enumerator, Sampler};

use super::errors;
use super::filling::Filling;
use crate::errors::{PyPriorError, Raised, too_many};
use crate::logic::Interruption;
use crate::numbers::count;
use crate::turns;

/// Fillings one after another, shorter ones first, those of one length by their tokens; each is looked for when it is asked for.
#[pyclass(frozen, module = "pyprior_rs._engine")]
pub struct Fillings {
    /// Taken out while it works.
    inner: Mutex<Option<Enumerator>>,
    interruption: Arc<Interruption>,
}

fn taken(py: Python<'_>) -> PyErr {
    Raised::new::<PyPriorError>(py, "the next filling is being looked for, by this thread or another").err()
}

fn take<T>(inner: &Mutex<Option<T>>) -> Option<T> {
    inner.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Not locked any more when Python runs.
fn look<T, R>(inner: &Mutex<Option<T>>, look: impl FnOnce(&T) -> R) -> Option<R> {
    inner.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(look)
}

fn put<T>(inner: &Mutex<Option<T>>, back: T) {
    *inner.lock().unwrap_or_else(PoisonError::into_inner) = Some(back);
}

impl Fillings {
    pub(super) fn new(all: Enumerator) -> Self {
        let interruption = Interruption::of_signals();
        let asked = Arc::clone(&interruption);
        Self { inner: Mutex::new(Some(all.interrupt(move || asked.wanted()))), interruption }
    }
}

#[pymethods]
impl Fillings {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Filling>> {
        let mut all = take(&self.inner).ok_or_else(|| taken(py))?;
        let (all, next) = py.detach(move || {
            let next = all.next();
            (all, next)
        });
        put(&self.inner, all);
        match (next, self.interruption.error()) {
            (_, Some(error)) => Err(error),
            (Some(Err(error)), None) => Err(errors::enumerate(py, &error)),
            (Some(Ok(filling)), None) => Ok(Some(Filling::new(filling))),
            (None, None) => Ok(None),
        }
    }

    /// Tokens that have been taken so far, those that led nowhere included.
    #[getter]
    fn nodes(&self, py: Python<'_>) -> PyResult<u64> {
        look(&self.inner, Enumerator::nodes).ok_or_else(|| taken(py))
    }
}

/// Who chooses among legal tokens.
pub(super) type AnyChooser = Box<dyn Chooser + Send>;

/// Fillings of one call, at most: what does not fit into memory would end the process.
const MOST: usize = 1 << 20;

/// Fillings by chance: an endless stream, which hangs on the seed alone.
#[pyclass(frozen, module = "pyprior_rs._engine")]
pub struct SketchSampler {
    /// Taken out while it works.
    inner: Mutex<Option<Sampler<AnyChooser>>>,
    interruption: Arc<Interruption>,
}

impl SketchSampler {
    pub(super) fn new(sampler: Sampler<AnyChooser>) -> Self {
        let interruption = Interruption::of_signals();
        let asked = Arc::clone(&interruption);
        Self { inner: Mutex::new(Some(sampler.interrupt(move || asked.wanted()))), interruption }
    }
}

#[pymethods]
impl SketchSampler {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.sample(py, 1)?.get_item(0)
    }

    /// The next fillings. Raises FillError, which has those before it in `fillings`.
    fn sample<'py>(&self, py: Python<'py>, #[pyo3(from_py_with = count)] n: usize) -> PyResult<Bound<'py, PyList>> {
        if n > MOST {
            return Err(too_many(py, "n", n as u64, MOST as u64));
        }
        let mut sampler = take(&self.inner).ok_or_else(|| taken(py))?;
        let (sampler, drawn, failed) = py.detach(move || {
            let mut drawn = Vec::new();
            while drawn.len() < n {
                match sampler.sample() {
                    Ok(filling) => drawn.push(Filling::new(filling)),
                    Err(error) => return (sampler, drawn, Some(error)),
                }
            }
            (sampler, drawn, None)
        });
        put(&self.inner, sampler);
        if let Some(error) = self.interruption.error() {
            self.interruption.go_on();
            py.detach(|| drop(drawn));
            return Err(error);
        }
        let drawn = turns::list(py, drawn)?;
        match failed {
            None => Ok(drawn),
            Some(error) => {
                let error = errors::sample(py, &error);
                error.value(py).setattr("fillings", drawn)?;
                Err(error)
            }
        }
    }

    /// Tries so far, those that failed included.
    #[getter]
    fn tries(&self, py: Python<'_>) -> PyResult<u64> {
        look(&self.inner, Sampler::tries).ok_or_else(|| taken(py))
    }
}
