//! A shard: candidates in waves over all threads, duplicates and groups of rows in their order.

use std::collections::HashMap;
use std::ops::Range;

use rayon::prelude::*;

use crate::chunk::{Chunk, DECLINED, KNOWN, Makers, STAYS};
use crate::error::DataError;
use crate::group::{GROUP_BYTES, Group, Picks};
use crate::job::Job;
use crate::key::Key;
use crate::manifest::Yield;
use crate::numbering::CANDIDATES;
use crate::report::{Counting, Statistics};
use crate::seen::Seen;
use crate::table::Table;
use crate::work::Watch;
use crate::write::Sinks;

/// Chunks of a wave, at least: enough that no thread waits long for the others.
const CHUNKS: u64 = 4;
/// Rows for which there is patience before the first has come.
const FIRST_ROWS: u64 = 1000;

/// What a shard has come to.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) counts: Yield,
    pub(crate) statistics: Statistics,
}

/// Makes a shard, whose rows come to the sinks in groups of `group_rows` at most. How many threads there are, and how candidates
/// are dealt out to them, does not show in what is written.
pub(crate) fn make(
    job: &Job,
    shard: u64,
    group_rows: u32,
    threads: &rayon::ThreadPool,
    sinks: &mut [Sinks],
    watch: &Watch<'_>,
) -> Result<Made, DataError> {
    let description = job.description();
    let rows = description.rows_of(shard);
    let first = shard * CANDIDATES;
    let limit = rows.saturating_mul(description.patience).min(CANDIDATES);
    let makers = Makers::new(job);
    let mut state = State::new(job, &makers, shard, group_rows, sinks);
    let mut next = 0;
    while state.counts.rows < rows {
        let end = limit.min(next + wave(job, threads, rows, &state.counts, watch.workers));
        if end == next {
            return Err(out_of_patience(shard, rows, &state.counts));
        }
        let size = (end - next).div_ceil(threads.current_num_threads().max(1) as u64).min(job.source().chunk()).max(1);
        let parts = (next..end).step_by(usize::try_from(size).unwrap_or(usize::MAX));
        let parts = parts.map(|start| first + start..first + end.min(start + size)).collect::<Vec<_>>();
        let seen = &state.seen;
        let made = |part: &Range<u64>| makers.make(part.clone(), seen);
        let chunks = threads.install(|| parts.par_iter().map(made).collect::<Vec<_>>());
        let before = (state.counts.rows, state.counts.candidates);
        for (part, chunk) in parts.into_iter().zip(chunks) {
            state.merge(part, chunk, rows)?;
            if state.counts.rows == rows {
                break;
            }
        }
        watch.step(state.counts.rows - before.0, state.counts.candidates - before.1)?;
        next = end;
    }
    state.finish()?;
    Ok(Made { counts: state.counts, statistics: state.counting.statistics() })
}

/// Candidates of the next wave: as many as it takes by the yield so far, with a few more, but not more than memory is for.
/// All threads have something to do between the shards that are made at the same time, of which there are `workers`.
fn wave(job: &Job, threads: &rayon::ThreadPool, rows: u64, counts: &Yield, workers: usize) -> u64 {
    let chunks = CHUNKS.saturating_mul((threads.current_num_threads() / workers.max(1)) as u64).max(CHUNKS);
    let most = job.source().chunk().max(1).saturating_mul(chunks);
    let left = rows.saturating_sub(counts.rows);
    // In whole numbers: what is asked for may only depend on the machine in ways that cannot be seen, but need not.
    let wanted = u128::from(left) * u128::from(counts.candidates + 1) / u128::from(counts.rows + 1);
    u64::try_from(wanted + wanted / 32 + 64).unwrap_or(u64::MAX).min(most.max(1))
}

fn out_of_patience(shard: u64, rows: u64, counts: &Yield) -> DataError {
    let others = [("duplicates", counts.duplicates), ("of a shape that has enough", counts.crowded)];
    let others = others.into_iter().chain([("declined", counts.declined)]);
    let others = others.map(|(name, count)| (name.to_owned(), count));
    let reasons = counts.rejected.iter().map(|(name, count)| (format!("not {name}"), count)).chain(others);
    let most = reasons.max_by_key(|(_, count)| *count);
    let most = most.map_or_else(String::new, |(name, count)| format!("{count} are {name}"));
    DataError::Patience { shard, rows, kept: counts.rows, candidates: counts.candidates, most }
}

/// What is merged in order.
struct State<'a> {
    job: &'a Job,
    makers: &'a Makers<'a>,
    counts: Yield,
    seen: Seen,
    /// Rows of each shape; empty where shapes have no cap.
    shapes: HashMap<Key, u64>,
    counting: Counting,
    shard: u64,
    /// Place of the shard's first row in the dataset.
    first: u64,
    /// Split by split, and of each table by table.
    groups: Vec<Group<'a>>,
}

impl<'a> State<'a> {
    fn new(job: &'a Job, makers: &'a Makers<'a>, shard: u64, group_rows: u32, sinks: &'a mut [Sinks]) -> Self {
        let description = job.description();
        let most_bytes = GROUP_BYTES / sinks.len().max(1);
        let most = (group_rows as usize, most_bytes);
        let group = |(sinks, table): (&'a mut Sinks, &Table)| Group::new(job, table, most, sinks);
        Self {
            job,
            makers,
            counts: Yield::new(job),
            seen: Seen::default(),
            shapes: HashMap::new(),
            counting: Counting::default(),
            shard,
            first: shard * description.shard_rows,
            groups: sinks.iter_mut().zip(job.tables().iter().cycle()).map(group).collect(),
        }
    }

    /// Takes the candidates `part`, of which a chunk has the first.
    fn merge(&mut self, part: Range<u64>, chunk: Result<Chunk, DataError>, rows: u64) -> Result<(), DataError> {
        let (mut chunk, mut from) = (chunk?, part.start);
        loop {
            self.take(&chunk, rows)?;
            from += chunk.verdicts.len() as u64;
            let ended = from >= part.end || chunk.verdicts.is_empty() || self.counts.rows == rows;
            self.makers.give_back(chunk);
            if ended {
                return Ok(());
            }
            // It ended early, for it had much to hold.
            chunk = self.makers.make(from..part.end, &self.seen)?;
        }
    }

    /// Takes the candidates of a chunk in order, up to the shard's last row.
    fn take(&mut self, chunk: &Chunk, rows: u64) -> Result<(), DataError> {
        let (tables, mut place) = (self.job.tables(), 0);
        let patience = self.job.description().patience;
        let mut picks = vec![Picks::default(); self.groups.len() / tables.len().max(1)];
        for &verdict in &chunk.verdicts {
            // Candidate by candidate: where it gives up may not depend on waves.
            if self.counts.candidates >= patience.saturating_mul(self.counts.rows + FIRST_ROWS) {
                return Err(out_of_patience(self.shard, rows, &self.counts));
            }
            self.counts.candidates += 1;
            match verdict {
                STAYS => {}
                DECLINED => {
                    self.counts.declined += 1;
                    continue;
                }
                KNOWN => {
                    self.counts.duplicates += 1;
                    continue;
                }
                filter => {
                    self.counts.rejected.count(filter.into());
                    continue;
                }
            }
            let kept = place;
            place += 1;
            if chunk.keys.get(kept).is_some_and(|&key| !self.seen.insert(key)) {
                self.counts.duplicates += 1;
                continue;
            }
            if let Some(&shape) = chunk.shapes.get(kept) {
                let rows = self.shapes.entry(shape).or_default();
                if *rows == self.job.description().max_per_shape {
                    self.counts.crowded += 1;
                    continue;
                }
                *rows += 1;
            }
            let split = chunk.splits.get(kept).copied().unwrap_or(0);
            if let Some(picks) = picks.get_mut(usize::from(split)) {
                picks.rows.push(kept as u32);
                picks.places.push(self.first + self.counts.rows);
            }
            self.counts.splits.count(split.into());
            let columns = self.counts.bins.len();
            for (bins, &bin) in self.counts.bins.iter_mut().zip(chunk.bins.iter().skip(kept * columns)) {
                if let Some(count) = bins.get_mut(usize::from(bin)) {
                    *count += 1;
                }
            }
            self.counts.rows += 1;
            if self.counts.rows == rows {
                break;
            }
        }
        for (groups, picks) in self.groups.chunks_mut(tables.len().max(1)).zip(&picks) {
            for ((group, buffered), table) in groups.iter_mut().zip(&chunk.tables).zip(tables) {
                if table.is_programs() {
                    group.add(&buffered.columns, picks, &mut self.counting)?;
                } else {
                    let (tasks, too_long) = buffered.tasks(picks);
                    group.add(&buffered.columns, &tasks, &mut self.counting)?;
                    self.counts.tasks(table, tasks.rows.len() as u64, too_long);
                }
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), DataError> {
        self.groups.iter_mut().try_for_each(|group| group.finish(&mut self.counting))
    }
}
