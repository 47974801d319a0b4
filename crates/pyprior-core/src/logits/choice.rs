//! Mask, prior, temperature, filters and the choice of a token in one pass over a row, with what a training loop
//! wants to know of it.

use super::element::Logit;
use super::math::{exp_sums, ln, max};
use super::noise::{self, Source};
use super::row::{ChoiceError, LogitsScratch};
use super::truncate::Truncation;
use crate::prior::arrays::PriorShifts;
use crate::prior::config::ApplyMode;
use crate::prior::table::Prior;

/// Draws tokens by Gumbel noise: a function of (seed, row, step, logits, legal set, prior) and of nothing else.
///
/// The logits of the legal tokens are put together with the prior's by its mode, divided by the temperature and cut;
/// the token is the one whose logit plus Gumbel noise is largest, the lowest id of equals. That noise is
/// -ln(-ln((w + ½) 2⁻³²)), with w the random word of token t: word (t mod 32) / 8 of the Philox4x32-10 block with key
/// `seed` and counter `[row low, row high, step, 3·2³⁰ + 8 (t / 32) + t mod 8]`. Unlike inverse transform sampling
/// ([`TokenSampler`](crate::TokenSampler)) that needs no order among the tokens, which suits devices; where the two
/// best scores are not within rounding, all devices choose the same token.
///
/// A token's probability is exact to within 2⁻³², as far as e⁻²⁶ times that of the likeliest token; none less likely
/// is drawn. **Temperature 0** is greedy: the likeliest token, the lowest id of equals, with probability 1.
///
/// Logits of tokens that are not legal are not looked at, and neither are those of tokens that the prior rules out
/// (see [`Prior`]). Positive infinity counts as the largest finite number of the type, negative infinity as the
/// least; if all are at negative infinity, the model says nothing, and counts as uniform.
///
/// ```
/// use pyprior_core::{GumbelSampler, LogitsScratch, Truncation, TruncationConfig};
///
/// let sampler = GumbelSampler::new(Truncation::new(TruncationConfig::default())?, 7);
/// let mut scratch = LogitsScratch::new(3);
/// let ln_3 = 3.0_f32.ln();
/// let draw = |step| sampler.sample(&[0.0_f32, 5.0, ln_3], &[0b101], None, 0, step, &mut scratch);
/// let drawn = (0..1000).map(draw).collect::<Result<Vec<_>, _>>()?;
/// let twos = drawn.iter().filter(|choice| choice.token == 2).count();
/// assert!((700..800).contains(&twos)); // 3 of 4
/// assert!((drawn[0].entropy - 0.5623).abs() < 1e-4 && drawn[0].legal == 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GumbelSampler {
    truncation: Truncation,
    key: [u32; 2],
}

/// A token, and the distribution that it was drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Choice {
    /// The token.
    pub token: u32,
    /// Natural logarithm of the probability with which it was drawn; at most 0, finite.
    pub log_probability: f64,
    /// Entropy in nats of the distribution that it was drawn from: of what prior, temperature and filters have made
    /// of the model's distribution over the legal tokens. 0 to ln(`legal`).
    pub entropy: f64,
    /// Number of legal tokens, before the prior and the filters.
    pub legal: u32,
}

impl GumbelSampler {
    /// The sampler of a seed.
    pub fn new(truncation: Truncation, seed: u64) -> Self {
        Self { truncation, key: [seed as u32, (seed >> 32) as u32] }
    }

    /// Temperature and filters.
    pub fn truncation(&self) -> &Truncation {
        &self.truncation
    }

    /// Draws a token for step `step` of row number `row` from its logits.
    ///
    /// Bit t mod 32 of word t / 32 of `legal` is set where token t is legal. The prior comes with the shifts of the
    /// row's hole ([`Prior::row_shifts`]).
    ///
    /// # Errors
    ///
    /// [`ChoiceError`] if no token is legal, or if the logit of one that could be drawn is NaN.
    pub fn sample<T: Logit>(
        &self,
        logits: &[T],
        legal: &[u32],
        prior: Option<(&Prior, &PriorShifts)>,
        row: u64,
        step: u32,
        scratch: &mut LogitsScratch,
    ) -> Result<Choice, ChoiceError> {
        match prior.filter(|(prior, _)| prior.mode() != ApplyMode::Off) {
            Some((prior, shifts)) => prior.mix(logits, shifts, legal, scratch)?,
            None => scratch.gather_legal(logits, legal)?,
        }
        let count = count(legal, logits.len());
        let only = |token| Choice { token, legal: count, ..Choice::default() };
        match scratch.tokens[..] {
            [] => return Err(ChoiceError::Empty),
            [token] => return Ok(only(token)),
            _ => self.truncation.keep(scratch),
        }
        let LogitsScratch { tokens, values, weights, others, exps } = scratch;
        match tokens[..] {
            [token] => return Ok(only(token)),
            // Those that are left are equally likely.
            [token, ..] if self.truncation.config().temperature == 0.0 => return Ok(only(token)),
            _ => {}
        }
        let largest = max(values);
        let (sum, moment) = exp_sums(values, largest, exps);
        noise::complements(Source { key: self.key, row, step }, tokens, others);
        let place = noise::race(exps, others, weights).unwrap_or_default();
        let ln_sum = ln(sum);
        let (&token, value) = tokens.get(place).zip(values.get(place)).ok_or(ChoiceError::Empty)?;
        let entropy = (ln_sum - moment / sum).max(0.0);
        Ok(Choice { token, log_probability: (value - largest) - ln_sum, entropy, legal: count })
    }

    /// Writes the Gumbel noise of the legal tokens of a step of a row, for those who add it themselves; 0 at others.
    pub fn noise(&self, row: u64, step: u32, legal: &[u32], out: &mut [f32], scratch: &mut LogitsScratch) {
        out.fill(0.0);
        scratch.gather_tokens(legal, out.len());
        let LogitsScratch { tokens, others, .. } = scratch;
        noise::complements(Source { key: self.key, row, step }, tokens, others);
        for (&token, &complement) in tokens.iter().zip(&*others) {
            out[token as usize] = noise::gumbel(complement) as f32;
        }
    }
}

/// Number of legal tokens.
fn count(legal: &[u32], vocab: usize) -> u32 {
    let (whole, rest) = legal.split_at(legal.len().min(vocab / 32));
    let rest = rest.first().map_or(0, |word| (word & ((1 << (vocab % 32)) - 1)).count_ones());
    whole.iter().map(|word| word.count_ones()).sum::<u32>() + rest
}
