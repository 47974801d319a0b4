//! Whole programs in bulk, without writing a bitmask.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;
use thiserror::Error;

use super::uniform::{BUFFER, UniformSampler};
use crate::isa;
use crate::language::Language;
use crate::matcher::{Matcher, TokenError};

/// Rows that step in turn, so that the processor works on several chains of dependent loads at once.
const LANES: usize = 16;
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
#[error("program {row} has more than {limit} tokens; set max_len, or a larger token limit")]
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

    fn append(&mut self, other: &Programs) {
        let base = self.tokens.len();
        self.tokens.extend_from_slice(&other.tokens);
        self.ends.extend(other.ends.iter().map(|end| end + base));
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

    /// Gives up on programs of more than `limit` tokens, prefix included; the default is 2²⁰. Only languages
    /// without `max_len` can reach it.
    pub fn with_token_limit(mut self, limit: u32) -> Self {
        self.token_limit = limit;
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
        let starts = (rows.start..rows.end).step_by(CHUNK as usize).collect::<Vec<_>>();
        let chunks = starts.into_par_iter().map(|start| {
            let mut programs = Programs::default();
            self.sample_into(start..rows.end.min(start.saturating_add(CHUNK)), &mut programs).map(|()| programs)
        });
        let chunks = chunks.collect::<Result<Vec<_>, _>>()?;
        let mut programs = Programs::default();
        programs.tokens.reserve_exact(chunks.iter().map(|chunk| chunk.tokens.len()).sum());
        programs.ends.reserve_exact(chunks.iter().map(Programs::len).sum());
        chunks.iter().for_each(|chunk| programs.append(chunk));
        Ok(programs)
    }

    /// Samples the programs with the given numbers on this thread and adds them to `programs`.
    ///
    /// # Errors
    ///
    /// [`TooLongError`] if one grows beyond the token limit; `programs` is as it was.
    pub fn sample_into(&self, rows: Range<u64>, programs: &mut Programs) -> Result<(), TooLongError> {
        let lanes = isa::run(Tile { sampler: self, rows })?;
        lanes.iter().for_each(|lane| programs.append(lane));
        Ok(())
    }
}

/// Samples a range of programs in [`LANES`] consecutive parts, one row of each in turn.
struct Tile<'a> {
    sampler: &'a ProgramSampler,
    rows: Range<u64>,
}

/// One part: the row being sampled, its tokens and random words, and what is done.
struct Lane {
    row: u64,
    end: u64,
    random: [u32; BUFFER],
    tokens: Vec<u32>,
    done: Programs,
}

impl isa::Task for Tile<'_> {
    type Output = Result<Vec<Programs>, TooLongError>;

    #[inline(always)]
    fn run(self) -> Self::Output {
        let Self { sampler, rows } = self;
        let engine = &sampler.language.engine;
        let offset = sampler.language.vocab().offset();
        let words = engine.layout.words;
        let count = rows.end.saturating_sub(rows.start);
        let part = count.div_ceil(LANES as u64).max(1);
        let parts = count.div_ceil(part);
        let room = sampler.room();
        let mut lanes = (0..parts)
            .map(|nth| {
                let row = rows.start + nth * part;
                let mut lane = Lane {
                    row,
                    end: rows.end.min(row + part),
                    random: [0; BUFFER],
                    tokens: vec![0; room],
                    done: Programs::default(),
                };
                lane.tokens[..sampler.prefix.len()].copy_from_slice(&sampler.prefix);
                sampler.refill(&mut lane);
                lane
            })
            .collect::<Vec<_>>();
        let mut states = sampler.start.repeat(lanes.len());
        if engine.is_terminated(&sampler.start) {
            lanes.iter_mut().for_each(|lane| (lane.row..lane.end).for_each(|_| lane.done.push(&sampler.prefix)));
            return Ok(lanes.into_iter().map(|lane| lane.done).collect());
        }
        let mut active = lanes.len();
        while active > 0 {
            for (lane, state) in lanes.iter_mut().zip(states.chunks_exact_mut(words)) {
                if lane.row == lane.end {
                    continue;
                }
                let step = engine.len(state);
                if step as usize % BUFFER == 0 {
                    lane.random = sampler.uniform.buffer(lane.row, step);
                }
                let Some(head) = state.first_chunk() else { continue };
                let legal = engine.legal(head);
                let word = lane.random[step as usize % BUFFER];
                let index = sampler.uniform.pick(word, lane.row, step, engine.count(state, &legal));
                let sym = engine.nth(state, &legal, index);
                match lane.tokens.get_mut(step as usize) {
                    Some(token) => *token = sym.local() + offset,
                    None => sampler.grow(lane, sym.local() + offset)?,
                }
                engine.take(state, sym);
                if engine.is_terminated(state) {
                    lane.done.push(&lane.tokens[..=step as usize]);
                    state.copy_from_slice(&sampler.start);
                    lane.row += 1;
                    sampler.refill(lane);
                    active -= usize::from(lane.row == lane.end);
                }
            }
        }
        Ok(lanes.into_iter().map(|lane| lane.done).collect())
    }
}

impl ProgramSampler {
    /// Tokens to make room for at the start: all of them, where the language has a modest bound.
    fn room(&self) -> usize {
        let bound = self.language.config().max_len.map_or(64, |max_len| max_len.min(4096));
        self.prefix.len().max(bound as usize)
    }

    /// Draws the words that a row needs before its step reaches the next multiple of [`BUFFER`].
    fn refill(&self, lane: &mut Lane) {
        let step = self.prefix.len() as u32;
        if step as usize % BUFFER != 0 {
            lane.random = self.uniform.buffer(lane.row, step);
        }
    }

    #[cold]
    fn grow(&self, lane: &mut Lane, token: u32) -> Result<(), TooLongError> {
        let bounded = self.language.config().max_len.is_some();
        if !bounded && lane.tokens.len() >= self.token_limit as usize {
            return Err(TooLongError { row: lane.row, limit: self.token_limit });
        }
        lane.tokens.push(token);
        lane.tokens.resize(lane.tokens.capacity(), 0);
        let limit = self.token_limit.max(self.prefix.len() as u32) as usize;
        if !bounded {
            lane.tokens.truncate(limit);
        }
        Ok(())
    }
}
