//! What can go wrong between a description and its files.

mod control;
mod description;
mod examine;
#[cfg(feature = "object-store")]
mod store;

pub use control::ControlError;
pub use description::DescriptionError;
pub use examine::ExamineError;
#[cfg(feature = "object-store")]
pub use store::StoreError;

use std::path::PathBuf;

use pyprior_core::ConfigError;
use thiserror::Error;

use crate::source::SourceError;

/// Why a dataset is not made. Shards that are done stay done.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// The description is refused.
    #[error(transparent)]
    Description(#[from] DescriptionError),
    /// Another process is writing a small file, and does not come to its end.
    #[error("{} is being written by another process, which does not come to its end", path.display())]
    Locked {
        /// The file.
        path: std::path::PathBuf,
    },
    /// Its language is none.
    #[error("language")]
    Language(#[from] ConfigError),
    /// It cannot be written down, which numbers that are none would do.
    #[error("the description cannot be written as JSON")]
    Describe(#[source] serde_json::Error),
    /// The source fails.
    #[error(transparent)]
    Source(SourceError),
    /// The source has drawn what is no program of the language.
    #[error("program {row} is none")]
    Program {
        /// Its number.
        row: u64,
        /// What is wrong with it.
        source: ExamineError,
    },
    /// Too few candidates stay.
    #[error("shard {shard}: {kept} of {candidates} candidates stay, and it needs {rows}; {most}")]
    Patience {
        /// The shard.
        shard: u64,
        /// Rows that it needs.
        rows: u64,
        /// Rows that it has.
        kept: u64,
        /// Candidates that it has looked at.
        candidates: u64,
        /// Why most of the others do not stay, in words.
        most: String,
    },
    /// A file or folder cannot be read, written or renamed.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was to be done.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file cannot be written in its format.
    #[error("cannot write {}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: parquet::errors::ParquetError,
    },
    /// A URL leads nowhere.
    #[error("{url}: {reason}")]
    Url {
        /// The URL's scheme: the rest may hold a secret.
        url: String,
        /// Why it does not.
        reason: String,
    },
    /// An object store does not do what it is asked to.
    #[cfg(feature = "object-store")]
    #[error("cannot {action} {url}")]
    Store {
        /// What was to be done.
        action: &'static str,
        /// The object, or what names begin with.
        url: String,
        /// Why not.
        source: StoreError,
    },
    /// A file of the manifest is not what it should be.
    #[error("{path} is no file of a dataset's manifest, or damaged (a shard whose record is deleted is made again)")]
    Manifest {
        /// The file, or its URL.
        path: String,
        /// What is wrong there.
        source: serde_json::Error,
    },
    /// The folder is that of another dataset.
    #[error("{manifest} is that of another dataset: {difference}")]
    Foreign {
        /// Its manifest, or the URL of it.
        manifest: String,
        /// What is different.
        difference: String,
    },
    /// The folder holds something, and no manifest.
    #[error("no dataset, and not empty: there is {found}, and no {manifest}")]
    NotADataset {
        /// Something that is there.
        found: String,
        /// What it lacks.
        manifest: String,
    },
    /// Stages are to go below a folder that holds a dataset.
    #[error("{place} holds a dataset, and stages need a folder of their own")]
    Occupied {
        /// The folder, or its URL.
        place: String,
    },
    /// A shard's record is that of another one.
    #[error("{record} is that of shard {shard}: without it, the shard is made again")]
    Misplaced {
        /// The record, or its URL.
        record: String,
        /// The shard that it says.
        shard: u64,
    },
    /// A shard's record names a file that is not below the dataset.
    #[error("{record} names the file {file:?}, which is not in the dataset's folder")]
    Outside {
        /// The record, or its URL.
        record: String,
        /// The name.
        file: String,
    },
    /// Somebody else is making the same shard.
    #[error(
        "shard {shard} is being made by another process, which has locked files of it; {record} will say when it is done"
    )]
    Busy {
        /// The shard.
        shard: u64,
        /// Its record.
        record: String,
    },
    /// There is no shard of this number.
    #[error("there is no shard {shard}: shards are numbered from 0, and there are {shards}")]
    NoShard {
        /// What was asked for.
        shard: u64,
        /// Number of shards.
        shards: u64,
    },
    /// A shard is missing that is needed.
    #[error("shard {shard} of {shards} is not done")]
    Missing {
        /// The first one.
        shard: u64,
        /// Number of shards.
        shards: u64,
    },
    /// There is no table of this name.
    #[error("there is no table {table:?}; the tables are {tables}")]
    NoTable {
        /// What was asked for.
        table: String,
        /// Those that there are.
        tables: String,
    },
    /// There is no split of this name.
    #[error("there is no split {split:?}; the splits are {splits}")]
    NoSplit {
        /// What was asked for.
        split: String,
        /// Those that there are.
        splits: String,
    },
    /// The threads cannot be started.
    #[error("cannot start threads")]
    Threads(#[source] rayon::ThreadPoolBuildError),
    /// A thread cannot be started.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
    /// It was asked to stop.
    #[error("interrupted; the same command goes on")]
    Interrupted,
}

impl From<SourceError> for DataError {
    /// A source that was asked to stop does not fail.
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Stopped => Self::Interrupted,
            error => Self::Source(error),
        }
    }
}

impl DataError {
    pub(crate) fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
