//! Counts over the columns of a shard.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::histogram::Histogram;
use super::outputs::{OutputCounts, Outputs};
use crate::columns::{Buffer, Columns, Lists};

/// Columns that say which row it is, and not what it is like.
const PLACES: [&str; 3] = ["id", "row", "seed"];
/// The column with what a program prints.
const OUTPUT: &str = "stdout";
/// Different texts of a column, and bytes of each, up to which they are counted one by one.
const VALUES: usize = 32;

/// What the rows of a shard are like, or of several: counts alone, which add up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// By column: numbers, where yes is 1 and no is 0.
    pub numbers: BTreeMap<String, Histogram>,
    /// By column, in units of 1/64: numbers that need not be whole.
    pub fractions: BTreeMap<String, Histogram>,
    /// By column: number of elements of lists.
    pub lengths: BTreeMap<String, Histogram>,
    /// By column: texts.
    pub texts: BTreeMap<String, Texts>,
    /// What programs print.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<OutputCounts>,
}

/// Texts of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// Their sizes in bytes.
    pub bytes: Histogram,
    /// How often each occurs, if there are at most 32 of at most 32 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<BTreeMap<String, u64>>,
}

impl Default for Texts {
    fn default() -> Self {
        Self { bytes: Histogram::default(), values: Some(BTreeMap::new()) }
    }
}

impl Texts {
    /// Counts texts in UTF-8, `None` for those that are missing.
    fn add_all<'a>(&mut self, texts: impl Iterator<Item = Option<&'a [u8]>> + Clone) {
        self.bytes.add_all(texts.clone().map(|text| Some(count(text?.len()))));
        for text in texts.flatten() {
            // As a rule there are more than are counted, and then nothing is left to look at.
            if self.values.is_none() {
                return;
            }
            self.add_value(std::str::from_utf8(text).unwrap_or_default(), 1);
        }
    }

    fn add_value(&mut self, text: &str, times: u64) {
        let Some(values) = &mut self.values else { return };
        if let Some(count) = values.get_mut(text) {
            *count += times;
        } else if text.len() <= VALUES && values.len() < VALUES {
            values.insert(text.to_owned(), times);
        } else {
            self.values = None;
        }
    }

    fn merge(&mut self, other: &Self) {
        self.bytes.merge(&other.bytes);
        match &other.values {
            Some(values) => values.iter().for_each(|(text, &times)| self.add_value(text, times)),
            None => self.values = None,
        }
    }
}

impl Statistics {
    /// Counts all that those of another shard have.
    pub fn merge(&mut self, other: &Self) {
        for (own, other) in [
            (&mut self.numbers, &other.numbers),
            (&mut self.fractions, &other.fractions),
            (&mut self.lengths, &other.lengths),
        ] {
            for (name, histogram) in other {
                own.entry(name.clone()).or_default().merge(histogram);
            }
        }
        for (name, texts) in &other.texts {
            self.texts.entry(name.clone()).or_default().merge(texts);
        }
        if let Some(outputs) = &other.outputs {
            self.outputs.get_or_insert_default().merge(outputs);
        }
    }
}

/// Counts the rows of a shard as they are written.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    statistics: Statistics,
    outputs: Option<Outputs>,
}

impl Counting {
    /// Counts rows.
    pub(crate) fn add(&mut self, rows: &Columns) {
        let counts = &mut self.statistics;
        for (column, buffer) in rows.iter().filter(|(column, _)| !PLACES.contains(&column.name)) {
            let name = || column.name.to_owned();
            match buffer {
                Buffer::Position(_) => {}
                Buffer::Tokens(_, lists) | Buffer::Numbers(_, lists) => add_lengths(counts, name(), lists.offsets()),
                Buffer::Bytes(_, lists) => add_lengths(counts, name(), lists.offsets()),
                Buffer::Texts(_, lists) => add_lengths(counts, name(), lists.offsets()),
                Buffer::MaybeText(_, lists, there) => {
                    let texts = texts(lists).zip(there).map(|(text, &there)| there.then_some(text));
                    counts.texts.entry(name()).or_default().add_all(texts);
                }
                Buffer::Text(_, lists) => {
                    if column.name == OUTPUT {
                        let outputs = self.outputs.get_or_insert_default();
                        texts(lists).for_each(|text| outputs.add(text));
                    }
                    counts.texts.entry(name()).or_default().add_all(texts(lists).map(Some));
                }
                Buffer::U32(_, values) => add(&mut counts.numbers, name(), values, |&value| Some(value.into())),
                Buffer::MaybeU32(_, values) => add(&mut counts.numbers, name(), values, |&value| Some(value?.into())),
                Buffer::U64(_, values) => add(&mut counts.numbers, name(), values, |&value| Some(value.into())),
                Buffer::MaybeU64(_, values) => add(&mut counts.numbers, name(), values, |&value| Some(value?.into())),
                Buffer::Bool(_, values) => add(&mut counts.numbers, name(), values, |&value| Some(value.into())),
                Buffer::MaybeF64(_, values) => {
                    // A number that is none, or infinite, is missing; larger ones than there are 64ths stay the largest.
                    let units =
                        |&value: &Option<f64>| value.filter(|it| it.is_finite()).map(|it| (64.0 * it).round() as i128);
                    add(&mut counts.fractions, name(), values, units);
                }
            }
        }
    }

    /// What was counted.
    pub(crate) fn statistics(self) -> Statistics {
        Statistics { outputs: self.outputs.map(|outputs| outputs.counts()), ..self.statistics }
    }
}

fn add<T>(all: &mut BTreeMap<String, Histogram>, name: String, values: &[T], number: impl Fn(&T) -> Option<i128>) {
    all.entry(name).or_default().add_all(values.iter().map(number));
}

fn texts(lists: &Lists<u8>) -> impl Iterator<Item = &[u8]> + Clone {
    (0..).map_while(|nth| lists.get(nth))
}

fn add_lengths(counts: &mut Statistics, name: String, offsets: &[i32]) {
    let lengths = offsets.windows(2).map(|ends| Some(i128::from(ends[1]) - i128::from(ends[0])));
    counts.lengths.entry(name).or_default().add_all(lengths);
}

fn count(count: usize) -> i128 {
    count as i128
}
