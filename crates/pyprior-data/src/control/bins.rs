//! Bins of what is controlled.

use super::describe::{Measured, number};
use crate::expression::{Measure, Value};
use crate::row::Row;

/// Bins of a column that is held: each has at least this part of the programs that have a value, unless it is the last one.
const LEAST_SHARE: u64 = 12;

/// Something that is controlled, with its bins.
#[derive(Debug)]
pub(super) struct Dimension {
    pub(super) measure: Measure,
    /// Whether it keeps the distribution that it has.
    pub(super) held: bool,
    /// Where bins begin, ascending.
    starts: Vec<f64>,
    /// The largest value of the last bin, where there is one.
    end: Option<f64>,
    /// Whether there is a bin more, for null.
    null: bool,
    /// The share of rows that each bin is to have.
    pub(super) shares: Vec<f64>,
    /// Programs of the pilot in each bin, those beyond the ranges of others included.
    pub(super) natural: Vec<u64>,
    /// Programs within all ranges in each bin.
    pub(super) within: Vec<u64>,
}

impl Dimension {
    /// With bins as described, or, if it is held, such that every bin has programs; `values` are those of the pilot.
    pub(super) fn new(measured: &Measured, values: impl Iterator<Item = f64> + Clone) -> Self {
        let (held, starts, end, mut shares) = match &measured.goal {
            Some((edges, shares)) => {
                let starts = edges.iter().take(shares.len()).copied().collect();
                (false, starts, edges.last().copied(), shares.clone())
            }
            None => (true, quantiles(values.clone()), None, Vec::new()),
        };
        let null = held && values.clone().any(f64::is_nan);
        let empty = vec![0; starts.len() + usize::from(null)];
        shares.resize(empty.len(), 0.0);
        let (natural, measure) = (empty.clone(), measured.measure.clone());
        let (mut this, mut programs) =
            (Self { measure, held, starts, end, null, shares, natural, within: empty }, 0_u32);
        for value in values {
            programs += 1;
            if this.has(value) {
                let bin = this.place(value);
                this.natural[bin] += 1;
            }
        }
        if held {
            this.shares = this.natural.iter().map(|&count| count as f64 / f64::from(programs)).collect();
        }
        this
    }

    pub(super) fn len(&self) -> usize {
        self.natural.len()
    }

    /// The bin of a row.
    pub(super) fn bin(&self, row: &Row<'_>) -> usize {
        self.place(value(&self.measure, row))
    }

    /// Whether a value is in a bin: those of targets have ends.
    fn has(&self, value: f64) -> bool {
        let ends = self.starts.first().zip(self.end);
        ends.is_none_or(|(&start, end)| (start..=end).contains(&value))
    }

    /// The bin of a value. What no program of the pilot had goes to the nearest.
    pub(super) fn place(&self, value: f64) -> usize {
        let last = self.starts.len().saturating_sub(1);
        match value.is_nan() {
            false => self.starts.partition_point(|&start| start <= value).saturating_sub(1),
            true if self.null => last + 1,
            true => last,
        }
    }

    /// A bin in words: the values that it has.
    pub(super) fn name(&self, bin: usize) -> String {
        let Some(&start) = self.starts.get(bin) else { return "null".to_owned() };
        let next = self.starts.get(bin + 1).copied();
        match (next, self.end) {
            (Some(next), _) if self.measure.is_whole() && next <= start + 1.0 => number(start),
            (Some(next), _) if self.measure.is_whole() => format!("{}..{}", number(start), number(next.ceil() - 1.0)),
            (Some(next), _) => format!("{}..<{}", number(start), number(next)),
            (None, Some(end)) if end <= start => number(start),
            (None, Some(end)) => format!("{}..{}", number(start), number(end)),
            (None, None) => format!("{}..", number(start)),
        }
    }
}

/// The value of a row; NaN if it is null.
pub(crate) fn value(measure: &Measure, row: &Row<'_>) -> f64 {
    match measure.of(row) {
        Value::Null => f64::NAN,
        Value::Integer(value) => value as f64,
        Value::Float(value) => value,
    }
}

/// Where bins begin so that each has its part of the values.
fn quantiles(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted = values.filter(|value| !value.is_nan()).collect::<Vec<_>>();
    sorted.sort_unstable_by(f64::total_cmp);
    let least = (sorted.len() as u64 / LEAST_SHARE).max(1);
    let (mut starts, mut count) = (Vec::new(), 0);
    for (nth, &value) in sorted.iter().enumerate() {
        let new = nth == 0 || sorted[nth - 1] < value;
        if starts.is_empty() || (new && count >= least) {
            starts.push(value);
            count = 0;
        }
        count += 1;
    }
    // Nothing but null: a bin that nothing is in.
    if starts.is_empty() {
        starts.push(0.0);
    }
    starts
}
