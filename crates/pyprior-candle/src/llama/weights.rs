//! Weights as they are computed with: queries, keys and values are one matrix, gate and up another.

use candle_core::{DType, Device, Result, Tensor};

use super::LlamaConfig;
use crate::error::Error;

/// All weights. Matrices are [inputs, outputs].
#[derive(Debug, Clone)]
pub(super) struct Weights {
    /// [vocab, hidden]
    pub(super) embed: Tensor,
    pub(super) layers: Vec<Layer>,
    pub(super) norm: Tensor,
    pub(super) head: Tensor,
}

/// The weights of one layer.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) attention_norm: Tensor,
    pub(super) qkv: Tensor,
    pub(super) out: Tensor,
    pub(super) mlp_norm: Tensor,
    pub(super) gate_up: Tensor,
    pub(super) down: Tensor,
}

impl Weights {
    /// Asks for every tensor of the model once, in the order of [`LlamaConfig::tensors`].
    pub(super) fn new(
        config: &LlamaConfig,
        device: &Device,
        dtype: DType,
        mut get: impl FnMut(&str, &[usize]) -> std::result::Result<Tensor, Error>,
    ) -> std::result::Result<Self, Error> {
        let mut tensors = config.tensors().into_iter();
        let mut next = || -> std::result::Result<Tensor, Error> {
            let none = || candle_core::Error::Msg("one tensor more than there is".to_owned());
            let (name, shape) = tensors.next().ok_or_else(none)?;
            // Converted before it is moved: a checkpoint in half precision is half as much to move.
            Ok(get(&name, &shape)?.to_dtype(dtype)?.to_device(device)?)
        };
        let embed = next()?;
        let layers = (0..config.num_hidden_layers).map(|_| {
            Ok(Layer {
                attention_norm: next()?,
                qkv: beside(&[next()?, next()?, next()?])?,
                out: beside(&[next()?])?,
                mlp_norm: next()?,
                gate_up: beside(&[next()?, next()?])?,
                down: beside(&[next()?])?,
            })
        });
        let layers = layers.collect::<std::result::Result<_, Error>>()?;
        let norm = next()?;
        // A view where it is tied: the vocabulary may be most of the model.
        let head = if config.tie_word_embeddings { embed.t()? } else { next()?.t()? };
        Ok(Self { embed, layers, norm, head })
    }

    /// The way back: every tensor of [`LlamaConfig::tensors`].
    pub(super) fn by_name(&self, config: &LlamaConfig) -> Result<Vec<(String, Tensor)>> {
        let query = config.num_attention_heads * config.head_dim;
        let kv = config.num_key_value_heads * config.head_dim;
        let inner = config.intermediate_size;
        let part = |matrix: &Tensor, begin: usize, len: usize| matrix.narrow(1, begin, len)?.t()?.contiguous();
        let mut tensors = vec![self.embed.clone()];
        for layer in &self.layers {
            tensors.extend([
                layer.attention_norm.clone(),
                part(&layer.qkv, 0, query)?,
                part(&layer.qkv, query, kv)?,
                part(&layer.qkv, query + kv, kv)?,
                layer.out.t()?.contiguous()?,
                layer.mlp_norm.clone(),
                part(&layer.gate_up, 0, inner)?,
                part(&layer.gate_up, inner, inner)?,
                layer.down.t()?.contiguous()?,
            ]);
        }
        tensors.push(self.norm.clone());
        if !config.tie_word_embeddings {
            tensors.push(self.head.t()?.contiguous()?);
        }
        Ok(config.tensors().into_iter().map(|(name, _)| name).zip(tensors).collect())
    }
}

/// Matrices [outputs, inputs] as one matrix [inputs, all outputs].
fn beside(matrices: &[Tensor]) -> Result<Tensor> {
    Tensor::cat(matrices, 0)?.t()?.contiguous()
}
