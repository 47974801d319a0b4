//! The keys of the programs of a shard.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use crate::key::Key;

/// Keys that have been seen.
#[derive(Debug, Default)]
pub(crate) struct Seen(HashSet<Key, BuildHasherDefault<Spread>>);

impl Seen {
    /// Whether a key has been noted.
    pub(crate) fn has(&self, key: &Key) -> bool {
        self.0.contains(key)
    }

    /// Notes a key; whether it is new.
    pub(crate) fn insert(&mut self, key: Key) -> bool {
        self.0.insert(key)
    }
}

/// Keys are parts of hashes, and as good as any.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(word) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*word);
        }
    }

    /// The length, which is that of all.
    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_apart_by_every_byte() {
        let mut seen = Seen::default();
        let keys = (0..16).map(|place| std::array::from_fn(|nth| u8::from(nth == place)));
        let keys = keys.chain([[0; 16]]).collect::<Vec<Key>>();
        assert!(keys.iter().all(|&key| seen.insert(key)));
        assert!(!keys.iter().any(|&key| seen.insert(key)));
    }
}
