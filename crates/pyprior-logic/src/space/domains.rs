//! Spaces over finite domains alone, which are copied instead of run again.

use std::fmt;
use std::sync::Arc;

use super::distribute::{FIRST_FAIL, next_choice};
use super::{SearchSpace, SpaceError, Status};
use crate::dataflow::TaskError;
use crate::fd::{Choice, Distributor, Network};
use crate::store::{Store, Term, Var};
use crate::value::Value;

/// A store, relations over variables with domains, and a strategy that divides them in two. A clone is a copy of the store's
/// memory; it can go to another thread. The solution is the list of the variables' values.
#[derive(Clone)]
pub struct DomainSpace {
    store: Store,
    network: Network,
    vars: Arc<[Var]>,
    strategy: Arc<dyn Distributor>,
    choice: Option<Choice>,
    status: Option<Status>,
}

impl fmt::Debug for DomainSpace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<String> = self.vars.iter().map(|var| self.store.show(*var)).collect();
        f.debug_struct("DomainSpace").field("vars", &values).field("status", &self.status).finish_non_exhaustive()
    }
}

impl DomainSpace {
    /// Solved when these variables are fixed. They are decided by the fewest values left, in the order of the values.
    #[must_use]
    pub fn new(store: Store, network: Network, vars: &[Var]) -> DomainSpace {
        DomainSpace { store, network, vars: vars.into(), strategy: Arc::new(FIRST_FAIL), choice: None, status: None }
    }

    /// The same with another strategy.
    #[must_use]
    pub fn with_distributor(mut self, strategy: impl Distributor + 'static) -> DomainSpace {
        self.strategy = Arc::new(strategy);
        (self.choice, self.status) = (None, None);
        self
    }

    /// The store as it is now.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }
}

impl SearchSpace for DomainSpace {
    fn ask(&mut self) -> Result<Status, SpaceError> {
        if let Some(status) = &self.status {
            return Ok(status.clone());
        }
        let status = if self.network.propagate(&mut self.store).map_err(TaskError::other)? {
            self.choice = next_choice(&self.store, &self.vars, &*self.strategy)?;
            if self.choice.is_some() { Status::Alternatives(2) } else { Status::Solved }
        } else {
            Status::Failed
        };
        Ok(self.status.insert(status).clone())
    }

    fn commit(&mut self, alternative: usize) -> Result<(), SpaceError> {
        self.ask()?;
        match (&self.choice, alternative) {
            (Some(choice), 1 | 2) => {
                self.status = if choice.apply(&mut self.store, &self.vars, alternative == 1) {
                    None
                } else {
                    Some(Status::Failed)
                };
                self.choice = None;
                Ok(())
            }
            (choice, given) => Err(SpaceError::NoAlternative { given, of: if choice.is_some() { 2 } else { 0 } }),
        }
    }

    fn merge(mut self, store: &mut Store) -> Result<Term, SpaceError> {
        if self.ask()? != Status::Solved {
            return Err(SpaceError::NotSolved);
        }
        let values = self.vars.iter().map(|var| self.store.value(*var)).collect::<Result<Vec<Value>, _>>()?;
        Ok(store.term(values)?)
    }
}
