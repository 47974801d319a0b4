//! Programs of the sampler: uniform, or by a prior.

use std::ops::Range;
use std::sync::Arc;

use pyprior_core::{Language, ProgramSampler};

use super::{Drawn, Source, SourceError};
use crate::description::SourceDescription;

/// A sampler, which draws as well on many threads as on one.
#[derive(Debug)]
pub(crate) struct Sampled {
    sampler: ProgramSampler,
}

impl Sampled {
    pub(crate) fn new(language: &Arc<Language>, source: SourceDescription, seed: u64) -> Result<Self, SourceError> {
        let sampler = match source {
            SourceDescription::Uniform => ProgramSampler::new(language, seed),
            SourceDescription::Prior { prior } => ProgramSampler::with_prior(language, prior, seed)?,
            SourceDescription::Model(_) => return Err(SourceError::NoModel),
        };
        Ok(Self { sampler })
    }
}

impl Source for Sampled {
    fn draw(&self, rows: Range<u64>, drawn: &mut Drawn) -> Result<(), SourceError> {
        Ok(self.sampler.sample_into(rows, &mut drawn.programs)?)
    }

    /// The sampler draws rows side by side, and its lanes run dry at the end of a range: the longer, the less that counts.
    fn chunk(&self) -> u64 {
        4096
    }
}
