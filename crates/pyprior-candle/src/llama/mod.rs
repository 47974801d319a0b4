//! Decoder-only transformers in Hugging Face's Llama layout.

mod config;
mod forward;
mod initial;
mod weights;

use candle_core::{DType, Device, Tensor};

pub use self::config::{LlamaConfig, LlamaConfigError};
use self::weights::Weights;
use crate::batch::Batch;
use crate::cache::{KvCache, ModelId};
use crate::error::Error;
use crate::files::WeightsError;
use crate::model::{CausalModel, check_capacity};
use crate::ops::Path;
use crate::ops::attention::{Heads, Shape, Store, bytes_per_slot};

/// Numbers of one intermediate result that a CPU should have at most: 1 MiB, about half of a core's cache.
const CPU_NUMBERS: usize = 1 << 18;
/// Tokens that go through the layers together at least: fewer would read the weights more often than it saves.
const CPU_TOKENS: usize = 256;
/// Numbers of one intermediate result that another device should have at most.
const DEVICE_NUMBERS: usize = 1 << 28;

/// A decoder-only transformer: RMSNorm, rotary positions, grouped heads, SwiGLU.
///
/// Touvron et al., "LLaMA", 2023; the layout of weights is that of `transformers`' `LlamaForCausalLM`.
#[derive(Debug, Clone)]
pub struct Llama {
    config: LlamaConfig,
    weights: Weights,
    device: Device,
    dtype: DType,
    path: Path,
    id: ModelId,
}

impl Llama {
    /// A model of the tensors that `get` returns for each name and shape of [`LlamaConfig::tensors`]. They are moved to
    /// `device` and computed with in `dtype`.
    ///
    /// # Errors
    ///
    /// What `get` returns; [`WeightsError::Compute`] if the device does not compute in `dtype`: a CPU does in f32,
    /// others in f32, bf16 or f16.
    pub fn new(
        config: LlamaConfig,
        device: &Device,
        dtype: DType,
        get: impl FnMut(&str, &[usize]) -> Result<Tensor, Error>,
    ) -> Result<Self, Error> {
        config.check()?;
        let computes = match dtype {
            DType::F32 => true,
            DType::BF16 | DType::F16 => !device.is_cpu(),
            _ => false,
        };
        if !computes {
            return Err(
                WeightsError::Compute { dtype: dtype.as_str(), device: format!("{:?}", device.location()) }.into()
            );
        }
        let weights = Weights::new(&config, device, dtype, get)?;
        let path = if device.is_cpu() { Path::Slices } else { Path::Composed };
        Ok(Self { config, weights, device: device.clone(), dtype, path, id: ModelId::default() })
    }

    /// The same model, computed by candle's own operations even on a CPU: what other devices do, for comparison.
    #[must_use]
    pub fn composed(&self) -> Self {
        Self { path: Path::Composed, id: ModelId::default(), ..self.clone() }
    }

    /// The numbers of the model.
    pub fn config(&self) -> &LlamaConfig {
        &self.config
    }

    /// The model's tensors by name, as [`LlamaConfig::tensors`] lists them, in the dtype that is computed with.
    ///
    /// # Errors
    ///
    /// What the device says.
    pub fn tensors(&self) -> Result<Vec<(String, Tensor)>, Error> {
        Ok(self.weights.by_name(&self.config)?)
    }

    /// Tokens that go through the layers together. On a CPU, so many that what stands between two products stays in
    /// the processor's own cache; elsewhere, so many that it stays small beside the weights.
    fn tokens_at_once(&self) -> usize {
        let config = &self.config;
        let widest =
            (2 * config.intermediate_size).max(config.hidden_size + 2 * config.num_attention_heads * config.head_dim);
        match self.path {
            Path::Slices => (CPU_NUMBERS / widest).max(CPU_TOKENS),
            Path::Composed => (DEVICE_NUMBERS / widest).max(1),
        }
    }

    fn shape(&self, slots: usize, capacity: usize) -> Shape {
        let config = &self.config;
        let heads = Heads { query: config.num_attention_heads, kv: config.num_key_value_heads, dim: config.head_dim };
        Shape { slots, capacity, layers: config.num_hidden_layers, heads }
    }
}

impl CausalModel for Llama {
    fn vocab_size(&self) -> usize {
        self.config.vocab_size
    }

    fn device(&self) -> &Device {
        &self.device
    }

    fn max_positions(&self) -> usize {
        self.config.max_position_embeddings
    }

    fn bytes_per_slot(&self, capacity: usize) -> usize {
        bytes_per_slot(self.path, self.shape(1, capacity), self.dtype)
    }

    fn new_cache(&self, slots: usize, capacity: usize) -> Result<KvCache, Error> {
        check_capacity(capacity, self.max_positions())?;
        let shape = self.shape(slots, capacity);
        let store = Store::new(self.path, shape, self.config.rope_theta, self.dtype, &self.device)?;
        Ok(KvCache::new(self.id.clone(), (slots, capacity), self.bytes_per_slot(capacity), Box::new(store)))
    }

    fn forward(&self, cache: &mut KvCache, batch: &Batch) -> Result<Tensor, Error> {
        cache.check(&self.id, batch, self.config.vocab_size)?;
        if batch.rows() == 0 {
            return Ok(Tensor::zeros((0, self.config.vocab_size), DType::F32, &self.device)?);
        }
        let (lens, store) = cache.parts::<Store>()?;
        let groups = batch.groups(self.tokens_at_once()).map(|rows| {
            let plan = store.plan(lens, batch, rows.clone())?;
            self.logits(store, &plan, batch.tokens_of(rows))
        });
        let groups = groups.collect::<candle_core::Result<Vec<_>>>()?;
        let logits = if let [logits] = &groups[..] { logits.clone() } else { Tensor::cat(&groups, 0)? };
        cache.advance(batch);
        Ok(logits)
    }
}
