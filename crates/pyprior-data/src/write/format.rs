//! Kinds of files.

use serde::{Deserialize, Serialize};

/// A kind of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Parquet, compressed by zstd, in `data/`; the description stands in the file's metadata under `pyprior`.
    Parquet,
    /// One JSON object a line, in `jsonl/`. A number that is infinite is null.
    Jsonl,
    /// The same, compressed by zstd.
    JsonlZst,
    /// Arrays of NumPy in `tokens/`: all tokens of the shard one after the other (`.tokens.npy`, unsigned, 16 bits or
    /// 32), and where each program begins, with the end of the last (`.offsets.npy`, unsigned, 64 bits). Of tables of tasks every
    /// list of numbers is an array; where rows are of one length, arrays have a line for each and there are no offsets.
    Npy,
}

impl Format {
    /// Its name in descriptions.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Jsonl => "jsonl",
            Self::JsonlZst => "jsonl-zst",
            Self::Npy => "npy",
        }
    }

    /// Where the files of the programs are.
    pub(crate) const fn folder(self) -> &'static str {
        match self {
            Self::Parquet => "data",
            Self::Jsonl | Self::JsonlZst => "jsonl",
            Self::Npy => "tokens",
        }
    }
}
