//! Relations over the variables of tasks.

use std::cell::RefCell;
use std::rc::Rc;

use crate::dataflow::{Flow, Propagation, TaskError};
use crate::fd::{Network, Relation};
use crate::store::{Store, Var};

/// The relations of a [`Flow`], propagated whenever none of its tasks can run. A handle: clones are the same relations.
#[derive(Debug, Clone)]
pub struct Constraints {
    network: Rc<RefCell<Network>>,
}

impl Constraints {
    /// No relations yet; in the place of what propagated before in this flow.
    ///
    /// # Errors
    /// [`TaskError::Busy`] from within propagation.
    pub fn new(flow: &Flow) -> Result<Constraints, TaskError> {
        let constraints = Constraints { network: Rc::default() };
        flow.set_propagation(constraints.clone())?;
        Ok(constraints)
    }

    /// Adds a relation over variables with a domain.
    ///
    /// # Errors
    /// [`TaskError::Other`] with what [`Network::post`] says; [`TaskError::Busy`] from within propagation.
    pub fn post(&self, relation: &Relation, variables: &[Var]) -> Result<(), TaskError> {
        let mut network = self.network.try_borrow_mut().map_err(|_| TaskError::Busy)?;
        network.post(relation, variables).map_err(TaskError::other)
    }
}

impl Propagation for Constraints {
    fn propagate(&mut self, store: &mut Store) -> Result<(), TaskError> {
        let mut network = self.network.try_borrow_mut().map_err(|_| TaskError::Busy)?;
        store.clear_events();
        if network.propagate(store).map_err(TaskError::other)? { Ok(()) } else { Err(TaskError::Fail) }
    }
}
