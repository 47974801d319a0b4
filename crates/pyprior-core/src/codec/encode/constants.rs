//! Constants of any size, for source whose tokens are not of a vocabulary that anybody shows.

use std::collections::HashMap;

/// The constants of sources, each once: their tokens say which of these is meant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Constants {
    values: Vec<i64>,
    places: HashMap<i64, usize>,
}

impl Constants {
    /// The place of a number, behind the others if it is new.
    pub(super) fn place(&mut self, value: i64) -> usize {
        *self.places.entry(value).or_insert_with(|| {
            self.values.push(value);
            self.values.len() - 1
        })
    }

    /// Forgets all but the first: those of a source that is refused.
    pub(super) fn truncate(&mut self, keep: usize) {
        for value in self.values.drain(keep.min(self.values.len())..) {
            self.places.remove(&value);
        }
    }

    /// The numbers by their places.
    pub(crate) fn values(&self) -> &[i64] {
        &self.values
    }
}
