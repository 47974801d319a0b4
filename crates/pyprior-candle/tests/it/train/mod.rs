//! Training: gradients, the optimizer, what is gone on with, what is refused.

mod evaluated;
mod gradients;
mod recorded;
mod refused;
mod resumed;

use crate::common;
use candle_core::{DType, Device};
use pyprior_candle::LlamaConfig;
use pyprior_candle::train::{AdamW, Learner, Sequences};

/// A learner of weights by formula.
fn learner(config: &LlamaConfig, adamw: AdamW) -> Learner {
    Learner::new(config, &common::weights(config, DType::F32), adamw, &Device::Cpu, DType::F32).unwrap()
}

/// Programs of these lengths, of tokens by formula, each behind token 0.
fn programs(config: &LlamaConfig, lens: &[usize]) -> Sequences {
    let mut sequences = Sequences::new();
    for (nth, &len) in lens.iter().enumerate() {
        let token = |i: usize| ((7 * i * i + 3 * i + 1 + 5 * nth) % config.vocab_size) as u32;
        sequences.push(0, &(0..len).map(token).collect::<Vec<_>>());
    }
    sequences
}
