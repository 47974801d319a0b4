//! What a search is about, and why it ends before it is through.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use thiserror::Error;

use super::distribute::{Choice, Distributor, Order, View};
use super::limits::{Limit, Meter};
use super::objective::Objective;
use crate::fd::error::SolveError;
use crate::fd::expression::ExpressionError;
use crate::fd::network::{Compiled, Refusal};
use crate::fd::panics::message;
use crate::store::Var;

/// Why a search gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Stopped {
    /// It came to a limit first.
    #[error("the search was stopped at its limit of {0}")]
    Limit(Limit),
    /// Something is wrong with the problem.
    #[error(transparent)]
    Problem(#[from] SolveError),
    /// The objective cannot be read.
    #[error(transparent)]
    Objective(#[from] ExpressionError),
}

/// The strategy of a search.
#[derive(Clone)]
pub(crate) enum Strategy {
    Order(Order),
    Own(Arc<dyn Distributor>),
}

impl Strategy {
    /// The next choice; nothing if all variables are decided.
    pub(super) fn choose(&self, view: &View<'_>) -> Result<Option<Choice>, Stop> {
        match self {
            Strategy::Order(order) => Ok(order.choose(view)),
            Strategy::Own(distributor) => {
                let chosen = catch_unwind(AssertUnwindSafe(|| distributor.choose(view))).map_err(|panic| {
                    Stop::Error(Box::new(SolveError::Panicked {
                        what: "the strategy".into(),
                        message: message(&*panic),
                    }))
                })?;
                match &chosen {
                    Some(choice) if !choice.divides(view) => Err(Stop::Error(Box::new(SolveError::Strategy))),
                    None if (0..view.len()).any(|variable| view.size(variable) > 1) => {
                        Err(Stop::Error(Box::new(SolveError::Strategy)))
                    }
                    _ => Ok(chosen),
                }
            }
        }
    }
}

/// Why a search ended before it was through.
#[derive(Debug, Clone)]
pub(crate) enum Stop {
    Limit(Limit),
    Refused(Box<Refusal>),
    Error(Box<SolveError>),
}

impl From<Limit> for Stop {
    fn from(limit: Limit) -> Stop {
        Stop::Limit(limit)
    }
}

/// What a search is about; shared by its threads.
#[derive(Clone, Copy)]
pub(crate) struct Task<'p> {
    pub(super) compiled: &'p Compiled,
    pub(super) variables: &'p [Var],
    pub(super) strategy: &'p Strategy,
    pub(super) meter: &'p Meter,
    pub(super) objective: Option<&'p Objective>,
    /// The number of the subtree, from the left: of equally good solutions the one further left is wanted.
    pub(super) subtree: u32,
    /// Whether solutions are only counted.
    pub(super) counts: bool,
}

impl<'p> Task<'p> {
    /// All solutions, whatever they are worth.
    pub(super) fn new(compiled: &'p Compiled, variables: &'p [Var], strategy: &'p Strategy, meter: &'p Meter) -> Self {
        Self { compiled, variables, strategy, meter, objective: None, subtree: 0, counts: false }
    }
}
