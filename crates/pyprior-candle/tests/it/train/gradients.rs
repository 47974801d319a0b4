//! The gradients by hand are those of candle, and no tensor goes without.

use pyprior_candle::LlamaConfig;
use pyprior_candle::train::{AdamW, Learner};

use super::{learner, programs};
use crate::common::small;

/// Shapes that differ in what could go wrong.
fn shapes() -> Vec<(&'static str, LlamaConfig)> {
    let small = small();
    vec![
        ("grouped", small.clone()),
        ("multi-head, tied", LlamaConfig { num_key_value_heads: 4, tie_word_embeddings: true, ..small.clone() }),
        ("multi-query", LlamaConfig { num_key_value_heads: 1, ..small.clone() }),
        ("head of 10", LlamaConfig { head_dim: 10, num_attention_heads: 6, num_key_value_heads: 3, ..small.clone() }),
        ("head of 34", LlamaConfig { head_dim: 34, num_attention_heads: 2, num_key_value_heads: 1, ..small.clone() }),
        ("odd widths", LlamaConfig { hidden_size: 19, intermediate_size: 33, num_hidden_layers: 1, ..small.clone() }),
        ("eps 1e-2", LlamaConfig { rms_norm_eps: 1e-2, num_hidden_layers: 3, ..small }),
    ]
}

/// Lengths around those of blocks, in more parts than one.
const LENS: [usize; 16] = [1, 2, 15, 16, 17, 31, 32, 33, 40, 48, 50, 64, 64, 64, 64, 63];

fn by_parameter(learner: &Learner) -> Vec<(String, Vec<f32>)> {
    let flat = |(name, tensor): (String, candle_core::Tensor)| {
        let numbers = tensor.flatten_all().unwrap().to_vec1().unwrap();
        (name, numbers)
    };
    learner.gradients().unwrap().into_iter().map(flat).collect()
}

fn length(numbers: impl Iterator<Item = f32>) -> f64 {
    numbers.map(|x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt()
}

#[test]
fn both_paths_have_the_same_gradients_and_every_parameter_has_one() {
    for (name, config) in shapes() {
        let sequences = programs(&config, &LENS);
        let mut by_hand = learner(&config, AdamW::default());
        let mut by_candle = by_hand.composed().unwrap();
        let losses = [&mut by_hand, &mut by_candle].map(|learner| learner.add_gradients(&sequences).unwrap());
        assert!((losses[0] / losses[1] - 1.0).abs() < 1e-5, "{name}: {losses:?}");
        let mut worst = 0.0_f64;
        for ((parameter, a), (_, b)) in by_parameter(&by_hand).into_iter().zip(by_parameter(&by_candle)) {
            let (len_a, len_b) = (length(a.iter().copied()), length(b.iter().copied()));
            assert!(len_a > 1e-3 && len_b > 1e-3, "{name}: {parameter} has no gradient: {len_a} {len_b}");
            let apart = length(a.iter().zip(&b).map(|(a, b)| a - b)) / len_b;
            assert!(apart < 2e-5, "{name}: {parameter} is {apart:.1e} apart");
            worst = worst.max(apart);
        }
        println!("{name}: {worst:.1e}");
    }
}
