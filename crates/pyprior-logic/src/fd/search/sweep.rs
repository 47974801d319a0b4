//! The values of the last open variable, where nothing stands against any: each is a solution, and nobody has to propagate.
//!
//! To take a value or to take it away costs as much as its domain is wide, so that going through a wide one would be quadratic.
//! Choices are those that the search would make, in its order, so that limits on them end it at the same place.

use super::distribute::{Distribution, Order, ValueOrder};
use super::limits::Limit;
use super::task::{Strategy, Task};
use crate::fd::domains::ones;
use crate::store::Store;

/// Of fewer values the usual way is as fast.
const LEAST: u32 = 256;

/// A walk through the values of one variable.
#[derive(Debug, Clone)]
pub(super) struct Sweep {
    variable: usize,
    order: Order,
    /// The values, ascending.
    values: Vec<u32>,
    /// Parts of the values that are still to come, the next one last.
    left: Vec<(usize, usize)>,
    /// The solution where it stands.
    pub(super) row: Vec<u32>,
}

impl Sweep {
    /// The walk that begins where the search would choose a value of this variable; nothing where it has to look at each.
    #[inline]
    pub(super) fn new(task: &Task<'_>, store: &Store, variable: usize) -> Option<Sweep> {
        if store.size(task.variables[variable]) < LEAST { None } else { Self::of_wide(task, store, variable) }
    }

    fn of_wide(task: &Task<'_>, store: &Store, variable: usize) -> Option<Sweep> {
        let Strategy::Order(order) = task.strategy else { return None };
        let var = task.variables[variable];
        let known = task.objective.is_none()
            && (order.distribution, order.values) != (Distribution::Enumerating, ValueOrder::Median)
            // Pairs with variables that are fixed have left what goes with those.
            && !task.compiled.is_watched(var)
            && task.variables.iter().enumerate().all(|(place, var)| place == variable || store.size(*var) == 1);
        if !known {
            return None;
        }
        let values: Vec<u32> = ones(store.words(var)).collect();
        let left = vec![(0, values.len())];
        let row = task.variables.iter().map(|var| store.fixed(*var).unwrap_or(0)).collect();
        Some(Sweep { variable, order: *order, values, left, row })
    }

    /// Goes on to the next value, over choices that `node` counts; false behind the last.
    pub(super) fn next(&mut self, mut node: impl FnMut() -> Result<(), Limit>) -> Result<bool, Limit> {
        let Some((mut first, mut end)) = self.left.pop() else { return Ok(false) };
        while end - first > 1 {
            node()?;
            // Where the lower part ends.
            let (middle, upper_first) = match (self.order.distribution, self.order.values) {
                (Distribution::Enumerating, ValueOrder::Greatest) => (end - 1, true),
                (Distribution::Enumerating, _) => (first + 1, false),
                (Distribution::Dichotomic, values) => {
                    (first + (end - first - 1) / 2 + 1, values == ValueOrder::Greatest)
                }
            };
            if upper_first {
                self.left.push((first, middle));
                first = middle;
            } else {
                self.left.push((middle, end));
                end = middle;
            }
        }
        self.row[self.variable] = self.values[first];
        Ok(true)
    }
}
