//! The number types that logits come in.

use half::{bf16, f16};

/// A type of logits: `f32`, [`half::f16`] or [`half::bf16`].
///
/// Results keep the type. All arithmetic is in `f64`; each result is rounded once, to the nearest number of the
/// type, and where it lies beyond the largest finite one, it becomes that.
pub trait Logit: sealed::Sealed + Copy + PartialEq + std::fmt::Debug + Send + Sync + 'static {
    /// What stands at tokens that are out of the question.
    const NEG_INFINITY: Self;
    /// The largest finite number of the type.
    const LARGEST: f64;

    /// The number, exactly.
    fn to_f64(self) -> f64;

    /// The nearest finite number of the type; the least one for NaN.
    fn from_f64(value: f64) -> Self;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for half::f16 {}
    impl Sealed for half::bf16 {}
}

/// Infinities become the largest and the least finite number of type `T`, NaN the least.
#[inline(always)]
pub(crate) fn finite<T: Logit>(value: f64) -> f64 {
    if value.is_nan() { -T::LARGEST } else { value.clamp(-T::LARGEST, T::LARGEST) }
}

impl Logit for f32 {
    const NEG_INFINITY: Self = f32::NEG_INFINITY;
    const LARGEST: f64 = f32::MAX as f64;

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        finite::<Self>(value) as f32
    }
}

impl Logit for f16 {
    const NEG_INFINITY: Self = f16::NEG_INFINITY;
    const LARGEST: f64 = f16::MAX.to_f64_const();

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        f16::from_f64(finite::<Self>(value))
    }
}

impl Logit for bf16 {
    const NEG_INFINITY: Self = bf16::NEG_INFINITY;
    const LARGEST: f64 = bf16::MAX.to_f64_const();

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        bf16::from_f64(finite::<Self>(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stays_finite<T: Logit>() {
        for value in [f64::INFINITY, f64::MAX, T::LARGEST, T::LARGEST * 1.001, 1e300] {
            assert_eq!(T::from_f64(value).to_f64(), T::LARGEST);
            assert_eq!(T::from_f64(-value).to_f64(), -T::LARGEST);
        }
        assert_eq!(T::from_f64(f64::NAN).to_f64(), -T::LARGEST);
        for value in [0.0, 1.5, -2.25, 1024.0] {
            assert_eq!(T::from_f64(value).to_f64(), value);
        }
    }

    #[test]
    fn every_type_stays_finite() {
        stays_finite::<f32>();
        stays_finite::<f16>();
        stays_finite::<bf16>();
    }
}
