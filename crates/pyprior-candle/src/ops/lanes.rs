//! Arithmetic on 16 numbers side by side, and the choice of instructions.
//!
//! A sum is kept in 16 partial sums that are added up in a fixed order, without fused multiplication: so it has the
//! same bits whatever instructions the processor has.

use pulp::{Arch, Simd, WithSimd};

/// Numbers side by side: two registers of AVX2, one of AVX-512, four of SSE or NEON.
pub(crate) const LANES: usize = 16;

/// Sixteen numbers.
pub(crate) type Lanes = [f32; LANES];

/// Does `work` with the best instructions that this processor has. `with_simd` and whatever it calls must be inlined
/// always: what the compiler leaves outside is compiled for the oldest processors.
#[inline]
pub(crate) fn vectorised(work: impl WithSimd<Output = ()>) {
    Arch::new().dispatch(work);
}

/// Σ x[i] · w[i], for as many as there are weights, of the lanes of one register. In four sums, since an addition takes
/// four cycles and a processor begins two in each.
#[inline(always)]
pub(crate) fn weighted_sum<S: Simd>(simd: S, x: &[Lanes], register: usize, w: &[f32]) -> S::f32s {
    let mut sums = [simd.splat_f32s(0.0); 4];
    let add = |sum, x, w: f32| {
        let x = S::as_simd_f32s(x).0[register];
        simd.add_f32s(sum, simd.mul_f32s(x, simd.splat_f32s(w)))
    };
    let (w_fours, w_rest) = w.as_chunks::<4>();
    let (x_fours, x_rest) = x.split_at(4 * w_fours.len());
    for (x, w) in x_fours.as_chunks::<4>().0.iter().zip(w_fours) {
        for i in 0..4 {
            sums[i] = add(sums[i], &x[i], w[i]);
        }
    }
    for (x, w) in x_rest.iter().zip(w_rest) {
        sums[0] = add(sums[0], x, *w);
    }
    simd.add_f32s(simd.add_f32s(sums[0], sums[1]), simd.add_f32s(sums[2], sums[3]))
}

/// The sum of all lanes.
#[inline(always)]
pub(crate) fn total(lanes: Lanes) -> f32 {
    let mut sums = lanes;
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
        half /= 2;
    }
    sums[0]
}

/// e^x within 2 units in the last place, without a branch; 0 below -87, NaN for NaN, 2.4e38 above 88.3.
///
/// Cody and Waite's reduction, x = n·ln 2 + r with |r| ≤ ln 2 / 2; Taylor's series of degree 7 in r.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    const LOW: f32 = -87.0;
    const HIGH: f32 = 88.3;
    // Adding it leaves the nearest whole number in the low bits of the mantissa.
    const ROUND: f32 = 12_582_912.0;
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    let below = x < LOW;
    let x = if below { LOW } else { x };
    let x = if x > HIGH { HIGH } else { x };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    let mut series = 1.0 / 5040.0;
    for term in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        series = series * r + term;
    }
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    if below { 0.0 } else { series * power }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_within_two_units_in_the_last_place() {
        let mut worst = 0.0_f64;
        for step in 0..=2_000_000 {
            let x = -87.0 + 175.3 * step as f32 / 2_000_000.0;
            let exact = f64::from(x).exp();
            let unit = f64::from((exact as f32).next_up()) - f64::from(exact as f32);
            worst = worst.max((f64::from(exp(x)) - exact).abs() / unit);
        }
        assert!(worst <= 2.0, "{worst} units");
    }

    #[test]
    fn exp_of_what_is_out_of_range() {
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(f32::NEG_INFINITY), 0.0);
        assert_eq!(exp(-1000.0), 0.0);
        assert!(exp(f32::INFINITY).is_finite() && exp(f32::INFINITY) > 2e38);
        assert!(exp(f32::NAN).is_nan());
    }

    #[test]
    fn total_takes_every_lane() {
        assert_eq!(total(std::array::from_fn(|lane| (1 << lane) as f32)), 65_535.0);
    }

    struct Exp<'a>(&'a mut [f32]);

    impl WithSimd for Exp<'_> {
        type Output = ();
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) {
            self.0.iter_mut().for_each(|x| *x = exp(*x));
        }
    }

    #[test]
    fn instructions_do_not_change_the_bits() {
        let mut numbers: Vec<f32> = (0..1000).map(|i| (i as f32 * 0.37).sin() * 9.0).collect();
        let plain: Vec<u32> = numbers.iter().map(|&x| exp(x).to_bits()).collect();
        vectorised(Exp(&mut numbers));
        assert_eq!(plain, numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>());
    }
}
