//! What is to be least or greatest: branch and bound.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::Value;
use crate::fd::domain::Integers;
use crate::fd::domains::{Domains, ones, put};
use crate::fd::error::SolveError;
use crate::fd::expression::{Expression, LinearOperator};
use crate::fd::network::Interrupt;
use crate::fd::propagators::{LinearPropagator, Term, each};
use crate::store::{Store, Var};

/// Combinations of values at which an expression is looked at to rule values out.
const TRIED: u64 = 256;

/// An expression to be minimised. To maximise, signs are turned.
#[derive(Debug)]
pub(crate) struct Objective {
    expression: Expression,
    scope: Vec<Var>,
    linear: Option<(LinearPropagator, Vec<Var>, i128)>,
    maximise: bool,
    /// The least so far, of the expression with its sign; `i64::MAX` before there is one.
    best: AtomicI64,
}

impl Objective {
    pub(crate) fn new(expression: Expression, scope: Vec<Var>, store: &Store, maximise: bool) -> Objective {
        let linear = linear(&expression, &scope, store, maximise);
        Objective { expression, scope, linear, maximise, best: AtomicI64::new(i64::MAX) }
    }

    /// Leaves what may be better than the best; whether that changed a domain.
    pub(super) fn narrow(&self, store: &mut Store) -> Result<bool, Interrupt> {
        let best = self.best.load(Ordering::Relaxed);
        if best == i64::MAX {
            return Ok(false);
        }
        if let Some((propagator, scope, constant)) = &self.linear {
            let before: u64 = scope.iter().map(|var| u64::from(store.size(*var))).sum();
            let bound = i128::from(best) - 1 - constant;
            propagator.propagate_within(bound, &mut Domains { store, scope }).map_err(|_| Interrupt::Failed)?;
            return Ok(scope.iter().map(|var| u64::from(store.size(*var))).sum::<u64>() != before);
        }
        let combinations = self.scope.iter().map(|var| u64::from(store.size(*var))).fold(1, u64::saturating_mul);
        if combinations > TRIED {
            return Ok(false);
        }
        let left: Vec<Vec<u32>> = self.scope.iter().map(|var| ones(store.words(*var)).collect()).collect();
        let mut masks: Vec<Vec<u64>> = self.scope.iter().map(|var| vec![0; store.words(*var).len()]).collect();
        let _: Result<(), ()> = each(&left, |indices| {
            // Where it has no value, a solution says so, if there is one there.
            if self.at(store, indices).map_or(true, |value| value < best) {
                masks.iter_mut().zip(indices).for_each(|(mask, index)| put(mask, *index));
            }
            Ok(())
        });
        let mut changed = false;
        for (var, mask) in self.scope.iter().zip(&masks) {
            changed |= store.keep(*var, mask).map_err(|_| Interrupt::Failed)?;
        }
        Ok(changed)
    }

    /// The value at indices, with its sign.
    fn at(&self, store: &Store, indices: &[u32]) -> Result<i64, SolveError> {
        let value = |(var, index): (&Var, &u32)| {
            store.domain(*var).and_then(|domain| domain.universe.value(*index)).unwrap_or_default()
        };
        let values: Vec<Value> = self.scope.iter().zip(indices).map(value).collect();
        let wrong = |value: String| SolveError::Objective { objective: self.expression.text().into(), value };
        let value = self.expression.evaluate(&values).map_err(|error| wrong(error.to_string()))?;
        let number = value.as_int().ok_or_else(|| wrong(value.to_string()))?;
        let signed = if self.maximise { number.checked_neg() } else { Some(number) };
        // The one number that stands for "none yet".
        signed.filter(|number| *number != i64::MAX).ok_or_else(|| wrong(number.to_string()))
    }

    /// Takes a solution; whether it is better than all before.
    pub(super) fn take(&self, store: &Store) -> Result<Option<i64>, SolveError> {
        let indices: Vec<u32> = self.scope.iter().map(|var| store.fixed(*var).unwrap_or(0)).collect();
        let value = self.at(store, &indices)?;
        let before = self.best.fetch_min(value, Ordering::Relaxed);
        Ok((value < before).then(|| if self.maximise { -value } else { value }))
    }
}

/// The objective as a sum, if it is one: its propagator and what stands beside the sum.
fn linear(
    expression: &Expression,
    scope: &[Var],
    store: &Store,
    maximise: bool,
) -> Option<(LinearPropagator, Vec<Var>, i128)> {
    let (sum, constant) = expression.linear_sum()?;
    let sign = if maximise { -1 } else { 1 };
    let mut vars = Vec::new();
    let mut terms = Vec::new();
    let mut magnitude = 0_i128;
    for (position, factor) in sum {
        let var = scope[position as usize];
        let universe = store.domain(var)?.universe;
        let integers = Integers::of(universe)?;
        if factor != 0 {
            magnitude =
                magnitude.checked_add(integers.magnitude(universe).checked_mul(i128::from(factor.unsigned_abs()))?)?;
            vars.push(var);
            terms.push(Term { factor: factor.checked_mul(sign)?, integers });
        }
    }
    if magnitude > LinearPropagator::WIDEST {
        return None;
    }
    let propagator = LinearPropagator { terms, operator: LinearOperator::AtMost, bound: 0 };
    Some((propagator, vars, i128::from(constant) * i128::from(sign)))
}
