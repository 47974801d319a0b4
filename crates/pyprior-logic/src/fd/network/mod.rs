//! Propagators over the variables of a store.

mod agenda;
mod compile;
mod distinct;
mod matrix;
mod propagate;
mod reach;
mod refusal;
mod sums;
mod test;
mod values;

use std::sync::Arc;

pub(crate) use self::compile::Compiled;
pub(crate) use self::propagate::Scratch;
pub(crate) use self::refusal::{Interrupt, Refusal, check_arity};
pub(crate) use self::test::Test;
use super::clock::Clock;
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
    compiled: Option<Prepared>,
    scratch: Scratch,
}

/// What was compiled, and for which values.
///
/// Relations over one variable are taken into the domains and are nowhere else then, and tables are made of the values that
/// were left: so this is good for domains inside of those it was made at, and these relations are taken in again.
#[derive(Debug, Clone)]
struct Prepared {
    compiled: Compiled,
    vars: Vec<Var>,
    universes: Vec<Arc<Universe>>,
    /// The domains of its variables before and after it was compiled, back to back.
    before: Vec<u64>,
    after: Vec<u64>,
}

impl Prepared {
    fn fits(&self, store: &Store) -> bool {
        let mut before = &self.before[..];
        let same = |(var, universe): (&Var, &Arc<Universe>)| {
            store.domain(*var).is_some_and(|domain| Arc::ptr_eq(domain.universe, universe))
        };
        self.vars.iter().zip(&self.universes).all(same)
            && self.vars.iter().all(|var| {
                let words = store.words(*var);
                let (own, rest) = before.split_at(words.len());
                before = rest;
                words.iter().zip(own).all(|(word, own)| word & !own == 0)
            })
    }

    /// Takes the relations over one variable in; whether a value is left of each.
    fn restrict(&self, store: &mut Store) -> bool {
        let mut after = &self.after[..];
        self.vars.iter().all(|var| {
            let (own, rest) = after.split_at(store.words(*var).len());
            after = rest;
            store.keep(*var, own).is_ok()
        })
    }
}

fn domains(vars: &[Var], store: &Store) -> Vec<u64> {
    vars.iter().flat_map(|var| store.words(*var)).copied().collect()
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
        };
        result
    }

    fn narrow(&mut self, store: &mut Store) -> Result<bool, SolveError> {
        let Some(prepared) = self.prepared(store)? else { return Ok(false) };
        self.scratch.prepare(&prepared.compiled);
        let possible = prepared.restrict(store);
        let result = match possible {
            true => self.scratch.propagate_all(&prepared.compiled, &prepared.vars, store),
            false => Err(Interrupt::Failed),
        };
        self.compiled = Some(prepared);
        match result {
            Ok(()) => Ok(true),
            Err(Interrupt::Failed | Interrupt::OutOfTime) => Ok(false),
            Err(Interrupt::Refused(refusal)) => Err(refusal.named(&|var| store.name(var))),
        }
    }

    /// Compiled for the universes that the variables have now, since aliasing may have given a variable another one, and for
    /// the values that they have at least. Nothing if that showed that there is no solution.
    fn prepared(&mut self, store: &mut Store) -> Result<Option<Prepared>, SolveError> {
        if let Some(prepared) = self.compiled.take().filter(|prepared| prepared.fits(store)) {
            return Ok(Some(prepared));
        }
        let mut vars: Vec<Var> = Vec::new();
        let mut listed = vec![false; store.len()];
        for var in self.posted.iter().flat_map(|(_, scope)| scope) {
            if listed.get_mut(var.index()).is_none_or(|listed| !std::mem::replace(listed, true)) {
                vars.push(*var);
            }
        }
        let universe = |var: &Var| match store.domain(*var) {
            Some(domain) => Ok(Arc::clone(domain.universe)),
            None => Err(SolveError::NoDomain { name: store.name(*var) }),
        };
        let universes = vars.iter().map(universe).collect::<Result<Vec<_>, _>>()?;
        let before = domains(&vars, store);
        let posted = self.posted.iter().map(|(relation, scope)| (relation, &scope[..]));
        match Compiled::new(posted, store, &mut Clock::default()) {
            Ok(compiled) => {
                let after = domains(&vars, store);
                Ok(Some(Prepared { compiled, vars, universes, before, after }))
            }
            Err(Interrupt::Failed | Interrupt::OutOfTime) => Ok(None),
            Err(Interrupt::Refused(refusal)) => Err(refusal.named(&|var| store.name(var))),
        }
    }
}
