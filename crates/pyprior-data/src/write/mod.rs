//! Groups of rows to files, by format.

mod arrow;
mod jsonl;
mod npy;
mod parquet;

pub(crate) use arrow::{is_wide, schema};
pub(crate) use npy::{Array as NpyArray, HEADER};

use serde::{Deserialize, Serialize};

use crate::columns::Columns;
use crate::error::DataError;
use crate::folder::Folder;
use crate::job::Job;
use crate::manifest::FileRecord;
use crate::store::Part;

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
    /// Two arrays of NumPy in `tokens/`: all tokens of the shard one after the other (`.tokens.npy`, unsigned, 16 bits or
    /// 32), and where each program begins, with the end of the last (`.offsets.npy`, unsigned, 64 bits).
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

    /// Where its files are, and what their names end in.
    const fn files(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Parquet => ("data", &["parquet"]),
            Self::Jsonl => ("jsonl", &["jsonl"]),
            Self::JsonlZst => ("jsonl", &["jsonl.zst"]),
            Self::Npy => ("tokens", &["tokens.npy", "offsets.npy"]),
        }
    }
}

/// Takes the rows of a shard, group after group.
pub(crate) trait Sink: Send {
    /// Writes rows.
    fn group(&mut self, rows: &Columns) -> Result<(), DataError>;

    /// Writes what is left to be written.
    fn finish(self: Box<Self>) -> Result<(), DataError>;
}

/// Where the rows of a split go, by format.
pub(crate) type Sinks = Vec<Box<dyn Sink>>;

/// The files of a shard on their way.
pub(crate) struct Files {
    parts: Vec<(String, Part)>,
}

impl Files {
    /// Begins the files of a shard, and says where the rows of each split go.
    pub(crate) fn create(job: &Job, folder: &Folder, shard: u64) -> Result<(Self, Vec<Sinks>), DataError> {
        let mut files = Self { parts: Vec::new() };
        let splits = job.splits().names().iter();
        let sinks = splits.map(|split| files.add(job, folder, shard, split)).collect::<Result<_, _>>()?;
        Ok((files, sinks))
    }

    /// Begins the files of a split of a shard.
    fn add(&mut self, job: &Job, folder: &Folder, shard: u64, split: &str) -> Result<Sinks, DataError> {
        let description = job.description();
        let mut sinks = Sinks::new();
        for &format in &description.write.formats {
            let (place, ends) = format.files();
            let from = self.parts.len();
            for end in ends {
                let shards = description.shards();
                let path = format!("{place}/{split}-{shard:05}-of-{shards:05}.{end}");
                let part = folder.part(shard, &path)?;
                self.parts.push((path, part));
            }
            let mut parts = self.parts.iter().skip(from).map(|(_, part)| part);
            sinks.push(match (format, parts.next(), parts.next()) {
                (Format::Parquet, Some(part), _) => Box::new(parquet::Parquet::create(job, shard, part)?),
                (Format::Jsonl, Some(part), _) => Box::new(jsonl::Jsonl::plain(part)?),
                (Format::JsonlZst, Some(part), _) => Box::new(jsonl::Jsonl::zstd(part, description.write.zstd_level)?),
                (Format::Npy, Some(tokens), Some(offsets)) => Box::new(npy::Npy::create(job, tokens, offsets)?),
                // Formats have as many files as they say.
                _ => continue,
            });
        }
        Ok(sinks)
    }

    /// Gives the files their names.
    pub(crate) fn commit(self, folder: &Folder) -> Result<Vec<FileRecord>, DataError> {
        self.parts.into_iter().map(|(path, part)| folder.commit(path, part)).collect()
    }
}
