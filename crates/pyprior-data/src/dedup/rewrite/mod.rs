//! The files of a shard without the rows that are lost.

mod jsonl;
mod npy;
mod parquet;

use std::collections::HashMap;

use arrow_array::{BooleanArray, RecordBatch};

use super::error::DedupError;
use super::gather::Equal;
use super::input::{Content, Input, Places, Source, Table};
use super::lost::{Bits, Lost};
use crate::columns::Columns;
use crate::error::DataError;
use crate::folder::Folder;
use crate::manifest::{FileRecord, ShardRecord, Yield};
use crate::report::Counting;
use crate::store::Part;

/// Writes the files of a shard and its record. Says what became of its candidates before and after.
pub(super) fn shard(
    input: &Input,
    folder: &Folder,
    shard: u64,
    lost: &[(Equal, Lost)],
    stop: &dyn Fn() -> Result<(), DedupError>,
) -> Result<(Yield, Yield), DedupError> {
    let record = input.record(shard)?;
    let files = input.files(&record)?;
    let counts = record.counts.clone();
    let places = Places { range: input.range(shard), rows: 0 };
    let (counting, kept, parts) = (Counting::default(), HashMap::new(), Vec::new());
    let mut rewrite = Rewrite { input, folder, lost, stop, places, counts, counting, kept, parts };
    rewrite.counts.rows = 0;
    rewrite.counts.splits.clear();
    // The bins of rows that stay are not known.
    rewrite.counts.bins.clear();
    rewrite.counts.tables.values_mut().for_each(|counts| counts.tasks = 0);
    // Tables come first: other files have rows of theirs.
    for (nth, file) in files.iter().enumerate() {
        match &file.content {
            Content::Programs(table) => rewrite.programs(nth, file, table)?,
            Content::Joined(table) => rewrite.joined(nth, file, table)?,
            _ => {}
        }
    }
    for (nth, file) in files.iter().enumerate() {
        match &file.content {
            Content::Programs(_) | Content::Joined(_) => {}
            Content::Lines { zstd } => rewrite.lines(nth, file, *zstd)?,
            Content::Array | Content::Offsets => rewrite.array(nth, file, &files)?,
        }
    }
    let Rewrite { mut parts, counts, counting, .. } = rewrite;
    parts.sort_unstable_by_key(|(nth, ..)| *nth);
    let commit = |(_, name, part)| folder.commit(name, part);
    let files = parts.into_iter().map(commit).collect::<Result<Vec<_>, DataError>>()?;
    let statistics = counting.statistics();
    folder.write_record(&ShardRecord { shard, counts: counts.clone(), files, statistics })?;
    Ok((record.counts, counts))
}

/// The split of a table's file.
fn split(file: &Source) -> &str {
    FileRecord::split_of(&file.name).map_or("", |(_, split)| split)
}

/// A shard on its way.
struct Rewrite<'a> {
    input: &'a Input,
    folder: &'a Folder,
    lost: &'a [(Equal, Lost)],
    stop: &'a dyn Fn() -> Result<(), DedupError>,
    places: Places,
    counts: Yield,
    counting: Counting,
    /// By what files of the same rows share: which rows of a table stay.
    kept: HashMap<String, Bits>,
    /// Written files by their place in the record.
    parts: Vec<(usize, String, Part)>,
}

impl Rewrite<'_> {
    fn part(&self, file: &Source) -> Result<Part, DedupError> {
        Ok(self.folder.part(self.places.range.shard, &file.name)?)
    }

    fn programs(&mut self, nth: usize, file: &Source, table: &Table) -> Result<(), DedupError> {
        let part = self.part(file)?;
        let mut bits = Bits::default();
        let (mut places, mut counts) = (self.places, self.counts.clone());
        let keep = |batch: &RecordBatch| {
            let places = places.of(table, batch)?;
            let kept = places.into_iter().map(|place| match self.lost.iter().find(|(_, lost)| lost.has(place)) {
                None => {
                    counts.rows += 1;
                    true
                }
                Some((Equal::Shape, _)) => {
                    counts.crowded += 1;
                    false
                }
                Some(_) => {
                    counts.duplicates += 1;
                    false
                }
            });
            let kept = kept.collect::<Vec<_>>();
            kept.iter().for_each(|&bit| bits.push(bit));
            Ok(BooleanArray::from(kept))
        };
        let stays = |batch: &RecordBatch| self.counting.add(&Columns::read(batch));
        parquet::rewrite(self.input, table, &part, keep, stays, self.stop)?;
        counts.splits.add_to(split(file), counts.rows - self.counts.rows);
        (self.places, self.counts) = (places, counts);
        self.kept.insert(file.rows().to_owned(), bits);
        self.parts.push((nth, file.name.clone(), part));
        Ok(())
    }

    /// Whether rows of a program stay.
    fn stays(&self, program: u64) -> bool {
        !self.lost.iter().any(|(_, lost)| lost.has(program))
    }

    fn joined(&mut self, nth: usize, file: &Source, table: &Table) -> Result<(), DedupError> {
        let part = self.part(file)?;
        let (mut bits, mut tasks) = (Bits::default(), 0);
        let keep = |batch: &RecordBatch| {
            let programs = table.unsigned(batch, "program")?.values();
            let kept = programs.iter().map(|&program| self.stays(program)).collect::<Vec<_>>();
            kept.iter().for_each(|&bit| bits.push(bit));
            tasks += kept.iter().filter(|&&bit| bit).count() as u64;
            Ok(BooleanArray::from(kept))
        };
        parquet::rewrite(self.input, table, &part, keep, |_| {}, self.stop)?;
        // The folder of a table of tasks is its name.
        let name = file.name.split('/').next().unwrap_or_default();
        if let Some(counts) = self.counts.tables.get_mut(name) {
            counts.tasks += tasks;
        }
        self.kept.insert(file.rows().to_owned(), bits);
        self.parts.push((nth, file.name.clone(), part));
        Ok(())
    }

    fn lines(&mut self, nth: usize, file: &Source, zstd: bool) -> Result<(), DedupError> {
        let part = self.part(file)?;
        let level = zstd.then_some(self.input.manifest().description.write.zstd_level);
        let kept = self.kept.get(file.rows());
        jsonl::rewrite(&file.path, level, &part, kept, &|program| self.stays(program), self.stop)?;
        self.parts.push((nth, file.name.clone(), part));
        Ok(())
    }

    /// An array, or where the lists of those beside it begin.
    fn array(&mut self, nth: usize, file: &Source, files: &[Source]) -> Result<(), DedupError> {
        let Some(kept) = self.kept.get(file.rows()) else {
            let what = "there is no table of the same rows".to_owned();
            return Err(DedupError::File { path: file.path.clone(), what });
        };
        let part = self.part(file)?;
        let of_same = |other: &&Source| matches!(other.content, Content::Offsets) && other.rows() == file.rows();
        match (&file.content, files.iter().find(of_same)) {
            (Content::Offsets, _) => npy::offsets(&file.path, &part, kept, self.stop)?,
            (_, offsets) => npy::array(&file.path, offsets.map(|offsets| &*offsets.path), &part, kept, self.stop)?,
        }
        self.parts.push((nth, file.name.clone(), part));
        Ok(())
    }
}
