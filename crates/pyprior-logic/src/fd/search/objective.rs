//! What is to be least or greatest: branch and bound.

use std::sync::{Mutex, PoisonError};

use crate::Value;
use crate::fd::clock::Clock;
use crate::fd::domain::Integers;
use crate::fd::domains::{Conflict, Domains, ones, put};
use crate::fd::error::SolveError;
use crate::fd::expression::{Expression, LinearOperator, number};
use crate::fd::network::Interrupt;
use crate::fd::propagators::{LinearPropagator, Term, each};
use crate::store::{Store, Var};

/// Combinations of values at which an expression is looked at to rule values out.
const TRIED: u64 = 256;

/// The work of evaluating it, in words of a domain.
const TEST: usize = 64;

/// An expression to be minimised. To maximise, signs are turned.
#[derive(Debug)]
pub(crate) struct Objective {
    expression: Expression,
    /// The variables that it reads, and their places among all.
    read: Vec<Var>,
    places: Vec<usize>,
    variables: usize,
    linear: Option<(LinearPropagator, Vec<Var>, i128)>,
    maximise: bool,
    /// The least so far, of the expression with its sign, and the subtree it was found in.
    best: Mutex<Option<(i64, u32)>>,
}

impl Objective {
    pub(crate) fn new(expression: Expression, scope: &[Var], store: &Store, maximise: bool) -> Objective {
        let linear = linear(&expression, scope, store, maximise);
        let places = expression.positions();
        let read = places.iter().map(|place| scope[*place]).collect();
        Objective { expression, read, places, variables: scope.len(), linear, maximise, best: Mutex::new(None) }
    }

    /// What a value must be below to be better than the best, or as good and in a subtree further left.
    fn wanted(&self, best: Option<(i64, u32)>, subtree: u32) -> Option<i128> {
        best.map(|(best, holder)| i128::from(best) + i128::from(subtree < holder))
    }

    /// Leaves what may be better than the best; whether that changed a domain.
    pub(super) fn narrow(&self, store: &mut Store, subtree: u32, clock: &mut Clock) -> Result<bool, Interrupt> {
        let best = *self.best.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(best) = self.wanted(best, subtree) else { return Ok(false) };
        if let Some((propagator, scope, constant)) = &self.linear {
            let before: u64 = scope.iter().map(|var| u64::from(store.size(*var))).sum();
            let bound = best + i128::from(self.maximise) - 1 - constant;
            propagator.propagate_within(bound, &mut Domains { store, scope, clock }).map_err(
                |conflict| match conflict {
                    Conflict::OutOfTime => Interrupt::OutOfTime,
                    _ => Interrupt::Failed,
                },
            )?;
            return Ok(scope.iter().map(|var| u64::from(store.size(*var))).sum::<u64>() != before);
        }
        let combinations = self.read.iter().map(|var| u64::from(store.size(*var))).fold(1, u64::saturating_mul);
        if combinations > TRIED {
            return Ok(false);
        }
        let left: Vec<Vec<u32>> = self.read.iter().map(|var| ones(store.words(*var)).collect()).collect();
        let mut masks: Vec<Vec<u64>> = self.read.iter().map(|var| vec![0; store.words(*var).len()]).collect();
        let mut any = false;
        each(&left, |indices| {
            if clock.spend(TEST) {
                return Err(Interrupt::OutOfTime);
            }
            // Where it has no value, a solution says so, if there is one there.
            if self.at(store, indices).map_or(true, |value| i128::from(value) < best) {
                any = true;
                masks.iter_mut().zip(indices).for_each(|(mask, index)| put(mask, *index));
            }
            Ok(())
        })?;
        if !any {
            return Err(Interrupt::Failed);
        }
        let mut changed = false;
        for (var, mask) in self.read.iter().zip(&masks) {
            changed |= store.keep(*var, mask).map_err(|_| Interrupt::Failed)?;
        }
        Ok(changed)
    }

    /// The value at indices of the variables that it reads, with its sign.
    fn at(&self, store: &Store, indices: &[u32]) -> Result<i64, SolveError> {
        let mut values = vec![Value::None; self.variables];
        for ((var, place), index) in self.read.iter().zip(&self.places).zip(indices) {
            values[*place] = store.domain(*var).and_then(|domain| domain.universe.value(*index)).unwrap_or_default();
        }
        let wrong = |value: String| SolveError::Objective { objective: self.expression.text().into(), value };
        let value = self.expression.evaluate(&values).map_err(|error| wrong(error.to_string()))?;
        let number = number(&value).ok_or_else(|| wrong(value.to_string()))?;
        // Signs are turned without loss: !n is -n - 1.
        Ok(if self.maximise { !number } else { number })
    }

    /// Takes a solution; its value if it is better than all before.
    pub(super) fn take(&self, store: &Store, subtree: u32) -> Result<Option<i64>, SolveError> {
        let indices: Vec<u32> = self.read.iter().map(|var| store.fixed(*var).unwrap_or(0)).collect();
        let value = self.at(store, &indices)?;
        let mut best = self.best.lock().unwrap_or_else(PoisonError::into_inner);
        if self.wanted(*best, subtree).is_some_and(|wanted| i128::from(value) >= wanted) {
            return Ok(None);
        }
        *best = Some((value, subtree));
        Ok(Some(if self.maximise { !value } else { value }))
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
