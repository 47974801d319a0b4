//! Models on disk.

mod dir;
mod error;
mod mmap;
mod save;
mod weights;

pub use dir::ModelDir;
pub use error::{DirError, WeightsError};
