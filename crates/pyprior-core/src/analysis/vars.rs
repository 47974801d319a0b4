//! Sets of variables of one scope.

/// A set of variable numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Vars([u64; 4]);

impl Vars {
    pub(super) const NONE: Self = Self([0; 4]);
    pub(super) const ALL: Self = Self([u64::MAX; 4]);

    pub(super) fn insert(&mut self, var: u8) {
        self.0[usize::from(var >> 6)] |= 1 << (var & 63);
    }

    pub(super) fn contains(&self, var: u8) -> bool {
        self.0[usize::from(var >> 6)] >> (var & 63) & 1 == 1
    }

    pub(super) fn with(mut self, var: u8) -> Self {
        self.insert(var);
        self
    }

    pub(super) fn without(mut self, var: u8) -> Self {
        self.0[usize::from(var >> 6)] &= !(1 << (var & 63));
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
