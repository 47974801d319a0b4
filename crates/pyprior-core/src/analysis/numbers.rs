//! Sets of numbers below 256: of the variables of one scope, or of functions.

/// A set of variables or functions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Numbers([u64; 4]);

impl Numbers {
    pub(super) const NONE: Self = Self([0; 4]);
    pub(super) const ALL: Self = Self([u64::MAX; 4]);

    pub(super) fn insert(&mut self, number: u8) {
        self.0[usize::from(number >> 6)] |= 1 << (number & 63);
    }

    pub(super) fn contains(&self, number: u8) -> bool {
        self.0[usize::from(number >> 6)] >> (number & 63) & 1 == 1
    }

    pub(super) fn with(mut self, number: u8) -> Self {
        self.insert(number);
        self
    }

    pub(super) fn without(mut self, number: u8) -> Self {
        self.0[usize::from(number >> 6)] &= !(1 << (number & 63));
        self
    }

    pub(super) fn union(self, other: Self) -> Self {
        Self(std::array::from_fn(|nth| self.0[nth] | other.0[nth]))
    }

    pub(super) fn both(self, other: Self) -> Self {
        Self(std::array::from_fn(|nth| self.0[nth] & other.0[nth]))
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self(std::array::from_fn(|nth| self.0[nth] & !other.0[nth]))
    }
}
