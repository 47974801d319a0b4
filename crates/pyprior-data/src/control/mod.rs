//! Control of distributions: programs are accepted with a probability that makes columns have the shares that were asked for.
//!
//! ```text
//! describe.rs   what is asked for, checked · limits of the language where it is steered
//! bins.rs       bins of a column
//! pilot.rs      a sample of programs
//! rake.rs       factors of bins from it
//! fit.rs        those that are wanted, and what is let go for them
//! record.rs     what was asked for, what there is without, what it has come to
//! ```
//!
//! The probability of a candidate is a product of factors, one for each column that is controlled. Targets have the shares that
//! they are to have, and columns that are held those that they have without: that is what makes control independent. What they
//! have without is told from all programs of a pilot sample, beyond the targets' ranges too; factors are fitted to those within,
//! for no other comes to be weighed. The pilot has numbers that no shard has, so that every machine finds the same.

mod bins;
mod describe;
mod fit;
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
use self::fit::{Asked, Fitted, fit};
use self::pilot::Pilot;
use self::rake::{Cell, weight};
use crate::description::DescriptionError;
use crate::error::DataError;
use crate::job::Job;
use crate::row::Row;

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
    /// What would have been held, were it to be had.
    let_go: Vec<String>,
    /// Programs of the pilot that natural shares are told from.
    pilot: u64,
    /// Programs within the ranges that factors are fitted to.
    within: u64,
    key: [u32; 2],
}

impl Control {
    /// With factors from a pilot; none if nothing is controlled.
    pub(crate) fn new(job: &Job, measured: Vec<Measured>, work: &PilotWork<'_>) -> Result<Option<Self>, DataError> {
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
        }
        let control = &description.control;
        let asked = Asked { least_yield: control.least_yield, insists: control.hold.is_some() };
        let fitted = fit(dimensions, cells, within, &asked).map_err(DescriptionError::Control)?;
        let Fitted { dimensions, factors, most, expected, let_go } = fitted;
        let key = [description.seed as u32, (description.seed >> 32) as u32];
        Ok(Some(Self { dimensions, factors, most, expected, let_go, pilot: first.len(), within, key }))
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
}
