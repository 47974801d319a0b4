//! The same search on several threads: the top of the tree is opened breadth first, and threads take its subtrees.

use std::collections::VecDeque;

use rayon::prelude::*;

use super::depth_first::{DepthFirst, Stop, Task};
use super::found::Statistics;
use super::solver::drive;
use crate::store::Store;

/// Subtrees a thread: enough that a large one does not keep the others waiting.
const SUBTREES: usize = 16;

/// Values of the objective, and rows back to back.
struct Part {
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
    let parts: Vec<Part> = stores.into_par_iter().map(|store| subtree(task, store)).collect();
    let mut stopped = None;
    for part in parts {
        // A limit on solutions may be passed by one solution a thread.
        let width = task.variables.len();
        for (place, value) in part.values.iter().enumerate() {
            tell(*value, &part.rows[place * width..(place + 1) * width]);
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

fn subtree(task: &Task<'_>, store: Store) -> Part {
    let mut part = Part { values: Vec::new(), rows: Vec::new(), stop: None, statistics: Statistics::default() };
    let mut search = DepthFirst::new(task, store);
    let driven = drive(task, &mut search, &mut |value, row| {
        part.values.push(value);
        part.rows.extend_from_slice(row);
    });
    part.stop = driven.err();
    part.statistics = search.statistics();
    part
}
