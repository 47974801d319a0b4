//! What can be told of a program without running it.

use pyo3::prelude::*;
use pyprior_core::{Analysis, Analysis002};

use crate::{errors, tree};

/// Unused functions, dead stores, returning functions, whether a call's value is used, and lines for the first two.
type Facts = (Vec<String>, Vec<String>, Vec<String>, bool, Vec<String>);

/// The four findings of 0.0.2, by its rules.
#[pyfunction]
pub fn analysis_002(node: &Bound<'_, PyAny>) -> PyResult<Facts> {
    let module = tree::module(node)?;
    let found = node.py().detach(|| Analysis002::of(&module));
    Ok((found.unused_funcs, found.dead_stores, found.returning_funcs, found.value_used, found.dead_code))
}

/// Everything that the engine can tell, as JSON.
#[pyfunction]
pub fn analyse(node: &Bound<'_, PyAny>) -> PyResult<String> {
    let (py, module) = (node.py(), tree::module(node)?);
    let found = py.detach(|| serde_json::to_string(&Analysis::of(&module)));
    found.map_err(|error| errors::Raised::new::<errors::PyPriorError>(py, error).err())
}
