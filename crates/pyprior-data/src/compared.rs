//! What control has come to, beside what was asked for.

use serde::Serialize;

use crate::manifest::{Manifest, Yield};

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
