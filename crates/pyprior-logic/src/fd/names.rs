//! Names of variables, back to back.

use std::collections::HashMap;

/// Up to so many names a search from the front beats a hash table.
const SCANNED: usize = 24;

#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    text: String,
    /// Where each name ends.
    ends: Vec<u32>,
    index: HashMap<Box<str>, u32>,
}

impl Names {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Adds a name; false if it is there already, or if there is no room.
    pub(crate) fn add(&mut self, name: &str) -> bool {
        if self.find(name).is_some() || u32::try_from(self.text.len() + name.len()).is_err() {
            return false;
        }
        if self.len() == SCANNED {
            self.index = self.iter().map(Box::from).zip(0..).collect();
        }
        if self.len() >= SCANNED {
            self.index.insert(name.into(), self.len() as u32);
        }
        self.text.push_str(name);
        self.ends.push(self.text.len() as u32);
        true
    }

    #[inline]
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        if self.len() > SCANNED {
            return self.index.get(name).copied();
        }
        let mut start = 0;
        for (place, end) in (0..).zip(&self.ends) {
            let end = *end as usize;
            if end - start == name.len() && &self.text.as_bytes()[start..end] == name.as_bytes() {
                return Some(place);
            }
            start = end;
        }
        None
    }

    pub(crate) fn get(&self, place: usize) -> Option<&str> {
        let end = *self.ends.get(place)? as usize;
        let start = if place == 0 { 0 } else { *self.ends.get(place - 1)? as usize };
        self.text.get(start..end)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> + '_ {
        (0..self.len()).filter_map(|place| self.get(place))
    }
}
