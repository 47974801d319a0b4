//! Variables whose values are all different.
//!
//! Three levels, each paid for only where the one before finds nothing more: values that are taken; sets of values that as
//! many variables need (Hall, 1935), where the set is the domain of one of them; matching.

use std::collections::HashMap;
use std::sync::Arc;

use super::matching::Matching;
use crate::Value;
use crate::fd::clock::Clock;
use crate::fd::domains::{Conflict, Domains, has, ones, put};
use crate::fd::expression::{canonical, has_truth};
use crate::fd::relation::Consistency;
use crate::store::Universe;

/// With more open variables than this the second level, which is quadratic in them, is left out.
const PAIRWISE: usize = 64;

/// Up to so many variables with a word of values each are narrowed without memory of their own.
const SMALL: usize = 32;

#[derive(Debug, Clone)]
pub(crate) struct AllDistinctPropagator {
    consistency: Consistency,
    /// Where variables have different universes: the number of each of their values in the union of all.
    numbers: Option<Vec<Arc<[u32]>>>,
    /// Words of a set of values.
    words: usize,
}

/// Memory that is used again from call to call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sets {
    /// For each variable the values left, `words` words each.
    masks: Vec<u64>,
    before: Vec<u64>,
    taken: Vec<u64>,
    open: Vec<u32>,
    matching: Matching,
    patience: Patience,
}

/// How long to do without matching, where it was not asked for: longer each time that it finds nothing.
#[derive(Debug, Clone, Copy, Default)]
struct Patience {
    length: u32,
    left: u32,
}

impl Patience {
    const LONGEST: u32 = 64;

    fn is_over(&mut self) -> bool {
        let over = self.left == 0;
        self.left = self.left.saturating_sub(1);
        over
    }

    fn learn(&mut self, worthwhile: bool) {
        self.length = if worthwhile { self.length / 4 } else { (2 * self.length + 1).min(Self::LONGEST) };
        self.left = self.length;
    }
}

impl AllDistinctPropagator {
    /// Over variables of one universe, in which values that Python takes for one are one: nothing if they are not.
    pub(crate) fn plain(consistency: Consistency, universe: &Universe) -> Option<AllDistinctPropagator> {
        // 1 and True are one value to Python.
        let truths = universe.as_slice().is_some_and(|values| values.iter().any(has_truth));
        (!truths).then(|| AllDistinctPropagator { consistency, numbers: None, words: universe.words() })
    }

    /// Over variables of several.
    pub(crate) fn mixed(consistency: Consistency, universes: &[Arc<Universe>]) -> AllDistinctPropagator {
        let mut union = HashMap::new();
        let mut known: Vec<(&Arc<Universe>, Arc<[u32]>)> = Vec::new();
        let numbers = universes.iter().map(|universe| {
            if let Some((_, numbers)) = known.iter().find(|(other, _)| Arc::ptr_eq(other, universe)) {
                return Arc::clone(numbers);
            }
            let numbers: Arc<[u32]> = universe
                .iter()
                .map(|value: Value| {
                    let next = union.len() as u32;
                    *union.entry(canonical(value)).or_insert(next)
                })
                .collect();
            known.push((universe, Arc::clone(&numbers)));
            numbers
        });
        let numbers = numbers.collect();
        AllDistinctPropagator { consistency, numbers: Some(numbers), words: union.len().div_ceil(64) }
    }

    /// Whether a value has the same index in all domains.
    pub(crate) fn is_plain(&self) -> bool {
        self.numbers.is_none()
    }

    /// `hard`: the search has failed often, so that matching may be worth its time.
    pub(crate) fn propagate(&self, domains: &mut Domains<'_>, sets: &mut Sets, hard: bool) -> Result<(), Conflict> {
        let words = self.words;
        let asked = self.consistency == Consistency::Domain;
        if words == 1 && domains.len() <= SMALL && self.numbers.is_none() && !asked && !hard {
            return small(domains);
        }
        sets.masks.clear();
        match &self.numbers {
            None => (0..domains.len()).for_each(|position| sets.masks.extend_from_slice(domains.words(position))),
            Some(numbers) => {
                sets.masks.resize(domains.len() * words, 0);
                for (position, numbers) in numbers.iter().enumerate() {
                    let mask = &mut sets.masks[position * words..(position + 1) * words];
                    ones(domains.words(position)).for_each(|index| put(mask, numbers[index as usize]));
                }
            }
        }
        sets.before.clone_from(&sets.masks);
        let matched = asked || hard && sets.patience.is_over();
        let before = sets.matching.narrowed();
        // Known to the compiler, sets of one word are numbers and not slices.
        let narrowed = if words == 1 {
            narrow(sets, 1, matched, domains.clock)
        } else {
            narrow(sets, words, matched, domains.clock)
        };
        if matched && !asked {
            sets.patience.learn(sets.matching.narrowed() > before);
        }
        domains.spend(0)?;
        if !narrowed {
            return Err(Conflict::Failed);
        }
        for position in 0..domains.len() {
            let place = position * words..(position + 1) * words;
            if sets.masks[place.clone()] == sets.before[place.clone()] {
                continue;
            }
            let mask = &sets.masks[place];
            match &self.numbers {
                None => domains.keep(position, mask)?,
                Some(numbers) => {
                    let mut left = domains.words(position).to_vec();
                    for index in domains.indices(position) {
                        if !has(mask, numbers[position][index as usize]) {
                            left[index as usize / 64] &= !(1 << (index % 64));
                        }
                    }
                    domains.keep(position, &left)?
                }
            };
        }
        Ok(())
    }
}

/// The first two levels over few variables with a word of values each: sets are numbers, and so is the set of open
/// variables.
fn small(domains: &mut Domains<'_>) -> Result<(), Conflict> {
    let count = domains.len();
    let mut masks = [0_u64; SMALL];
    let mut open = 0_u64;
    let mut taken = 0_u64;
    for (position, mask) in masks[..count].iter_mut().enumerate() {
        *mask = domains.words(position).first().copied().unwrap_or(0);
        if !mask.is_power_of_two() {
            open |= 1 << position;
        } else if taken & *mask != 0 {
            return Err(Conflict::Failed);
        } else {
            taken |= *mask;
        }
    }
    let undecided = open;
    loop {
        // Values that are taken.
        let mut before = 0;
        while before != taken {
            before = taken;
            for position in bits(open) {
                let mask = masks[position] & !taken;
                masks[position] = mask;
                if mask == 0 {
                    return Err(Conflict::Failed);
                }
                if mask.is_power_of_two() {
                    taken |= mask;
                    open &= !(1 << position);
                }
            }
        }
        if open == 0 {
            break;
        }
        // Sets of values that as many variables need.
        let left = open.count_ones();
        let (mut union, mut least) = (0, u32::MAX);
        for position in bits(open) {
            union |= masks[position];
            least = least.min(masks[position].count_ones());
        }
        if union.count_ones() < left {
            return Err(Conflict::Failed);
        }
        if least >= left {
            break;
        }
        let mut changed = false;
        for position in bits(open) {
            let mask = masks[position];
            let size = mask.count_ones();
            if size >= left {
                continue;
            }
            let inside = bits(open).filter(|other| masks[*other] & !mask == 0).fold(0, |set, other| set | 1 << other);
            match u64::count_ones(inside) {
                need if need > size => return Err(Conflict::Failed),
                need if need < size => continue,
                _ => {}
            }
            for other in bits(open & !inside) {
                changed |= masks[other] & mask != 0;
                masks[other] &= !mask;
            }
        }
        if !changed {
            break;
        }
    }
    for position in bits(undecided) {
        domains.keep(position, &[masks[position]])?;
    }
    Ok(())
}

/// Numbers of the bits that are set, ascending.
#[inline]
fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (word != 0).then(|| word.trailing_zeros() as usize);
        word &= word.wrapping_sub(1);
        bit
    })
}

/// Narrows the sets to a fixed point; whether a solution may be left.
#[inline(always)]
fn narrow(sets: &mut Sets, words: usize, matched: bool, clock: &mut Clock) -> bool {
    let count = sets.masks.len().checked_div(words).unwrap_or(0);
    sets.taken.clear();
    sets.taken.resize(words, 0);
    sets.open.clear();
    sets.open.extend(0..count as u32);
    loop {
        if clock.spend(sets.open.len() * words) {
            return true;
        }
        if !take(sets, words) {
            return false;
        }
        match hall(sets, words) {
            None => return false,
            Some(true) => continue,
            Some(false) => {}
        }
        if !matched || sets.open.is_empty() {
            return true;
        }
        match sets.matching.narrow(&mut sets.masks, words, &sets.open, clock) {
            None => return false,
            Some(true) => continue,
            Some(false) => return true,
        }
    }
}

/// Removes values that are taken from the sets of open variables, until no further value is taken.
#[inline(always)]
fn take(sets: &mut Sets, words: usize) -> bool {
    let Sets { masks, taken, open, .. } = sets;
    loop {
        let mut again = false;
        let mut possible = true;
        open.retain(|variable| {
            let mask = &mut masks[*variable as usize * words..][..words];
            let mut size = 0;
            for (word, taken) in mask.iter_mut().zip(taken.iter()) {
                *word &= !taken;
                size += word.count_ones();
            }
            possible &= size > 0;
            if size == 1 {
                taken.iter_mut().zip(mask).for_each(|(taken, word)| *taken |= *word);
                again = true;
            }
            size != 1
        });
        if !possible {
            return false;
        }
        if !again {
            return true;
        }
    }
}

/// Looks for sets of values that as many variables need. Nothing if more do; else whether a set became smaller.
#[inline(always)]
fn hall(sets: &mut Sets, words: usize) -> Option<bool> {
    let Sets { masks, open, .. } = sets;
    let set = |variable: u32| variable as usize * words..(variable as usize + 1) * words;
    let mut values = 0;
    for place in 0..words {
        let union = open.iter().fold(0, |union, variable| union | masks[*variable as usize * words + place]);
        values += union.count_ones() as usize;
    }
    if values < open.len() {
        return None;
    }
    if open.len() > PAIRWISE {
        return Some(false);
    }
    let mut changed = false;
    for &variable in open.iter() {
        let mine = set(variable);
        let size = masks[mine.clone()].iter().map(|word| word.count_ones() as usize).sum::<usize>();
        if size >= open.len() {
            continue;
        }
        let inside = |masks: &[u64], other: u32| {
            masks[set(other)].iter().zip(&masks[mine.clone()]).all(|(other, mine)| other & !mine == 0)
        };
        let need = open.iter().filter(|other| inside(masks, **other)).count();
        if need > size {
            return None;
        }
        if need < size {
            continue;
        }
        for &other in open.iter() {
            if inside(masks, other) {
                continue;
            }
            for place in 0..words {
                let values = masks[variable as usize * words + place];
                let word = &mut masks[other as usize * words + place];
                changed |= *word & values != 0;
                *word &= !values;
            }
        }
    }
    Some(changed)
}
