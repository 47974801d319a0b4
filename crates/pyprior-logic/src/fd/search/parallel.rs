//! The same search on several threads: the top of the tree is opened breadth first, and threads take its subtrees.

use std::collections::VecDeque;

use rayon::prelude::*;

use super::depth_first::{DepthFirst, drive};
use super::found::Statistics;
use super::task::{Stop, Task};
use crate::store::Store;

/// Subtrees a thread: enough that a large one does not keep the others waiting.
const SUBTREES: usize = 16;

/// Values of the objective, and rows back to back, unless they are only counted.
struct Part {
    count: usize,
    values: Vec<i64>,
    rows: Vec<u32>,
    stop: Option<Stop>,
    statistics: Statistics,
}

/// Tells of the solutions in the order of the subtrees; what ended the search, and what it went through.
pub(super) fn run(task: &Task<'_>, store: Store, tell: &mut dyn FnMut(i64, &[u32])) -> (Option<Stop>, Statistics) {
    let mut statistics = Statistics::default();
    let stores = match open(task, store, &mut statistics) {
        Ok(stores) => stores,
        Err(stop) => return (Some(stop), statistics),
    };
    let parts: Vec<Part> =
        stores.into_par_iter().enumerate().map(|(number, store)| subtree(task, number as u32, store)).collect();
    let mut stopped = None;
    let mut left = task.meter.most_solutions();
    for part in parts {
        let width = task.variables.len();
        // A limit on solutions may have been passed by one solution a thread.
        let count = usize::try_from(left).unwrap_or(usize::MAX).min(part.count);
        left -= count as u64;
        for place in 0..count {
            match part.values.get(place) {
                Some(value) => tell(*value, &part.rows[place * width..(place + 1) * width]),
                None => tell(0, &[]),
            }
        }
        statistics.nodes += part.statistics.nodes;
        statistics.failures += part.statistics.failures;
        // What is wrong with the problem comes before a limit.
        if !matches!(stopped, Some(Stop::Refused(_) | Stop::Error(_))) && part.stop.is_some() {
            stopped = part.stop;
        }
    }
    (stopped, statistics)
}

/// Stores at nodes that divide the search, from left to right.
fn open(task: &Task<'_>, store: Store, statistics: &mut Statistics) -> Result<Vec<Store>, Stop> {
    let mut root = DepthFirst::new(task, store);
    let possible = root.begin();
    statistics.failures += root.statistics().failures;
    if !possible? {
        return Ok(Vec::new());
    }
    let wanted = rayon::current_num_threads() * SUBTREES;
    // A level at a time, so that the order of the nodes is that of the search; leaves stay where they are.
    let mut level = vec![(root.suspend().0, true)];
    while level.len() < wanted && level.iter().any(|(_, open)| *open) {
        let mut next = VecDeque::with_capacity(2 * level.len());
        for (store, open) in level {
            if !open {
                next.push_back((store, false));
                continue;
            }
            let node = DepthFirst::new(task, store);
            let Some(choice) = node.choose()? else {
                next.push_back((node.suspend().0, false));
                continue;
            };
            task.meter.node()?;
            statistics.nodes += 1;
            let (store, _) = node.suspend();
            for first in [true, false] {
                let mut child = DepthFirst::new(task, store.clone());
                let possible = child.take(&choice, first);
                statistics.failures += child.statistics().failures;
                if possible? {
                    next.push_back((child.suspend().0, true));
                }
            }
        }
        level = next.into();
    }
    Ok(level.into_iter().map(|(store, _)| store).collect())
}

fn subtree(task: &Task<'_>, number: u32, store: Store) -> Part {
    let task = &Task { subtree: number, ..*task };
    let mut part =
        Part { count: 0, values: Vec::new(), rows: Vec::new(), stop: None, statistics: Statistics::default() };
    let mut search = DepthFirst::new(task, store);
    let driven = drive(task, &mut search, &mut |value, row| {
        // With an objective, each is better than those before.
        if task.objective.is_some() && task.meter.most_solutions() == u64::MAX {
            (part.count, part.values, part.rows) = (0, Vec::new(), Vec::new());
        }
        part.count += 1;
        if !task.counts {
            part.values.push(value);
            part.rows.extend_from_slice(row);
        }
    });
    part.stop = driven.err();
    part.statistics = search.statistics();
    part
}
