//! The prior as plain arrays, as devices take it.
//!
//! The logit of token t at a hole is `base[t] + shifts[group[t]]`: the first two depend on the prior alone and are
//! uploaded once, the last are a few numbers a row.

use super::config::ApplyMode;
use super::table::{FORMS, Prior, Shifts};
use crate::bitmask::TokenBitmask;
use crate::frontier::Frontier;
use crate::logits::element::Logit;
use crate::logits::math::{exp_sums, ln, max};
use crate::logits::row::{ChoiceError, LogitsError, LogitsScratch, legal_row};
use crate::vocab::Form;

/// Number of groups of tokens whose logits a hole shifts by the same amount.
pub const PRIOR_GROUPS: usize = FORMS;

/// What a hole adds to the prior's logits, by group: the damping by its depths, and under [`Normalisation::Legal`](crate::Normalisation::Legal)
/// minus ln of the number of legal tokens that share a weight. Finite.
pub type PriorShifts = [f32; PRIOR_GROUPS];

impl Prior {
    /// Logit of every token before shifts, in the order of ids; negative infinity for weight 0.
    pub fn base_logits(&self) -> impl Iterator<Item = f64> + '_ {
        (0..self.vocab_len() as u32).map(|token| self.token(token).map_or(f64::NEG_INFINITY, |(_, logit)| logit))
    }

    /// Group of every token, below [`PRIOR_GROUPS`], in the order of ids.
    pub fn groups(&self) -> impl Iterator<Item = u8> + '_ {
        let none = Form::Text as u8;
        (0..self.vocab_len() as u32).map(move |token| self.token(token).map_or(none, |(form, _)| form as u8))
    }

    /// What a hole, `None` for a finished row, adds to the logits of each group, where the legal tokens are those of
    /// row `slot` of the bitmask.
    ///
    /// # Errors
    ///
    /// [`LogitsError`] if the bitmask is for another vocabulary or has no such row.
    pub fn row_shifts(
        &self,
        frontier: Option<Frontier>,
        bitmask: &TokenBitmask,
        slot: usize,
    ) -> Result<PriorShifts, LogitsError> {
        let legal = legal_row(bitmask, slot, self.vocab_len())?;
        Ok(self.shifts(frontier, legal).0.map(|shift| shift as f32))
    }

    /// How the prior and a model are put together: mode off where alpha leaves the prior no say.
    pub fn mode(&self) -> ApplyMode {
        match self.config().apply {
            ApplyMode::Additive | ApplyMode::Fixed if self.config().alpha == 0.0 => ApplyMode::Off,
            mode => mode,
        }
    }

    /// Collects the legal tokens that are not ruled out, and puts the prior and a model's logits together, up to a
    /// number that is the same for all: what the log_softmax of each subtracts.
    pub(crate) fn mix<T: Logit>(
        &self,
        logits: &[T],
        shifts: &PriorShifts,
        legal: &[u32],
        scratch: &mut LogitsScratch,
    ) -> Result<(), ChoiceError> {
        self.gather(&Shifts(shifts.map(f64::from)), legal, scratch);
        scratch.gather_numbers(logits)?;
        let largest = max(&scratch.values);
        let alpha = self.config().alpha;
        let (m, p) = match self.mode() {
            ApplyMode::Off => (1.0, 0.0),
            ApplyMode::Additive => (1.0, alpha),
            ApplyMode::Fixed => (1.0 - alpha, alpha),
            ApplyMode::Entropy => {
                let (sum, moment) = exp_sums(&scratch.values, largest, &mut scratch.exps);
                let most = ln(scratch.tokens.len().max(2) as f64);
                let share = ((ln(sum) - moment / sum) / most).clamp(0.0, 1.0);
                (1.0 - share, share)
            }
        };
        for (value, weight) in scratch.values.iter_mut().zip(&scratch.weights) {
            *value = m * (*value - largest) + p * weight;
        }
        Ok(())
    }
}
