//! Whole programs in bulk, without writing a bitmask.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;
use thiserror::Error;

use super::uniform::{BUFFER, UniformSampler};
use crate::isa;
use crate::language::{Language, UNBOUNDED};
use crate::lockstep::{Queue, TILE};
use crate::matcher::{Matcher, TokenError};
use crate::step::Engine;

/// Rows that step together.
const LANES: usize = TILE;
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
        let mut lanes = isa::run(Tile { sampler: self, rows })?;
        lanes.sort_unstable_by_key(|lane| lane.end);
        lanes.iter().for_each(|lane| programs.append(&lane.tokens[..lane.start], &lane.ends));
        Ok(())
    }
}

/// Samples a range of programs in [`LANES`] consecutive parts, one row of each in turn.
struct Tile<'a> {
    sampler: &'a ProgramSampler,
    rows: Range<u64>,
}

/// One part: the row being sampled, and what is done.
struct Lane {
    row: u64,
    end: u64,
    random: [u32; BUFFER],
    /// The first step for which no random word is drawn yet.
    drawn: u32,
    /// All programs so far, the current one, and room.
    tokens: Vec<u32>,
    /// Where the current program starts.
    start: usize,
    ends: Vec<usize>,
}

impl isa::Task for Tile<'_> {
    type Output = Result<Vec<Lane>, TooLongError>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        let Self { sampler, rows } = self;
        let engine = &sampler.language.engine;
        let words = engine.layout.words;
        let mut lanes = sampler.lanes(rows);
        lanes.iter_mut().for_each(|lane| sampler.begin(lane));
        let mut states = sampler.start.repeat(lanes.len());
        let mut done = Vec::with_capacity(lanes.len());
        while !lanes.is_empty() {
            let states = &mut states[..lanes.len() * words];
            let unsettled = sampler.step(engine, &mut lanes, states)?;
            // From the last lane on, so that the lane that takes the place of one that is done has had its turn.
            for nth in unsettled.rows().rev() {
                let state = &mut states[nth * words..][..words];
                engine.settle(state);
                if !engine.is_terminated(state) {
                    continue;
                }
                let lane = &mut lanes[nth];
                sampler.finish(lane, engine.len(state))?;
                if lane.row < lane.end {
                    state.copy_from_slice(&sampler.start);
                    sampler.begin(lane);
                } else {
                    done.push(lanes.swap_remove(nth));
                    states.copy_within(lanes.len() * words..(lanes.len() + 1) * words, nth * words);
                }
            }
        }
        Ok(done)
    }
}

impl ProgramSampler {
    /// Takes a token a lane, and says which states are to be settled.
    ///
    /// The engine is an argument so that the compiler knows that no write to a state changes it.
    #[inline(always)]
    fn step(&self, engine: &Engine, lanes: &mut [Lane], states: &mut [u32]) -> Result<Queue, TooLongError> {
        let mut unsettled = Queue::EMPTY;
        let mut states = states.chunks_exact_mut(engine.layout.words);
        for (nth, lane) in lanes.iter_mut().enumerate() {
            let Some(state) = states.next() else { break };
            let step = engine.len(state);
            if step == lane.drawn {
                self.draw_more(lane);
            }
            let word = lane.random[step as usize % BUFFER];
            let (sym, found) = engine.choose(state, |count| self.uniform.pick(word, lane.row, step, count));
            let token = sym.local() + engine.tables.offset;
            match lane.tokens.get_mut(lane.start + step as usize) {
                Some(place) => *place = token,
                None => self.grow(lane, token)?,
            }
            unsettled.push_if(engine.advance(state, found), nth);
        }
        Ok(unsettled)
    }

    /// The parts of a range, none of them empty.
    fn lanes(&self, rows: Range<u64>) -> Vec<Lane> {
        let count = rows.end.saturating_sub(rows.start);
        let part = count.div_ceil(LANES as u64).max(1);
        let lane = |nth: u64| Lane {
            row: rows.start + nth * part,
            // The last part may reach beyond the largest number there is.
            end: rows.end.min(rows.start.saturating_add((nth + 1).saturating_mul(part))),
            random: [0; BUFFER],
            drawn: 0,
            tokens: Vec::new(),
            start: 0,
            ends: Vec::with_capacity(part.min(CHUNK) as usize),
        };
        (0..count.div_ceil(part)).map(lane).collect()
    }

    /// Begins a lane's next program.
    #[inline(always)]
    fn begin(&self, lane: &mut Lane) {
        let room = lane.start + self.room();
        if lane.tokens.len() < room {
            lane.tokens.resize(2 * room, 0);
        }
        if !self.prefix.is_empty() {
            lane.tokens[lane.start..][..self.prefix.len()].copy_from_slice(&self.prefix);
        }
        self.draw(lane, self.prefix.len() as u32);
    }

    /// Ends a lane's program, which has `len` tokens.
    #[inline(always)]
    fn finish(&self, lane: &mut Lane, len: u32) -> Result<(), TooLongError> {
        self.check_len(lane.row, len)?;
        lane.start += len as usize;
        lane.ends.push(lane.start);
        lane.row += 1;
        Ok(())
    }

    /// Draws the random words for a step and those up to the next multiple of [`BUFFER`].
    #[inline(always)]
    fn draw(&self, lane: &mut Lane, step: u32) {
        lane.random = self.uniform.buffer(lane.row, step);
        lane.drawn = step - step % BUFFER as u32 + BUFFER as u32;
    }

    #[cold]
    fn draw_more(&self, lane: &mut Lane) {
        self.draw(lane, lane.drawn);
    }

    /// Tokens to make room for at the start: all of them, where the language has a modest bound.
    fn room(&self) -> usize {
        let bound = self.language.config().max_len.map_or(64, |max_len| max_len.min(4096));
        self.prefix.len().max(bound as usize)
    }

    fn check_len(&self, row: u64, len: u32) -> Result<(), TooLongError> {
        // A prefix is never too long by itself, and what is bounded by the language needs no limit.
        let limit = self.token_limit.max(self.prefix.len() as u32);
        if len > limit && self.language.config().max_len.is_none() {
            return Err(TooLongError { row, limit: self.token_limit });
        }
        Ok(())
    }

    /// Writes a token for which there is no room yet.
    #[cold]
    fn grow(&self, lane: &mut Lane, token: u32) -> Result<(), TooLongError> {
        let len = lane.tokens.len();
        self.check_len(lane.row, (len - lane.start) as u32 + 1)?;
        lane.tokens.resize(2 * len + 1, 0);
        lane.tokens[len] = token;
        Ok(())
    }
}
