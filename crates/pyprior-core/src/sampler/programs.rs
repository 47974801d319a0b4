//! Whole programs in bulk, without writing a bitmask.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::beginning::{Beginning, TooLongError};
use super::drawn::Programs;
use super::prior::PriorSampler;
use super::tile::{CHUNK, Lane, Noting, Parts, Weighted};
use super::uniform::UniformSampler;
use crate::isa;
use crate::language::Language;
use crate::matcher::TokenError;
use crate::prior::config::{PriorConfig, PriorError};

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
    beginning: Beginning,
    choice: Choice,
}

/// How the legal tokens are chosen among.
#[derive(Debug, Clone)]
enum Choice {
    Uniform(UniformSampler),
    Prior(PriorSampler),
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
        Self { beginning: Beginning::new(language), choice }
    }

    /// Starts every program with `prefix`.
    ///
    /// # Errors
    ///
    /// [`TokenError`] at the first token that is not legal.
    pub fn with_prefix(mut self, prefix: &[u32]) -> Result<Self, TokenError> {
        self.beginning.begin_with(prefix)?;
        Ok(self)
    }

    /// Gives up on programs of more than `limit` tokens, prefix included; the default is 2²⁰, the most 2³⁰. Only
    /// languages without `max_len` can reach it.
    pub fn with_token_limit(mut self, limit: u32) -> Self {
        self.beginning.limit_tokens(limit);
        self
    }

    /// The language of the programs.
    pub fn language(&self) -> &Arc<Language> {
        self.beginning.language()
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
        if self.beginning.is_whole() {
            rows.for_each(|_| programs.push(self.beginning.prefix()));
            return Ok(());
        }
        let lanes = self.lanes(rows, ())?;
        lanes.iter().for_each(|lane| programs.append(&lane.tokens, &lane.ends));
        Ok(())
    }

    /// The programs with the given numbers in parts one after the other, with what is to be noted of them.
    pub(super) fn lanes(&self, rows: Range<u64>, noting: impl Noting) -> Result<Vec<Lane>, TooLongError> {
        let mut lanes = match &self.choice {
            Choice::Uniform(chooser) => isa::run(Parts { beginning: &self.beginning, rows, chooser, noting })?,
            Choice::Prior(sampler) => {
                let chooser = Weighted { weights: sampler.weights(), key: sampler.key() };
                isa::run(Parts { beginning: &self.beginning, rows, chooser, noting })?
            }
        };
        lanes.sort_unstable_by_key(|lane| lane.end);
        Ok(lanes)
    }

    /// What they begin with.
    pub(super) fn beginning(&self) -> &Beginning {
        &self.beginning
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LanguageConfig;
    use crate::isa::{Plain, Task};
    use crate::prior::config::Normalisation;
    use crate::prior::table::Prior;
    use crate::sampler::tile::Chooser;
    use crate::sampler::weighted::Weights;

    fn best(sampler: &ProgramSampler, rows: Range<u64>) -> Programs {
        let mut programs = Programs::default();
        sampler.sample_into(rows, &mut programs).expect("programs");
        programs
    }

    fn plain(sampler: &ProgramSampler, rows: Range<u64>, chooser: impl Chooser) -> Programs {
        let mut lanes =
            Parts { beginning: &sampler.beginning, rows, chooser, noting: () }.run(Plain).expect("programs");
        lanes.sort_unstable_by_key(|lane| lane.end);
        let mut programs = Programs::default();
        lanes.iter().for_each(|lane| programs.append(&lane.tokens, &lane.ends));
        programs
    }

    /// What a processor without vector instructions does is what the others do.
    #[test]
    fn every_instruction_set_gives_the_same_programs() {
        for (max_len, rows) in [(Some(12), 0..1000), (Some(70), 5..300), (None, 0..65)] {
            let config = LanguageConfig { max_len, max_funcs: 3, ..LanguageConfig::default() };
            let language = Language::new(config).expect("a language");
            let sampler = ProgramSampler::new(&language, 3);
            let uniform = UniformSampler::new(3);
            assert_eq!(plain(&sampler, rows.clone(), &uniform), best(&sampler, rows.clone()));
            for normalisation in [Normalisation::Vocabulary, Normalisation::Legal] {
                let config = PriorConfig { normalisation, ..PriorConfig::default() };
                let prior = Prior::new(language.vocab(), config).expect("a prior");
                let sampler = ProgramSampler::with_prior(&language, config, 3).expect("a sampler");
                let weighted = Weighted { weights: &Weights::new(&language, &prior), key: [3, 0] };
                assert_eq!(plain(&sampler, rows.clone(), weighted), best(&sampler, rows.clone()));
            }
        }
    }
}
