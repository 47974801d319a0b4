//! Whole programs in bulk, without writing a bitmask.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;
use thiserror::Error;

use super::uniform::{BUFFER, Picks, UniformSampler};
use crate::grammar::records::Sym;
use crate::isa::{self, Isa};
use crate::language::{Language, UNBOUNDED};
use crate::lockstep::{Queue, TILE};
use crate::matcher::{Matcher, TokenError};
use crate::step::{Engine, Group, LANES, Taken};
use crate::table::Table;
use crate::words::{WithConstants, Words};

/// Programs a task of the parallel sampler.
const CHUNK: u64 = 4096;
/// Tokens a program may have where the language sets no bound.
const DEFAULT_TOKEN_LIMIT: u32 = 1 << 20;

/// Samples programs: number i of a seed is the same whatever else is asked for.
///
/// ```
/// use pyprior_core::{Language, LanguageConfig, ProgramSampler};
///
/// let language = Language::new(LanguageConfig { max_len: Some(30), ..LanguageConfig::default() })?;
/// let sampler = ProgramSampler::new(&language, 7);
/// let programs = sampler.sample(0..1000)?;
/// assert_eq!(programs.len(), 1000);
/// assert_eq!(programs.get(12), sampler.sample(12..13)?.get(0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ProgramSampler {
    language: Arc<Language>,
    uniform: UniformSampler,
    prefix: Vec<u32>,
    /// A row that has taken the prefix.
    start: Vec<u32>,
    token_limit: u32,
}

/// A program that grew beyond what is allowed, in a language without `max_len`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("program {row} has more than {limit} tokens; a max_len would bound it")]
pub struct TooLongError {
    /// Number of the program.
    pub row: u64,
    /// The limit in force.
    pub limit: u32,
}

/// Programs one after the other in one piece of memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Programs {
    tokens: Vec<u32>,
    /// Where each program ends.
    ends: Vec<usize>,
}

impl Programs {
    /// Number of programs.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The tokens of a program; `None` beyond the last.
    pub fn get(&self, index: usize) -> Option<&[u32]> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.tokens[start..end])
    }

    /// The programs in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u32]> {
        (0..self.len()).map(|index| self.get(index).unwrap_or_default())
    }

    /// All tokens, program after program.
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// Forgets the programs and keeps the memory.
    pub fn clear(&mut self) {
        self.tokens.clear();
        self.ends.clear();
    }

    /// Adds a program.
    pub fn push(&mut self, tokens: &[u32]) {
        self.tokens.extend_from_slice(tokens);
        self.ends.push(self.tokens.len());
    }

    fn append(&mut self, tokens: &[u32], ends: &[usize]) {
        let base = self.tokens.len();
        self.tokens.extend_from_slice(tokens);
        self.ends.extend(ends.iter().map(|end| end + base));
    }
}

impl ProgramSampler {
    /// A sampler that draws uniformly among the legal tokens at every step.
    pub fn new(language: &Arc<Language>, seed: u64) -> Self {
        Self {
            language: Arc::clone(language),
            uniform: UniformSampler::new(seed),
            prefix: Vec::new(),
            start: language.engine.initial.clone(),
            token_limit: DEFAULT_TOKEN_LIMIT,
        }
    }

    /// Starts every program with `prefix`.
    ///
    /// # Errors
    ///
    /// [`TokenError`] at the first token that is not legal.
    pub fn with_prefix(mut self, prefix: &[u32]) -> Result<Self, TokenError> {
        let matcher = Matcher::with_prefix(&self.language, prefix)?;
        self.start.copy_from_slice(matcher.row());
        self.prefix = matcher.tokens().to_vec();
        Ok(self)
    }

    /// Gives up on programs of more than `limit` tokens, prefix included; the default is 2²⁰, the most 2³⁰. Only
    /// languages without `max_len` can reach it.
    pub fn with_token_limit(mut self, limit: u32) -> Self {
        self.token_limit = limit.min(UNBOUNDED / 2);
        self
    }

    /// The language of the programs.
    pub fn language(&self) -> &Arc<Language> {
        &self.language
    }

    /// Samples the programs with the given numbers, on all threads of the current rayon pool.
    ///
    /// # Errors
    ///
    /// [`TooLongError`] if one grows beyond the token limit.
    pub fn sample(&self, rows: Range<u64>) -> Result<Programs, TooLongError> {
        let chunks = rows.end.saturating_sub(rows.start).div_ceil(CHUNK);
        let chunks = (0..chunks).into_par_iter().map(|chunk| {
            let start = rows.start + chunk * CHUNK;
            let mut programs = Programs::default();
            self.sample_into(start..rows.end.min(start.saturating_add(CHUNK)), &mut programs).map(|()| programs)
        });
        let chunks = chunks.collect::<Result<Vec<_>, _>>()?;
        let mut programs = Programs::default();
        programs.tokens.reserve_exact(chunks.iter().map(|chunk| chunk.tokens.len()).sum());
        programs.ends.reserve_exact(chunks.iter().map(Programs::len).sum());
        chunks.iter().for_each(|chunk| programs.append(&chunk.tokens, &chunk.ends));
        Ok(programs)
    }

    /// Samples the programs with the given numbers on this thread and adds them to `programs`.
    ///
    /// # Errors
    ///
    /// [`TooLongError`] if one grows beyond the token limit; `programs` is as it was.
    pub fn sample_into(&self, rows: Range<u64>, programs: &mut Programs) -> Result<(), TooLongError> {
        if self.language.engine.is_terminated(&self.start) {
            rows.for_each(|_| programs.push(&self.prefix));
            return Ok(());
        }
        let mut lanes = isa::run(Parts { sampler: self, rows })?;
        lanes.sort_unstable_by_key(|lane| lane.end);
        lanes.iter().for_each(|lane| programs.append(&lane.tokens, &lane.ends));
        Ok(())
    }
}

/// Samples a range of programs in [`TILE`] consecutive parts, one row of each in turn.
struct Parts<'a> {
    sampler: &'a ProgramSampler,
    rows: Range<u64>,
}

/// One part: which row is being sampled, and what is done.
struct Lane {
    row: u64,
    end: u64,
    /// All tokens so far but for those that are still in the tile.
    tokens: Vec<u32>,
    /// How many of them are the current program's.
    moved: usize,
    ends: Vec<usize>,
}

/// The rows that step together, with their words.
struct Tile {
    states: Table<Box<[u32]>>,
    /// For each lane the random words of [`BUFFER`] steps. A token takes the place of the word that chose it.
    words: Table<Box<[u32]>>,
    /// The first step of each lane for which there is no random word yet.
    drawn: [u32; TILE],
    /// The row of each lane.
    rows: [u64; TILE],
}

impl isa::Task for Parts<'_> {
    type Output = Result<Vec<Lane>, TooLongError>;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Self::Output {
        let Self { sampler, rows } = self;
        let engine = &sampler.language.engine;
        let stride = engine.layout.words;
        let mut lanes = sampler.lanes(rows);
        let Some(mut tile) = sampler.tile(lanes.len().next_multiple_of(I::Words::COUNT)) else { return Ok(Vec::new()) };
        for (nth, lane) in lanes.iter_mut().enumerate() {
            sampler.begin(lane, &mut tile, nth);
        }
        let mut done = Vec::with_capacity(lanes.len());
        while !lanes.is_empty() {
            let (mut unsettled, mut finished) = (Queue::EMPTY, Queue::EMPTY);
            for first in (0..lanes.len()).step_by(I::Words::COUNT) {
                let taken = sampler.step(engine, isa.words(), &mut lanes, &mut tile, first)?;
                unsettled.push(first, I::Words::COUNT, I::Words::bits(taken.unsettled));
                finished.push(first, I::Words::COUNT, I::Words::bits(taken.finished));
            }
            unsettled.rows().for_each(|nth| engine.settle(&mut tile.states[nth * stride..][..stride]));
            // From the last lane on, so that the lane that takes the place of one that is done has had its turn.
            for nth in finished.rows().rev() {
                let Some(lane) = lanes.get_mut(nth) else { continue };
                let len = engine.len(&tile.states[nth * stride..]);
                sampler.finish(lane, len, &tile.words[nth * BUFFER..])?;
                if lane.row < lane.end {
                    sampler.begin(lane, &mut tile, nth);
                } else {
                    done.push(lanes.swap_remove(nth));
                    tile.remove(engine, nth, lanes.len());
                }
            }
        }
        Ok(done)
    }
}

impl Tile {
    /// Gives the place of a lane that is done to the last one, whose own is then of no use.
    fn remove(&mut self, engine: &Engine, nth: usize, last: usize) {
        let stride = engine.layout.words;
        self.states.copy_within(last * stride..(last + 1) * stride, nth * stride);
        self.words.copy_within(last * BUFFER..(last + 1) * BUFFER, nth * BUFFER);
        self.drawn[nth] = self.drawn[last];
        self.rows[nth] = self.rows[last];
        self.drawn[last] = u32::MAX;
        self.states[last * stride..][..stride].copy_from_slice(&engine.finished());
    }
}

impl ProgramSampler {
    /// Takes a token for the lanes from `first` on, and says which states are to be settled.
    #[inline(always)]
    fn step<W: Words>(
        &self,
        engine: &Engine,
        words: W,
        lanes: &mut [Lane],
        tile: &mut Tile,
        first: usize,
    ) -> Result<Taken<W>, TooLongError> {
        let group = Group::new(words, first, engine.layout.words);
        let heads = group.heads(tile.states.view());
        let steps = engine.lens(&heads);
        let dry = W::bits(steps.equals(words.load(&tile.drawn[first..])));
        if dry != 0 {
            self.draw_more(lanes, tile, first, dry)?;
        }
        let place = words.rows_times(BUFFER as u32).plus((first * BUFFER) as u32);
        let places = place.add(steps.masked(BUFFER as u32 - 1));
        let random = places.look_up(&tile.words);
        let picks = Picks { sampler: &self.uniform, words: random, rows: &tile.rows[first..], steps };
        let syms = engine.choose(group, tile.states.view(), &heads, &picks);
        let plan = engine.plan(group, tile.states.view(), &heads, syms);
        places.scatter(tile.words.lend(), syms.masked(Sym::LOCAL).plus(engine.tables.offset));
        Ok(engine.advance(group, tile.states.lend(), heads, plan))
    }

    /// The parts of a range, none of them empty.
    fn lanes(&self, rows: Range<u64>) -> Vec<Lane> {
        let count = rows.end.saturating_sub(rows.start);
        let part = count.div_ceil(TILE as u64).max(1);
        let lane = |nth: u64| Lane {
            row: rows.start + nth * part,
            // The last part may reach beyond the largest number there is.
            end: rows.end.min(rows.start.saturating_add((nth + 1).saturating_mul(part))),
            tokens: Vec::with_capacity(part.min(CHUNK) as usize * 32),
            moved: 0,
            ends: Vec::with_capacity(part.min(CHUNK) as usize),
        };
        (0..count.div_ceil(part)).map(lane).collect()
    }

    /// Finished rows, which any number of steps leaves as they are.
    fn tile(&self, lanes: usize) -> Option<Tile> {
        Some(Tile {
            states: Table::new(self.language.engine.finished().repeat(lanes).into_boxed_slice())?,
            words: Table::new(vec![0; lanes * BUFFER].into_boxed_slice())?,
            drawn: [u32::MAX; TILE],
            rows: [0; TILE],
        })
    }

    /// Begins a lane's next program.
    #[inline(always)]
    fn begin(&self, lane: &mut Lane, tile: &mut Tile, nth: usize) {
        let stride = self.start.len();
        tile.states[nth * stride..][..stride].copy_from_slice(&self.start);
        if !self.prefix.is_empty() {
            lane.tokens.extend_from_slice(&self.prefix);
        }
        lane.moved = self.prefix.len();
        self.draw(lane, tile, nth, lane.moved as u32);
    }

    /// Ends a lane's program, which has `len` tokens.
    #[inline(always)]
    fn finish(&self, lane: &mut Lane, len: u32, words: &[u32]) -> Result<(), TooLongError> {
        self.check_len(lane.row, len)?;
        lane.take(len, words);
        lane.ends.push(lane.tokens.len());
        lane.row += 1;
        Ok(())
    }

    /// Draws the random words for a step and those up to the next multiple of [`BUFFER`].
    #[inline(always)]
    fn draw(&self, lane: &Lane, tile: &mut Tile, nth: usize, step: u32) {
        if let Some(words) = tile.words[nth * BUFFER..].first_chunk_mut() {
            *words = self.uniform.buffer(lane.row, step);
        }
        tile.drawn[nth] = step - step % BUFFER as u32 + BUFFER as u32;
        tile.rows[nth] = lane.row;
    }

    /// Makes room for more tokens of the lanes that are in `dry`.
    #[cold]
    fn draw_more(&self, lanes: &mut [Lane], tile: &mut Tile, first: usize, dry: u32) -> Result<(), TooLongError> {
        for (nth, lane) in lanes.iter_mut().enumerate().skip(first).take(LANES) {
            if dry >> (nth - first) & 1 == 1 {
                let step = tile.drawn[nth];
                self.check_len(lane.row, step)?;
                lane.take(step, &tile.words[nth * BUFFER..][..BUFFER]);
                self.draw(lane, tile, nth, step);
            }
        }
        Ok(())
    }

    fn check_len(&self, row: u64, len: u32) -> Result<(), TooLongError> {
        // A prefix is never too long by itself, and what is bounded by the language needs no limit.
        let limit = self.token_limit.max(self.prefix.len() as u32);
        if len > limit && self.language.config().max_len.is_none() {
            return Err(TooLongError { row, limit: self.token_limit });
        }
        Ok(())
    }
}

impl Lane {
    /// Takes the current program's tokens from its words; it has `len`.
    #[inline(always)]
    fn take(&mut self, len: u32, words: &[u32]) {
        let (from, more) = (self.moved % BUFFER, len as usize - self.moved);
        self.moved = len as usize;
        match words.first_chunk::<BUFFER>() {
            // Nearly always. A copy of fixed size takes less time than finding out how much is to be copied.
            Some(words) if from == 0 => {
                let end = self.tokens.len() + more;
                self.tokens.extend_from_slice(words);
                self.tokens.truncate(end);
            }
            _ => self.tokens.extend_from_slice(&words[from..from + more]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LanguageConfig;
    use crate::isa::{Plain, Task};

    /// What a processor without vector instructions does is what the others do.
    #[test]
    fn every_instruction_set_gives_the_same_programs() {
        for (max_len, rows) in [(Some(12), 0..1000), (Some(70), 5..300), (None, 0..65)] {
            let config = LanguageConfig { max_len, max_funcs: 3, ..LanguageConfig::default() };
            let language = Language::new(config).expect("a language");
            let sampler = ProgramSampler::new(&language, 3);
            let mut best = Programs::default();
            sampler.sample_into(rows.clone(), &mut best).expect("programs");
            let mut lanes = Parts { sampler: &sampler, rows }.run(Plain).expect("programs");
            lanes.sort_unstable_by_key(|lane| lane.end);
            let mut plain = Programs::default();
            lanes.iter().for_each(|lane| plain.append(&lane.tokens, &lane.ends));
            assert_eq!(plain, best);
        }
    }
}
