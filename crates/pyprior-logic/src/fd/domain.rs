//! Finite domains: what a variable may be.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::Value;
use crate::store::Universe;

/// The values that a variable may take, each once, in an order that the order of values goes by.
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
}

impl FiniteDomain {
    /// These values; what comes again is passed by. At most [`Universe::MAX`] values.
    pub fn new<T: Into<Value>>(values: impl IntoIterator<Item = T>) -> FiniteDomain {
        FiniteDomain { universe: Universe::new(values) }
    }

    /// The integers of a range, which is not written out.
    pub fn range(range: RangeInclusive<i64>) -> FiniteDomain {
        FiniteDomain { universe: Universe::range(range) }
    }

    /// All tuples of one value of each domain, the last changing fastest.
    pub fn product(domains: &[FiniteDomain]) -> FiniteDomain {
        let lists: Vec<Vec<Value>> = domains.iter().map(|domain| domain.values().collect()).collect();
        let total = lists.iter().try_fold(1_usize, |total, list| total.checked_mul(list.len()));
        let tuples = (0..total.unwrap_or(usize::MAX).min(Universe::MAX)).map(|number| {
            let mut rest = number;
            let mut items: Arc<[Value]> = lists.iter().map(|_| Value::None).collect();
            if let Some(items) = Arc::get_mut(&mut items) {
                for (item, list) in items.iter_mut().zip(&lists).rev() {
                    *item = list[rest % list.len()].clone();
                    rest /= list.len();
                }
            }
            Value::Tuple(items)
        });
        FiniteDomain { universe: Universe::new(tuples) }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.universe.len()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.universe.is_empty()
    }

    /// The values, in order.
    pub fn values(&self) -> impl Iterator<Item = Value> + '_ {
        self.universe.iter()
    }

    /// What the store's domains are sets of.
    pub fn universe(&self) -> &Arc<Universe> {
        &self.universe
    }
}

impl From<Arc<Universe>> for FiniteDomain {
    fn from(universe: Arc<Universe>) -> FiniteDomain {
        FiniteDomain { universe }
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

    #[inline]
    pub(crate) fn at(&self, index: u32) -> i64 {
        match self {
            Integers::Range { low } => low + i64::from(index),
            Integers::Listed { numbers, .. } => numbers[index as usize],
        }
    }
}
