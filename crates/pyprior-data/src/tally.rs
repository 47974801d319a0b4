//! Counts by name, in an order.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Counts by name, in the order in which the names were given: of filters, of splits. In JSON an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(Vec<(String, u64)>);

impl Tally {
    /// Nothing yet, of all of these.
    pub(crate) fn new(names: &[String]) -> Self {
        Self(names.iter().map(|name| (name.clone(), 0)).collect())
    }

    /// Counts one of the `nth` name; nothing beyond the last.
    pub(crate) fn count(&mut self, nth: usize) {
        if let Some((_, count)) = self.0.get_mut(nth) {
            *count = count.saturating_add(1);
        }
    }

    /// Nothing any more, of all names.
    pub(crate) fn clear(&mut self) {
        self.0.iter_mut().for_each(|(_, count)| *count = 0);
    }

    /// Counts so many more of a name; nothing of one that is not there.
    pub(crate) fn add_to(&mut self, name: &str, more: u64) {
        if let Some((_, count)) = self.0.iter_mut().find(|(known, _)| known == name) {
            *count += more;
        }
    }

    /// Names and counts, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, u64)> {
        self.0.iter().map(|(name, count)| (name.as_str(), *count))
    }

    /// The count of a name; 0 if there is no such name.
    pub fn get(&self, name: &str) -> u64 {
        self.iter().find(|(other, _)| *other == name).map_or(0, |(_, count)| count)
    }

    /// The sum of all counts.
    pub fn total(&self) -> u64 {
        self.iter().map(|(_, count)| count).sum()
    }

    /// Adds other counts; names that are new come last.
    pub fn add(&mut self, other: &Self) {
        for (name, count) in other.iter() {
            match self.0.iter_mut().find(|(known, _)| known == name) {
                Some((_, sum)) => *sum = sum.saturating_add(count),
                None => self.0.push((name.to_owned(), count)),
            }
        }
    }
}

impl Serialize for Tally {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Tally {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Tally;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("counts by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tally, A::Error> {
                let mut counts = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    counts.push(entry);
                }
                Ok(Tally(counts))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
