//! Names that the terms of a store have.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use pyo3::gc::{PyTraverseError, PyVisit};

use super::objects::{Kept, Name};

/// What keeps names in use that terms have. Of objects that are equal it has the first, and that is what is read.
#[derive(Default)]
pub(super) struct Names {
    by_name: HashMap<Arc<str>, Name>,
    /// In the order in which they came, so that what is undone lets go of its own.
    order: Vec<Arc<str>>,
}

impl Names {
    /// Takes names in that are not there. Gives back the others, to be dropped when nothing is locked.
    pub(super) fn take_in(&mut self, kept: Kept) -> Kept {
        let mut twice = Kept::new();
        for name in kept {
            match self.by_name.entry(Arc::clone(&name.text)) {
                Entry::Vacant(place) => {
                    self.order.push(Arc::clone(&name.text));
                    place.insert(name);
                }
                Entry::Occupied(_) => twice.push(name),
            }
        }
        twice
    }

    pub(super) fn get(&self, name: &str) -> Option<&Name> {
        self.by_name.get(name)
    }

    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// Gives back all but the first, to be dropped when nothing is locked.
    pub(super) fn truncate(&mut self, keep: usize) -> Kept {
        let gone = self.order.split_off(keep.min(self.order.len()));
        gone.iter().filter_map(|name| self.by_name.remove(name)).collect()
    }

    pub(super) fn visit(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.by_name.values().try_for_each(|name| name.visit(visit))
    }
}
