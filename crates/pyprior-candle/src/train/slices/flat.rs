//! All weights in one piece of memory.
//!
//! The tensors of Hugging Face's layout follow each other in the order of [`LlamaConfig::tensors`]. In it queries, keys
//! and values of a layer are neighbours, and so are gate and up: matrices that are multiplied together are one view.

use candle_core::{Device, Result, Tensor};

use crate::llama::LlamaConfig;

/// Views of all weights; matrices are [outputs, inputs].
#[derive(Debug, Clone)]
pub(super) struct Views {
    pub(super) embed: Tensor,
    pub(super) layers: Vec<LayerViews>,
    pub(super) norm: Tensor,
    pub(super) head: Tensor,
}

#[derive(Debug, Clone)]
pub(super) struct LayerViews {
    pub(super) attention_norm: Tensor,
    pub(super) qkv: Tensor,
    pub(super) out: Tensor,
    pub(super) mlp_norm: Tensor,
    pub(super) gate_up: Tensor,
    pub(super) down: Tensor,
}

impl Views {
    /// Views of weights that lie one after the other.
    pub(super) fn new(config: &LlamaConfig, weights: Vec<f32>) -> Result<Self> {
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        let (query, kv) = (config.num_attention_heads * config.head_dim, config.num_key_value_heads * config.head_dim);
        let count = weights.len();
        let flat = Tensor::from_vec(weights, count, &Device::Cpu)?;
        let mut begin = 0;
        let mut next = |len: usize| {
            begin += len;
            flat.narrow(0, begin - len, len)
        };
        let embed = next(config.vocab_size * hidden)?.reshape((config.vocab_size, hidden))?;
        let layers = (0..config.num_hidden_layers).map(|_| {
            Ok(LayerViews {
                attention_norm: next(hidden)?,
                qkv: next((query + 2 * kv) * hidden)?.reshape((query + 2 * kv, hidden))?,
                out: next(hidden * query)?.reshape((hidden, query))?,
                mlp_norm: next(hidden)?,
                gate_up: next(2 * inner * hidden)?.reshape((2 * inner, hidden))?,
                down: next(hidden * inner)?.reshape((hidden, inner))?,
            })
        });
        let layers = layers.collect::<Result<_>>()?;
        let norm = next(hidden)?;
        let head = match config.tie_word_embeddings {
            true => embed.clone(),
            false => next(config.vocab_size * hidden)?.reshape((config.vocab_size, hidden))?,
        };
        Ok(Self { embed, layers, norm, head })
    }
}

/// Numbers that lie one after the other as the tensors that they are.
pub(super) fn by_name(config: &LlamaConfig, flat: &[f32]) -> Result<Vec<(String, Tensor)>> {
    let mut rest = flat;
    let tensors = config.tensors().into_iter().map(|(name, shape)| {
        let (numbers, behind) = rest.split_at(shape.iter().product());
        rest = behind;
        Ok((name, Tensor::from_slice(numbers, shape, &Device::Cpu)?))
    });
    tensors.collect()
}

/// Which numbers belong to matrices and embeddings: runs in order, each with whether it does.
pub(super) fn matrices(config: &LlamaConfig) -> Vec<(usize, bool)> {
    config.tensors().into_iter().map(|(_, shape)| (shape.iter().product(), shape.len() > 1)).collect()
}
