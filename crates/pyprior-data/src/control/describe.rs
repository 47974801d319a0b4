//! Which distributions rows are to have, as descriptions say it.

use serde::{Deserialize, Serialize};

use crate::error::{ControlError, DescriptionError};
use crate::expression::Measure;

/// What is held unless told otherwise, where a target gives a distribution.
const HELD: [&str; 7] =
    ["length", "control_depth", "expr_depth", "count_for", "variables", "largest_constant", "steps"];
/// Columns that may be controlled together.
pub(super) const MAX_DIMENSIONS: usize = 16;
/// Bins of a column.
const MAX_BINS: usize = 250;
/// Largest absolute value of an edge: up to here every integer is a number of 64 bits.
const MAX_EDGE: f64 = (1_u64 << 53) as f64;

/// Which distributions rows are to have, before duplicates are removed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ControlDescription {
    /// What is set.
    pub targets: Vec<Target>,
    /// Columns, or expressions that are numbers, that keep the distribution which they have without targets, ranges included;
    /// those that are targets themselves are left out. What cannot be held beside the targets is an error. None says it by the
    /// targets: if one gives a distribution, `length`, `control_depth`, `expr_depth`, `count_for`, `variables`,
    /// `largest_constant` and `steps` are held as far as that can be, and beside mere ranges nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<Vec<String>>,
    /// Programs that pass `keep` and are looked at beforehand, and as many within the ranges; 1,000 to 2²⁴.
    pub pilot: u64,
    /// Share of programs passing `keep` and ranges of which control must leave at least so much; more than 0, at most 1.
    pub least_yield: f64,
}

impl Default for ControlDescription {
    fn default() -> Self {
        Self { targets: Vec::new(), hold: None, pilot: 1 << 17, least_yield: 0.001 }
    }
}

/// What is set of a column: the range of its values, their distribution, or both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The column, or an expression that is a number.
    pub of: String,
    /// Smallest and largest value. Without `bins`, nothing is said of the distribution within.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<[f64; 2]>,
    /// The distribution is uniform over the range, told apart in so many bins: as wide as each other as integers allow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bins: Option<u32>,
    /// Instead of range and bins: where bins begin, and where the last one ends, ascending. The last includes its end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edges: Vec<f64>,
    /// With edges: what each bin weighs; none means all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<f64>,
    /// How a range is kept to.
    #[serde(default)]
    pub by: By,
}

/// How a range is kept to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// Programs beyond it are left out: those within are as likely as before, beside each other.
    #[default]
    Acceptance,
    /// The same, and its upper end is a limit of the language, so that no program beyond is drawn: nothing is drawn in vain, and
    /// other things change with it. Possible for `length`, `expr_depth`, `control_depth`, `functions` and
    /// `largest_constant`.
    Steering,
}

/// Edges of bins, and the share of each bin.
type Goal = (Vec<f64>, Vec<f64>);

/// Something that is controlled, compiled.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) measure: Measure,
    /// Bins with edges and shares; none if it is held.
    pub(super) goal: Option<Goal>,
}

impl ControlDescription {
    /// Filters that ranges are.
    pub(crate) fn ranges(&self) -> Vec<String> {
        let range = |target: &Target| {
            let [low, high] = target.bounds()?;
            Some(format!("{} in {}..{}", target.of, number(low), number(high)))
        };
        self.targets.iter().filter_map(range).collect()
    }

    /// What is held, or is to be held as far as it can be.
    fn held(&self) -> Vec<&str> {
        let distributed = self.targets.iter().any(|target| target.bins.is_some() || !target.edges.is_empty());
        match &self.hold {
            Some(hold) => hold.iter().map(String::as_str).collect(),
            None => HELD.iter().copied().filter(|_| distributed).collect(),
        }
    }

    /// What is controlled: nothing if no target gives a distribution and nothing is held beside the ranges.
    pub(crate) fn measures(&self) -> Result<Vec<Measured>, DescriptionError> {
        let measure = |field: &str, text: &str| {
            Measure::new(text).map_err(|source| DescriptionError::expression(field, text, source))
        };
        let range = |field, value: String, range| Err(DescriptionError::Range { field, value, range });
        if !(1000..=1 << 24).contains(&self.pilot) {
            return range("control.pilot", self.pilot.to_string(), "1,000 to 16,777,216");
        }
        if self.least_yield.is_nan() || self.least_yield <= 0.0 || self.least_yield > 1.0 {
            return range("control.least_yield", self.least_yield.to_string(), "more than 0 and at most 1");
        }
        let (mut measured, mut set) = (Vec::<Measured>::new(), Vec::new());
        for target in &self.targets {
            let measure = measure("control.targets.of", &target.of)?;
            let goal =
                target.goal(measure.is_whole()).map_err(|what| ControlError::Target { of: target.of.clone(), what })?;
            if measured.iter().any(|other| goal.is_some() && other.measure.to_string() == measure.to_string()) {
                return Err(DescriptionError::Twice { field: "control.targets", name: measure.to_string() });
            }
            set.push(measure.to_string());
            measured.extend(goal.map(|goal| Measured { measure, goal: Some(goal) }));
        }
        let targets = measured.len();
        for text in self.held() {
            let measure = measure("control.hold", text)?;
            let name = measure.to_string();
            if measured.iter().skip(targets).any(|other| other.measure.to_string() == name) {
                return Err(DescriptionError::Twice { field: "control.hold", name });
            }
            // What is set, be it by a range alone, is not what it was.
            if !set.contains(&name) {
                measured.push(Measured { measure, goal: None });
            }
        }
        if measured.len() > MAX_DIMENSIONS {
            return range("control", format!("of {} columns", measured.len()), "of at most 16 columns");
        }
        Ok(if set.is_empty() { Vec::new() } else { measured })
    }
}

impl Target {
    /// Smallest and largest value.
    pub(crate) fn bounds(&self) -> Option<[f64; 2]> {
        self.range.or_else(|| Some([*self.edges.first()?, *self.edges.last()?]))
    }

    /// Edges and shares, if it gives a distribution; what is wrong with it otherwise.
    fn goal(&self, whole: bool) -> Result<Option<Goal>, &'static str> {
        let in_range = |edge: &f64| edge.abs() <= MAX_EDGE;
        if !self.range.iter().flatten().chain(&self.edges).all(in_range) {
            return Err("range and edges must be between -2^53 and 2^53");
        }
        if self.range.is_some_and(|[low, high]| low > high) {
            return Err("the range is upside down: the first number must not exceed the second");
        }
        match (self.range, self.bins, &self.edges[..]) {
            (Some(_), None, []) if self.shares.is_empty() => Ok(None),
            (Some([low, high]), Some(bins), []) if self.shares.is_empty() => uniform(low, high, bins, whole).map(Some),
            (None, None, edges) if edges.len() > 1 => {
                let bins = edges.len() - 1;
                if bins > MAX_BINS || !edges.windows(2).all(|pair| pair[0] < pair[1]) {
                    return Err("edges must ascend, and there may be 251 of them");
                }
                if self.shares.is_empty() {
                    return Ok(Some((edges.to_vec(), vec![1.0 / bins as f64; bins])));
                }
                let sum = self.shares.iter().sum::<f64>();
                let good = self.shares.iter().all(|share| *share >= 0.0 && share.is_finite());
                if self.shares.len() != bins || !good || sum <= 0.0 || !sum.is_finite() {
                    return Err(
                        "there must be a share for each bin, one less than edges, 0 or more, not all of them 0",
                    );
                }
                Ok(Some((edges.to_vec(), self.shares.iter().map(|share| share / sum).collect())))
            }
            _ => Err("it is a range, a range with bins, or edges with or without shares"),
        }
    }
}

/// Edges and shares of a uniform distribution.
fn uniform(low: f64, high: f64, bins: u32, whole: bool) -> Result<Goal, &'static str> {
    let width = if whole { high.floor() - low.ceil() + 1.0 } else { high - low };
    if bins == 0 || bins as usize > MAX_BINS || width <= 0.0 || (whole && f64::from(bins) > width) {
        return Err("bins must be 1 to 250, and no more than there are values in the range");
    }
    let start = if whole { low.ceil() } else { low };
    let edge = |nth: u32| {
        let offset = width * f64::from(nth) / f64::from(bins);
        start + if whole { offset.floor() } else { offset }
    };
    let mut edges = (0..=bins).map(edge).collect::<Vec<_>>();
    let shares = edges.windows(2).map(|pair| (pair[1] - pair[0]) / width).collect();
    // The end belongs to the last bin.
    if let Some(last) = edges.last_mut() {
        *last = if whole { high.floor() } else { high };
    }
    Ok((edges, shares))
}

/// A number as expressions have it.
pub(super) fn number(number: f64) -> String {
    match number.fract() == 0.0 {
        true => format!("{number}"),
        false => format!("{number:?}"),
    }
}
