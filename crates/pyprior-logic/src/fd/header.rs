//! The variables of a problem, as solutions need them: names and what their values are.

use std::sync::Arc;

use super::names::Names;
use crate::Value;
use crate::store::Universe;

/// Most variables have the universe of the one before, or of one shortly before: each is kept once.
const NEWEST: usize = 8;

#[derive(Debug, Clone, Default)]
pub(crate) struct Header {
    /// Noted with each is the number of its universe.
    pub(crate) names: Names,
    universes: Vec<Arc<Universe>>,
}

impl Header {
    pub(crate) fn reserve(&mut self, variables: usize) {
        self.names.reserve(variables);
    }

    /// Takes back all variables but the first.
    pub(crate) fn truncate(&mut self, variables: usize) {
        self.names.truncate(variables);
    }

    /// The universe of the variable that was named last.
    pub(crate) fn push(&mut self, universe: &Arc<Universe>) {
        let newest = self.universes.len().saturating_sub(NEWEST);
        let known = self.universes[newest..].iter().rposition(|known| Arc::ptr_eq(known, universe));
        let number = known.map_or(self.universes.len(), |place| newest + place);
        if known.is_none() {
            self.universes.push(Arc::clone(universe));
        }
        self.names.note(number as u32);
    }

    /// The value of a variable, both by number.
    pub(crate) fn value(&self, variable: usize, index: u32) -> Option<Value> {
        self.universes.get(self.names.noted(variable)? as usize)?.value(index)
    }
}
