//! Propagators over the variables of a store.

mod compile;
mod distinct;
mod lists;
mod matrix;
mod propagate;
mod refusal;
mod sums;
mod test;
mod values;

use std::sync::Arc;

pub(crate) use self::compile::Compiled;
pub(crate) use self::propagate::{Interrupt, Scratch};
pub(crate) use self::refusal::{Refusal, check_arity};
pub(crate) use self::test::Test;
use super::error::SolveError;
use super::relation::Relation;
use crate::store::{Store, Universe, Var};

/// Relations posted on variables of a store, and what propagates them.
///
/// Variables with a domain are logic variables like all others: [`unify`](Store::unify) narrows and aliases them, and
/// [`propagate`](Network::propagate) then takes the consequences.
///
/// ```
/// # use pyprior_logic::{Store, Universe, fd::{Network, Relation}};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut store = Store::new();
/// let digits = Universe::range(0..=9);
/// let (x, y) = (store.new_domain_var(&digits)?, store.new_domain_var(&digits)?);
/// let mut network = Network::new();
/// network.post(&Relation::template("%s + 7 < %s")?, &[x, y])?;
/// assert!(network.propagate(&mut store)?);
/// assert_eq!((store.size(x), store.size(y)), (2, 2));
/// store.unify(y, 8)?;
/// assert!(network.propagate(&mut store)?);
/// assert_eq!(store.fixed(x), Some(0));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Network {
    posted: Vec<(Relation, Vec<Var>)>,
    compiled: Option<Compiled>,
    /// Those that the variables had when that was compiled.
    universes: Vec<Arc<Universe>>,
    scratch: Scratch,
}

impl Network {
    /// Without relations.
    pub fn new() -> Network {
        Network::default()
    }

    /// Adds a relation over variables with a domain. It is looked at by the next [`propagate`](Network::propagate).
    ///
    /// # Errors
    ///
    /// [`SolveError::Arity`] if the relation takes another number of variables.
    pub fn post(&mut self, relation: &Relation, variables: &[Var]) -> Result<(), SolveError> {
        check_arity(relation, variables.len()).map_err(|refusal| refusal.named(&|var| var.to_string()))?;
        self.posted.push((relation.clone(), variables.to_vec()));
        self.compiled = None;
        Ok(())
    }

    /// Number of relations.
    pub fn len(&self) -> usize {
        self.posted.len()
    }

    /// Whether there is no relation.
    pub fn is_empty(&self) -> bool {
        self.posted.is_empty()
    }

    /// Narrows the domains until nothing follows any more; whether a solution may be left. If it is known that none is, the
    /// store is as it was.
    ///
    /// # Errors
    ///
    /// A variable without a domain, or an expression without a value at possible values. The store is as it was.
    pub fn propagate(&mut self, store: &mut Store) -> Result<bool, SolveError> {
        let mark = store.mark();
        let result = self.narrow(store);
        match result {
            Ok(true) => store.commit(mark),
            _ => store.undo_to(mark),
        }
        result
    }

    fn narrow(&mut self, store: &mut Store) -> Result<bool, SolveError> {
        let compiled = self.compiled(store)?;
        let Some(compiled) = compiled else { return Ok(false) };
        self.scratch.prepare(&compiled);
        let result = self.scratch.propagate_all(&compiled, store);
        let result = match result {
            Ok(()) => Ok(true),
            Err(Interrupt::Failed) => Ok(false),
            Err(Interrupt::Refused(refusal)) => Err(refusal.named(&|var| store.name(var))),
        };
        self.compiled = Some(compiled);
        result
    }

    /// Compiled for the universes that the variables have now: aliasing may have given a variable another one. Nothing if
    /// that showed that there is no solution.
    pub(crate) fn compiled(&mut self, store: &mut Store) -> Result<Option<Compiled>, SolveError> {
        let mut fitting = self.compiled.take();
        if let Some(compiled) = fitting.take_if(|compiled| self.fits(compiled, store)) {
            return Ok(Some(compiled));
        }
        let posted = self.posted.iter().map(|(relation, scope)| (relation, &scope[..]));
        match Compiled::new(posted, &[], store) {
            Ok(compiled) => {
                let universe = |var: &Var| store.domain(*var).map(|domain| Arc::clone(domain.universe));
                self.universes = compiled.vars.iter().filter_map(universe).collect();
                Ok(Some(compiled))
            }
            Err(Interrupt::Failed) => Ok(None),
            Err(Interrupt::Refused(refusal)) => Err(refusal.named(&|var| store.name(var))),
        }
    }

    fn fits(&self, compiled: &Compiled, store: &Store) -> bool {
        compiled.vars.len() == self.universes.len()
            && compiled
                .vars
                .iter()
                .zip(&self.universes)
                .all(|(var, universe)| store.domain(*var).is_some_and(|domain| Arc::ptr_eq(domain.universe, universe)))
    }
}
