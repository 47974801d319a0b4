//! Propagators of relations with more than two variables. They hold no state: what they know is in the domains.

mod all_distinct;
mod lazy;
mod linear;
mod matching;
mod table;
mod wide_sum;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

pub(crate) use self::all_distinct::{AllDistinctPropagator, Sets};
pub(crate) use self::lazy::{LazyPropagator, each};
pub(crate) use self::linear::{LinearPropagator, Term};
pub(crate) use self::table::TablePropagator;
pub(crate) use self::wide_sum::WideSumPropagator;
use super::domains::{Conflict, Domains, Propagator};
use super::expression::EvaluationError;
use super::panics::message;

/// One propagator, whichever.
#[derive(Clone)]
pub(crate) enum Kind {
    Linear(LinearPropagator),
    WideSum(WideSumPropagator),
    Table(TablePropagator),
    AllDistinct(AllDistinctPropagator),
    Lazy(LazyPropagator),
    Custom(Arc<dyn Propagator>),
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Linear(_) => "Linear",
            Kind::WideSum(_) => "WideSum",
            Kind::Table(_) => "Table",
            Kind::AllDistinct(_) => "AllDistinct",
            Kind::Lazy(_) => "Lazy",
            Kind::Custom(_) => "Custom",
        })
    }
}

impl Kind {
    /// Whether a value that one variable has is to go at once from the others, at the same index.
    #[inline]
    pub(crate) fn takes_values(&self) -> bool {
        matches!(self, Kind::AllDistinct(distinct) if distinct.is_plain())
    }

    pub(crate) fn propagate(&self, domains: &mut Domains<'_>, sets: &mut Sets, hard: bool) -> Result<(), Conflict> {
        match self {
            Kind::Linear(linear) => linear.propagate(domains),
            Kind::WideSum(sum) => sum.propagate(domains),
            Kind::Table(table) => table.propagate(domains),
            Kind::AllDistinct(distinct) => distinct.propagate(domains, sets, hard),
            Kind::Lazy(lazy) => lazy.propagate(domains),
            Kind::Custom(propagator) => catch_unwind(AssertUnwindSafe(|| propagator.propagate(domains)))
                .unwrap_or_else(|panic| {
                    let source = EvaluationError::Panicked { message: message(&*panic) };
                    Err(Conflict::Error { source, values: Vec::new() })
                }),
        }
    }
}
