//! Factors that are wanted, and what is let go for them.
//!
//! Some shares exclude each other: programs with two loops are nested more often than others. What was to be held expressly is then an
//! error. Where nothing was said, columns are let go one at a time, each time the one without which the rest comes nearest to
//! being had.

use std::collections::{BTreeMap, BTreeSet};

use super::bins::Dimension;
use super::rake::{Cell, MAX_ROUNDS, rake, scale};
use crate::error::ControlError;

/// Part of the rows that the heaviest programs may lack, for weights have no end.
const CLIPPED: f64 = 1e-4;
/// Difference of shares with which targets count as fulfilled.
const FULFILLED: f64 = 1e-4;
/// Rounds of fitting after which it is told how near it comes.
const TRIED: u32 = 25;

/// What is asked of a fit.
pub(super) struct Asked {
    /// The share of programs that is to be accepted at least.
    pub(super) least_yield: f64,
    /// Whether what is held was named, and stays.
    pub(super) insists: bool,
}

/// Factors, and of what.
pub(super) struct Fitted {
    pub(super) dimensions: Vec<Dimension>,
    pub(super) factors: Vec<Vec<f64>>,
    /// The weight that is accepted for sure.
    pub(super) most: f64,
    /// The share of programs that is accepted.
    pub(super) expected: f64,
    /// What is not held after all, in the order in which it was let go.
    pub(super) let_go: Vec<String>,
}

/// Fits factors to the programs within the ranges, whose bins `cells` are.
pub(super) fn fit(
    dimensions: Vec<Dimension>,
    cells: Vec<Cell>,
    within: u64,
    asked: &Asked,
) -> Result<Fitted, ControlError> {
    let all = Sample { dimensions: dimensions.iter().collect(), cells, within };
    let (mut kept, mut let_go) = ((0..dimensions.len()).collect::<Vec<_>>(), Vec::new());
    let mut found = loop {
        let told = match all.of(&kept).attempt(asked.least_yield) {
            Ok(found) => break found,
            Err(told) => told,
        };
        let held = kept.iter().copied().filter(|&nth| dimensions[nth].held && !asked.insists);
        let near = held.map(|nth| (all.of(&without(&kept, nth)).nearness(asked.least_yield), nth));
        let Some((_, nth)) = near.max_by(|(a, _), (b, _)| a.total_cmp(b)) else { return Err(told) };
        kept = without(&kept, nth);
        let_go.push(nth);
    };
    // What went first may have room where others went, but for the last.
    for nth in let_go.clone().into_iter().rev().skip(1).rev() {
        let more = kept.iter().copied().chain([nth]).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
        if let Ok(better) = all.of(&more).attempt(asked.least_yield) {
            (found, kept) = (better, more);
            let_go.retain(|&other| other != nth);
        }
    }
    let let_go = let_go.into_iter().map(|nth| dimensions[nth].measure.to_string()).collect();
    let mut nth = 0..;
    let dimensions = dimensions.into_iter().filter(|_| nth.next().is_some_and(|nth| kept.contains(&nth))).collect();
    let (factors, most, expected) = found;
    Ok(Fitted { dimensions, factors, most, expected, let_go })
}

fn without(kept: &[usize], nth: usize) -> Vec<usize> {
    kept.iter().copied().filter(|&other| other != nth).collect()
}

/// Programs within the ranges.
struct Sample<'a> {
    dimensions: Vec<&'a Dimension>,
    cells: Vec<Cell>,
    within: u64,
}

/// Of each bin of each dimension; the weight that is accepted for sure, and the share that is accepted.
type Factors = (Vec<Vec<f64>>, f64, f64);

impl Sample<'_> {
    /// Some of the dimensions, cells in the order of their bins.
    fn of(&self, kept: &[usize]) -> Sample<'_> {
        let mut counts = BTreeMap::<Vec<u8>, u64>::new();
        for cell in &self.cells {
            *counts.entry(kept.iter().map(|&nth| cell.bins[nth]).collect()).or_default() += cell.count;
        }
        let cells = counts.into_iter().map(|(bins, count)| Cell { bins, count }).collect();
        Sample { dimensions: kept.iter().map(|&nth| self.dimensions[nth]).collect(), cells, within: self.within }
    }

    fn shares(&self) -> Vec<&[f64]> {
        self.dimensions.iter().map(|dimension| &dimension.shares[..]).collect()
    }

    fn attempt(&self, least: f64) -> Result<Factors, ControlError> {
        self.dimensions.iter().try_for_each(|dimension| reachable(dimension, self.within))?;
        let raked = rake(&self.cells, &self.shares(), MAX_ROUNDS);
        if raked.off > FULFILLED {
            let (nth, bin, reached) = raked.worst;
            return Err(contradiction(self.dimensions[nth], bin, reached));
        }
        let (most, expected) = scale(&self.cells, &raked.factors, CLIPPED);
        match expected < least {
            true => Err(too_little(&self.dimensions, self.within, expected, least)),
            false => Ok((raked.factors, most, expected)),
        }
    }

    /// The more the nearer: at most 0 where shares are not had, then the share that is accepted, and 1 more where that is
    /// enough.
    fn nearness(&self, least: f64) -> f64 {
        let bins = self.dimensions.iter().flat_map(|dimension| dimension.shares.iter().zip(&dimension.within));
        let missing = bins.filter(|(_, within)| **within == 0).map(|(share, _)| *share).fold(0.0, f64::max);
        let raked = rake(&self.cells, &self.shares(), TRIED);
        // Between the two, fitting that has not come to its end may still do so.
        match raked.off.max(missing) {
            off if off > 10.0 * FULFILLED => -off,
            _ => match scale(&self.cells, &raked.factors, CLIPPED).1 {
                expected if expected >= least => 1.0 + expected,
                expected => expected,
            },
        }
    }
}

/// Whether every bin that rows are to be in has a program within the ranges.
fn reachable(dimension: &Dimension, within: u64) -> Result<(), ControlError> {
    let mut bins = dimension.shares.iter().zip(&dimension.within).enumerate();
    match bins.find(|(_, (share, programs))| **share > 0.0 && **programs == 0) {
        // As little as nobody would see.
        Some((_, (&share, _))) if dimension.held && share <= FULFILLED => Ok(()),
        Some((bin, _)) if dimension.held => Err(contradiction(dimension, bin, 0.0)),
        Some((bin, (&wanted, _))) => {
            let (of, bin) = (dimension.measure.to_string(), dimension.name(bin));
            Err(ControlError::Unreachable { of, bin, pilot: within, wanted })
        }
        None => Ok(()),
    }
}

fn contradiction(dimension: &Dimension, bin: usize, reached: f64) -> ControlError {
    let (of, wanted) = (dimension.measure.to_string(), dimension.shares[bin]);
    ControlError::Contradiction { of, bin: dimension.name(bin), wanted, reached }
}

fn too_little(dimensions: &[&Dimension], programs: u64, expected: f64, least: f64) -> ControlError {
    let bins = dimensions.iter().flat_map(|dimension| (0..dimension.len()).map(move |bin| (*dimension, bin)));
    let cost = |(dimension, bin): &(&Dimension, usize)| dimension.shares[*bin] / dimension.within[*bin].max(1) as f64;
    let (of, bin, within, wanted) = match bins.max_by(|a, b| cost(a).total_cmp(&cost(b))) {
        Some((of, bin)) => (of.measure.to_string(), of.name(bin), of.within[bin] as f64, of.shares[bin]),
        None => (String::new(), String::new(), 0.0, 0.0),
    };
    ControlError::Yield { expected, least, of, bin, natural: within / programs as f64, wanted }
}
