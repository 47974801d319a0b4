//! The files of a shard.

use super::{Format, Sinks, jsonl, npy, parquet};
use crate::error::DataError;
use crate::folder::Folder;
use crate::job::Job;
use crate::manifest::FileRecord;
use crate::store::Part;
use crate::table::Table;

/// The files of a shard on their way.
pub(crate) struct Files {
    parts: Vec<(String, Part)>,
}

impl Files {
    /// Begins the files of a shard, and says where rows go: split by split, and of each table by table.
    pub(crate) fn create(job: &Job, folder: &Folder, shard: u64) -> Result<(Self, Vec<Sinks>), DataError> {
        let mut files = Self { parts: Vec::new() };
        let all = job.splits().names().iter().flat_map(|split| job.tables().iter().map(move |table| (split, table)));
        let sinks = all.map(|(split, table)| files.add(job, folder, shard, split, table)).collect::<Result<_, _>>()?;
        Ok((files, sinks))
    }

    /// Begins the files of a split of a table.
    fn add(&mut self, job: &Job, folder: &Folder, shard: u64, split: &str, table: &Table) -> Result<Sinks, DataError> {
        let (description, mut sinks) = (job.description(), Sinks::new());
        let shards = description.shards();
        for &format in &description.write.formats {
            let (place, from) = (table.folder(format), self.parts.len());
            for end in table.ends(format) {
                let path = format!("{place}/{split}-{shard:05}-of-{shards:05}.{end}");
                let part = folder.part(shard, &path)?;
                self.parts.push((path, part));
            }
            let parts = self.parts.iter().skip(from).map(|(_, part)| part).collect::<Vec<_>>();
            sinks.push(match (format, parts.first()) {
                (Format::Parquet, Some(part)) => Box::new(parquet::Parquet::create(job, table, shard, part)?),
                (Format::Jsonl, Some(part)) => Box::new(jsonl::Jsonl::plain(part)?),
                (Format::JsonlZst, Some(part)) => Box::new(jsonl::Jsonl::zstd(part, description.write.zstd_level)?),
                (Format::Npy, Some(_)) => Box::new(npy::Npy::create(job, table, &parts)?),
                // Nothing of the table is an array.
                (_, None) => continue,
            });
        }
        Ok(sinks)
    }

    /// Gives the files their names.
    pub(crate) fn commit(self, folder: &Folder) -> Result<Vec<FileRecord>, DataError> {
        self.parts.into_iter().map(|(path, part)| folder.commit(path, part)).collect()
    }
}
