//! What was asked for, what there is without, and what it has come to.

use serde::{Deserialize, Serialize};

use super::Control;
use crate::manifest::{Manifest, Yield};

/// What is controlled, with what the pilot has told of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControlRecord {
    /// Programs of the pilot, all of which pass `keep`, in the ranges of targets or not.
    pub pilot: u64,
    /// Programs within the ranges of all targets from which it is told what to accept.
    pub within: u64,
    /// Share of programs passing `keep` and ranges that is expected to be accepted, to 9 digits.
    pub expected_yield: f64,
    /// What is controlled.
    pub columns: Vec<Controlled>,
    /// What is not held although nothing was said, since that excludes the targets, or leaves too little.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub let_go: Vec<String>,
}

/// A column that is controlled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Controlled {
    /// The column, or the expression.
    pub of: String,
    /// Whether it keeps the distribution that it has without targets and their ranges; otherwise it is a target.
    pub held: bool,
    /// Its bins.
    pub bins: Vec<Bin>,
}

/// Some values of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// The values in words: `3`, `4..9` with both ends, `0.5..<1` without the second, `10..` all from there on, `null`.
    pub values: String,
    /// Share of rows that is to have them, to 9 digits.
    pub requested: f64,
    /// Programs of the pilot that have them.
    pub natural: u64,
}

/// Shares of a bin side by side.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// The column, or the expression.
    pub of: String,
    /// Whether it is held.
    pub held: bool,
    /// The values of the bin, in words.
    pub values: String,
    /// Share that it has without targets and their ranges, by the pilot.
    pub natural: f64,
    /// Share that it is to have.
    pub requested: f64,
    /// Share of the rows that are there, duplicates removed.
    pub obtained: f64,
}

impl Control {
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

impl Manifest {
    /// Shares by bin, of everything that is controlled, and what they are among rows with these counts. Of rows that were
    /// deduplicated as a whole it is not known, and nothing is said.
    pub fn compare(&self, counts: &Yield) -> Vec<Compared> {
        let share = |count: u64, of: u64| count as f64 / of.max(1) as f64;
        let Some(control) = self.control.as_ref().filter(|_| self.dedup.is_empty()) else { return Vec::new() };
        let columns = control.columns.iter().enumerate();
        let bins = columns.flat_map(|(nth, column)| {
            let counted = counts.bins.get(nth);
            column.bins.iter().enumerate().map(move |(bin, of)| Compared {
                of: column.of.clone(),
                held: column.held,
                values: of.values.clone(),
                natural: share(of.natural, control.pilot),
                requested: of.requested,
                obtained: share(counted.and_then(|counted| counted.get(bin)).copied().unwrap_or(0), counts.rows),
            })
        });
        bins.collect()
    }
}
