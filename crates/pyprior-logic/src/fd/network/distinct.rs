//! Variables that are all different.

use super::compile::Compiler;
use super::refusal::Interrupt;
use crate::fd::propagators::{AllDistinctPropagator, Kind};
use crate::fd::relation::{Consistency, Relation};
use crate::store::Var;

impl Compiler<'_> {
    pub(super) fn all_distinct(
        &mut self,
        relation: &Relation,
        consistency: Consistency,
        scope: &[Var],
        constraint: u32,
    ) -> Result<(), Interrupt> {
        // Ascending variables, as most are given, differ.
        let ascending = scope.is_sorted_by(|a, b| a < b);
        if !ascending && scope.iter().enumerate().any(|(place, var)| scope[..place].contains(var)) {
            return Err(Interrupt::Failed);
        }
        let Some(first) = scope.first().filter(|_| scope.len() > 1) else { return Ok(()) };
        let number = self.number(*first);
        let plain = match scope.iter().all(|var| self.number(*var) == number) {
            true => AllDistinctPropagator::plain(consistency, &*self.universe(*first)?),
            false => None,
        };
        let distinct = match plain {
            Some(plain) => plain,
            None => AllDistinctPropagator::mixed(consistency, &self.universes(scope)?),
        };
        self.propagator(relation, Kind::AllDistinct(distinct), scope, constraint)
    }
}
