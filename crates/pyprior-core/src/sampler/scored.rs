//! Whole programs in bulk, with how likely they are.

use std::ops::Range;

use super::beginning::TooLongError;
use super::drawn::Programs;
use super::product::Score;
use super::programs::ProgramSampler;
use super::score::ProgramScorer;
use crate::prior::config::{PriorConfig, PriorError};

/// A [`ProgramSampler`] that says how likely each program is under a prior, its own or another: what a [`ProgramScorer`]
/// says, to the bit, for less than half of its time, because rows need not be gone through once more.
///
/// ```
/// use pyprior_core::{Language, LanguageConfig, PriorConfig, ProgramSampler, ProgramScorer, Programs, ScoredSampler};
///
/// let language = Language::new(LanguageConfig { max_len: Some(30), ..LanguageConfig::default() })?;
/// let sampler = ScoredSampler::new(ProgramSampler::new(&language, 7), PriorConfig::default())?;
/// let (mut programs, mut scores) = (Programs::default(), Vec::new());
/// sampler.sample_into(0..100, &mut programs, &mut scores)?;
/// let mut scorer = ProgramScorer::new(&language, PriorConfig::default())?;
/// for (tokens, &score) in programs.iter().zip(&scores) {
///     assert_eq!(scorer.score(tokens)?, score);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ScoredSampler {
    sampler: ProgramSampler,
    scorer: ProgramScorer,
    /// Of the prefix.
    start: Score,
}

impl ScoredSampler {
    /// Scores the programs of a sampler.
    ///
    /// # Errors
    ///
    /// [`PriorError`] names the field that is out of range.
    pub fn new(sampler: ProgramSampler, prior: PriorConfig) -> Result<Self, PriorError> {
        let mut scorer = ProgramScorer::new(sampler.language(), prior)?;
        // The sampler has taken its prefix, so all of it is legal.
        let start = scorer.start(sampler.beginning().prefix()).unwrap_or(Score::EMPTY);
        Ok(Self { sampler, scorer, start })
    }

    /// The sampler.
    pub fn sampler(&self) -> &ProgramSampler {
        &self.sampler
    }

    /// Samples the programs with the given numbers on this thread and adds them to `programs`, and to `scores` the
    /// log-probability of each in nats, of its prefix too.
    ///
    /// # Errors
    ///
    /// [`TooLongError`] if one grows beyond the token limit; `programs` and `scores` are as they were.
    pub fn sample_into(
        &self,
        rows: Range<u64>,
        programs: &mut Programs,
        scores: &mut Vec<f64>,
    ) -> Result<(), TooLongError> {
        if self.sampler.beginning().is_whole() {
            rows.for_each(|_| {
                programs.push(self.sampler.beginning().prefix());
                scores.push(self.start.ln());
            });
            return Ok(());
        }
        for lane in self.sampler.lanes(rows, (&self.scorer, self.start))? {
            programs.append(&lane.tokens, &lane.ends);
            scores.extend(lane.scores);
        }
        Ok(())
    }
}
