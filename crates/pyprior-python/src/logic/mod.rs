//! Logic variables, and the solver of finite domains.
//!
//! ```text
//! objects.rs    values of Python as the engine has them, and back; what it knows nothing of goes by a name
//! flat.rs       terms with variables in them, laid flat · terms.rs: those of a store · names.rs: what they hold
//! store.rs      the variables, unification, marks · detached.rs: work without the interpreter
//! domain.rs     what a variable of a problem may be · constraint.rs: relations between them · function.rs: those of Python
//! repository.rs a problem · solver.rs: what is looked for · solutions.rs: one after the other
//! interrupt.rs  signals while a search is under way
//! errors.rs     exceptions
//! ```
//!
//! **Who holds what.** The engine holds no object of Python: what is not a number, a text or made of such goes by a name, and
//! functions by a weak reference. So the collector sees every reference that there is.

mod constraint;
mod detached;
mod domain;
mod errors;
mod flat;
mod function;
mod interrupt;
mod names;
mod objects;
mod repository;
mod solutions;
mod solver;
mod store;
mod terms;

use pyo3::prelude::*;

pub(crate) use interrupt::Interruption;

pub(crate) fn add(m: &Bound<'_, PyModule>) -> PyResult<()> {
    errors::add(m)?;
    m.add_class::<store::Store>()?;
    m.add_class::<store::Mark>()?;
    m.add_class::<domain::FiniteDomain>()?;
    m.add_class::<constraint::Constraint>()?;
    m.add_class::<repository::Repository>()?;
    m.add_class::<solver::Solver>()?;
    m.add_class::<solutions::Solutions>()?;
    m.add_function(wrap_pyfunction!(constraint::make_expression, m)?)?;
    m.add_function(wrap_pyfunction!(constraint::all_distinct, m)?)?;
    m.add_function(wrap_pyfunction!(constraint::linear, m)?)?;
    m.add_function(wrap_pyfunction!(constraint::table, m)?)?;
    Ok(())
}
