//! Programs that go on from a source.

use std::ops::Range;
use std::path::Path;

use anyhow::{anyhow, bail};
use pyprior_core::{Encoder, Prior, PriorConfig, ProgramNames, ProgramSampler, Programs, philox4x32_10};
use rayon::prelude::*;

use super::encode::refusal;
use super::output::read;

/// Fourth word of the Philox counter: lanes of the uniform choice are fewer, those of the weighted ones come before.
const LANE: u32 = (1 << 31) + 2;

/// A prompt with a sampler for each number of statements that the module may have.
pub(crate) struct Prompts {
    samplers: Vec<ProgramSampler>,
    /// How likely each is, summed up; the last is 1.
    sums: Vec<f64>,
    names: ProgramNames,
    key: [u32; 2],
}

impl Prompts {
    /// Reads a prompt. The number of statements is drawn as the prior says of those that are possible, or uniformly.
    pub(crate) fn read(
        file: &Path,
        sampler: &ProgramSampler,
        prior: Option<PriorConfig>,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let language = sampler.language();
        let prompts = Encoder::new(language).encode_prompts(&read(file)?);
        let prompts = prompts.map_err(|error| anyhow!(refusal(file, &error)))?;
        let prior = prior.map(|config| Prior::new(language.vocab(), config)).transpose()?;
        let weight = |block: u32| prior.as_ref().map_or(1.0, |prior| prior.weight(block, 1, 0, 0));
        let mut sums = Vec::new();
        let mut samplers = Vec::new();
        let mut sum = 0.0;
        for prompt in &prompts {
            sum += prompt.tokens.first().map_or(0.0, |&block| weight(block));
            sums.push(sum);
            samplers.push(sampler.clone().with_prefix(&prompt.tokens)?);
        }
        sums.iter_mut().for_each(|part| *part /= sum);
        let Some(names) = prompts.into_iter().next().map(|prompt| prompt.names) else {
            bail!("{}: no program starts so", file.display());
        };
        Ok(Self { samplers, sums, names, key: [seed as u32, (seed >> 32) as u32] })
    }

    /// The names of the source.
    pub(crate) fn names(&self) -> &ProgramNames {
        &self.names
    }

    /// The programs with the given numbers.
    pub(crate) fn sample(&self, rows: Range<u64>) -> anyhow::Result<Programs> {
        if let [sampler] = &self.samplers[..] {
            return Ok(sampler.sample(rows)?);
        }
        let sampled = rows.into_par_iter().map(|row| {
            let [word, ..] = philox4x32_10([row as u32, (row >> 32) as u32, 0, LANE], self.key);
            let fraction = f64::from(word) / f64::from(u32::MAX).next_up();
            let nth = self.sums.partition_point(|&sum| sum <= fraction).min(self.samplers.len() - 1);
            self.samplers[nth].sample(row..row + 1)
        });
        let mut programs = Programs::default();
        for one in sampled.collect::<Result<Vec<_>, _>>()? {
            one.iter().for_each(|tokens| programs.push(tokens));
        }
        Ok(programs)
    }
}
