//! Why a dataset is not deduplicated.

use std::path::PathBuf;

use thiserror::Error;

use crate::error::DataError;
use crate::error::ExamineError;

/// Why a dataset is not deduplicated. Shards that are done stay done.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DedupError {
    /// A folder or a file: as when a dataset is made.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The folder to read is no dataset's.
    #[error("{} is no dataset: it has no {}", path.display(), manifest.display())]
    NoDataset {
        /// The folder.
        path: PathBuf,
        /// What it lacks.
        manifest: PathBuf,
    },
    /// Somebody else is at it.
    #[error("another process deduplicates to {}", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// Shards are missing, or their files are.
    #[error("{} is not complete: shard {shard} of {shards} is missing, or a file of it; make it first", path.display())]
    Incomplete {
        /// The folder.
        path: PathBuf,
        /// The first that is missing.
        shard: u64,
        /// Shards of the dataset.
        shards: u64,
    },
    /// A shard has no table to read programs from.
    #[error("shard {shard} has no file of Parquet with column tokens: there is nothing to tell programs by")]
    NoTokens {
        /// The shard.
        shard: u64,
    },
    /// Rows hold tasks of several programs each.
    #[error("{}: its rows are packed, with tasks of several programs each; make the dataset with tasks.layout = \"plain\" or \"padded\"", path.display())]
    Packed {
        /// The table's folder.
        path: PathBuf,
    },
    /// A file is of a kind that cannot be written again.
    #[error("{}: cannot leave rows out of it; known are Parquet with column tokens or program, .jsonl, .jsonl.zst, and .npy", path.display())]
    UnknownFile {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be read as what it should be.
    #[error("cannot read {}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: parquet::errors::ParquetError,
    },
    /// A column is missing, or of another type.
    #[error("{}: column {column} is not {wanted}", path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// What it should be, in words.
        wanted: &'static str,
    },
    /// Rows are not numbered as they should be.
    #[error("{}: row {row} has id {id}; ids of shard {shard} must ascend from {first} to below {end}", path.display())]
    Id {
        /// The file, or the first of several.
        path: PathBuf,
        /// The row in it, or in all of them by their ids.
        row: u64,
        /// Its id.
        id: u64,
        /// The shard.
        shard: u64,
        /// The least id that it could have.
        first: u64,
        /// The first that it could not.
        end: u64,
    },
    /// A file has not as many rows as it should have.
    #[error("{}: {found} rows, where there should be {wanted}", path.display())]
    Rows {
        /// The file.
        path: PathBuf,
        /// Rows that there are.
        found: u64,
        /// Rows that there should be.
        wanted: u64,
    },
    /// A row holds no program.
    #[error("{}: id {id}: no program of the language", path.display())]
    Program {
        /// The file.
        path: PathBuf,
        /// The row's id, or its place in the dataset.
        id: u64,
        /// What is wrong with it.
        source: ExamineError,
    },
    /// A line or an array is not what it should be.
    #[error("{}: {what}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// There is too little memory for so many rows.
    #[error("{rows} rows take {wanted} bytes of memory at least, and {given} are given")]
    Memory {
        /// Rows of the dataset.
        rows: u64,
        /// Bytes that it takes.
        wanted: u64,
        /// Bytes that there may be.
        given: u64,
    },
}
