//! Whole programs in bulk, without writing a bitmask.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use thiserror::Error;

use super::prior::PriorSampler;
use super::tile::{Lane, Noting, Parts, Weighted};
use super::uniform::UniformSampler;
use crate::isa;
use crate::language::{Language, UNBOUNDED};
use crate::matcher::{Matcher, TokenError};
use crate::prior::config::{PriorConfig, PriorError};

/// Programs a task of the parallel sampler.
pub(super) const CHUNK: u64 = 4096;
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
    choice: Choice,
    prefix: Vec<u32>,
    /// A row that has taken the prefix.
    start: Vec<u32>,
    token_limit: u32,
}

/// How the legal tokens are chosen among.
#[derive(Debug, Clone)]
enum Choice {
    Uniform(UniformSampler),
    Prior(PriorSampler),
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

    pub(super) fn append(&mut self, tokens: &[u32], ends: &[usize]) {
        let base = self.tokens.len();
        self.tokens.extend_from_slice(tokens);
        self.ends.extend(ends.iter().map(|end| end + base));
    }
}

impl ProgramSampler {
    /// A sampler that draws uniformly among the legal tokens at every step.
    pub fn new(language: &Arc<Language>, seed: u64) -> Self {
        Self::of(language, Choice::Uniform(UniformSampler::new(seed)))
    }

    /// A sampler that draws by the weights of a prior at every step, as [`PriorSampler`] does.
    ///
    /// # Errors
    ///
    /// [`PriorError`] names the field that is out of range.
    pub fn with_prior(language: &Arc<Language>, prior: PriorConfig, seed: u64) -> Result<Self, PriorError> {
        Ok(Self::of(language, Choice::Prior(PriorSampler::new(language, prior, seed)?)))
    }

    fn of(language: &Arc<Language>, choice: Choice) -> Self {
        Self {
            language: Arc::clone(language),
            choice,
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
        Ok(self.sample_unless(rows, &AtomicBool::new(false))?.unwrap_or_default())
    }

    /// Samples as [`sample`](Self::sample) does, unless `stop` is set meanwhile: then it ends soon, with `None`.
    ///
    /// # Errors
    ///
    /// As for [`sample`](Self::sample).
    pub fn sample_unless(&self, rows: Range<u64>, stop: &AtomicBool) -> Result<Option<Programs>, TooLongError> {
        let is_stopped = || stop.load(Ordering::Relaxed);
        let chunks = rows.end.saturating_sub(rows.start).div_ceil(CHUNK);
        let chunks = (0..chunks).into_par_iter().map(|chunk| {
            let start = rows.start + chunk * CHUNK;
            let mut programs = Programs::default();
            if is_stopped() {
                return Ok(programs);
            }
            self.sample_into(start..rows.end.min(start.saturating_add(CHUNK)), &mut programs).map(|()| programs)
        });
        let chunks = chunks.collect::<Result<Vec<_>, _>>()?;
        if is_stopped() {
            return Ok(None);
        }
        // Zeros that no thread has touched yet cost nothing; each chunk is copied by the thread that comes to it.
        let mut tokens = vec![0; chunks.iter().map(|chunk| chunk.tokens.len()).sum()];
        let mut ends = Vec::with_capacity(chunks.iter().map(Programs::len).sum());
        let mut places = Vec::with_capacity(chunks.len());
        let (mut rest, mut start) = (&mut tokens[..], 0);
        for chunk in &chunks {
            let (place, behind) = std::mem::take(&mut rest).split_at_mut(chunk.tokens.len());
            places.push(place);
            rest = behind;
            ends.extend(chunk.ends.iter().map(|end| end + start));
            start += chunk.tokens.len();
        }
        places.into_par_iter().zip(&chunks).for_each(|(place, chunk)| place.copy_from_slice(&chunk.tokens));
        Ok(Some(Programs { tokens, ends }))
    }

    /// Samples the programs with the given numbers on this thread and adds them to `programs`.
    ///
    /// # Errors
    ///
    /// [`TooLongError`] if one grows beyond the token limit; `programs` is as it was.
    pub fn sample_into(&self, rows: Range<u64>, programs: &mut Programs) -> Result<(), TooLongError> {
        if self.is_prefix_alone() {
            rows.for_each(|_| programs.push(&self.prefix));
            return Ok(());
        }
        let lanes = self.lanes(rows, ())?;
        lanes.iter().for_each(|lane| programs.append(&lane.tokens, &lane.ends));
        Ok(())
    }

    /// The programs with the given numbers in parts one after the other, with what is to be noted of them.
    pub(super) fn lanes(&self, rows: Range<u64>, noting: impl Noting) -> Result<Vec<Lane>, TooLongError> {
        let mut lanes = match &self.choice {
            Choice::Uniform(chooser) => isa::run(Parts { sampler: self, rows, chooser, noting })?,
            Choice::Prior(sampler) => {
                let chooser = Weighted { weights: sampler.weights(), key: sampler.key() };
                isa::run(Parts { sampler: self, rows, chooser, noting })?
            }
        };
        lanes.sort_unstable_by_key(|lane| lane.end);
        Ok(lanes)
    }

    /// Whether every program is the prefix, which needs no more.
    pub(super) fn is_prefix_alone(&self) -> bool {
        self.language.engine.is_terminated(&self.start)
    }

    /// A row that has taken the prefix, and the prefix.
    #[inline(always)]
    pub(super) fn start(&self) -> (&[u32], &[u32]) {
        (&self.start, &self.prefix)
    }

    #[inline(always)]
    pub(super) fn check_len(&self, row: u64, len: u32) -> Result<(), TooLongError> {
        // A prefix is never too long by itself, and what is bounded by the language needs no limit.
        let limit = self.token_limit.max(self.prefix.len() as u32);
        if len > limit && self.language.config().max_len.is_none() {
            return Err(TooLongError { row, limit: self.token_limit });
        }
        Ok(())
    }
}
