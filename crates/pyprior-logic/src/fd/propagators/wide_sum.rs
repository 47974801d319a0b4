//! Weighted sums that leave 128 bits: looked at when one variable is left, and then exactly.

use std::cmp::Ordering;

use crate::fd::domain::Integers;
use crate::fd::domains::{Conflict, Domains, put};
use crate::fd::expression::LinearOperator;

/// `Σ factor · variable ⋈ bound`, where each product fits into 128 bits and their sum may not.
#[derive(Debug, Clone)]
pub(crate) struct WideSumPropagator {
    pub(crate) terms: Vec<(i128, Integers)>,
    pub(crate) operator: LinearOperator,
    pub(crate) bound: i128,
}

/// A whole number as `high · 2⁶⁴ + low`, normal where `low` is below 2⁶⁴. Up to 2⁶² products can be added before either half
/// leaves its bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Wide {
    high: i128,
    low: i128,
}

impl Wide {
    fn add(&mut self, product: i128) {
        self.low += product & i128::from(u64::MAX);
        self.high += (product >> 64) + (self.low >> 64);
        self.low &= i128::from(u64::MAX);
    }
}

impl WideSumPropagator {
    pub(crate) fn propagate(&self, domains: &mut Domains<'_>) -> Result<(), Conflict> {
        let mut rest = Wide::default();
        let mut open = None;
        for (position, (factor, integers)) in self.terms.iter().enumerate() {
            match domains.fixed(position) {
                Some(index) => rest.add(factor * i128::from(integers.at(index))),
                None if open.is_some() => return Ok(()),
                None => open = Some(position),
            }
        }
        // With all of them fixed, the first says whether its one value holds.
        let position = open.unwrap_or(0);
        let Some((factor, integers)) = self.terms.get(position) else { return Ok(()) };
        let mut mask = vec![0; domains.words(position).len()];
        for index in domains.indices(position) {
            let mut sum = rest;
            if open.is_some() {
                sum.add(factor * i128::from(integers.at(index)));
            }
            if self.holds(sum) {
                put(&mut mask, index);
            }
        }
        domains.keep(position, &mask)?;
        Ok(())
    }

    fn holds(&self, sum: Wide) -> bool {
        let mut bound = Wide::default();
        bound.add(self.bound);
        match self.operator {
            LinearOperator::Equal => sum == bound,
            LinearOperator::NotEqual => sum != bound,
            LinearOperator::AtMost => sum.cmp(&bound) != Ordering::Greater,
        }
    }
}
