//! What programs print: how many different things, and which most often.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasherDefault;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::distinct::Distinct;
use crate::seen::Spread;

/// Different outputs of a shard of which each is counted: those that come up first.
const COUNTED: usize = 1 << 18;
/// Outputs that a shard's record names.
const NAMED: usize = 32;
/// The hash of the output that occurs most.
const EMPTY: u64 = 0xe3b0_c442_98fc_1c14;
/// Characters of an output that are kept.
const SHOWN: usize = 80;

/// What is being counted of a shard's outputs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outputs {
    rows: u64,
    empty: u64,
    distinct: Distinct,
    /// By hash: how often, and from the second time on, what.
    counts: HashMap<u64, (u64, Option<Shown>), BuildHasherDefault<Spread>>,
}

/// Counts of outputs, of a shard or of all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputCounts {
    /// Outputs.
    pub rows: u64,
    /// Those that are empty.
    pub empty: u64,
    /// About how many different ones there are.
    pub distinct: Distinct,
    /// The most frequent ones that occur twice or more, by the first 16 hexadecimal digits of their SHA-256; of each shard
    /// at most 32, of which each is counted exactly.
    pub frequent: BTreeMap<String, Frequent>,
}

/// An output that occurs often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frequent {
    /// How often: in shards among whose most frequent it is.
    pub count: u64,
    /// Number of those shards.
    pub shards: u64,
    /// Its size.
    pub bytes: u64,
    /// Its first 80 characters.
    pub start: String,
}

#[derive(Debug, Clone)]
struct Shown {
    bytes: u64,
    start: Box<str>,
}

impl Outputs {
    /// Counts an output, which is UTF-8.
    pub(crate) fn add(&mut self, output: &[u8]) {
        self.rows += 1;
        self.empty += u64::from(output.is_empty());
        let hash = if output.is_empty() { EMPTY } else { hash(output) };
        self.distinct.add(hash);
        let room = self.counts.len() < COUNTED;
        let counted = match room {
            true => Some(self.counts.entry(hash).or_default()),
            false => self.counts.get_mut(&hash),
        };
        if let Some((count, shown)) = counted {
            *count += 1;
            if *count == 2 {
                let text = std::str::from_utf8(output).unwrap_or_default();
                let start = text.chars().take(SHOWN).collect::<String>().into();
                *shown = Some(Shown { bytes: output.len() as u64, start });
            }
        }
    }

    /// What is to be told of it.
    pub(crate) fn counts(&self) -> OutputCounts {
        let repeated = self.counts.iter().filter_map(|(&hash, (count, shown))| Some((*count, hash, shown.as_ref()?)));
        let mut repeated = repeated.collect::<Vec<_>>();
        repeated.sort_unstable_by_key(|&(count, hash, _)| (std::cmp::Reverse(count), hash));
        repeated.truncate(NAMED);
        let frequent = repeated.into_iter().map(|(count, hash, shown)| {
            let frequent = Frequent { count, shards: 1, bytes: shown.bytes, start: shown.start.to_string() };
            (format!("{hash:016x}"), frequent)
        });
        let &Self { rows, empty, .. } = self;
        OutputCounts { rows, empty, distinct: self.distinct.clone(), frequent: frequent.collect() }
    }
}

/// The first 8 bytes of the SHA-256.
fn hash(output: &[u8]) -> u64 {
    Sha256::digest(output).first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

impl OutputCounts {
    /// Counts all that another one has.
    pub fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.empty += other.empty;
        self.distinct.merge(&other.distinct);
        for (hash, frequent) in &other.frequent {
            let own = self.frequent.entry(hash.clone()).or_insert_with(|| Frequent {
                count: 0,
                shards: 0,
                ..frequent.clone()
            });
            own.count += frequent.count;
            own.shards += frequent.shards;
        }
    }

    /// The most frequent ones, most first.
    pub fn most(&self, count: usize) -> Vec<&Frequent> {
        let mut all = self.frequent.iter().collect::<Vec<_>>();
        all.sort_by_key(|(hash, frequent)| (std::cmp::Reverse(frequent.count), (*hash).clone()));
        all.into_iter().take(count).map(|(_, frequent)| frequent).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_outputs_of_two_shards() {
        let mut shards = [Outputs::default(), Outputs::default()];
        for nth in 0..1_000_u32 {
            // 0 to 9 often, the others twice in one shard.
            let output = if nth % 2 == 0 { nth / 2 % 10 } else { nth / 4 + 10 };
            shards[usize::from(nth >= 500)]
                .add(if output == 3 { String::new() } else { format!("{output}\n") }.as_bytes());
        }
        shards[1].add("ü".repeat(200).as_bytes());
        shards[1].add("ü".repeat(200).as_bytes());
        assert_eq!(hash(b""), EMPTY);
        let mut merged = OutputCounts::default();
        shards.iter().for_each(|shard| merged.merge(&shard.counts()));
        assert_eq!((merged.rows, merged.empty), (1_002, 50));
        assert!(merged.distinct.estimate().abs_diff(261) < 8);
        let most = merged.most(10);
        assert!(most.iter().all(|frequent| (frequent.count, frequent.shards) == (50, 2)));
        let mut starts = most.iter().map(|frequent| frequent.start.as_str()).collect::<Vec<_>>();
        starts.sort_unstable();
        assert_eq!(starts, ["", "0\n", "1\n", "2\n", "4\n", "5\n", "6\n", "7\n", "8\n", "9\n"]);
        let text = serde_json::to_string(&merged).unwrap();
        assert_eq!(serde_json::from_str::<OutputCounts>(&text).unwrap(), merged);
        let mut long = Outputs::default();
        (0..2).for_each(|_| long.add("ü".repeat(200).as_bytes()));
        let long = long.counts();
        assert_eq!((long.most(1)[0].bytes, long.most(1)[0].start.chars().count()), (400, SHOWN));
    }
}
