//! `exp` and `ln` from additions and multiplications alone.
//!
//! The standard library's call whatever mathematics library the platform has, whose last bits differ. These are
//! sequences of IEEE 754 operations in a fixed order, so that logits and draws are the same bits everywhere, and
//! the compiler turns a loop over them into vector instructions. Both are within 1 unit in the last place or two.

use std::f64::consts::{LN_2, LOG2_E, SQRT_2};

use crate::isa;

/// ln 2 in two parts: the first has 32 significant bits, so that its product with an exponent is exact.
const LN_2_HIGH: f64 = f64::from_bits(LN_2.to_bits() & !((1 << 21) - 1));
/// What [`LN_2`] itself leaves out is 2.319e-17.
const LN_2_LOW: f64 = (LN_2 - LN_2_HIGH) + 2.319_046_813_846_299_6e-17;

/// Below this `exp` is 0: its result would leave the normal numbers.
const EXP_LEAST: f64 = -708.0;
/// Above this `exp` does not grow.
const EXP_MOST: f64 = 709.0;

/// Number of terms of the power series: on |x| <= ln(2) / 2 the next one is below 5e-18.
const EXP_TERMS: usize = 14;

/// 1 / k!
const INVERSE_FACTORIALS: [f64; EXP_TERMS] = {
    let (mut table, mut factorial, mut k) = ([1.0; EXP_TERMS], 1.0, 1);
    while k < EXP_TERMS {
        factorial *= k as f64;
        table[k] = 1.0 / factorial;
        k += 1;
    }
    table
};

/// e to the power `x`: 0 below -708, and no more than at 709; `x` is no NaN.
///
/// The series is summed in pairs, pairs of pairs and so on (Estrin's scheme), so that few steps wait for another.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    // Added to a number of moderate size, this leaves the nearest integer in the lowest bits.
    const ROUND: f64 = (3_u64 << 51) as f64;
    let c = &INVERSE_FACTORIALS;
    let within = if x < EXP_LEAST { EXP_LEAST } else { x };
    let within = if within > EXP_MOST { EXP_MOST } else { within };
    let rounded = within * LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = (within - n * LN_2_HIGH) - n * LN_2_LOW;
    let r2 = r * r;
    let r4 = r2 * r2;
    let r8 = r4 * r4;
    let low = ((c[0] + c[1] * r) + (c[2] + c[3] * r) * r2) + ((c[4] + c[5] * r) + (c[6] + c[7] * r) * r2) * r4;
    let high = ((c[8] + c[9] * r) + (c[10] + c[11] * r) * r2) + (c[12] + c[13] * r) * r4;
    let power = f64::from_bits((rounded.to_bits() << 52).wrapping_add(1023 << 52));
    if x < EXP_LEAST { 0.0 } else { (low + high * r8) * power }
}

/// The natural logarithm of a number that is not negative and no NaN; of 0 it is negative infinity.
pub(crate) fn ln(x: f64) -> f64 {
    if x == 0.0 || x == f64::INFINITY {
        return if x == 0.0 { f64::NEG_INFINITY } else { x };
    }
    let (x, scaled) = if x < f64::MIN_POSITIVE { (x * (1_u64 << 54) as f64, 54.0) } else { (x, 0.0) };
    let bits = x.to_bits();
    let mut exponent = f64::from((bits >> 52) as i32 - 1023) - scaled;
    let mut fraction = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
    if fraction > SQRT_2 {
        fraction *= 0.5;
        exponent += 1.0;
    }
    // ln f = 2 artanh((f - 1) / (f + 1)), with |s| <= 0.172: the first term left out is below 2e-19.
    let s = (fraction - 1.0) / (fraction + 1.0);
    let square = s * s;
    let mut series = 0.0;
    for k in (0..12).rev() {
        series = series * square + 1.0 / f64::from(2 * k + 1);
    }
    exponent * LN_2_HIGH + (2.0 * s * series + exponent * LN_2_LOW)
}

/// The largest of some numbers; negative infinity of none.
pub(crate) fn max(values: &[f64]) -> f64 {
    const LANES: usize = 4;
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder();
    let larger = |a: f64, b: f64| if b > a { b } else { a };
    let lanes =
        chunks.fold([f64::NEG_INFINITY; LANES], |lanes, chunk| std::array::from_fn(|i| larger(lanes[i], chunk[i])));
    lanes.iter().chain(rest).copied().fold(f64::NEG_INFINITY, larger)
}

/// Writes exp(x - max) of some numbers x.
pub(crate) fn exps(values: &[f64], max: f64, out: &mut Vec<f64>) {
    struct Exps<'a>(&'a [f64], f64, &'a mut [f64]);

    impl isa::Task for Exps<'_> {
        type Output = ();

        #[inline(always)]
        fn run<I: isa::Isa>(self, _: I) {
            for (out, value) in self.2.iter_mut().zip(self.0) {
                *out = exp(value - self.1);
            }
        }
    }

    out.resize(values.len(), 0.0);
    isa::run(Exps(values, max, out));
}

/// Sums over some numbers x at most `max`: of exp(x - max), and of (x - max) exp(x - max).
///
/// Four sums side by side, added up in a fixed order. The exponentials stand in a loop of their own (`buffer`), or
/// they are not computed several at a time.
pub(crate) fn exp_sums(values: &[f64], max: f64, buffer: &mut Vec<f64>) -> (f64, f64) {
    const LANES: usize = 4;
    exps(values, max, buffer);
    let (mut sums, mut moments) = ([0.0; LANES], [0.0; LANES]);
    for (values, exps) in values.chunks(LANES).zip(buffer.chunks(LANES)) {
        for (i, (value, exp)) in values.iter().zip(exps).enumerate() {
            sums[i] += exp;
            moments[i] += (value - max) * exp;
        }
    }
    ((sums[0] + sums[1]) + (sums[2] + sums[3]), (moments[0] + moments[1]) + (moments[2] + moments[3]))
}

/// ln of the sum of exp(x) over some numbers x, none of them infinite save negative; negative infinity of none.
pub(crate) fn log_sum_exp(values: &[f64]) -> f64 {
    let max = max(values);
    if max == f64::NEG_INFINITY {
        return max;
    }
    let sum: f64 = values.iter().map(|value| exp(value - max)).sum();
    max + ln(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Distance in units of the last place, roughly.
    fn apart(ours: f64, theirs: f64) -> f64 {
        ((ours - theirs) / (theirs * f64::EPSILON)).abs()
    }

    #[test]
    fn exp_is_exp() {
        for i in -708_000..=708_000_i32 {
            let x = f64::from(i) / 1000.0 + 1e-7 * f64::from(i % 997);
            let x = x.clamp(-708.0, 708.0);
            assert!(apart(exp(x), x.exp()) < 3.0, "{x}: {} {}", exp(x), x.exp());
        }
        assert_eq!(exp(0.0), 1.0);
        assert_eq!(exp(-0.0), 1.0);
        assert_eq!([exp(-708.1), exp(f64::MIN), exp(f64::NEG_INFINITY)], [0.0; 3]);
        assert!(exp(-708.0) > 0.0);
        assert!(exp(f64::INFINITY).is_finite() && exp(f64::INFINITY) > 8e307);
    }

    #[test]
    fn ln_is_ln() {
        let mut x = 5e-324;
        while x < f64::MAX / 1.01 {
            assert!(apart(ln(x), x.ln()) < 3.0, "{x}: {} {}", ln(x), x.ln());
            x = f64::max(x * 1.0007, x.next_up());
        }
        for i in 1..2_000_000 {
            let x = f64::from(i) * 1e-6;
            assert!(apart(ln(x), x.ln()) < 3.0 || x == 1.0, "{x}: {} {}", ln(x), x.ln());
        }
        assert_eq!([ln(1.0), ln(0.0), ln(f64::INFINITY)], [0.0, f64::NEG_INFINITY, f64::INFINITY]);
    }

    #[test]
    fn sums_are_sums() {
        let values = (0..23).map(|i| f64::from(i * i % 17) / 3.0 - 2.0).collect::<Vec<_>>();
        for len in 0..values.len() {
            let values = &values[..len];
            let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            assert_eq!(max(values), largest);
            let naive: f64 = values.iter().map(|x| x.exp()).sum();
            assert!(len == 0 || (log_sum_exp(values) - naive.ln()).abs() < 1e-14);
            let (sum, moment) = exp_sums(values, largest, &mut Vec::new());
            let naive: f64 = values.iter().map(|x| (x - largest) * (x - largest).exp()).sum();
            assert!((moment - naive).abs() < 1e-13, "{moment} {naive}");
            assert!(len == 0 || (largest + sum.ln() - log_sum_exp(values)).abs() < 1e-14);
        }
        assert_eq!(log_sum_exp(&[]), f64::NEG_INFINITY);
        assert_eq!(log_sum_exp(&[f64::NEG_INFINITY; 2]), f64::NEG_INFINITY);
    }

    /// The very bits, as a transcription into another language gives them: what every platform must give.
    #[test]
    fn bits_are_fixed() {
        let digest = |f: fn(f64) -> f64| {
            (1..5000).fold(0_u64, |digest, i| digest.rotate_left(5) ^ f(f64::from(i) * 0.0131).to_bits())
        };
        assert_eq!([digest(|x| exp(-x)), digest(ln)], [15_055_739_054_349_989_662, 1_015_657_629_820_496_537]);
    }
}
