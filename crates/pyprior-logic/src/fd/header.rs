//! The variables of a problem, as solutions need them: names and what their values are.

use std::sync::Arc;

use super::names::Names;
use crate::Value;
use crate::store::Universe;

#[derive(Debug, Clone, Default)]
pub(crate) struct Header {
    /// Noted with each is the number of its universe.
    pub(crate) names: Names,
    /// As the store of the problem numbers them.
    universes: Vec<Arc<Universe>>,
}

impl Header {
    pub(crate) fn reserve(&mut self, variables: usize) {
        self.names.reserve(variables);
    }

    /// Takes back all variables but the first.
    pub(crate) fn truncate(&mut self, variables: usize) {
        self.names.truncate(variables);
        let last = (0..variables).filter_map(|variable| self.names.noted(variable)).max();
        self.universes.truncate(last.map_or(0, |last| last as usize + 1));
    }

    /// The universe of the variable that was named last, and its number in the store of the problem, where they count up.
    #[inline]
    pub(crate) fn push(&mut self, number: u32, universe: &Arc<Universe>) {
        if number as usize == self.universes.len() {
            self.universes.push(Arc::clone(universe));
        }
        self.names.note(number);
    }

    /// The value of a variable, both by number.
    pub(crate) fn value(&self, variable: usize, index: u32) -> Option<Value> {
        self.universes.get(self.names.noted(variable)? as usize)?.value(index)
    }
}
