//! Control of distributions: programs are accepted with a probability that makes columns have the shares that were asked for.
//!
//! ```text
//! describe.rs   what is asked for, checked · limits of the language where it is steered
//! bins.rs       bins of a column
//! pilot.rs      a sample of programs
//! rake.rs       factors of bins from it
//! record.rs     what was asked for, what there is without, what it has come to
//! ```
//!
//! The probability of a candidate is a product of factors, one for each column that is controlled. Targets have the shares that
//! they are to have, and columns that are held those that they have without: that is what makes control independent. What they
//! have without is told from all programs of a pilot sample, beyond the targets' ranges too; factors are fitted to those within,
//! for no other comes to be weighed. The pilot has numbers that no shard has, so that every machine finds the same.

mod bins;
mod describe;
mod pilot;
mod rake;
mod record;

use std::collections::BTreeMap;

use pyprior_core::philox4x32_10;

pub use describe::{By, ControlDescription, ControlError, Target};
pub(crate) use describe::{Measured, refuse_steering, steered};
pub use pilot::PilotWork;
pub use record::{Bin, Compared, ControlRecord, Controlled};

use self::bins::Dimension;
use self::pilot::Pilot;
use self::rake::{Cell, rake, scale, weight};
use crate::description::DescriptionError;
use crate::error::DataError;
use crate::job::Job;
use crate::row::Row;

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
    /// The share of programs within the ranges that is accepted.
    expected: f64,
    /// Programs of the pilot that natural shares are told from.
    pilot: u64,
    /// Programs within the ranges that factors are fitted to.
    within: u64,
    key: [u32; 2],
}

impl Control {
    /// Fits factors; none if nothing is controlled.
    pub(crate) fn fit(job: &Job, measured: Vec<Measured>, work: &PilotWork<'_>) -> Result<Option<Self>, DataError> {
        if measured.is_empty() {
            return Ok(None);
        }
        let description = job.description();
        let mut pilot = Pilot::new(job, &measured, work)?;
        let first = pilot.first()?;
        let columns = measured.len();
        let dimension = |(nth, measured)| Dimension::new(measured, first.column(nth, columns));
        let mut dimensions = measured.iter().enumerate().map(dimension).collect::<Vec<_>>();
        let mut counts = BTreeMap::<Vec<u8>, u64>::new();
        let within = pilot.within(&first, |values| {
            let bins = dimensions.iter().zip(values).map(|(dimension, &value)| dimension.place(value) as u8);
            *counts.entry(bins.collect()).or_default() += 1;
        })?;
        // In the order of the bins.
        let cells = counts.into_iter().map(|(bins, count)| Cell { bins, count }).collect::<Vec<_>>();
        for (nth, dimension) in dimensions.iter_mut().enumerate() {
            cells.iter().for_each(|cell| dimension.within[usize::from(cell.bins[nth])] += cell.count);
            reachable(dimension, within)?;
        }
        let raked = rake(&cells, &dimensions.iter().map(|dimension| &dimension.shares[..]).collect::<Vec<_>>());
        if raked.off > FULFILLED {
            let (nth, bin, reached) = raked.worst;
            return refuse(contradiction(&dimensions[nth], bin, reached));
        }
        let (most, expected) = scale(&cells, &raked.factors, CLIPPED);
        let key = [description.seed as u32, (description.seed >> 32) as u32];
        let pilot = first.len();
        let control = Self { dimensions, factors: raked.factors, most, expected, pilot, within, key };
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
        let bins = self.dimensions.iter().flat_map(|dimension| (0..dimension.len()).map(move |bin| (dimension, bin)));
        let cost =
            |(dimension, bin): &(&Dimension, usize)| dimension.shares[*bin] / dimension.within[*bin].max(1) as f64;
        let (of, bin, within, wanted) = match bins.max_by(|a, b| cost(a).total_cmp(&cost(b))) {
            Some((of, bin)) => (of.measure.to_string(), of.name(bin), of.within[bin] as f64, of.shares[bin]),
            None => (String::new(), String::new(), 0.0, 0.0),
        };
        ControlError::Yield { expected: self.expected, least, of, bin, natural: within / self.within as f64, wanted }
    }
}

/// Whether every bin that rows are to be in has a program within the ranges.
fn reachable(dimension: &Dimension, within: u64) -> Result<(), DataError> {
    let mut bins = dimension.shares.iter().zip(&dimension.within).enumerate();
    match bins.find(|(_, (share, programs))| **share > 0.0 && **programs == 0) {
        // As little as nobody would see.
        Some((_, (&share, _))) if dimension.held && share <= FULFILLED => Ok(()),
        Some((bin, _)) if dimension.held => refuse(contradiction(dimension, bin, 0.0)),
        Some((bin, (&wanted, _))) => {
            let (of, bin) = (dimension.measure.to_string(), dimension.name(bin));
            refuse(ControlError::Unreachable { of, bin, pilot: within, wanted })
        }
        None => Ok(()),
    }
}

fn contradiction(dimension: &Dimension, bin: usize, reached: f64) -> ControlError {
    let (of, wanted) = (dimension.measure.to_string(), dimension.shares[bin]);
    ControlError::Contradiction { of, bin: dimension.name(bin), wanted, reached }
}

fn refuse<T>(error: ControlError) -> Result<T, DataError> {
    Err(DescriptionError::Control(error).into())
}
