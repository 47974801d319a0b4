//! Drawing programs: counter-based random numbers, the uniform choice, and whole programs in bulk.

pub(crate) mod philox;
pub(crate) mod prior;
pub(crate) mod programs;
pub(crate) mod score;
pub(crate) mod scored;
mod scores;
mod tile;
pub(crate) mod uniform;
pub(crate) mod weighted;
