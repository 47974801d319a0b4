//! A test of values, looked at when few values are left: for what is too wide for a table.

use crate::Value;
use crate::fd::domains::{Conflict, Domains, put};
use crate::fd::network::Test;

/// Combinations that are tried at a time. With one open variable all of its values are, however many.
const TRIED: u64 = 256;

/// The work of a test, in words of a domain: closures may take long.
const TEST: usize = 64;

#[derive(Debug, Clone)]
pub(crate) struct LazyPropagator {
    pub(crate) test: Test,
}

impl LazyPropagator {
    pub(crate) fn propagate(&self, domains: &mut Domains<'_>) -> Result<(), Conflict> {
        let mut combinations = 1_u64;
        let mut open = 0;
        for position in 0..domains.len() {
            let size = u64::from(domains.size(position));
            open += usize::from(size > 1);
            combinations = combinations.saturating_mul(size);
        }
        if open > 1 && combinations > TRIED {
            return Ok(());
        }
        let left: Vec<Vec<u32>> = (0..domains.len()).map(|position| domains.indices(position).collect()).collect();
        let mut supported: Vec<Vec<u64>> =
            (0..domains.len()).map(|position| vec![0; domains.words(position).len()]).collect();
        each(&left, |indices| {
            if self.test.spend(domains.clock, TEST) {
                return Err(Conflict::OutOfTime);
            }
            let holds = self
                .test
                .holds(indices)
                .map_err(|source| Conflict::Error { source, values: values(domains, indices) })?;
            if holds {
                for (mask, index) in supported.iter_mut().zip(indices) {
                    put(mask, *index);
                }
            }
            Ok::<(), Conflict>(())
        })?;
        for (position, mask) in supported.iter().enumerate() {
            domains.keep(position, mask)?;
        }
        Ok(())
    }
}

fn values(domains: &Domains<'_>, indices: &[u32]) -> Vec<Value> {
    indices.iter().enumerate().map(|(position, index)| domains.value(position, *index)).collect()
}

/// All choices of one item of each list, the last changing fastest.
pub(crate) fn each<E>(lists: &[Vec<u32>], mut tell: impl FnMut(&[u32]) -> Result<(), E>) -> Result<(), E> {
    if lists.iter().any(Vec::is_empty) {
        return Ok(());
    }
    let mut places = vec![0_usize; lists.len()];
    let mut chosen: Vec<u32> = lists.iter().map(|list| list[0]).collect();
    loop {
        tell(&chosen)?;
        let mut position = lists.len();
        loop {
            if position == 0 {
                return Ok(());
            }
            position -= 1;
            places[position] += 1;
            if let Some(next) = lists[position].get(places[position]) {
                chosen[position] = *next;
                break;
            }
            places[position] = 0;
            chosen[position] = lists[position][0];
        }
    }
}
