//! What was asked for of a column, and what came.

use serde::Serialize;

use crate::manifest::{Manifest, Yield};

/// How a column is distributed over bins: without asking, as it was asked for, and here.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Distribution {
    /// The column, or the expression.
    pub column: String,
    /// Whether it was to keep the distribution that it has without targets; otherwise it is a target.
    pub held: bool,
    /// The values of the bins, in words.
    pub bins: Vec<String>,
    /// The share of rows that each bin was to have.
    pub requested: Vec<f64>,
    /// Programs of the pilot.
    pub pilot: u64,
    /// Those of them in each bin; beyond the range of a target there may be more.
    pub natural: Vec<u64>,
    /// Rows in each bin.
    pub obtained: Vec<u64>,
}

impl Distribution {
    /// Everything that is controlled. Of rows that were deduplicated as a whole it is not known, and nothing is said.
    pub(super) fn all(manifest: &Manifest, counts: &Yield) -> Vec<Self> {
        let Some(control) = manifest.control.as_ref().filter(|_| manifest.dedup.is_empty()) else { return Vec::new() };
        let distribution = |(nth, column): (usize, &crate::control::Controlled)| Self {
            column: column.of.clone(),
            held: column.held,
            bins: column.bins.iter().map(|bin| bin.values.clone()).collect(),
            requested: column.bins.iter().map(|bin| bin.requested).collect(),
            pilot: control.pilot,
            natural: column.bins.iter().map(|bin| bin.natural).collect(),
            obtained: counts.bins.get(nth).cloned().unwrap_or_default(),
        };
        control.columns.iter().enumerate().map(distribution).collect()
    }
}

/// Shares of counts; of nothing they are 0.
pub(super) fn shares(counts: &[u64], all: u64) -> Vec<f64> {
    counts.iter().map(|&count| count as f64 / all.max(1) as f64).collect()
}
