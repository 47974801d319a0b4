//! Weighted sums: bounds are made consistent (Harvey and Schimpf, *Bounds consistency techniques for long linear
//! constraints*, 2002).
//!
//! Sums that may leave [`WIDEST`](LinearPropagator::WIDEST) are not for it but for
//! [`WideSumPropagator`](super::WideSumPropagator); below that, nothing on the way leaves 128 bits.

use crate::fd::domain::Integers;
use crate::fd::domains::{Conflict, Domains, ones, put};
use crate::fd::expression::LinearOperator;
use crate::store::Universe;

#[derive(Debug, Clone)]
pub(crate) struct LinearPropagator {
    pub(crate) terms: Vec<Term>,
    pub(crate) operator: LinearOperator,
    pub(crate) bound: i128,
}

/// `factor` times the variable of this position; the factor is not 0.
#[derive(Debug, Clone)]
pub(crate) struct Term {
    pub(crate) factor: i64,
    pub(crate) integers: Integers,
}

impl Term {
    /// Least and greatest number that the variable has left.
    fn bounds(&self, domains: &Domains<'_>, position: usize) -> (i64, i64) {
        match &self.integers {
            Integers::Listed { numbers, ascending: false } => {
                let left = || domains.indices(position).map(|index| numbers[index as usize]);
                (left().min().unwrap_or(0), left().max().unwrap_or(0))
            }
            integers => (integers.at(domains.least(position)), integers.at(domains.greatest(position))),
        }
    }

    /// Least and greatest product.
    fn products(&self, domains: &Domains<'_>, position: usize) -> (i128, i128) {
        let (low, high) = self.bounds(domains, position);
        let factor = i128::from(self.factor);
        let (low, high) = (factor * i128::from(low), factor * i128::from(high));
        (low.min(high), low.max(high))
    }

    /// Leaves the values whose product lies between two numbers.
    fn keep(&self, domains: &mut Domains<'_>, position: usize, low: i128, high: i128) -> Result<bool, Conflict> {
        let factor = i128::from(self.factor);
        let (from, to) = if factor > 0 { (low, high) } else { (high, low) };
        let from = ceiling(from, factor).clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64;
        let to = floor(to, factor).clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64;
        match &self.integers {
            Integers::Range { low } => {
                let greatest = domains.greatest(position);
                let least = u32::try_from(from.saturating_sub(*low).max(0)).unwrap_or(u32::MAX);
                let Ok(last) = u32::try_from(to.saturating_sub(*low)) else { return Err(Conflict::Failed) };
                domains.keep_range(position, least, last.min(greatest))
            }
            Integers::Listed { numbers, ascending: true } => {
                let least = numbers.partition_point(|number| *number < from) as u32;
                let beyond = numbers.partition_point(|number| *number <= to) as u32;
                if beyond == 0 {
                    return Err(Conflict::Failed);
                }
                domains.keep_range(position, least, beyond - 1)
            }
            Integers::Listed { numbers, ascending: false } => {
                let mut mask = domains.words(position).to_vec();
                let left = ones(domains.words(position));
                for index in left.filter(|index| !(from..=to).contains(&numbers[*index as usize])) {
                    mask[index as usize / 64] &= !(1 << (index % 64));
                }
                domains.keep(position, &mask)
            }
        }
    }

    fn index_of(&self, domains: &Domains<'_>, position: usize, number: i64) -> Option<u32> {
        domains.indices(position).find(|index| self.integers.at(*index) == number)
    }
}

fn floor(number: i128, by: i128) -> i128 {
    let quotient = number / by;
    quotient - i128::from(number % by != 0 && (number < 0) != (by < 0))
}

fn ceiling(number: i128, by: i128) -> i128 {
    let quotient = number / by;
    quotient + i128::from(number % by != 0 && (number < 0) == (by < 0))
}

impl LinearPropagator {
    /// What the products may add up to, by distance from 0. Propagation adds and subtracts a handful of such sums and a bound.
    pub(crate) const WIDEST: i128 = 1 << 120;

    pub(crate) fn propagate(&self, domains: &mut Domains<'_>) -> Result<(), Conflict> {
        self.propagate_within(self.bound, domains)
    }

    /// With another bound than its own.
    pub(crate) fn propagate_within(&self, bound: i128, domains: &mut Domains<'_>) -> Result<(), Conflict> {
        match self.operator {
            LinearOperator::NotEqual => self.differ(bound, domains),
            LinearOperator::AtMost => self.narrow(None, bound, domains),
            LinearOperator::Equal => self.narrow(Some(bound), bound, domains),
        }
    }

    /// The sum is not the bound: nothing follows until one variable is left.
    fn differ(&self, bound: i128, domains: &mut Domains<'_>) -> Result<(), Conflict> {
        let mut rest = bound;
        let mut open = None;
        for (position, term) in self.terms.iter().enumerate() {
            match domains.fixed(position) {
                Some(index) => rest -= i128::from(term.factor) * i128::from(term.integers.at(index)),
                None if open.is_some() => return Ok(()),
                None => open = Some((position, term)),
            }
        }
        let Some((position, term)) = open else {
            return if rest == 0 { Err(Conflict::Failed) } else { Ok(()) };
        };
        let factor = i128::from(term.factor);
        if rest % factor == 0
            && let Ok(number) = i64::try_from(rest / factor)
            && let Some(index) = term.index_of(domains, position, number)
        {
            domains.discard(position, index)?;
        }
        Ok(())
    }

    /// The sum is at most `most` and, if given, at least `least`.
    fn narrow(&self, least: Option<i128>, most: i128, domains: &mut Domains<'_>) -> Result<(), Conflict> {
        loop {
            let (mut low, mut high) = (0, 0);
            for (position, term) in self.terms.iter().enumerate() {
                let (from, to) = term.products(domains, position);
                low += from;
                high += to;
            }
            if low > most || least.is_some_and(|least| high < least) {
                return Err(Conflict::Failed);
            }
            let (above, below) = (most - low, least.map(|least| high - least));
            let mut changed = false;
            for (position, term) in self.terms.iter().enumerate() {
                let (from, to) = term.products(domains, position);
                let width = to - from;
                if width > above || below.is_some_and(|below| width > below) {
                    let bottom = below.map_or(from, |below| from.max(to - below));
                    changed |= term.keep(domains, position, bottom, to.min(from + above))?;
                }
            }
            // A sum with one side is done after one round, unless values between the bounds are missing; then a bound that
            // moved further than asked for only helps the others.
            if !changed || least.is_none() {
                return Ok(());
            }
        }
    }

    /// Pairs that hold, as rows of a matrix over two full universes, for a sum over two variables.
    pub(crate) fn pairs(&self, first: &Universe, second: &Universe, mut tell: impl FnMut(u32, u32)) {
        let [a, b] = &self.terms[..] else { return };
        for i in 0..first.len() as u32 {
            let part = i128::from(a.factor) * i128::from(a.integers.at(i));
            for j in 0..second.len() as u32 {
                let sum = part + i128::from(b.factor) * i128::from(b.integers.at(j));
                if self.holds(sum) {
                    tell(i, j);
                }
            }
        }
    }

    fn holds(&self, sum: i128) -> bool {
        match self.operator {
            LinearOperator::Equal => sum == self.bound,
            LinearOperator::NotEqual => sum != self.bound,
            LinearOperator::AtMost => sum <= self.bound,
        }
    }

    /// The values of one universe that hold, for a sum over one variable.
    pub(crate) fn values(&self, universe: &Universe, mask: &mut [u64]) {
        let [term] = &self.terms[..] else { return };
        for index in 0..universe.len() as u32 {
            if self.holds(i128::from(term.factor) * i128::from(term.integers.at(index))) {
                put(mask, index);
            }
        }
    }
}
