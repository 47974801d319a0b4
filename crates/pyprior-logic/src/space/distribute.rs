//! Choices that fix variables with domains.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::dataflow::{Flow, TaskError, panicked};
use crate::fd::{Choice, Distribution, Distributor, Order, ValueOrder, VariableOrder, View};
use crate::store::{DomainError, Store, Var};

/// The smallest domain first, its values in their order.
pub(super) const FIRST_FAIL: Order = Order {
    variables: VariableOrder::SmallestDomain,
    values: ValueOrder::Least,
    distribution: Distribution::Enumerating,
};

/// Chooses until all of these variables are fixed: each time that nothing else can run and nothing is left to propagate, the one
/// of the fewest values left is the first of them, or is not.
///
/// # Errors
/// [`TaskError::Domain`] on a variable without a domain.
pub async fn distribute(flow: Flow, vars: Vec<Var>) -> Result<(), TaskError> {
    distribute_by(flow, vars, FIRST_FAIL).await
}

/// As [`distribute`], with a strategy of one's own.
///
/// # Errors
/// [`TaskError::Domain`] on a variable without a domain, [`TaskError::Panicked`] if the strategy panics.
pub async fn distribute_by(flow: Flow, vars: Vec<Var>, strategy: impl Distributor) -> Result<(), TaskError> {
    loop {
        flow.stable().await?;
        let Some(choice) = flow.with(|store| next_choice(store, &vars, &strategy))?? else { return Ok(()) };
        let first = flow.choose(2).await? == 1;
        // Another task may have narrowed the domain meanwhile, to what this branch does not have.
        if !flow.with(|store| choice.apply(store, &vars, first))? {
            return flow.fail();
        }
    }
}

/// How the strategy goes on; where it does not divide a domain, the first-fail order. Nothing if all variables are fixed.
pub(super) fn next_choice(
    store: &Store,
    vars: &[Var],
    strategy: &dyn Distributor,
) -> Result<Option<Choice>, TaskError> {
    if let Some(var) = vars.iter().find(|var| store.domain(**var).is_none()) {
        return Err(DomainError::Missing(*var).into());
    }
    if vars.iter().all(|var| store.size(*var) == 1) {
        return Ok(None);
    }
    let view = View { store, variables: vars, weights: &[] };
    let chosen = catch_unwind(AssertUnwindSafe(|| strategy.choose(&view))).map_err(|panic| panicked(&*panic))?;
    Ok(chosen.filter(|choice| choice.divides(&view)).or_else(|| FIRST_FAIL.choose(&view)))
}
