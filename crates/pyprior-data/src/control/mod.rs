//! Control of distributions: programs are accepted with a probability that makes columns have the shares that were asked for.
//!
//! ```text
//! describe.rs   what is asked for, checked · limits of the language where it is steered
//! bins.rs       bins of a column
//! rake.rs       factors of bins from a pilot sample
//! record.rs     what was asked for, what there is without, what it has come to
//! ```
//!
//! The probability of a candidate is a product of factors, one for each column that is controlled. Targets have the shares that
//! they are to have, and columns that are held those that they have without: that is what makes control independent. Factors
//! are fitted to a pilot sample of programs with numbers that no shard has, so that every machine finds the same.

mod bins;
mod describe;
mod rake;
mod record;

use std::collections::BTreeMap;
use std::ops::Range;

use pyprior_core::philox4x32_10;
use rayon::prelude::*;

pub use describe::{By, ControlDescription, ControlError, Target};
pub(crate) use describe::{Measured, steered};
pub use record::{Bin, Compared, ControlRecord, Controlled};

use self::bins::{Dimension, value};
use self::rake::{Cell, rake, scale, weight};
use crate::description::{DescriptionError, MAX_SHARDS};
use crate::error::DataError;
use crate::examine::Examiner;
use crate::job::Job;
use crate::row::Row;
use crate::shard::CANDIDATES;
use crate::source::Drawn;

/// The pilot's programs have the numbers that the first shard beyond the last possible one would have.
const PILOT: u64 = MAX_SHARDS * CANDIDATES;
/// Candidates for each program of the pilot, at most.
const PILOT_PATIENCE: u64 = 64;
/// Programs without which there is no pilot.
const LEAST_PILOT: u64 = 1000;
/// Candidates of the pilot that are looked at by one thread, and together.
const PILOT_CHUNK: u64 = 1 << 11;
const PILOT_WAVE: u64 = 1 << 15;
/// Part of the rows that the heaviest programs may lack, for weights have no end.
const CLIPPED: f64 = 1e-4;
/// Difference of shares with which targets count as fulfilled.
const FULFILLED: f64 = 1e-4;
/// In the counter of random numbers where the sampler has its steps and lanes.
const STREAM: u32 = u32::MAX;

/// What is controlled, with its factors.
#[derive(Debug)]
pub(crate) struct Control {
    dimensions: Vec<Dimension>,
    factors: Vec<Vec<f64>>,
    /// The weight that is accepted for sure.
    most: f64,
    /// The share of programs that is accepted.
    expected: f64,
    pilot: u64,
    key: [u32; 2],
}

impl Control {
    /// Fits factors; none if nothing is controlled.
    pub(crate) fn fit(job: &Job, measured: Vec<Measured>) -> Result<Option<Self>, DataError> {
        if measured.is_empty() {
            return Ok(None);
        }
        let description = job.description();
        let values = pilot(job, &measured)?;
        let pilot = values.len() as u64;
        let dimension = |(nth, measured): (usize, Measured)| {
            let values = values.iter().map(|values| values.get(nth).copied().flatten()).collect::<Vec<_>>();
            Dimension::new(measured, &values)
        };
        let dimensions = measured.into_iter().enumerate().map(dimension).collect::<Vec<_>>();
        for dimension in &dimensions {
            let mut bins = dimension.shares.iter().zip(&dimension.natural).enumerate();
            let unreachable = bins.find(|(_, (share, natural))| **share > 0.0 && **natural == 0);
            if let Some((bin, (&wanted, _))) = unreachable {
                let (of, bin) = (dimension.measure.to_string(), dimension.name(bin));
                return refuse(ControlError::Unreachable { of, bin, pilot, wanted });
            }
        }
        let cells = cells(&dimensions, &values);
        let raked = rake(&cells, &dimensions.iter().map(|dimension| &dimension.shares[..]).collect::<Vec<_>>());
        if raked.off > FULFILLED {
            let (nth, bin, reached) = raked.worst;
            let dimension = &dimensions[nth];
            let (of, wanted) = (dimension.measure.to_string(), dimension.shares[bin]);
            return refuse(ControlError::Contradiction { of, bin: dimension.name(bin), wanted, reached });
        }
        let (most, expected) = scale(&cells, &raked.factors, CLIPPED);
        let key = [description.seed as u32, (description.seed >> 32) as u32];
        let control = Self { dimensions, factors: raked.factors, most, expected, pilot, key };
        match expected < description.control.least_yield {
            true => refuse(control.too_little(description.control.least_yield)),
            false => Ok(Some(control)),
        }
    }

    /// Whether a program that passes the filters is accepted; then its bins are added.
    pub(crate) fn takes(&self, row: &Row<'_>, bins: &mut Vec<u8>) -> bool {
        let start = bins.len();
        bins.extend(self.dimensions.iter().map(|dimension| dimension.bin(row) as u8));
        let probability = weight(&self.factors, &bins[start..]) / self.most;
        let [high, low, ..] = philox4x32_10([row.row as u32, (row.row >> 32) as u32, STREAM, STREAM], self.key);
        // 53 bits, of which every number of 64 bits is a multiple or far larger.
        let drawn = u64::from(high) << 21 | u64::from(low) >> 11;
        let taken = drawn < (probability * (1_u64 << 53) as f64) as u64;
        if !taken {
            bins.truncate(start);
        }
        taken
    }

    /// No rows yet in any bin.
    pub(crate) fn empty_bins(&self) -> Vec<Vec<u64>> {
        self.dimensions.iter().map(|dimension| vec![0; dimension.len()]).collect()
    }

    fn too_little(&self, least: f64) -> ControlError {
        let targets = self.dimensions.iter().filter(|dimension| !dimension.held);
        let bins = targets.flat_map(|dimension| (0..dimension.len()).map(move |bin| (dimension, bin)));
        let cost =
            |(dimension, bin): &(&Dimension, usize)| dimension.shares[*bin] / dimension.natural[*bin].max(1) as f64;
        let (of, bin, natural, wanted) = match bins.max_by(|a, b| cost(a).total_cmp(&cost(b))) {
            Some((of, bin)) => (of.measure.to_string(), of.name(bin), of.natural[bin] as f64, of.shares[bin]),
            None => (String::new(), String::new(), 0.0, 0.0),
        };
        ControlError::Yield { expected: self.expected, least, of, bin, natural: natural / self.pilot as f64, wanted }
    }
}

fn refuse<T>(error: ControlError) -> Result<T, DataError> {
    Err(DescriptionError::Control(error).into())
}

/// What is controlled of the programs of the pilot, in the order of their numbers.
fn pilot(job: &Job, measured: &[Measured]) -> Result<Vec<Vec<Option<f64>>>, DataError> {
    let wanted = job.description().control.pilot;
    let (mut values, mut next) = (Vec::new(), 0);
    let limit = wanted.saturating_mul(PILOT_PATIENCE);
    while (values.len() as u64) < wanted && next < limit {
        let starts = (next..next + PILOT_WAVE).step_by(PILOT_CHUNK as usize).collect::<Vec<_>>();
        let look = |&start: &u64| look(job, measured, PILOT + start..PILOT + start + PILOT_CHUNK);
        for chunk in starts.par_iter().map(look).collect::<Vec<_>>() {
            values.extend(chunk?);
        }
        next += PILOT_WAVE;
    }
    values.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
    let (passed, least) = (values.len() as u64, LEAST_PILOT);
    match passed < least {
        true => refuse(ControlError::Pilot { passed, candidates: next, least }),
        false => Ok(values),
    }
}

fn look(job: &Job, measured: &[Measured], rows: Range<u64>) -> Result<Vec<Vec<Option<f64>>>, DataError> {
    let (mut drawn, mut examiner, mut values) = (Drawn::default(), Examiner::new(job), Vec::new());
    job.source().draw(rows.clone(), &mut drawn)?;
    let mut scorer = job.wanted().prior.then(|| job.scorer().cloned()).flatten();
    if let Some(scorer) = &mut scorer {
        let scored = scorer.score_all(&drawn.programs, &mut drawn.log_prior);
        scored.map_err(|error| DataError::Program { row: rows.start, source: error.into() })?;
    }
    for (nth, (number, tokens)) in rows.zip(drawn.programs.iter()).enumerate() {
        let refused = |source| DataError::Program { row: number, source };
        let known = [drawn.log_prior.get(nth).copied(), drawn.log_model.get(nth).copied()];
        let row = examiner.examine(number, tokens, known).map_err(refused)?;
        if job.filters().fails(&row).is_none() {
            values.push(measured.iter().map(|measured| value(&measured.measure, &row)).collect());
        }
    }
    Ok(values)
}

/// Programs by their bins, in the order of the bins.
fn cells(dimensions: &[Dimension], values: &[Vec<Option<f64>>]) -> Vec<Cell> {
    let mut counts = BTreeMap::<Vec<u8>, u64>::new();
    for values in values {
        let bins = dimensions.iter().zip(values).map(|(dimension, &value)| dimension.place(value) as u8);
        *counts.entry(bins.collect()).or_default() += 1;
    }
    counts.into_iter().map(|(bins, count)| Cell { bins, count }).collect()
}
