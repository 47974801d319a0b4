//! Making what is missing of a dataset: shards over threads.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use thiserror::Error;

use crate::error::DataError;
use crate::finish;
use crate::folder::Folder;
use crate::job::Job;
use crate::manifest::{Manifest, ShardRecord, Yield};
use crate::shard;
use crate::store::Place;
use crate::work::{Watch, Work, threads};
use crate::write::Files;

/// Which shards: those whose number leaves `index` when divided by `count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    index: u64,
    count: u64,
}

/// A text that says no [`Part`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not I/N: a part I, counted from 0, of N")]
pub struct PartError {
    /// The text.
    pub text: String,
}

impl Part {
    /// All shards.
    pub const ALL: Self = Self { index: 0, count: 1 };

    fn has(self, shard: u64) -> bool {
        shard % self.count == self.index
    }
}

impl FromStr for Part {
    type Err = PartError;

    fn from_str(text: &str) -> Result<Self, PartError> {
        let numbers = text.split_once('/').and_then(|(index, count)| Some((index.parse().ok()?, count.parse().ok()?)));
        match numbers {
            Some((index, count)) if index < count => Ok(Self { index, count }),
            _ => Err(PartError { text: text.to_owned() }),
        }
    }
}

/// What there is in the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Shards that were done before.
    pub found: u64,
    /// Shards that were made.
    pub made: u64,
    /// What became of the candidates of all of them.
    pub counts: Yield,
    /// Whether all shards of the dataset are done, those of others included, with README.md and the report.
    pub complete: bool,
}

/// Makes the shards of a part that are not done yet, and README.md and the report if no shard is missing then. What was done
/// stays, whatever happens.
///
/// # Errors
///
/// [`DataError`]: of the shard with the lowest number that failed.
pub fn make(job: &Job, place: impl Into<Place>, part: Part, work: &Work<'_>) -> Result<Summary, DataError> {
    let folder = Folder::open(&place.into(), job)?;
    make_in(job, &folder, part, work)
}

/// The same in a place that is open.
pub(crate) fn make_in(job: &Job, folder: &Folder, part: Part, work: &Work<'_>) -> Result<Summary, DataError> {
    let shards = (0..job.description().shards()).filter(|&shard| part.has(shard)).collect::<Vec<_>>();
    let summary = make_missing(job, folder, &shards, work)?;
    // Of a part nobody has looked at the shards of others.
    Ok(Summary { complete: complete_in(job, folder, part == Part::ALL)?, ..summary })
}

/// Makes these shards, those of them that are not done yet, and leaves it to [`complete`] to see whether that was all: for one
/// of many workers, whose driver knows when it was. What was done stays, whatever happens.
///
/// # Errors
///
/// [`DataError`]: of the shard with the lowest number that failed; [`DataError::NoShard`] if there is none of that number.
pub fn make_shards(job: &Job, place: impl Into<Place>, shards: &[u64], work: &Work<'_>) -> Result<Summary, DataError> {
    let shards = each_once(job, shards)?;
    make_missing(job, &Folder::open(&place.into(), job)?, &shards, work)
}

/// Writes what is missing of README.md and the report if all shards are done, and says whether they are.
///
/// # Errors
///
/// [`DataError`]: the place is that of something else, or cannot be read or written.
pub fn complete(job: &Job, place: impl Into<Place>) -> Result<bool, DataError> {
    complete_in(job, &Folder::open(&place.into(), job)?, false)
}

fn complete_in(job: &Job, folder: &Folder, seen: bool) -> Result<bool, DataError> {
    finish::complete(folder, Manifest::of(job), job.is_wide(), seen)
}

/// What there is of some shards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Those that are done.
    pub found: u64,
    /// The others, ascending.
    pub missing: Vec<u64>,
    /// What became of the candidates of those that are done.
    pub counts: Yield,
}

/// Looks which of these shards are done. A place that is empty is begun.
///
/// # Errors
///
/// [`DataError`]: the place is that of something else, or cannot be read or written; [`DataError::NoShard`].
pub fn inventory(job: &Job, place: impl Into<Place>, shards: &[u64]) -> Result<Inventory, DataError> {
    let shards = each_once(job, shards)?;
    look(&Folder::open(&place.into(), job)?, &shards)
}

/// In ascending order, each once: two threads must not make one shard.
fn each_once(job: &Job, shards: &[u64]) -> Result<Vec<u64>, DataError> {
    check(job, shards)?;
    let mut shards = shards.to_vec();
    shards.sort_unstable();
    shards.dedup();
    Ok(shards)
}

/// Whether there are shards of these numbers.
pub(crate) fn check(job: &Job, shards: &[u64]) -> Result<(), DataError> {
    let all = job.description().shards();
    match shards.iter().find(|&&shard| shard >= all) {
        Some(&shard) => Err(DataError::NoShard { shard, shards: all }),
        None => Ok(()),
    }
}

fn look(folder: &Folder, shards: &[u64]) -> Result<Inventory, DataError> {
    let mut there = Inventory::default();
    folder.records(shards, |shard, record| {
        match record {
            Some(record) => {
                there.found += 1;
                there.counts.add(&record.counts);
            }
            None => there.missing.push(shard),
        }
        true
    })?;
    Ok(there)
}

fn make_missing(job: &Job, folder: &Folder, shards: &[u64], work: &Work<'_>) -> Result<Summary, DataError> {
    let Inventory { found, missing, counts } = look(folder, shards)?;
    let mut summary = Summary { found, made: 0, counts, complete: false };
    let rows = missing.iter().map(|&shard| job.description().rows_of(shard)).sum::<u64>();
    let threads = threads(work)?;
    // A thread for each shard merges and writes what the pool's threads find out: while one writes, others go on.
    let workers = threads.current_num_threads().min(missing.len());
    let watch = Watch::new(work, rows + summary.counts.rows, summary.counts.rows, workers);
    let (next, results) = (AtomicU64::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while !watch.stopped() {
                    let nth = usize::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap_or(usize::MAX);
                    let Some(&shard) = missing.get(nth) else { break };
                    let result = make_shard(job, folder, shard, &threads, &watch);
                    if result.is_err() {
                        watch.fail();
                    }
                    results.lock().unwrap_or_else(PoisonError::into_inner).insert(shard, result);
                }
            });
        }
    });
    let mut interrupted = None;
    for result in results.into_inner().unwrap_or_else(PoisonError::into_inner).into_values() {
        match result {
            Ok(counts) => {
                summary.made += 1;
                summary.counts.add(&counts);
            }
            // Others stop where one has failed: theirs is not the reason.
            Err(DataError::Interrupted) => interrupted = Some(DataError::Interrupted),
            Err(error) => return Err(error),
        }
    }
    if let Some(error) = interrupted {
        return Err(error);
    }
    if work.stop.load(Ordering::Relaxed) && summary.made < missing.len() as u64 {
        return Err(DataError::Interrupted);
    }
    Ok(summary)
}

fn make_shard(
    job: &Job,
    folder: &Folder,
    shard: u64,
    threads: &rayon::ThreadPool,
    watch: &Watch<'_>,
) -> Result<Yield, DataError> {
    let (files, mut sinks) = Files::create(job, folder, shard)?;
    let group_rows = job.description().write.group_rows;
    let shard::Made { counts, statistics } = shard::make(job, shard, group_rows, threads, &mut sinks, watch)?;
    sinks.into_iter().flatten().try_for_each(|sink| sink.finish())?;
    let files = files.commit(folder)?;
    let record = ShardRecord { shard, counts: counts.clone(), files, statistics };
    folder.write_record(&record)?;
    Ok(counts)
}
