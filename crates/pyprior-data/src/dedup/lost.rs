//! A bit a row.

use std::sync::atomic::{AtomicU64, Ordering};

/// Places that are lost; any thread may add some.
#[derive(Debug)]
pub(super) struct Lost(Vec<AtomicU64>);

impl Lost {
    /// None of so many places.
    pub(super) fn new(places: u64) -> Self {
        let words = usize::try_from(places.div_ceil(64)).unwrap_or(usize::MAX);
        Self((0..words).map(|_| AtomicU64::new(0)).collect())
    }

    pub(super) fn add(&self, place: u64) {
        if let Some(word) = self.word(place) {
            word.fetch_or(1 << (place % 64), Ordering::Relaxed);
        }
    }

    pub(super) fn has(&self, place: u64) -> bool {
        self.word(place).is_some_and(|word| word.load(Ordering::Relaxed) >> (place % 64) & 1 == 1)
    }

    fn word(&self, place: u64) -> Option<&AtomicU64> {
        self.0.get(usize::try_from(place / 64).ok()?)
    }
}

/// A list of bits.
#[derive(Debug, Default)]
pub(super) struct Bits {
    words: Vec<u64>,
    len: u64,
}

impl Bits {
    pub(super) fn push(&mut self, bit: bool) {
        if self.len.is_multiple_of(64) {
            self.words.push(0);
        }
        if let Some(word) = self.words.last_mut() {
            *word |= u64::from(bit) << (self.len % 64);
        }
        self.len += 1;
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// A bit; `None` beyond the last.
    pub(super) fn get(&self, nth: u64) -> Option<bool> {
        let word = self.words.get(usize::try_from(nth / 64).ok()?)?;
        (nth < self.len).then_some(word >> (nth % 64) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits() {
        let (lost, mut bits) = (Lost::new(130), Bits::default());
        let odd = |place: u64| place * place % 7 == 2;
        for place in 0..130 {
            if odd(place) {
                lost.add(place);
            }
            bits.push(odd(place));
        }
        assert!((0..130).all(|place| lost.has(place) == odd(place) && bits.get(place) == Some(odd(place))));
        assert_eq!((bits.get(130), bits.len()), (None, 130));
        // There is nothing beyond the end.
        lost.add(1 << 40);
        assert!(!lost.has(1 << 40) && !lost.has(u64::MAX));
    }
}
