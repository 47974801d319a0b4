//! Programs of the sampler: uniform, or by a prior.

use std::ops::Range;
use std::sync::Arc;

use pyprior_core::{Language, PriorConfig, ProgramSampler, ScoredSampler};

use super::{Drawn, Source, SourceError};
use crate::description::SourceDescription;

/// A sampler, which draws as well on many threads as on one.
#[derive(Debug)]
pub(crate) enum Sampled {
    Plain(ProgramSampler),
    /// With the log-probability under a prior.
    Scored(Box<ScoredSampler>),
}

impl Sampled {
    /// `scores`: the prior under which programs are to be scored.
    pub(crate) fn new(
        language: &Arc<Language>,
        source: SourceDescription,
        seed: u64,
        scores: Option<PriorConfig>,
    ) -> Result<Self, SourceError> {
        let sampler = match source {
            SourceDescription::Uniform => ProgramSampler::new(language, seed),
            SourceDescription::Prior { prior } => ProgramSampler::with_prior(language, prior, seed)?,
            SourceDescription::Model(_) => return Err(SourceError::NoModel),
        };
        Ok(match scores {
            Some(prior) => Self::Scored(Box::new(ScoredSampler::new(sampler, prior)?)),
            None => Self::Plain(sampler),
        })
    }
}

impl Source for Sampled {
    fn draw(&self, rows: Range<u64>, drawn: &mut Drawn) -> Result<(), SourceError> {
        match self {
            Self::Plain(sampler) => sampler.sample_into(rows, &mut drawn.programs)?,
            Self::Scored(sampler) => sampler.sample_into(rows, &mut drawn.programs, &mut drawn.log_prior)?,
        }
        Ok(())
    }

    /// The sampler draws rows side by side, and its lanes run dry at the end of a range: the longer, the less that counts.
    fn chunk(&self) -> u64 {
        4096
    }
}
