//! Numbers that wait to be looked at.

/// A set of small numbers. The first 64 lie in the set itself: most problems have no more variables.
#[derive(Debug, Clone, Default)]
pub(super) struct Agenda {
    first: u64,
    more: Vec<u64>,
}

impl Agenda {
    /// Room for the numbers below this one.
    pub(super) fn make_room(&mut self, count: usize) {
        self.more.resize(count.div_ceil(64).saturating_sub(1), 0);
    }

    /// Puts a number in, for which there is room.
    #[inline]
    pub(super) fn insert(&mut self, number: u32) {
        let place = number as usize / 64;
        let word = if place == 0 { &mut self.first } else { &mut self.more[place - 1] };
        *word |= 1 << (number % 64);
    }

    /// Takes the least number out.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<u32> {
        let words = std::iter::once(&mut self.first).chain(&mut self.more);
        let (place, word) = words.enumerate().find(|(_, word)| **word != 0)?;
        let bit = word.trailing_zeros();
        *word &= *word - 1;
        Some(place as u32 * 64 + bit)
    }

    pub(super) fn clear(&mut self) {
        self.first = 0;
        // Filling nothing is a call all the same, and a slow one.
        if !self.more.is_empty() {
            self.more.fill(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_out_once_and_in_order() {
        let mut agenda = Agenda::default();
        agenda.make_room(200);
        [63, 0, 199, 64, 128, 0, 63].into_iter().for_each(|number| agenda.insert(number));
        let taken: Vec<u32> = std::iter::from_fn(|| agenda.pop()).collect();
        assert_eq!(taken, [0, 63, 64, 128, 199]);
        agenda.insert(5);
        agenda.insert(150);
        agenda.clear();
        assert_eq!(agenda.pop(), None);
    }
}
