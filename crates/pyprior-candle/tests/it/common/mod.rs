//! What several tests share: weights by a formula, and a transformer in plain loops.

pub(crate) mod naive;

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor};
use pyprior_candle::{Batch, CausalModel, KvCache, Llama, LlamaConfig};

/// Numbers in [-1, 1): SplitMix64 of the tensor's name (FNV-1a) and the place in it. As in `ci/record_llama.py`.
pub(crate) fn numbers(name: &str, count: usize) -> impl Iterator<Item = f64> {
    let fnv = |digest: u64, byte: u8| (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let digest = name.bytes().fold(0xcbf2_9ce4_8422_2325, fnv);
    (1..=count as u64).map(move |place| {
        let z = digest.wrapping_add(place.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let z = z ^ (z >> 31);
        (z >> 40) as f64 / 8_388_608.0 - 1.0
    })
}

/// A weight by formula, f32 on the CPU.
pub(crate) fn weight(name: &str, shape: &[usize]) -> Tensor {
    let scale = shape.get(1).map(|&width| 2.0 / (width as f64).sqrt());
    let values = numbers(name, shape.iter().product()).map(|x| match scale {
        Some(scale) => (x * scale) as f32,
        None => (1.0 + 0.5 * x) as f32,
    });
    Tensor::from_vec(values.collect::<Vec<_>>(), shape, &Device::Cpu).unwrap()
}

/// All weights of a model by formula, in a dtype.
pub(crate) fn weights(config: &LlamaConfig, dtype: DType) -> Vec<(String, Tensor)> {
    let tensor = |(name, shape): (String, Vec<usize>)| {
        let tensor = weight(&name, &shape).to_dtype(dtype).unwrap();
        (name, tensor)
    };
    config.tensors().into_iter().map(tensor).collect()
}

/// The same weights, by name.
pub(crate) fn by_name(weights: &[(String, Tensor)]) -> BTreeMap<String, Tensor> {
    weights.iter().cloned().collect()
}

/// A model of weights by formula.
pub(crate) fn model(config: &LlamaConfig) -> Llama {
    Llama::new(config.clone(), &Device::Cpu, DType::F32, |name, shape| Ok(weight(name, shape))).unwrap()
}

/// A small configuration to vary.
pub(crate) fn small() -> LlamaConfig {
    LlamaConfig {
        vocab_size: 83,
        hidden_size: 32,
        intermediate_size: 56,
        num_hidden_layers: 2,
        num_attention_heads: 4,
        num_key_value_heads: 2,
        head_dim: 8,
        max_position_embeddings: 64,
        rms_norm_eps: 1e-6,
        rope_theta: 10_000.0,
        tie_word_embeddings: false,
    }
}

/// One forward pass of some rows.
pub(crate) fn forward(model: &dyn CausalModel, cache: &mut KvCache, rows: &[(usize, &[u32])]) -> Vec<Vec<f32>> {
    let mut batch = Batch::new();
    for (slot, tokens) in rows {
        batch.push(*slot, tokens);
    }
    model.forward(cache, &batch).unwrap().to_vec2().unwrap()
}

/// The greatest difference of two rows of logits.
pub(crate) fn distance(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    // NaN compares as too far.
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, |a, b| if b <= a { a } else { b })
}
