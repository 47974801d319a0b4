//! Finite domains: what a variable may be.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::domains::{has, put};
use crate::Value;
use crate::store::Universe;

/// The values that a variable may take, each once, in an order that the order of values goes by. One of more than
/// [`Universe::MAX`] values can be described, but not given to a variable.
///
/// A description, shared by reference: variables that were given the same object are narrowed each by itself.
///
/// ```
/// # use pyprior_logic::fd::FiniteDomain;
/// let rooms = FiniteDomain::new(["room A", "room B"]);
/// let slots = FiniteDomain::product(&[rooms, FiniteDomain::range(1..=3)]);
/// assert_eq!(slots.len(), 6);
/// assert_eq!(slots.values().next().unwrap().to_string(), "('room A', 1)");
/// ```
#[derive(Debug, Clone)]
pub struct FiniteDomain {
    universe: Arc<Universe>,
    subset: Subset,
}

/// Which of the universe's values.
#[derive(Debug, Clone)]
enum Subset {
    All,
    /// Of a universe with one word.
    Word(u64),
    Words(Arc<[u64]>),
}

impl FiniteDomain {
    /// These values; what comes again is passed by.
    pub fn new<T: Into<Value>>(values: impl IntoIterator<Item = T>) -> FiniteDomain {
        FiniteDomain::from(Universe::new(values))
    }

    /// The integers of a range, which is not written out.
    pub fn range(range: RangeInclusive<i64>) -> FiniteDomain {
        FiniteDomain::from(Universe::range(range))
    }

    /// All tuples of one value of each domain, the last changing fastest.
    pub fn product(domains: &[FiniteDomain]) -> FiniteDomain {
        let total = match domains.iter().any(FiniteDomain::is_empty) {
            true => 0,
            false => domains.iter().fold(1_usize, |total, domain| total.saturating_mul(domain.len())),
        };
        if total > Universe::MAX || domains.iter().any(FiniteDomain::is_cut) {
            // Nothing of it would be of use: a variable is not made of a part of it.
            return FiniteDomain::from(Universe::distinct(Vec::new(), true));
        }
        let lists: Vec<Vec<Value>> = domains.iter().map(|domain| domain.values().collect()).collect();
        // How far apart the tuples are at which the value of each place changes.
        let mut strides = vec![1_usize; lists.len()];
        for place in (1..lists.len()).rev() {
            strides[place - 1] = strides[place].saturating_mul(lists[place].len());
        }
        let tuples = (0..total).map(|number| {
            let item = |(list, stride): (&Vec<Value>, &usize)| list[number / stride % list.len()].clone();
            Value::Tuple(lists.iter().zip(&strides).map(item).collect())
        });
        // The values of a domain are distinct, and so are tuples of them.
        FiniteDomain::from(Universe::distinct(tuples.collect(), false))
    }

    /// Those of the values that are given; others are passed by. Domains made so from one share its tables in a solver.
    pub fn only<T: Into<Value>>(&self, values: impl IntoIterator<Item = T>) -> FiniteDomain {
        let chosen = values.into_iter().filter_map(|value| self.universe.index_of(&value.into()));
        let chosen = chosen.filter(|index| self.subset().is_none_or(|all| has(all, *index)));
        let subset = match self.universe.words() {
            ..=1 => Subset::Word(chosen.fold(0, |word, index| word | 1 << index)),
            words => {
                let mut subset = vec![0; words];
                chosen.for_each(|index| put(&mut subset, index));
                Subset::Words(subset.into())
            }
        };
        FiniteDomain { universe: Arc::clone(&self.universe), subset }
    }

    /// Whether these are more than [`Universe::MAX`] values, so that they are not all here and no variable can have them.
    pub fn is_cut(&self) -> bool {
        self.universe.is_cut()
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        let count = |words: &[u64]| words.iter().map(|word| word.count_ones() as usize).sum();
        self.subset().map_or_else(|| self.universe.len(), count)
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The values, in order.
    pub fn values(&self) -> impl Iterator<Item = Value> + '_ {
        let inside = |index: u32| self.subset().is_none_or(|words| has(words, index));
        (0..).zip(self.universe.iter()).filter(move |(index, _)| inside(*index)).map(|(_, value)| value)
    }

    /// Which of the universe's values these are, if not all.
    pub fn subset(&self) -> Option<&[u64]> {
        match &self.subset {
            Subset::All => None,
            Subset::Word(word) => Some(std::slice::from_ref(word)),
            Subset::Words(words) => Some(words),
        }
    }

    /// What the store's domains are sets of.
    pub fn universe(&self) -> &Arc<Universe> {
        &self.universe
    }
}

impl From<Arc<Universe>> for FiniteDomain {
    fn from(universe: Arc<Universe>) -> FiniteDomain {
        FiniteDomain { universe, subset: Subset::All }
    }
}

impl<T: Into<Value>> FromIterator<T> for FiniteDomain {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> FiniteDomain {
        FiniteDomain::new(values)
    }
}

/// The whole numbers behind the values of a universe.
#[derive(Debug, Clone)]
pub(crate) enum Integers {
    /// Index i is `low + i`.
    Range { low: i64 },
    /// By index; whether they ascend.
    Listed { numbers: Arc<[i64]>, ascending: bool },
}

impl Integers {
    /// Nothing if a value is no whole number.
    pub(crate) fn of(universe: &Universe) -> Option<Integers> {
        if let Some((low, _)) = universe.as_range() {
            return Some(Integers::Range { low });
        }
        let numbers = universe.as_slice()?.iter().map(Value::as_int).collect::<Option<Arc<[i64]>>>()?;
        let ascending = numbers.is_sorted();
        Some(Integers::Listed { numbers, ascending })
    }

    /// The greatest distance from 0 of a number of the universe.
    pub(crate) fn magnitude(&self, universe: &Universe) -> i128 {
        let distance = |number: i64| i128::from(number.unsigned_abs());
        match self {
            Integers::Range { low } => {
                let last = universe.as_range().map_or(*low, |(_, last)| last);
                distance(*low).max(distance(last))
            }
            Integers::Listed { numbers, .. } => numbers.iter().map(|number| distance(*number)).max().unwrap_or(0),
        }
    }

    #[inline]
    pub(crate) fn at(&self, index: u32) -> i64 {
        match self {
            Integers::Range { low } => low + i64::from(index),
            Integers::Listed { numbers, .. } => numbers[index as usize],
        }
    }
}
