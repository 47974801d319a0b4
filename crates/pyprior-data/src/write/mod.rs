//! Groups of rows to files, by format.

mod arrow;
mod files;
mod format;
mod jsonl;
mod npy;
mod parquet;
mod sink;

pub use format::Format;

pub(crate) use arrow::{array, is_wide, schema};
pub(crate) use files::Files;
pub(crate) use npy::{Array as NpyArray, HEADER};
pub(crate) use sink::{Sink, Sinks};
