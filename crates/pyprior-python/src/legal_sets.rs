//! Legal sets as Python has them, each made once.

use std::sync::Mutex;

use pyo3::prelude::*;
use pyo3::types::{PyFrozenSet, PySet};
use rustc_hash::FxHashMap;

use crate::locks::locked;

/// What is kept, in numbers: about 64 bytes each.
const KEPT: usize = 1 << 18;

/// The legal sets that have been asked for, by bitmask. A decode asks for few different ones, and a frozenset cannot be
/// changed, so it can be given out again. Beyond a bound all are forgotten.
#[derive(Default)]
pub(crate) struct LegalSets(Mutex<Known>);

#[derive(Default)]
struct Known {
    sets: FxHashMap<Box<[u32]>, Py<PyFrozenSet>>,
    numbers: usize,
}

impl LegalSets {
    pub(crate) fn get<'py>(&self, py: Python<'py>, words: &[u32]) -> PyResult<Bound<'py, PyFrozenSet>> {
        let lock = || locked(py, &self.0);
        if let Some(known) = lock().sets.get(words) {
            return Ok(known.bind(py).clone());
        }
        let ids = bits(words).collect::<Vec<_>>();
        // By way of a set: one that is made of another has the smallest table that they fit, and is iterated over faster.
        let set = py.get_type::<PyFrozenSet>().call1((PySet::new(py, &ids)?,))?.cast_into::<PyFrozenSet>()?;
        let (mut known, forgotten) = (lock(), FxHashMap::default());
        known.numbers += ids.len() + words.len();
        // Dropped behind the lock: that may run Python.
        let forgotten = match known.numbers > KEPT {
            true => {
                known.numbers = ids.len() + words.len();
                std::mem::take(&mut known.sets)
            }
            false => forgotten,
        };
        let before = known.sets.insert(words.into(), set.clone().unbind());
        drop(known);
        drop((forgotten, before));
        Ok(set)
    }
}

/// Numbers of the set bits, ascending.
pub(crate) fn bits(words: &[u32]) -> impl Iterator<Item = u32> + '_ {
    words.iter().zip((0..).step_by(32)).flat_map(|(&word, base)| {
        std::iter::successors(Some(word), |&rest| Some(rest & rest.wrapping_sub(1)))
            .take_while(|&rest| rest != 0)
            .map(move |rest| base + rest.trailing_zeros())
    })
}
