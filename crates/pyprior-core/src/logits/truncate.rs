//! Temperature, top-k, top-p and min-p.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::element::Logit;
use super::math;
use super::row::{LogitsError, LogitsScratch, check_len, legal_row};
use crate::bitmask::TokenBitmask;

/// How the distribution over the legal tokens is sharpened and cut. The default changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TruncationConfig {
    /// Divides the logits; 0 keeps the most likely token alone, and all that are as likely. At least 0, finite.
    pub temperature: f64,
    /// Keeps this many of the most likely tokens, and all that are as likely as the last; at least 1.
    pub top_k: Option<u32>,
    /// Keeps the fewest most likely tokens that have at least this probability together, and all that are as
    /// likely as the last; above 0, at most 1.
    pub top_p: f64,
    /// Keeps the tokens at least this many times as likely as the most likely one; 0 to 1.
    pub min_p: f64,
}

impl Default for TruncationConfig {
    fn default() -> Self {
        Self { temperature: 1.0, top_k: None, top_p: 1.0, min_p: 0.0 }
    }
}

/// Why a [`TruncationConfig`] is refused.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{field} is {value}; it must be {range}")]
pub struct TruncationError {
    /// Name of the field.
    pub field: &'static str,
    /// What was asked for.
    pub value: f64,
    /// What is possible, in words.
    pub range: &'static str,
}

/// Temperature, then top-k, top-p and min-p, each over what the one before has left.
///
/// Which tokens stay depends on their logits alone, not on their ids: tokens that are equally likely stay or go
/// together, so that top-k may keep more than k.
///
/// ```
/// use pyprior_core::{LogitsScratch, TokenBitmask, Truncation, TruncationConfig};
///
/// let top_2 = Truncation::new(TruncationConfig { top_k: Some(2), ..TruncationConfig::default() })?;
/// let mut legal = TokenBitmask::new(1, 5);
/// legal.data_mut()[0] = 0b11101; // token 1 is not legal
/// let mut logits = [1.0_f32, 9.0, 3.0, 2.0, 0.5];
/// top_2.apply_row(&mut logits, &legal, 0, &mut LogitsScratch::new(5))?;
/// const OUT: f32 = f32::NEG_INFINITY;
/// assert_eq!(logits, [OUT, OUT, 3.0, 2.0, OUT]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Truncation {
    config: TruncationConfig,
    /// ln(min_p)
    min_below: f64,
}

impl Truncation {
    /// Checks a configuration.
    ///
    /// # Errors
    ///
    /// [`TruncationError`] names the field that is out of range.
    pub fn new(config: TruncationConfig) -> Result<Self, TruncationError> {
        let TruncationConfig { temperature, top_k, top_p, min_p } = config;
        let check = |field, value, fits, range| match fits {
            true => Ok(()),
            false => Err(TruncationError { field, value, range }),
        };
        check("temperature", temperature, temperature.is_finite() && temperature >= 0.0, "a finite number, 0 or more")?;
        check("top_k", f64::from(top_k.unwrap_or(1)), top_k != Some(0), "at least 1")?;
        check("top_p", top_p, top_p > 0.0 && top_p <= 1.0, "above 0 and at most 1")?;
        check("min_p", min_p, (0.0..=1.0).contains(&min_p), "from 0 to 1")?;
        Ok(Self { config, min_below: math::ln(min_p.abs()) })
    }

    /// The configuration.
    pub fn config(&self) -> &TruncationConfig {
        &self.config
    }

    /// Whether tokens are filtered by top-k, top-p or min-p.
    pub fn filters(&self) -> bool {
        let TruncationConfig { top_k, top_p, min_p, .. } = self.config;
        top_k.is_some() || top_p < 1.0 || min_p > 0.0
    }

    /// Cuts one row, whose legal tokens are those of row `slot` of the bitmask.
    ///
    /// Tokens that are cut off, and all that are not legal, become negative infinity; the others stay finite, and
    /// at least one stays where one is legal. With a temperature other than 1 they are shifted such that the
    /// largest is 0. A legal token at negative infinity or NaN stays out, unless all are: then they count as
    /// equally likely. Positive infinity counts as the largest finite number.
    ///
    /// # Errors
    ///
    /// [`LogitsError`] if the shapes do not agree; the row is as it was.
    pub fn apply_row<T: Logit>(
        &self,
        logits: &mut [T],
        bitmask: &TokenBitmask,
        slot: usize,
        scratch: &mut LogitsScratch,
    ) -> Result<(), LogitsError> {
        let legal = legal_row(bitmask, slot, logits.len())?;
        self.cut(logits, legal, scratch);
        Ok(())
    }

    /// Cuts all rows: logits are `[rows, vocab]`, row after row, as the bitmask has them.
    ///
    /// # Errors
    ///
    /// [`LogitsError`] if the shapes do not agree; the logits are as they were.
    pub fn apply<T: Logit>(
        &self,
        logits: &mut [T],
        bitmask: &TokenBitmask,
        scratch: &mut LogitsScratch,
    ) -> Result<(), LogitsError> {
        check_len(logits.len(), bitmask.rows(), bitmask.vocab())?;
        for (slot, logits) in logits.chunks_exact_mut(bitmask.vocab().max(1)).enumerate() {
            self.cut(logits, bitmask.row(slot).unwrap_or_default(), scratch);
        }
        Ok(())
    }

    fn cut<T: Logit>(&self, logits: &mut [T], legal: &[u32], scratch: &mut LogitsScratch) {
        scratch.gather_candidates(logits, legal);
        let least = self.least(&mut scratch.values, &mut scratch.others, &mut scratch.exps);
        logits.fill(T::NEG_INFINITY);
        for (&token, &value) in scratch.tokens.iter().zip(&scratch.values) {
            if value >= least {
                logits[token as usize] = T::from_f64(value);
            }
        }
    }

    /// Applies the temperature, and leaves the tokens that stay. At least one of them is at the largest logit.
    pub(super) fn keep(&self, scratch: &mut LogitsScratch) {
        let LogitsScratch { tokens, values, others, exps, .. } = scratch;
        let TruncationConfig { temperature, top_k, top_p, min_p } = self.config;
        if (temperature, top_k, top_p, min_p) == (1.0, None, 1.0, 0.0) {
            return;
        }
        // A low temperature may take a logit to negative infinity: it is not drawn.
        let least = self.least(values, others, exps).max(f64::MIN);
        let mut kept = 0;
        for place in 0..values.len() {
            if values[place] >= least {
                (tokens[kept], values[kept]) = (tokens[place], values[place]);
                kept += 1;
            }
        }
        tokens.truncate(kept);
        values.truncate(kept);
    }

    /// Applies the temperature; returns the least logit that stays.
    fn least(&self, values: &mut [f64], sorted: &mut Vec<f64>, exps: &mut Vec<f64>) -> f64 {
        let TruncationConfig { temperature, top_k, top_p, min_p } = self.config;
        let mut max = math::max(values);
        if temperature == 0.0 {
            return max;
        }
        if temperature != 1.0 {
            values.iter_mut().for_each(|value| *value = (*value - max) / temperature);
            max = 0.0;
        }
        let mut least = f64::NEG_INFINITY;
        if let Some(k) = top_k.map(|k| k as usize).filter(|&k| k < values.len()) {
            sorted.clear();
            sorted.extend_from_slice(values);
            let (_, kth, _) = sorted.select_nth_unstable_by(k.saturating_sub(1), |a, b| b.total_cmp(a));
            least = *kth;
        }
        if top_p < 1.0 {
            sorted.clear();
            sorted.extend(values.iter().filter(|&&value| value >= least));
            sorted.sort_unstable_by(|a, b| b.total_cmp(a));
            math::exps(sorted, max, exps);
            let all: f64 = exps.iter().sum();
            let mut sum = 0.0;
            let enough = sorted.iter().zip(exps).find(|(_, exp)| {
                sum += **exp;
                sum >= top_p * all
            });
            least = enough.map_or(least, |(&value, _)| value);
        }
        if min_p > 0.0 {
            least = least.max(max + self.min_below);
        }
        least
    }
}
