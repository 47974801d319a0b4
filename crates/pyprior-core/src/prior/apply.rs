//! The prior and a model's logits, put together in place.

use super::config::ApplyMode;
use super::table::Prior;
use crate::bitmask::TokenBitmask;
use crate::frontier::Frontier;
use crate::logits::element::Logit;
use crate::logits::math::{exp, exp_sums, ln, max};
use crate::logits::row::{LogitsError, LogitsScratch, allowed, check_count, check_len, legal_row};

impl Prior {
    /// Applies the prior to one row of a model's logits, in place, by the mode of its configuration
    /// ([`ApplyMode`]). `frontier` is the hole, `None` for a finished row; the legal tokens are those of row
    /// `slot` of the bitmask.
    ///
    /// Tokens that are not legal become negative infinity, and so do those that a weight of 0 rules out (see
    /// [`Prior`]; in mode off, and with alpha 0 in modes additive and fixed, the prior has no say and rules nothing
    /// out). All others become finite, and there is at least one where a token is legal. No result is NaN.
    ///
    /// **What the model need not be.** Of the tokens that are not ruled out, one at positive infinity counts as
    /// the largest finite number of the type, one at negative infinity or NaN as the least; if all are at negative
    /// infinity or NaN, the model is taken to say nothing: its logits count as 0, the whole vocabulary's. Of the
    /// other tokens, whose logits matter to log_softmax alone, those that are not finite are passed over.
    ///
    /// Arithmetic is in `f64`; each result is rounded once and kept within the finite numbers of the type. Where
    /// log_softmax over the whole vocabulary leaves very little to the legal tokens, results are large negative
    /// numbers, whose differences half precision rounds.
    ///
    /// # Errors
    ///
    /// [`LogitsError`] if the shapes do not agree; the row is as it was.
    pub fn apply_row<T: Logit>(
        &self,
        logits: &mut [T],
        bitmask: &TokenBitmask,
        slot: usize,
        frontier: Option<Frontier>,
        scratch: &mut LogitsScratch,
    ) -> Result<(), LogitsError> {
        check_len(logits.len(), 1, self.vocab_len())?;
        let legal = legal_row(bitmask, slot, self.vocab_len())?;
        self.apply_to(logits, legal, frontier, scratch);
        Ok(())
    }

    /// Applies the prior to all rows of a batch: logits are `[rows, vocab]`, row after row, and so are the bitmask
    /// and the frontiers. Each row is treated as by [`apply_row`](Self::apply_row).
    ///
    /// # Errors
    ///
    /// [`LogitsError`] if the shapes do not agree; the logits are as they were.
    pub fn apply<T: Logit>(
        &self,
        logits: &mut [T],
        bitmask: &TokenBitmask,
        frontiers: &[Option<Frontier>],
        scratch: &mut LogitsScratch,
    ) -> Result<(), LogitsError> {
        let (rows, vocab) = (bitmask.rows(), self.vocab_len());
        bitmask.check(rows, vocab)?;
        check_len(logits.len(), rows, vocab)?;
        check_count("frontiers", frontiers.len(), rows)?;
        for (slot, (logits, &frontier)) in logits.chunks_exact_mut(vocab.max(1)).zip(frontiers).enumerate() {
            self.apply_to(logits, bitmask.row(slot).unwrap_or_default(), frontier, scratch);
        }
        Ok(())
    }

    fn apply_to<T: Logit>(
        &self,
        logits: &mut [T],
        legal: &[u32],
        frontier: Option<Frontier>,
        scratch: &mut LogitsScratch,
    ) {
        let alpha = self.config().alpha;
        // Mode fixed with alpha 0 is mode off save for the log_softmax, which runs over the whole vocabulary.
        let mode = match self.config().apply {
            ApplyMode::Additive if alpha == 0.0 => ApplyMode::Off,
            mode => mode,
        };
        if self.mode() == ApplyMode::Off {
            scratch.tokens.clear();
            scratch.tokens.extend(allowed(legal, logits.len()));
            scratch.weights.clear();
            scratch.weights.resize(scratch.tokens.len(), 0.0);
        } else {
            self.gather(&self.shifts(frontier, legal), legal, scratch);
        }
        let says = scratch.gather(logits).says;
        match mode {
            ApplyMode::Off => {}
            ApplyMode::Additive => blend(scratch, 1.0, Total::default(), alpha, 0.0),
            ApplyMode::Fixed => {
                let (model, _) = model_total(scratch, logits, says);
                let prior = self.total(frontier, scratch);
                blend(scratch, 1.0 - alpha, model, alpha, prior);
            }
            ApplyMode::Entropy => {
                let (model, entropy) = model_total(scratch, logits, says);
                let prior = self.total(frontier, scratch);
                let most = ln(scratch.tokens.len().max(2) as f64);
                let share = (entropy / most).clamp(0.0, 1.0);
                blend(scratch, 1.0 - share, model, share, prior);
            }
        }
        logits.fill(T::NEG_INFINITY);
        for (&token, &value) in scratch.tokens.iter().zip(&scratch.values) {
            logits[token as usize] = T::from_f64(value);
        }
    }
}

/// value = m log_softmax(value) + p (weight - prior)
fn blend(scratch: &mut LogitsScratch, m: f64, model: Total, p: f64, prior: f64) {
    for (value, weight) in scratch.values.iter_mut().zip(&scratch.weights) {
        *value = m * ((*value - model.largest) - model.ln) + p * (weight - prior);
    }
}

/// ln of the sum of exp(logit), less the largest logit: together they would be as coarse as that is large.
#[derive(Debug, Clone, Copy, Default)]
struct Total {
    largest: f64,
    ln: f64,
}

/// That of the whole vocabulary, and the entropy, in nats, of the distribution over the tokens in question.
fn model_total<T: Logit>(scratch: &mut LogitsScratch, logits: &[T], says: bool) -> (Total, f64) {
    let inside = max(&scratch.values);
    let (sum, moment) = exp_sums(&scratch.values, inside, &mut scratch.exps);
    let ln_inside = ln(sum);
    let entropy = ln_inside - moment / sum;
    if !says {
        return (Total { largest: 0.0, ln: ln(logits.len() as f64) }, entropy);
    }
    scratch.gather_others(logits);
    let outside = max(&scratch.others);
    if outside == f64::NEG_INFINITY {
        return (Total { largest: inside, ln: ln_inside }, entropy);
    }
    let ln_outside = ln(exp_sums(&scratch.others, outside, &mut scratch.exps).0);
    let largest = inside.max(outside);
    let (inside, outside) = (inside - largest + ln_inside, outside - largest + ln_outside);
    let (more, less) = if inside > outside { (inside, outside) } else { (outside, inside) };
    (Total { largest, ln: more + ln(1.0 + exp(less - more)) }, entropy)
}
