//! The engine for Python: module `pyprior_rs._engine` of the wheel `pyprior-rs`.
//!
//! ```text
//! language.rs   a language: vocabulary and tables · legal_sets.rs: legal sets as frozensets, each made once
//! shared.rs     rows and their lock · batch.rs · slots.rs · steps.rs · readout.rs: what they hold · row.rs: one of them
//! masks.rs      bits and floats in memory of numpy
//! numbers.rs    ids, constants and values from Python and back · turns.rs: long work on objects · places.rs: places of sequences
//!               · bounded.rs: what is iterated over, up to a limit
//! pool.rs       threads, for each process its own · locks.rs: locks beside the interpreter's
//! source.rs     encode and decode · names.rs · tree/: nodes
//! pickling.rs   what pickle writes of rows and programs
//! prior.rs      the symbolic prior: its logits, its arrays, its modes
//! programs.rs   whole programs in bulk · training.rs: batches to learn from
//! dataset/      datasets: descriptions, shards, rows as they are made · watched.rs: long work that Python can interrupt
//! run.rs        running, sessions · facts.rs: analysis · show.rs: a decode to look at
//! logic/        logic variables, finite domains · sketch/: programs with holes
//! errors.rs     exceptions with the fields of the engine's errors
//! ```
//!
//! Conversion only: what a function does is said in `pyprior-core`, and for users of Python in the docstrings of the
//! package around this module. Two rules hold throughout:
//!
//! - **No work on whole batches keeps the interpreter for a millisecond**: where it writes more than `masks::LONG` words or
//!   numbers, others run meanwhile, and where it makes or reads as many objects, they get their turns.
//! - **No lock of ours is held while Python runs.** What is locked is read into memory of ours, unlocked, then converted:
//!   Python may switch threads at any allocation, and the next thread may want the same lock.

// `#[pyfunction]`s and `#[pyclass]`es are public to Python, not to Rust.
#![allow(unreachable_pub)]

mod batch;
mod bounded;
mod dataset;
mod errors;
mod facts;
mod language;
mod legal_sets;
mod locks;
mod logic;
mod masks;
mod names;
mod numbers;
mod pickling;
mod places;
mod pool;
mod prior;
mod programs;
mod readout;
mod row;
mod run;
mod shared;
mod show;
mod sketch;
mod slots;
mod source;
mod steps;
mod training;
mod tree;
mod turns;
mod watched;

use pyo3::prelude::*;

/// The engine behind `pyprior_rs`.
#[pymodule]
fn _engine(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    errors::add(m)?;
    dataset::add(m)?;
    logic::add(m)?;
    sketch::add(m)?;
    m.add_class::<language::PyLanguage>()?;
    m.add_class::<batch::Batch>()?;
    m.add_class::<row::Row>()?;
    m.add_class::<prior::SymbolicPrior>()?;
    m.add_class::<programs::Programs>()?;
    m.add_class::<programs::Sampler>()?;
    m.add_class::<run::Session>()?;
    m.add_function(wrap_pyfunction!(steps::advance, m)?)?;
    m.add_function(wrap_pyfunction!(steps::done, m)?)?;
    m.add_function(wrap_pyfunction!(pickling::pack, m)?)?;
    m.add_function(wrap_pyfunction!(pickling::unpack, m)?)?;
    m.add_function(wrap_pyfunction!(programs::unpack_programs, m)?)?;
    m.add_function(wrap_pyfunction!(source::encode, m)?)?;
    m.add_function(wrap_pyfunction!(source::encode_many, m)?)?;
    m.add_function(wrap_pyfunction!(source::decode, m)?)?;
    m.add_function(wrap_pyfunction!(source::partial, m)?)?;
    m.add_function(wrap_pyfunction!(source::tokens_to_ast, m)?)?;
    m.add_function(wrap_pyfunction!(source::ast_to_tokens, m)?)?;
    m.add_function(wrap_pyfunction!(training::training_batch, m)?)?;
    m.add_function(wrap_pyfunction!(run::run_source, m)?)?;
    m.add_function(wrap_pyfunction!(run::run_many, m)?)?;
    m.add_function(wrap_pyfunction!(run::call_func, m)?)?;
    m.add_function(wrap_pyfunction!(run::run_tokens, m)?)?;
    m.add_function(wrap_pyfunction!(facts::analysis_002, m)?)?;
    m.add_function(wrap_pyfunction!(facts::analyse, m)?)?;
    m.add_function(wrap_pyfunction!(tree::render, m)?)?;
    m.add_function(wrap_pyfunction!(show::frames, m)?)?;
    m.add_function(wrap_pyfunction!(show::export, m)?)?;
    m.add_function(wrap_pyfunction!(show::play, m)?)?;
    Ok(())
}
