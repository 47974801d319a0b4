//! One token, as likely as its logit says.

use super::element::Logit;
use super::math;
use super::row::{LogitsError, LogitsScratch, check_count, check_len, legal_row};
use crate::bitmask::TokenBitmask;
use crate::sampler::philox::philox4x32_10;

/// The lane of the weighted choice. The uniform choice counts its lanes from 0 and goes to the next with
/// probability below 2⁻¹⁵: it does not get here.
const LANE: u32 = 1 << 31;

/// A token and how likely it was.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sampled {
    /// The token.
    pub token: u32,
    /// Natural logarithm of the probability with which it was drawn; at most 0, finite.
    pub log_probability: f64,
}

/// Draws tokens from logits: a function of (seed, row, step, logits, legal set) and of nothing else.
///
/// The random number of step s of row r is that of the Philox4x32-10 block with key `seed` and counter
/// `[r low, r high, s, 2³¹]`: the upper 53 of the 64 bits `word 0 + 2³² word 1`, as a fraction u of 1. The lane
/// 2³¹ keeps it apart from [`UniformSampler`](crate::UniformSampler) of the same seed. The token is the first, by
/// id, at which the sum of the probabilities exceeds u (inverse transform sampling). Sums and exponentials are
/// sequences of IEEE 754 operations that call no mathematics library: the same logits give the same token on
/// every platform.
///
/// ```
/// use pyprior_core::{LogitsScratch, TokenBitmask, TokenSampler};
///
/// let mut legal = TokenBitmask::new(1, 3);
/// legal.data_mut()[0] = 0b101;
/// let sampler = TokenSampler::new(7);
/// let mut scratch = LogitsScratch::new(3);
/// let ln_3 = 3.0_f32.ln();
/// let draw = |step| sampler.sample(&[0.0_f32, 5.0, ln_3], &legal, 0, 0, step, &mut scratch);
/// let drawn = (0..1000).map(draw).collect::<Result<Vec<_>, _>>()?;
/// let twos = drawn.iter().flatten().filter(|sampled| sampled.token == 2).count();
/// assert!((700..800).contains(&twos)); // 3 of 4
/// # Ok::<(), pyprior_core::LogitsError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenSampler {
    key: [u32; 2],
}

impl TokenSampler {
    /// The sampler of a seed.
    pub fn new(seed: u64) -> Self {
        Self { key: [seed as u32, (seed >> 32) as u32] }
    }

    /// The random number of a step of a row: a multiple of 2⁻⁵³ from 0 to below 1.
    pub fn fraction(&self, row: u64, step: u32) -> f64 {
        let [low, high, ..] = philox4x32_10([row as u32, (row >> 32) as u32, step, LANE], self.key);
        ((u64::from(high) << 32 | u64::from(low)) >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Draws a token for step `step` of row number `row`, from one row of logits whose legal tokens are those of
    /// row `slot` of the bitmask; `None` if none is legal.
    ///
    /// Legal tokens at negative infinity or NaN are not drawn, unless all are: then they are equally likely.
    /// Positive infinity counts as the largest finite number.
    ///
    /// # Errors
    ///
    /// [`LogitsError`] if the shapes do not agree.
    pub fn sample<T: Logit>(
        &self,
        logits: &[T],
        bitmask: &TokenBitmask,
        slot: usize,
        row: u64,
        step: u32,
        scratch: &mut LogitsScratch,
    ) -> Result<Option<Sampled>, LogitsError> {
        let legal = legal_row(bitmask, slot, logits.len())?;
        Ok(draw(logits, legal, self.fraction(row, step), scratch))
    }

    /// Draws a token for each row of `[rows, vocab]` logits: for step `steps[i]` of row number `rows[i]`.
    ///
    /// # Errors
    ///
    /// [`LogitsError`] if the shapes do not agree; `out` is as it was.
    pub fn sample_rows<T: Logit>(
        &self,
        logits: &[T],
        bitmask: &TokenBitmask,
        rows: &[u64],
        steps: &[u32],
        out: &mut [Option<Sampled>],
        scratch: &mut LogitsScratch,
    ) -> Result<(), LogitsError> {
        check_len(logits.len(), bitmask.rows(), bitmask.vocab())?;
        check_count("row numbers", rows.len(), bitmask.rows())?;
        check_count("steps", steps.len(), bitmask.rows())?;
        check_count("results", out.len(), bitmask.rows())?;
        for (slot, logits) in logits.chunks_exact(bitmask.vocab().max(1)).enumerate() {
            let fraction = self.fraction(rows[slot], steps[slot]);
            out[slot] = draw(logits, bitmask.row(slot).unwrap_or_default(), fraction, scratch);
        }
        Ok(())
    }
}

fn draw<T: Logit>(logits: &[T], legal: &[u32], fraction: f64, scratch: &mut LogitsScratch) -> Option<Sampled> {
    scratch.gather_candidates(logits, legal);
    let LogitsScratch { tokens, values, exps: weights, .. } = scratch;
    let max = math::max(values);
    math::exps(values, max, weights);
    let mut sum = 0.0;
    for weight in weights.iter_mut() {
        sum += *weight;
        *weight = sum;
    }
    // The largest weight is 1 and the fraction below 1, so the product rounds to the sum at most: then the token
    // that reaches the sum is meant.
    let target = (fraction * sum).min(sum.next_down());
    let nth = weights.partition_point(|&sum| sum <= target);
    let (&token, value) = (tokens.get(nth)?, values.get(nth)?);
    Some(Sampled { token, log_probability: (value - max) - math::ln(sum) })
}
