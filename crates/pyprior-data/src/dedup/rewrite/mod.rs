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
use crate::error::DataError;
use crate::folder::Folder;
use crate::manifest::{ShardRecord, Yield};
use crate::report::Statistics;
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
    let mut rewrite = Rewrite { input, folder, lost, stop, places, counts, kept: HashMap::new(), parts: Vec::new() };
    rewrite.counts.rows = 0;
    // Tables of programs come first: other files have rows of theirs.
    for (nth, file) in files.iter().enumerate() {
        if let Content::Programs(table) = &file.content {
            rewrite.programs(nth, file, table)?;
        }
    }
    for (nth, file) in files.iter().enumerate() {
        match &file.content {
            Content::Programs(_) => {}
            Content::Joined(table) => rewrite.joined(nth, file, table)?,
            Content::Lines { zstd } => rewrite.lines(nth, file, *zstd)?,
            Content::Tokens => rewrite.arrays(nth, file, &files)?,
            // It goes with the tokens.
            Content::Offsets => {}
        }
    }
    let Rewrite { mut parts, counts, .. } = rewrite;
    parts.sort_unstable_by_key(|(nth, ..)| *nth);
    let commit = |(_, name, part)| folder.commit(name, part);
    let files = parts.into_iter().map(commit).collect::<Result<Vec<_>, DataError>>()?;
    // Those of the rows that stay are not known: they are not read column by column.
    let statistics = Statistics::default();
    folder.write_record(&ShardRecord { shard, counts: counts.clone(), files, statistics })?;
    Ok((record.counts, counts))
}

/// A shard on its way.
struct Rewrite<'a> {
    input: &'a Input,
    folder: &'a Folder,
    lost: &'a [(Equal, Lost)],
    stop: &'a dyn Fn() -> Result<(), DedupError>,
    places: Places,
    counts: Yield,
    /// By the stem of their files: which rows of a table of programs stay.
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
        parquet::rewrite(self.input, table, &part, keep, self.stop)?;
        (self.places, self.counts) = (places, counts);
        self.kept.insert(file.stem().to_owned(), bits);
        self.parts.push((nth, file.name.clone(), part));
        Ok(())
    }

    /// Whether rows of a program stay.
    fn stays(&self, program: u64) -> bool {
        !self.lost.iter().any(|(_, lost)| lost.has(program))
    }

    fn joined(&mut self, nth: usize, file: &Source, table: &Table) -> Result<(), DedupError> {
        let part = self.part(file)?;
        let keep = |batch: &RecordBatch| {
            let programs = table.unsigned(batch, "program")?.values();
            Ok(BooleanArray::from(programs.iter().map(|&program| self.stays(program)).collect::<Vec<_>>()))
        };
        parquet::rewrite(self.input, table, &part, keep, self.stop)?;
        self.parts.push((nth, file.name.clone(), part));
        Ok(())
    }

    fn lines(&mut self, nth: usize, file: &Source, zstd: bool) -> Result<(), DedupError> {
        let part = self.part(file)?;
        let level = zstd.then_some(self.input.manifest().description.write.zstd_level);
        let kept = self.kept.get(file.stem());
        jsonl::rewrite(&file.path, level, &part, kept, &|program| self.stays(program), self.stop)?;
        self.parts.push((nth, file.name.clone(), part));
        Ok(())
    }

    fn arrays(&mut self, nth: usize, tokens: &Source, files: &[Source]) -> Result<(), DedupError> {
        let of_same = |file: &&Source| matches!(file.content, Content::Offsets) && file.stem() == tokens.stem();
        let offsets = files.iter().position(|file| of_same(&file)).and_then(|place| Some((place, files.get(place)?)));
        let (Some((place, offsets)), Some(kept)) = (offsets, self.kept.get(tokens.stem())) else {
            let what = "there is no table of the same rows, or no array of offsets".to_owned();
            return Err(DedupError::File { path: tokens.path.clone(), what });
        };
        let parts = [self.part(tokens)?, self.part(offsets)?];
        npy::rewrite([&tokens.path, &offsets.path], [&parts[0], &parts[1]], kept, self.stop)?;
        let names = [(nth, tokens.name.clone()), (place, offsets.name.clone())];
        self.parts.extend(names.into_iter().zip(parts).map(|((nth, name), part)| (nth, name, part)));
        Ok(())
    }
}
