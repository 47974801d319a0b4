//! Solutions.

use std::fmt;
use std::sync::Arc;

use super::limits::Limit;
use crate::Value;
use crate::fd::header::Header;

/// A solution: a value for every variable.
#[derive(Clone)]
pub struct Solution {
    pub(super) header: Arc<Header>,
    pub(super) indices: Vec<u32>,
}

impl Solution {
    /// The value of a variable by name.
    pub fn get(&self, name: &str) -> Option<Value> {
        let place = self.header.names.find(name)?;
        self.value(place as usize)
    }

    /// The value of a variable by number, in the order in which the problem has them.
    pub fn value(&self, variable: usize) -> Option<Value> {
        self.header.value(variable, *self.indices.get(variable)?)
    }

    /// Names and values, in the order in which the problem has them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Value)> + '_ {
        let value = |(place, name)| (name, self.value(place).unwrap_or_default());
        self.header.names.iter().enumerate().map(value)
    }

    /// Indices of the values in their domains, in the order of the variables.
    pub fn indices(&self) -> &[u32] {
        &self.indices
    }
}

/// Two solutions are equal when they give the same values to the same names.
impl PartialEq for Solution {
    fn eq(&self, other: &Solution) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Solution {}

/// `x = 1, y = 'a'`.
impl fmt::Display for Solution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (name, value)) in self.iter().enumerate() {
            write!(f, "{}{name} = {value}", if place == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Solution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// What a search went through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Choices.
    pub nodes: u64,
    /// Times that propagation showed that no solution was left.
    pub failures: u64,
}

/// The solutions that a search found, 4 bytes a variable each.
#[derive(Debug, Clone)]
pub struct Found {
    pub(super) header: Arc<Header>,
    pub(super) rows: Vec<u32>,
    pub(super) count: usize,
    pub(super) stopped: Option<Limit>,
    pub(super) statistics: Statistics,
}

impl Found {
    /// Number of solutions.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The limit that ended the search before it was through. Nothing: these are all solutions there are.
    pub fn stopped(&self) -> Option<Limit> {
        self.stopped
    }

    /// What the search went through.
    pub fn statistics(&self) -> Statistics {
        self.statistics
    }

    /// The solution of a number.
    pub fn get(&self, number: usize) -> Option<Solution> {
        let width = self.header.names.len();
        (number < self.count).then(|| Solution {
            header: Arc::clone(&self.header),
            indices: self.rows[number * width..(number + 1) * width].to_vec(),
        })
    }

    /// The solutions in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = Solution> + '_ {
        (0..self.count).filter_map(|number| self.get(number))
    }

    /// Indices of the values of all solutions back to back, a row each.
    pub fn rows(&self) -> &[u32] {
        &self.rows
    }
}

impl IntoIterator for &Found {
    type Item = Solution;
    type IntoIter = std::vec::IntoIter<Solution>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter().collect::<Vec<_>>().into_iter()
    }
}

/// The best solution.
#[derive(Debug, Clone)]
pub struct Best {
    /// The solution.
    pub solution: Solution,
    /// The objective there.
    pub value: i64,
    /// The limit that ended the search before it was proved that no solution is better.
    pub stopped: Option<Limit>,
    /// What the search went through.
    pub statistics: Statistics,
}
