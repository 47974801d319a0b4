//! What the sampling kernel takes of a prior and of a call, as plain numbers: the same for a device and for the
//! emulation that tests it.

use pyprior_core::{ApplyMode, Prior};
use pyprior_kernels::{Mixing, Pair};

/// The prior of a vocabulary.
#[derive(Debug, Clone, PartialEq)]
pub struct PriorTable {
    /// Logits before shifts, `[vocab]`; negative infinity for weight 0.
    pub base: Vec<Pair>,
    /// Group of each token, below 17, `[vocab]`.
    pub group: Vec<u8>,
    /// Bits of the tokens whose weight is not 0, `[ceil(vocab / 32)]`.
    pub positive: Vec<u32>,
}

impl PriorTable {
    /// The numbers of a prior.
    pub fn new(prior: &Prior) -> Self {
        let mut positive = vec![0; prior.vocab_len().div_ceil(32)];
        for (token, _) in prior.base_logits().enumerate().filter(|(_, logit)| *logit > f64::NEG_INFINITY) {
            positive[token / 32] |= 1 << (token % 32);
        }
        Self { base: prior.base_logits().map(Pair::from).collect(), group: prior.groups().collect(), positive }
    }
}

/// How a prior, none for none, and a model are put together at a temperature.
pub fn mixing(prior: Option<&Prior>, temperature: f64) -> Mixing {
    let Some(prior) = prior else { return Mixing::weighted(1.0, 0.0, temperature) };
    let alpha = prior.config().alpha;
    match prior.mode() {
        ApplyMode::Off => Mixing::weighted(1.0, 0.0, temperature),
        ApplyMode::Additive => Mixing::weighted(1.0, alpha, temperature),
        ApplyMode::Fixed => Mixing::weighted(1.0 - alpha, alpha, temperature),
        ApplyMode::Entropy => Mixing::by_entropy(temperature),
    }
}
