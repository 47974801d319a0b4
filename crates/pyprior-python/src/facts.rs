//! What can be told of a program without running it.

use pyo3::prelude::*;
use pyprior_core::{Analysis, Analysis002};

use crate::{errors, tree};

/// Unused functions, dead stores, returning functions, whether a call's value is used, and lines for the first two.
type Facts = (Vec<String>, Vec<String>, Vec<String>, bool, Vec<String>);

/// The four findings of 0.0.2, by its rules.
#[pyfunction]
pub fn analysis_002(node: &Bound<'_, PyAny>) -> PyResult<Facts> {
    let found = Analysis002::of(&tree::module(node)?);
    Ok((found.unused_funcs, found.dead_stores, found.returning_funcs, found.value_used, found.dead_code))
}

/// Everything that the engine can tell, as JSON.
#[pyfunction]
pub fn analyse(node: &Bound<'_, PyAny>) -> PyResult<String> {
    let analysis = Analysis::of(&tree::module(node)?);
    serde_json::to_string(&analysis)
        .map_err(|error| errors::Raised::new::<errors::PyPriorError>(node.py(), error).err())
}
