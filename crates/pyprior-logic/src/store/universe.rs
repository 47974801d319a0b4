//! The values that domains are sets of.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, OnceLock};

use crate::value::Value;

/// Up to so many values a search from the front beats a hash table.
const SCANNED: usize = 16;

/// The distinct values that a finite domain is chosen from, numbered from zero: bit *i* of a domain stands for value *i*.
///
/// Immutable, and shared: all variables with the same universe compare their domains word by word.
#[derive(Debug)]
pub struct Universe {
    values: Values,
    /// There were more values than are kept.
    cut: bool,
}

#[derive(Debug)]
enum Values {
    /// Consecutive integers, of which only the ends are kept.
    Range {
        low: i64,
        len: u32,
    },
    Listed {
        values: Box<[Value]>,
        places: OnceLock<HashMap<Value, u32>>,
    },
}

impl Universe {
    /// The most values of one universe. One that is made of more is refused where a variable is to be made of it.
    pub const MAX: usize = 1 << 24;

    /// The integers of a range, without writing them down. Beyond [`MAX`](Universe::MAX) they are cut off, and the universe is
    /// [refused](crate::DomainError::TooLarge) by stores; an empty range gives a universe of none.
    #[must_use]
    pub fn range(range: RangeInclusive<i64>) -> Arc<Universe> {
        let (low, high) = range.into_inner();
        let len = if high < low { 0 } else { high.abs_diff(low).saturating_add(1) };
        let kept = u32::try_from(len.min(Self::MAX as u64)).unwrap_or(0);
        Arc::new(Universe { values: Values::Range { low, len: kept }, cut: u64::from(kept) < len })
    }

    /// These values, each once, in the order in which they come first. At the first beyond [`MAX`](Universe::MAX) they are no
    /// longer taken, and the universe is [refused](crate::DomainError::TooLarge) by stores.
    pub fn new<T: Into<Value>>(values: impl IntoIterator<Item = T>) -> Arc<Universe> {
        let values = values.into_iter();
        let mut distinct: Vec<Value> = Vec::with_capacity(values.size_hint().0.min(1 << 10));
        // None while a search from the front is faster.
        let mut seen: Option<HashMap<Value, u32>> = None;
        let mut cut = false;
        for value in values {
            let value = value.into();
            if distinct.len() == SCANNED && seen.is_none() {
                seen = Some(distinct.iter().cloned().zip(0..).collect());
            }
            let known = seen.as_ref().map_or_else(|| distinct.contains(&value), |seen| seen.contains_key(&value));
            if known {
                continue;
            }
            if distinct.len() == Self::MAX {
                cut = true;
                break;
            }
            if let Some(seen) = &mut seen {
                seen.insert(value.clone(), distinct.len() as u32);
            }
            distinct.push(value);
        }
        Self::of_distinct(distinct, seen, cut)
    }

    /// Values of which no two are the same: nobody looks whether they are. `cut`: whether some were left off.
    pub(crate) fn distinct(values: Vec<Value>, cut: bool) -> Arc<Universe> {
        Self::of_distinct(values, None, cut)
    }

    fn of_distinct(distinct: Vec<Value>, seen: Option<HashMap<Value, u32>>, cut: bool) -> Arc<Universe> {
        let places = seen.map_or_else(OnceLock::new, OnceLock::from);
        Arc::new(Universe { values: Values::Listed { values: distinct.into(), places }, cut })
    }

    /// Whether values were left off.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Range { len, .. } => *len as usize,
            Values::Listed { values, .. } => values.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many words of 64 bits a domain takes.
    #[must_use]
    pub fn words(&self) -> usize {
        self.len().div_ceil(64)
    }

    /// The value of a number; `None` at [`len`](Universe::len) and beyond.
    #[must_use]
    pub fn value(&self, index: u32) -> Option<Value> {
        match &self.values {
            Values::Range { low, len } => (index < *len).then(|| Value::Int(low + i64::from(index))),
            Values::Listed { values, .. } => values.get(index as usize).cloned(),
        }
    }

    /// The number of a value.
    #[must_use]
    pub fn index_of(&self, value: &Value) -> Option<u32> {
        match &self.values {
            Values::Range { low, len } => {
                let distance = value.as_int()?.checked_sub(*low)?;
                u32::try_from(distance).ok().filter(|index| index < len)
            }
            Values::Listed { values, .. } if values.len() <= SCANNED => {
                values.iter().position(|known| known == value).and_then(|index| u32::try_from(index).ok())
            }
            Values::Listed { values, places } => {
                places.get_or_init(|| values.iter().cloned().zip(0..).collect()).get(value).copied()
            }
        }
    }

    /// The ends, if the universe was made as a range that is not empty.
    #[must_use]
    pub fn as_range(&self) -> Option<(i64, i64)> {
        match &self.values {
            Values::Range { low, len } if *len > 0 => Some((*low, low + i64::from(*len - 1))),
            _ => None,
        }
    }

    /// The values as a slice, unless the universe was made as a range.
    #[must_use]
    pub fn as_slice(&self) -> Option<&[Value]> {
        match &self.values {
            Values::Range { .. } => None,
            Values::Listed { values, .. } => Some(values),
        }
    }

    /// All values as a slice: those of a range are written out.
    pub(crate) fn values(&self) -> Cow<'_, [Value]> {
        match &self.values {
            Values::Range { .. } => Cow::Owned(self.iter().collect()),
            Values::Listed { values, .. } => Cow::Borrowed(values),
        }
    }

    /// All values, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = Value> + '_ {
        (0..self.len() as u32).filter_map(|index| self.value(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_lists_number_alike() {
        for len in [0, 1, 15, 16, 17, 70] {
            let range = Universe::range(-3..=len - 4);
            let listed = Universe::new((-3..len - 3).chain(-3..len - 3));
            assert_eq!(range.len(), listed.len());
            assert_eq!(range.iter().collect::<Vec<_>>(), listed.iter().collect::<Vec<_>>());
            for n in -10..90 {
                assert_eq!(range.index_of(&n.into()), listed.index_of(&n.into()), "{n} of {len}");
            }
        }
    }

    #[test]
    fn ends_of_i64_do_not_overflow() {
        let top = Universe::range(i64::MAX - 1..=i64::MAX);
        assert_eq!(top.value(1), Some(Value::Int(i64::MAX)));
        assert_eq!(top.index_of(&Value::Int(i64::MIN)), None);
        assert_eq!(Universe::range(i64::MIN..=i64::MAX).len(), Universe::MAX);
        #[allow(clippy::reversed_empty_ranges)]
        let none = Universe::range(3..=2);
        assert!(none.is_empty() && none.as_range().is_none());
    }
}
