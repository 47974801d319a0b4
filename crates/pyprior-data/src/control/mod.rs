//! Control of distributions: programs are accepted with a probability that makes columns have the shares that were asked for.
//!
//! ```text
//! describe.rs   what is asked for, checked
//! bins.rs       bins of a column
//! rake.rs       factors of bins from what a pilot tells
//! fit.rs        those that are wanted, and what is let go for them
//! record.rs     what was asked for, what there is without
//! ```
//!
//! The probability of a candidate is a product of factors, one for each column that is controlled. Targets have the shares that
//! they are to have, and columns that are held those that they have without: that is what makes control independent. What they
//! have without is told from all programs of a pilot sample, beyond the targets' ranges too; factors are fitted to those within,
//! for no other comes to be weighed. The pilot has numbers that no shard has, so that every machine finds the same.

mod bins;
mod describe;
mod fit;
mod rake;
mod record;

use std::collections::BTreeMap;

use pyprior_core::philox4x32_10;

pub(crate) use bins::value;
pub(crate) use describe::Measured;
pub use describe::{By, ControlDescription, Target};
pub use record::{Bin, ControlRecord, Controlled};

use self::bins::Dimension;
use self::fit::{Asked, Fitted, fit};
use self::rake::{Cell, weight};
use crate::error::ControlError;
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

/// What a pilot tells, program after program.
pub(crate) struct Told {
    dimensions: Vec<Dimension>,
    /// Programs of the pilot that natural shares are told from.
    pilot: u64,
    /// Programs within the ranges, in all, and by their bins.
    within: u64,
    cells: BTreeMap<Vec<u8>, u64>,
}

impl Told {
    /// What natural shares and bins are told from: `column` has the values of what is measured, of every program of a pilot of
    /// `pilot` programs, NaN for null.
    pub(crate) fn new<I: Iterator<Item = f64> + Clone>(
        measured: &[Measured],
        pilot: u64,
        column: impl Fn(usize) -> I,
    ) -> Self {
        let dimension = |(nth, measured)| Dimension::new(measured, column(nth));
        let dimensions = measured.iter().enumerate().map(dimension).collect();
        Self { dimensions, pilot, within: 0, cells: BTreeMap::new() }
    }

    /// A program within the ranges of all targets has these values.
    pub(crate) fn within(&mut self, values: &[f64]) {
        let bins = self.dimensions.iter().zip(values).map(|(dimension, &value)| dimension.place(value) as u8);
        *self.cells.entry(bins.collect()).or_default() += 1;
        self.within += 1;
    }
}

impl Control {
    /// With factors from what a pilot has told.
    pub(crate) fn new(told: Told, description: &ControlDescription, seed: u64) -> Result<Self, ControlError> {
        let Told { mut dimensions, pilot, within, cells } = told;
        // In the order of the bins.
        let cells = cells.into_iter().map(|(bins, count)| Cell { bins, count }).collect::<Vec<_>>();
        for (nth, dimension) in dimensions.iter_mut().enumerate() {
            cells.iter().for_each(|cell| dimension.within[usize::from(cell.bins[nth])] += cell.count);
        }
        let asked = Asked { least_yield: description.least_yield, insists: description.hold.is_some() };
        let Fitted { dimensions, factors, most, expected, let_go } = fit(dimensions, cells, within, &asked)?;
        let key = [seed as u32, (seed >> 32) as u32];
        Ok(Self { dimensions, factors, most, expected, let_go, pilot, within, key })
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

    /// What the manifest has of it.
    pub(crate) fn record(&self) -> ControlRecord {
        let columns = self.dimensions.iter().map(|dimension| {
            let bins = dimension.shares.iter().zip(&dimension.natural).enumerate();
            let bin =
                |(bin, (&share, &natural))| Bin { values: dimension.name(bin), requested: digits(share), natural };
            Controlled { of: dimension.measure.to_string(), held: dimension.held, bins: bins.map(bin).collect() }
        });
        let (pilot, within, let_go) = (self.pilot, self.within, self.let_go.clone());
        ControlRecord { pilot, within, expected_yield: digits(self.expected), columns: columns.collect(), let_go }
    }
}

/// Rounded to so many digits that any reader of JSON finds the same number.
fn digits(share: f64) -> f64 {
    (share * 1e9).round() / 1e9
}
