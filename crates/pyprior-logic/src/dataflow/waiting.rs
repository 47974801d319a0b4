//! Lists of waiting tasks, by the root of the variable that they wait for.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::task::Waker;

use crate::store::Var;

/// Counts tasks from the first; never used again.
pub(super) type TaskId = u64;

/// What of a variable wakes a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    Value,
    Change,
    Need,
}

/// One task on one list. It stays there when the task is woken by something else: it is current as long as the task is in
/// the same suspension.
#[derive(Debug, Clone)]
pub(super) struct Waiter {
    pub(super) task: TaskId,
    pub(super) suspension: u64,
    /// Suspensions are woken in their order.
    pub(super) order: u64,
    pub(super) on: On,
    /// Of a future that is to be polled again by a waker of its own, as combinators do, not that of its task. It is current until
    /// it was woken.
    pub(super) waker: Option<Waker>,
}

/// Lists of this length, and of every power of two beyond, are swept: what is not current goes.
const SWEPT: usize = 16;

#[derive(Default)]
pub(super) struct Waiting {
    lists: HashMap<Var, Vec<Waiter>, ByNumber>,
    /// Emptied lists, to be used again.
    spare: Vec<Vec<Waiter>>,
}

impl Waiting {
    pub(super) fn push(&mut self, root: Var, waiter: Waiter, is_current: impl Fn(&Waiter) -> bool) {
        let list = self.lists.entry(root).or_insert_with(|| self.spare.pop().unwrap_or_default());
        if let Some(waker) = &waiter.waker {
            list.retain(|known| {
                known.on != waiter.on || known.waker.as_ref().is_none_or(|known| !known.will_wake(waker))
            });
        }
        list.push(waiter);
        if list.len() >= SWEPT && list.len().is_power_of_two() {
            list.retain(is_current);
        }
    }

    /// Takes those that wait for something out of a list.
    pub(super) fn take(&mut self, root: Var, due: impl Fn(On) -> bool) -> Vec<Waiter> {
        let Some(mut list) = self.lists.remove(&root) else { return Vec::new() };
        let taken = list.extract_if(.., |waiter| due(waiter.on)).collect();
        if !list.is_empty() {
            self.lists.insert(root, list);
        } else if self.spare.len() < SWEPT {
            self.spare.push(list);
        }
        taken
    }

    /// Takes all.
    pub(super) fn take_all(&mut self) -> Vec<Waiter> {
        self.lists.drain().flat_map(|(_, list)| list).collect()
    }

    /// Puts the list of one root to that of another. The shorter one is moved.
    pub(super) fn join(&mut self, over: Var, under: Var) {
        let Some(mut moved) = self.lists.remove(&under) else { return };
        let list = self.lists.entry(over).or_default();
        if list.len() < moved.len() {
            std::mem::swap(list, &mut moved);
        }
        list.append(&mut moved);
    }
}

/// Hashes numbers by one multiplication (Knuth, volume 3, section 6.4). Nobody outside chooses them.
pub(super) type ByNumber = BuildHasherDefault<Multiplied>;

#[derive(Default)]
pub(super) struct Multiplied(u64);

impl Hasher for Multiplied {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    #[test]
    fn what_is_not_current_is_swept() {
        let mut store = Store::new();
        let (x, y) = (store.newvar(), store.newvar());
        let mut waiting = Waiting::default();
        for order in 1..=10_000 {
            let waiter = Waiter { task: 1, suspension: order, order, on: On::Value, waker: None };
            waiting.push(x, waiter, |waiter| waiter.suspension == order);
        }
        assert!(waiting.lists[&x].len() <= SWEPT);
        waiting.push(y, Waiter { task: 2, suspension: 1, order: 0, on: On::Need, waker: None }, |_| true);
        waiting.join(y, x);
        assert!(waiting.take(x, |_| true).is_empty());
        assert_eq!(waiting.take(y, |on| on == On::Need).len(), 1);
        assert_eq!(waiting.take(y, |_| true).last().map(|waiter| waiter.order), Some(10_000));
        assert!(waiting.lists.is_empty());
    }
}
