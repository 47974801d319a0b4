//! Drawing programs: counter-based random numbers, the uniform choice, and whole programs in bulk.

pub(crate) mod philox;
pub(crate) mod programs;
pub(crate) mod uniform;
