//! What the tests of slices need beside `prior`, which those of tensors use too.

use pyprior_core::{ApplyMode, Logit, PriorConfig, Vocab};

use super::prior::Case;

/// Probabilities over the legal tokens by the prior alone.
pub(crate) fn probabilities(case: &Case, vocab: &Vocab) -> Vec<f64> {
    let entropy = PriorConfig { apply: ApplyMode::Entropy, ..case.config };
    let (support, weights) = Case { config: entropy, ..case.clone() }.support(vocab);
    let kept = weights.iter().zip(&support).map(|(weight, stays)| if *stays { *weight } else { 0.0 });
    let kept = kept.collect::<Vec<_>>();
    let sum: f64 = kept.iter().sum();
    kept.into_iter().map(|weight| weight / sum).collect()
}

/// Logits in full precision.
pub(crate) fn numbers<T: Logit>(row: &[T]) -> Vec<f64> {
    row.iter().map(|value| value.to_f64()).collect()
}
