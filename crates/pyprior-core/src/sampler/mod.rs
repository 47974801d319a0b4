//! Drawing programs: counter-based random numbers, the uniform choice, and whole programs in bulk.

pub(crate) mod beginning;
pub(crate) mod drawn;
pub(crate) mod philox;
pub(crate) mod prior;
mod product;
pub(crate) mod programs;
pub(crate) mod score;
pub(crate) mod scored;
mod scores;
mod tile;
pub(crate) mod uniform;
pub(crate) mod weighted;
