//! Models on disk.

mod dir;
mod error;
mod language;
mod mmap;
mod save;
mod text;
mod weights;

pub use dir::{ModelDir, ModelFiles};
pub use error::{DirError, WeightsError};
pub(crate) use save::write_tensors;
