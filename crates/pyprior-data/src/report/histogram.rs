//! How often numbers occur, in bins of one kind for all, so that histograms add up exactly in any order.

use serde::{Deserialize, Serialize};

/// Values below have a bin each; above, each power of two has this many bins divided by 16.
const EXACT: u64 = 256;
/// Bins of a power of two, as a power of two: a bin is no wider than a 16th of what it begins with.
const FINE: u32 = 4;

/// The largest number that is told from others.
const LARGEST: i128 = (1 << 64) - 1;

/// How often numbers occur. Values are whole numbers of a unit that whoever fills it knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Values that are missing.
    pub nulls: u64,
    /// Values that are there.
    pub count: u64,
    /// Their sum.
    pub sum: i128,
    /// The smallest; 0 if there is none.
    pub min: i128,
    /// The largest; 0 if there is none.
    pub max: i128,
    /// By bin, of values from 0 on.
    above: Vec<u64>,
    /// By bin of what they are without their sign, of values below 0.
    below: Vec<u64>,
}

/// One bin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bin {
    /// Its smallest value.
    pub low: i128,
    /// Its largest value.
    pub high: i128,
    /// Values in it.
    pub count: u64,
}

/// The number of the bin of a value.
fn place(value: u64) -> usize {
    let bits = value.max(1).ilog2();
    if value < EXACT {
        return value as usize;
    }
    let first = EXACT.ilog2();
    let fine = (value >> (bits - FINE)) & ((1 << FINE) - 1);
    (EXACT + (u64::from(bits - first) << FINE) + fine) as usize
}

/// The smallest value of a bin.
fn edge(place: usize) -> u64 {
    let place = place as u64;
    if place < EXACT {
        return place;
    }
    let (octave, fine) = ((place - EXACT) >> FINE, (place - EXACT) & ((1 << FINE) - 1));
    let bits = u64::from(EXACT.ilog2()) + octave;
    if bits >= 64 {
        return u64::MAX;
    }
    (1 << bits) + (fine << (bits - u64::from(FINE)))
}

impl Histogram {
    /// Counts a value; beyond ±(2⁶⁴ − 1), the last that there is room for.
    pub fn add(&mut self, value: i128) {
        self.add_times(value, 1);
    }

    /// Counts values that may be missing.
    pub fn add_all(&mut self, values: impl Iterator<Item = Option<i128>>) {
        // Most are small, and then counting is one addition.
        let mut small = [0; EXACT as usize];
        for value in values {
            let Some(value) = value else {
                self.nulls += 1;
                continue;
            };
            match usize::try_from(value).ok().and_then(|value| small.get_mut(value)) {
                Some(count) => *count += 1,
                None => self.add(value),
            }
        }
        (0..).zip(small).filter(|&(_, times)| times > 0).for_each(|(value, times)| self.add_times(value, times));
    }

    fn add_times(&mut self, value: i128, times: u64) {
        let value = value.clamp(-LARGEST, LARGEST);
        self.min = if self.count == 0 { value } else { self.min.min(value) };
        self.max = if self.count == 0 { value } else { self.max.max(value) };
        self.count += times;
        self.sum += value * i128::from(times);
        let (bins, place) = match value < 0 {
            true => (&mut self.below, place(magnitude(value))),
            false => (&mut self.above, place(magnitude(value))),
        };
        if place >= bins.len() {
            bins.resize(place + 1, 0);
        }
        bins[place] += times;
    }

    /// Counts all that another one has.
    pub fn merge(&mut self, other: &Self) {
        if other.count > 0 {
            self.min = if self.count == 0 { other.min } else { self.min.min(other.min) };
            self.max = if self.count == 0 { other.max } else { self.max.max(other.max) };
        }
        self.nulls += other.nulls;
        self.count += other.count;
        self.sum += other.sum;
        for (bins, others) in [(&mut self.above, &other.above), (&mut self.below, &other.below)] {
            bins.resize(bins.len().max(others.len()), 0);
            bins.iter_mut().zip(others).for_each(|(bin, other)| *bin += other);
        }
    }

    /// The bins that have values, ascending.
    pub fn bins(&self) -> Vec<Bin> {
        let ends = |place: usize| (edge(place), edge(place + 1).saturating_sub(1).max(edge(place)));
        let below = self.below.iter().enumerate().rev().map(|(place, &count)| {
            let (near, far) = ends(place);
            Bin { low: -i128::from(far), high: -i128::from(near), count }
        });
        let above = self.above.iter().enumerate().map(|(place, &count)| {
            let (near, far) = ends(place);
            Bin { low: near.into(), high: far.into(), count }
        });
        below.chain(above).filter(|bin| bin.count > 0).collect()
    }

    /// The mean; none of nothing.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// A value that so many of 1,000 values do not exceed, to the width of a bin; none of nothing.
    pub fn quantile(&self, of_1000: u64) -> Option<i128> {
        let wanted = (u128::from(self.count) * u128::from(of_1000)).div_ceil(1000).max(1);
        let mut seen = 0;
        self.bins().into_iter().find_map(|bin| {
            seen += u128::from(bin.count);
            (seen >= wanted).then(|| bin.low.clamp(self.min, self.max))
        })
    }
}

fn magnitude(value: i128) -> u64 {
    u64::try_from(value.unsigned_abs()).unwrap_or(u64::MAX)
}

/// What it is in files: bins as pairs of what is nearest to 0 in them, and how many values.
#[derive(Serialize, Deserialize)]
struct Written {
    count: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    nulls: u64,
    min: i128,
    max: i128,
    sum: i128,
    bins: Vec<(i128, u64)>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Serialize for Histogram {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let &Self { nulls, count, sum, min, max, .. } = self;
        let near = |bin: Bin| (if bin.high < 0 { bin.high } else { bin.low }, bin.count);
        Written { count, nulls, min, max, sum, bins: self.bins().into_iter().map(near).collect() }.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Written { count, nulls, min, max, sum, bins } = Written::deserialize(from)?;
        let within = |value: i128| (-LARGEST..=LARGEST).contains(&value);
        let counted = bins.iter().try_fold(0_u64, |sum, &(_, count)| sum.checked_add(count));
        if min > max || !within(min) || !within(max) || counted != Some(count) {
            return Err(serde::de::Error::custom("a histogram whose numbers do not agree"));
        }
        let mut histogram = Self { nulls, count, sum, min, max, ..Self::default() };
        for (near, count) in bins {
            let bins = if near < 0 { &mut histogram.below } else { &mut histogram.above };
            let place = place(magnitude(near));
            bins.resize(bins.len().max(place + 1), 0);
            bins[place] += count;
        }
        Ok(histogram)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_where_they_say() {
        let mut last = 0;
        for value in (0..100_000).chain((17..64).flat_map(|bits| [(1 << bits) - 1, 1 << bits, (1 << bits) + 1])) {
            let place = place(value);
            assert!(edge(place) <= value && (value < edge(place + 1) || edge(place + 1) == u64::MAX), "{value}");
            assert!(edge(place + 1) - edge(place) <= (value / 16).max(1), "{value}");
            assert!(place >= last, "{value}");
            last = place;
        }
    }

    #[test]
    fn counts_as_a_sorted_list_does() {
        // A square has every size; the remainder is in no order.
        let values =
            (0..5_000_i128).map(|nth| (nth * 7_919 % 5_003 - 2_000).pow(2) * if nth % 3 == 0 { -1 } else { 1 });
        let values = values.collect::<Vec<_>>();
        let (mut whole, mut parts) = (Histogram::default(), [Histogram::default(), Histogram::default()]);
        for (nth, &value) in values.iter().enumerate() {
            whole.add(value);
            parts[nth % 2].add(value);
        }
        let mut all = Histogram::default();
        all.add_all(values.iter().copied().map(Some));
        assert_eq!(all, whole);
        let mut merged = Histogram::default();
        parts.iter().for_each(|part| merged.merge(part));
        assert_eq!(merged, whole);
        let text = serde_json::to_string(&whole).unwrap();
        assert_eq!(serde_json::from_str::<Histogram>(&text).unwrap(), whole);
        let mut sorted = values.clone();
        sorted.sort_unstable();
        assert_eq!((whole.min, whole.max), (sorted[0], sorted[4_999]));
        assert_eq!(whole.sum, sorted.iter().sum::<i128>());
        for bin in whole.bins() {
            let inside = sorted.iter().filter(|value| (bin.low..=bin.high).contains(value)).count();
            assert_eq!(bin.count, inside as u64, "{bin:?}");
        }
        for of_1000 in [1, 50, 500, 950, 1000] {
            let (told, exact) = (whole.quantile(of_1000).unwrap(), sorted[(5 * of_1000 - 1) as usize]);
            assert!(told <= exact && (exact - told) * 16 <= exact.abs().max(16), "{of_1000}: {told}, {exact}");
        }
        // The largest there is, of a column and of a sum.
        let mut large = Histogram::default();
        large.add_all([Some(u64::MAX.into()), Some(i128::MAX), Some(i128::MIN), None].into_iter());
        assert_eq!((large.min, large.max, large.sum), (-i128::from(u64::MAX), u64::MAX.into(), u64::MAX.into()));
        let text = serde_json::to_string(&large).unwrap();
        assert_eq!(serde_json::from_str::<Histogram>(&text).unwrap(), large);
        // To the width of a bin.
        assert!(large.quantile(1000).is_some_and(|told| told <= large.max && large.max - told < large.max / 16));
        // What was not written by this program.
        for (from, to) in [("\"count\":3", "\"count\":4"), ("\"max\":1844", "\"max\":-31844")] {
            assert!(text.contains(from), "{text}");
            assert!(serde_json::from_str::<Histogram>(&text.replace(from, to)).is_err(), "{to}");
        }
        assert_eq!((Histogram::default().mean(), Histogram::default().quantile(500)), (None, None));
    }
}
