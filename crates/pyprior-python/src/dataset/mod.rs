//! Datasets: what `pyprior-data` makes, for Python.
//!
//! ```text
//! description.rs   what a dataset is · fields.rs: what is said of it in Python
//! job.rs           it, checked and compiled; shards of it
//! rows.rs          rows as objects, arrays of numpy, Arrow's arrays · stream.rs: as they are made
//! errors.rs        what goes wrong
//! ```

mod description;
mod errors;
mod fields;
mod job;
mod rows;
mod stream;

use pyo3::prelude::*;

pub(crate) fn add(m: &Bound<'_, PyModule>) -> PyResult<()> {
    errors::add(m)?;
    m.add_class::<description::PyDescription>()?;
    m.add_class::<job::PyJob>()?;
    m.add_class::<rows::PyRows>()?;
    m.add_class::<stream::PyStream>()?;
    m.add_function(wrap_pyfunction!(description::dataset_stages, m)?)?;
    m.add_function(wrap_pyfunction!(description::dataset_places, m)?)?;
    m.add_function(wrap_pyfunction!(job::dataset_finish, m)?)?;
    Ok(())
}
