//! Terms: what Rust values are turned into, unification, reading back, and showing.

mod convert;
mod copy;
mod entail;
mod error;
mod graph;
mod read;
mod show;
mod structure;
mod unify;

#[cfg(test)]
mod tests;

pub use convert::{IntoTerm, Part};
pub use entail::Entailment;
pub use error::{RebindingError, UnificationError, UnifyError};
pub use graph::GraphNode;
pub use read::ReadError;
pub use structure::{Parts, Structure};
