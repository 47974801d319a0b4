//! Masks and draws on tensors, against formulas in `f64` with the standard library's exp and ln.

pub(super) mod batch;
#[path = "../../../../pyprior-core/tests/common/chi.rs"]
mod chi;
mod distribution;
mod failures;
mod paths;
#[path = "../../../../pyprior-core/tests/common/prior.rs"]
pub(super) mod prior;
pub(super) mod reference;
mod shapes;

/// A deterministic source of numbers that look random (SplitMix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    /// A number below `n`, or 0.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)).checked_rem(n).unwrap_or(0)
    }

    pub(super) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(super) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(u64::from(high - low) + 1) as u32
    }

    pub(super) fn index(&mut self, n: usize) -> usize {
        self.below(n as u64) as usize
    }

    pub(super) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.index(items.len())]
    }
}
