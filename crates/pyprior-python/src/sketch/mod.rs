//! Sketches: programs with holes, and what must hold of them.
//!
//! ```text
//! source.rs     a sketch of a language · filling.rs: a program that fills it
//! fillings.rs   all of them by size, or some by chance · rows.rs: rows for loops of one's own
//! errors.rs     exceptions
//! ```

mod errors;
mod filling;
mod fillings;
mod rows;
mod source;

use pyo3::prelude::*;

pub(crate) fn add(m: &Bound<'_, PyModule>) -> PyResult<()> {
    errors::add(m)?;
    m.add("DEFAULT_WORK", pyprior_sketch::DEFAULT_WORK)?;
    m.add("DEFAULT_MEMORY", pyprior_sketch::DEFAULT_MEMORY)?;
    m.add("DEFAULT_TRIES", pyprior_sketch::DEFAULT_TRIES)?;
    m.add("DEFAULT_STEPS", pyprior_sketch::DEFAULT_STEPS)?;
    m.add_class::<source::Sketch>()?;
    m.add_class::<filling::Filling>()?;
    m.add_class::<fillings::Fillings>()?;
    m.add_class::<fillings::SketchSampler>()?;
    m.add_class::<rows::SketchRows>()?;
    Ok(())
}
