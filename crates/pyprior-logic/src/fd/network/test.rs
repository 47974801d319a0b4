//! Whether values go together: an expression or a closure, by indices of values.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::Value;
use crate::fd::clock::Clock;
use crate::fd::expression::{EvaluationError, Expression, Plan};
use crate::fd::panics::message;
use crate::fd::relation::Predicate;
use crate::store::Universe;

/// The work of a test, in words of a domain.
pub(super) const TEST: usize = 16;

/// A test over different variables.
#[derive(Clone)]
pub(crate) struct Test {
    kind: Kind,
    /// Where the relation has a variable more than once: for each of its positions the number of the variable.
    spread: Option<Box<[u32]>>,
}

#[derive(Clone)]
enum Kind {
    Expression(Plan),
    Predicate(Arc<Predicate>, Vec<Arc<Universe>>),
}

impl fmt::Debug for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Test")
    }
}

impl Test {
    /// `universes` and `spread` by position of the relation.
    pub(crate) fn expression(
        expression: &Arc<Expression>,
        universes: Vec<Arc<Universe>>,
        spread: Option<Box<[u32]>>,
    ) -> Test {
        Test { kind: Kind::Expression(Plan::new(expression, universes)), spread }
    }

    pub(crate) fn predicate(
        predicate: &Arc<Predicate>,
        universes: Vec<Arc<Universe>>,
        spread: Option<Box<[u32]>>,
    ) -> Test {
        Test { kind: Kind::Predicate(Arc::clone(predicate), universes), spread }
    }

    /// Counts the work of looking at it once; whether the time is over.
    #[inline]
    pub(crate) fn spend(&self, clock: &mut Clock, work: usize) -> bool {
        match self.kind {
            Kind::Expression(_) => clock.spend(work),
            Kind::Predicate(..) => clock.spend_closure(work),
        }
    }

    /// By indices of the values of the different variables.
    pub(crate) fn holds(&self, indices: &[u32]) -> Result<bool, EvaluationError> {
        match &self.spread {
            None => self.holds_at(indices),
            Some(spread) => {
                let all: Vec<u32> = spread.iter().map(|variable| indices[*variable as usize]).collect();
                self.holds_at(&all)
            }
        }
    }

    fn holds_at(&self, indices: &[u32]) -> Result<bool, EvaluationError> {
        match &self.kind {
            Kind::Expression(plan) => plan.holds(indices),
            Kind::Predicate(predicate, universes) => {
                let values: Vec<Value> = universes
                    .iter()
                    .zip(indices)
                    .map(|(universe, index)| universe.value(*index).unwrap_or_default())
                    .collect();
                catch_unwind(AssertUnwindSafe(|| predicate(&values)))
                    .map_err(|panic| EvaluationError::Panicked { message: message(&*panic) })
            }
        }
    }
}
