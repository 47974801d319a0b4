//! One of each program over a whole dataset, in bounded memory.
//!
//! ```text
//! input.rs      a dataset that is complete; tables of programs, tables that join them, other files
//! check.rs      what is looked at before anything is written
//! memory.rs     how much each of the following may take
//! gather.rs     programs to (key, place), in the order of places, over threads
//! scatter.rs    these to files by the first bits of the key
//! settle.rs     file by file: of each key all but the first so many are lost
//! lost.rs       a bit a row
//! rewrite/      the files without the rows that are lost
//! ```
//!
//! A row's *place* is its number in the dataset: its `id`, or what that would be. Files of a round hold their records in the
//! order of places, so "the first of each key" is a table of keys with counts, whatever there is of one key; and the table
//! is small, since keys are spread evenly over the files. Equal programs and shapes are two rounds of the same.
//!
//! Both rounds are done again after an interruption, for they leave nothing behind but bits in memory; shards that are
//! written stay.

mod check;
mod error;
mod gather;
mod input;
mod lost;
mod memory;
mod rewrite;
mod scatter;
mod settle;

pub use error::DedupError;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rayon::prelude::*;

use self::gather::Equal;
use self::input::Input;
use self::lost::Lost;
use self::memory::Memory;
use self::scatter::Scratch;
use crate::description::Duplicates;
use crate::error::DataError;
use crate::finish::complete;
use crate::folder::Folder;
use crate::manifest::{Dedup, Manifest, Yield};
use crate::store::Place;
use crate::write::is_wide;

/// How the work is done. Nothing of it shows in the files.
pub struct DedupWork<'a> {
    /// Threads; 0 for as many as the machine has.
    pub threads: usize,
    /// Bytes of memory that may be taken. A row group of a shard's table has to have room beside it for each thread that
    /// writes, of which there is one at least.
    pub memory: u64,
    /// Set by somebody who wants it to stop: shards that are not done are given up.
    pub stop: &'a AtomicBool,
    /// Told of progress, now and then, by any thread.
    pub progress: &'a (dyn Fn(DedupProgress) + Sync),
}

impl std::fmt::Debug for DedupWork<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DedupWork")
            .field("threads", &self.threads)
            .field("memory", &self.memory)
            .finish_non_exhaustive()
    }
}

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DedupStep {
    /// Programs are read for what is the same of equal ones; counted in rows.
    Programs,
    /// Programs are read for their shapes; counted in rows.
    Shapes,
    /// Shards are written; counted in shards.
    Shards,
}

/// How far the work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DedupProgress {
    /// What is being done.
    pub step: DedupStep,
    /// How much of it is done.
    pub done: u64,
    /// How much of it there is.
    pub all: u64,
}

/// What there is in the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DedupSummary {
    /// Shards that were done before.
    pub found: u64,
    /// Shards that were written.
    pub made: u64,
    /// Rows of the dataset.
    pub rows: u64,
    /// Rows that stay.
    pub kept: u64,
    /// Rows that are equal to one before.
    pub duplicates: u64,
    /// Rows of a shape that has as many as it may.
    pub crowded: u64,
    /// Bytes that were on the disk beside the files, at most; 0 if there was nothing to do.
    pub scratch_bytes: u64,
}

/// Writes a dataset without its duplicates to another folder: of equal programs the one with the lowest (shard, row) stays.
///
/// Every file of a shard is written again without the rows that are left out, in the same order and with the same columns,
/// values and metadata; rows keep their `id`, so that they can be found in the dataset that they come from. Tables with a
/// column `program` lose the rows of the programs that are left out. The folder gets a manifest of its own, and can be
/// deduplicated again.
///
/// # Errors
///
/// [`DedupError`]: the dataset is not complete, its files are not of the kinds and lengths that they should be, there is too
/// little memory, the other folder is that of something else: then nothing is written. Or a file cannot be read or written: shards
/// that are done stay done; the same call goes on.
pub fn dedup(from: &Path, to: &Path, pass: Dedup, work: &DedupWork<'_>) -> Result<DedupSummary, DedupError> {
    let input = Input::open(from, pass)?;
    let manifest = Manifest { dedup: input.passes().to_vec(), ..input.manifest().clone() };
    let threads = rayon::ThreadPoolBuilder::new().num_threads(work.threads).build().map_err(DataError::Threads)?;
    let (places, together) = (manifest.description.rows, check::check(&input)?);
    let memory = Memory::new(work.memory, threads.current_num_threads(), input.rows(), places, together)?;
    let folder = Folder::begin(Place::from(to).open()?, &manifest)?;
    let mut summary = DedupSummary { rows: input.rows(), ..DedupSummary::default() };
    let mut missing = Vec::new();
    for shard in 0..manifest.shards {
        match folder.record(shard)? {
            Some(record) => {
                summary.found += 1;
                summary.add(&input.record(shard)?.counts, &record.counts);
            }
            None => missing.push(shard),
        }
    }
    let wide = is_wide(input.language().vocab().len());
    if missing.is_empty() {
        complete(&folder, manifest, wide, true)?;
        return Ok(summary);
    }
    let mut lost = Vec::new();
    {
        let scratch = Scratch::begin(&folder, to)?;
        let rounds = [
            (Equal::Tokens, DedupStep::Programs, u64::from(pass.by == Duplicates::Tokens)),
            (Equal::Behaviour, DedupStep::Programs, u64::from(pass.by == Duplicates::Behaviour)),
            (Equal::Shape, DedupStep::Shapes, pass.max_per_shape),
        ];
        for (equal, step, most) in rounds.into_iter().filter(|(_, _, most)| *most > 0) {
            let round = Round { input: &input, scratch: &scratch, memory, threads: &threads, work, step };
            let now = round.run(equal, most, &lost, &mut summary)?;
            lost.push((equal, now));
        }
    }
    let written = write(&input, &folder, &missing, &lost, memory, &threads, work)?;
    for (before, after) in written {
        summary.made += 1;
        summary.add(&before, &after);
    }
    complete(&folder, manifest, wide, true)?;
    Ok(summary)
}

impl DedupSummary {
    fn add(&mut self, before: &Yield, after: &Yield) {
        self.kept += after.rows;
        self.duplicates += after.duplicates.saturating_sub(before.duplicates);
        self.crowded += after.crowded.saturating_sub(before.crowded);
    }
}

/// One of the two: equal programs, or shapes.
struct Round<'a> {
    input: &'a Input,
    scratch: &'a Scratch,
    memory: Memory,
    threads: &'a rayon::ThreadPool,
    work: &'a DedupWork<'a>,
    step: DedupStep,
}

impl Round<'_> {
    /// Finds the rows that are lost because `most` before them have the same key.
    fn run(
        &self,
        equal: Equal,
        most: u64,
        before: &[(Equal, Lost)],
        summary: &mut DedupSummary,
    ) -> Result<Lost, DedupError> {
        let scattered = gather::gather(self.input, equal, before, self.scratch, &self.memory, self.threads, &|done| {
            let all = self.input.rows();
            (self.work.progress)(DedupProgress { step: self.step, done, all });
            asked_to_stop(self.work)
        })?;
        summary.scratch_bytes = summary.scratch_bytes.max(scattered.bytes);
        let lost = Lost::new(self.input.manifest().description.rows);
        let pool =
            rayon::ThreadPoolBuilder::new().num_threads(self.memory.settlers).build().map_err(DataError::Threads)?;
        pool.install(|| {
            scattered.paths.par_iter().try_for_each(|path| {
                asked_to_stop(self.work)?;
                settle::settle(path, most, &lost)
            })
        })?;
        Ok(lost)
    }
}

fn asked_to_stop(work: &DedupWork<'_>) -> Result<(), DedupError> {
    match work.stop.load(Ordering::Relaxed) {
        true => Err(DataError::Interrupted.into()),
        false => Ok(()),
    }
}

/// Writes shards, and says what became of the candidates of each before and after.
fn write(
    input: &Input,
    folder: &Folder,
    missing: &[u64],
    lost: &[(Equal, Lost)],
    memory: Memory,
    threads: &rayon::ThreadPool,
    work: &DedupWork<'_>,
) -> Result<Vec<(Yield, Yield)>, DedupError> {
    let all = missing.len() as u64;
    let writers = memory.writers.min(threads.current_num_threads()).min(missing.len()).max(1);
    let (next, done, failed) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let results = Mutex::new(Vec::with_capacity(missing.len()));
    std::thread::scope(|scope| {
        for _ in 0..writers {
            scope.spawn(|| {
                while !failed.load(Ordering::Relaxed) {
                    let nth = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap_or(usize::MAX);
                    let Some(&shard) = missing.get(nth) else { break };
                    let stop = || asked_to_stop(work);
                    let result = rewrite::shard(input, folder, shard, lost, &stop);
                    failed.fetch_or(result.is_err(), Ordering::Relaxed);
                    let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                    (work.progress)(DedupProgress { step: DedupStep::Shards, done, all });
                    results.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((shard, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    // Of several that failed, that of the lowest shard is told.
    results.sort_unstable_by_key(|(shard, _)| *shard);
    results.into_iter().map(|(_, result)| result).collect()
}
