//! What a dataset's place holds, and in which order it comes there.
//!
//! ```text
//! manifest/dataset.json        what it is of, written first
//! data/train-00000-of-00010.parquet   and so on, by format
//! manifest/shard-00000.json    a shard that is done, written when its files are there
//! README.md, report.html, report.json   when all shards are done
//! ```

use std::io::{Seek as _, SeekFrom};
use std::path::{Component, Path};

use parquet::file::metadata::ParquetMetaDataReader;
use serde::de::DeserializeOwned;

use crate::error::DataError;
use crate::job::Job;
use crate::manifest::{FileRecord, Manifest, ShardRecord};
use crate::size;
use crate::store::{Part, Place, Store};

pub(crate) const MANIFEST: &str = "manifest/dataset.json";
/// Records that are asked for at a time.
const BATCH: usize = 64;

/// Whether a dataset is at a place, or the beginning of one.
///
/// # Errors
///
/// [`DataError`] if nobody can tell.
pub(crate) fn holds_dataset(place: &Place) -> Result<bool, DataError> {
    Ok(place.open()?.sizes(&[MANIFEST.to_owned()])?.iter().any(Option::is_some))
}

/// A dataset's place.
#[derive(Debug)]
pub(crate) struct Folder {
    store: Box<dyn Store>,
}

impl Folder {
    /// Opens the place of a job, or begins it.
    pub(crate) fn open(place: &Place, job: &Job) -> Result<Self, DataError> {
        Self::open_in(place.open()?, job)
    }

    pub(crate) fn open_in(store: Box<dyn Store>, job: &Job) -> Result<Self, DataError> {
        Self::begin(store, &Manifest::of(job))
    }

    /// Opens the place with this manifest, or begins it.
    pub(crate) fn begin(store: Box<dyn Store>, manifest: &Manifest) -> Result<Self, DataError> {
        let folder = Self { store };
        let found = match folder.manifest()? {
            Some(found) => found,
            None => {
                let stranger = folder.store.stranger()?;
                if stranger.is_none() {
                    let mut text = serde_json::to_string_pretty(manifest).map_err(DataError::Describe)?;
                    text.push('\n');
                    folder.store.create(MANIFEST, text.as_bytes())?;
                }
                // Of two who begin at the same time one is first, and what is not known here may be its own.
                folder.manifest()?.ok_or_else(|| folder.not_a_dataset(stranger.as_deref().unwrap_or("nothing")))?
            }
        };
        match found.difference(manifest) {
            Some(difference) => Err(DataError::Foreign { manifest: folder.store.shown(MANIFEST), difference }),
            None => Ok(folder),
        }
    }

    /// Opens a place with what it is of.
    pub(crate) fn find(place: &Place) -> Result<(Self, Manifest), DataError> {
        let folder = Self { store: place.open()? };
        match folder.manifest()? {
            Some(manifest) => Ok((folder, manifest)),
            None => Err(folder.not_a_dataset("no manifest")),
        }
    }

    /// Opens a folder of this machine with what it is of; none if it is of nothing.
    pub(crate) fn local(root: &Path) -> Result<Option<(Self, Manifest)>, DataError> {
        let folder = Self { store: Place::from(root).open()? };
        Ok(folder.manifest()?.map(|manifest| (folder, manifest)))
    }

    /// The record of a shard, as [`records`](Self::records) has it.
    pub(crate) fn record(&self, shard: u64) -> Result<Option<ShardRecord>, DataError> {
        let mut found = None;
        self.records(&[shard], |_, record| {
            found = record;
            true
        })?;
        Ok(found)
    }

    fn manifest(&self) -> Result<Option<Manifest>, DataError> {
        let bytes = self.store.read(&[MANIFEST.to_owned()])?.into_iter().next().flatten();
        bytes.map(|bytes| self.json(MANIFEST, &bytes)).transpose()
    }

    fn not_a_dataset(&self, found: &str) -> DataError {
        DataError::NotADataset { found: found.to_owned(), manifest: self.store.shown(MANIFEST) }
    }

    /// The records of shards, handed over one by one in their order with the shards' numbers: none of one that is not done,
    /// or whose files are not there as they were. Stops where it is told to.
    pub(crate) fn records(
        &self,
        shards: &[u64],
        mut each: impl FnMut(u64, Option<ShardRecord>) -> bool,
    ) -> Result<(), DataError> {
        for shards in shards.chunks(BATCH) {
            let names = shards.iter().copied().map(record_name).collect::<Vec<_>>();
            let mut records = Vec::new();
            for ((&shard, name), bytes) in shards.iter().zip(&names).zip(self.store.read(&names)?) {
                records.push(bytes.map(|bytes| self.read_record(shard, name, &bytes)).transpose()?);
            }
            let files = records.iter().flatten().flat_map(|record| &record.files).collect::<Vec<_>>();
            let names = files.iter().map(|file| file.path.clone()).collect::<Vec<_>>();
            let sizes = self.store.sizes(&names)?;
            let there = files.iter().zip(sizes).map(|(file, size)| size == Some(file.bytes)).collect::<Vec<_>>();
            let mut there = there.into_iter();
            let mut whole = Vec::new();
            for record in &records {
                // Of each file, whatever the first ones are like.
                let files = record.as_ref().map_or(0, |record| record.files.len());
                whole.push(there.by_ref().take(files).fold(true, |all, file| all & file));
            }
            for ((&shard, record), whole) in shards.iter().zip(records).zip(whole) {
                if !each(shard, record.filter(|_| whole)) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// A record that somebody may have changed, or put there.
    fn read_record(&self, shard: u64, name: &str, bytes: &[u8]) -> Result<ShardRecord, DataError> {
        let (record, shown): (ShardRecord, _) = (self.json(name, bytes)?, || self.store.shown(name));
        if record.shard != shard {
            return Err(DataError::Misplaced { record: shown(), shard: record.shard });
        }
        match record.files.iter().find(|file| !is_below(&file.path)) {
            Some(file) => Err(DataError::Outside { record: shown(), file: file.path.clone() }),
            None => Ok(record),
        }
    }

    pub(crate) fn write_record(&self, record: &ShardRecord) -> Result<(), DataError> {
        let mut text = serde_json::to_string(record).map_err(DataError::Describe)?;
        text.push('\n');
        self.write(&record_name(record.shard), text.as_bytes())?.ok_or_else(|| self.busy(record.shard))
    }

    /// Writes a small file as a whole; none if another process is at it.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<Option<()>, DataError> {
        let Some(part) = self.store.begin(name)? else { return Ok(None) };
        part.fill(bytes)?;
        self.store.end(part).map(Some)
    }

    /// Writes a small file as a whole, unless there is one of that name.
    pub(crate) fn create(&self, name: &str, bytes: &[u8]) -> Result<(), DataError> {
        self.store.create(name, bytes)
    }

    /// Where the manifest is, for people to read.
    pub(crate) fn shown_manifest(&self) -> String {
        self.shown(MANIFEST)
    }

    /// Where a file is, for people to read.
    pub(crate) fn shown(&self, name: &str) -> String {
        self.store.shown(name)
    }

    /// Which of these files are there.
    pub(crate) fn has(&self, names: &[String]) -> Result<Vec<bool>, DataError> {
        Ok(self.store.sizes(names)?.iter().map(Option::is_some).collect())
    }

    /// A file of a shard, to be written.
    pub(crate) fn part(&self, shard: u64, path: &str) -> Result<Part, DataError> {
        self.store.begin(path)?.ok_or_else(|| self.busy(shard))
    }

    /// Puts a written file in its place.
    pub(crate) fn commit(&self, path: String, part: Part) -> Result<FileRecord, DataError> {
        let (bytes, sha256) = part.digest()?;
        let mut record = FileRecord { path, bytes, sha256, rows: None, memory: None };
        if record.path.ends_with(".parquet") {
            let failed = |source| DataError::Parquet { path: part.path().to_owned(), source };
            part.file().seek(SeekFrom::Start(0)).map_err(DataError::io("read", part.path()))?;
            let metadata = ParquetMetaDataReader::new().parse_and_finish(part.file()).map_err(failed)?;
            record.rows = Some(metadata.file_metadata().num_rows().unsigned_abs());
            record.memory = Some(size::in_memory(&metadata));
        }
        self.store.end(part)?;
        Ok(record)
    }

    fn json<T: DeserializeOwned>(&self, name: &str, bytes: &[u8]) -> Result<T, DataError> {
        serde_json::from_slice(bytes).map_err(|source| DataError::Manifest { path: self.store.shown(name), source })
    }

    fn busy(&self, shard: u64) -> DataError {
        DataError::Busy { shard, record: self.store.shown(&record_name(shard)) }
    }
}

/// Whether a name in a record is that of a file below the place.
fn is_below(name: &str) -> bool {
    !name.is_empty() && Path::new(name).components().all(|part| matches!(part, Component::Normal(_)))
}

fn record_name(shard: u64) -> String {
    format!("manifest/shard-{shard:05}.json")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::description::Description;

    /// A place where, after the first look, somebody else has begun.
    #[derive(Debug)]
    struct Overtaken {
        inner: Box<dyn Store>,
        looked: AtomicBool,
    }

    impl Store for Overtaken {
        fn shown(&self, name: &str) -> String {
            self.inner.shown(name)
        }
        fn stranger(&self) -> Result<Option<String>, DataError> {
            self.inner.stranger()
        }
        fn read(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, DataError> {
            match self.looked.swap(true, Ordering::Relaxed) {
                false => Ok(vec![None; names.len()]),
                true => self.inner.read(names),
            }
        }
        fn sizes(&self, names: &[String]) -> Result<Vec<Option<u64>>, DataError> {
            self.inner.sizes(names)
        }
        fn begin(&self, name: &str) -> Result<Option<Part>, DataError> {
            self.inner.begin(name)
        }
        fn end(&self, part: Part) -> Result<(), DataError> {
            self.inner.end(part)
        }
        fn create(&self, name: &str, bytes: &[u8]) -> Result<(), DataError> {
            self.inner.create(name, bytes)
        }
    }

    #[test]
    fn who_is_overtaken_at_the_beginning_goes_on_with_what_is_there() {
        let folder = std::env::temp_dir().join(format!("pyprior-overtaken-{}", std::process::id()));
        let place = Place::from(folder.as_path());
        let job = |rows| Job::new(Description { rows, ..Description::default() }).unwrap();
        Folder::open(&place, &job(100)).unwrap();
        let overtaken = || Box::new(Overtaken { inner: place.open().unwrap(), looked: AtomicBool::new(false) });
        Folder::open_in(overtaken(), &job(100)).unwrap();
        assert!(matches!(Folder::open_in(overtaken(), &job(101)), Err(DataError::Foreign { .. })));
        std::fs::rename(folder.join(MANIFEST), folder.join("thesis.txt")).unwrap();
        let refused = Folder::open_in(overtaken(), &job(100)).unwrap_err();
        assert!(matches!(&refused, DataError::NotADataset { found, .. } if found == "thesis.txt"), "{refused}");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
