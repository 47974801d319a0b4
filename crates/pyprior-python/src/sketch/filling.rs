//! A program that fills a sketch.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::turns::Turns;

/// A program that fills a sketch. See `pyprior_rs.sketch.Filling`.
#[pyclass(frozen, module = "pyprior_rs._engine")]
pub struct Filling {
    inner: pyprior_sketch::Filling,
}

impl Filling {
    pub(super) fn new(inner: pyprior_sketch::Filling) -> Self {
        Self { inner }
    }
}

#[pymethods]
impl Filling {
    /// Its source, under the names of the sketch.
    #[getter]
    fn source(&self) -> String {
        self.inner.source()
    }

    /// Its tokens.
    #[getter]
    fn ids<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        Turns::new(py).tuple(self.inner.tokens().iter().copied())
    }

    /// What holes were filled with: name, kind, number of the first token, number of the one behind the last.
    fn _holes(&self) -> Vec<(&str, &'static str, usize, usize)> {
        self.inner.holes().into_iter().map(|hole| (hole.name, hole.kind, hole.at.start, hole.at.end)).collect()
    }
}
