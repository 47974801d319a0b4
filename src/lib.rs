//! PyPrior: exact constrained decoding of programs. This crate re-exports the libraries behind the command line.

pub use pyprior_core as core;
