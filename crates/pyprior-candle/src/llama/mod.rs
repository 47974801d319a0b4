//! Decoder-only transformers in Hugging Face's Llama layout.

pub(crate) mod config;
mod forward;
mod initial;
mod weights;

use std::any::Any;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};

pub use self::config::{LlamaConfig, LlamaConfigError};
use self::weights::Weights;
use crate::batch::Batch;
use crate::cache::{CacheError, KvCache, ModelId};
use crate::cpu;
use crate::error::Error;
use crate::files::WeightsError;
use crate::model::{CausalModel, check_capacity};
use crate::ops::attention::{Heads, Shape, Store, bytes_per_slot};

/// Numbers of one intermediate result that a device should have at most.
const DEVICE_NUMBERS: usize = 1 << 28;

/// A decoder-only transformer: RMSNorm, rotary positions, grouped heads, SwiGLU.
///
/// Touvron et al., "LLaMA", 2023; the layout of weights is that of `transformers`' `LlamaForCausalLM`.
#[derive(Debug, Clone)]
pub struct Llama {
    config: LlamaConfig,
    body: Body,
    device: Device,
    dtype: DType,
    id: ModelId,
}

/// The weights, and with them the way in which the model is computed.
#[derive(Debug, Clone)]
enum Body {
    /// On a CPU, over plain memory.
    Cpu(Arc<cpu::Weights>),
    /// By candle's operations, on any device.
    Composed(Weights),
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
        let body = match device.is_cpu() {
            true => Body::Cpu(Arc::new(cpu::Weights::new(&config, get)?)),
            false => Body::Composed(Weights::new(&config, device, dtype, get)?),
        };
        Ok(Self { config, body, device: device.clone(), dtype, id: ModelId::default() })
    }

    /// A model that has learnt nothing: the weights of [`LlamaConfig::initial_tensors`], in f32.
    ///
    /// # Errors
    ///
    /// [`LlamaConfigError`] if the numbers are no model's, or what the device says.
    pub fn untrained(config: LlamaConfig, device: &Device, seed: u64) -> Result<Self, Error> {
        let mut tensors = config.initial_tensors(seed)?.into_iter();
        let none = || candle_core::Error::Msg("one tensor more than there is".to_owned());
        Self::new(config, device, DType::F32, |_, _| Ok(tensors.next().ok_or_else(none)?.1))
    }

    /// The same model, computed by candle's own operations even on a CPU: what other devices do, for comparison. Takes
    /// memory for the weights once more.
    ///
    /// # Errors
    ///
    /// What the device says.
    pub fn composed(&self) -> Result<Self, Error> {
        let mut tensors = self.tensors()?.into_iter().map(|(_, tensor)| tensor);
        let none = || candle_core::Error::Msg("one tensor more than there is".to_owned());
        let weights =
            Weights::new(&self.config, &self.device, self.dtype, |_, _| Ok(tensors.next().ok_or_else(none)?))?;
        Ok(Self { body: Body::Composed(weights), id: ModelId::default(), ..self.clone() })
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
        match &self.body {
            Body::Cpu(weights) => weights.by_name(&self.config),
            Body::Composed(weights) => Ok(weights.by_name(&self.config)?),
        }
    }

    /// Tokens that go through the layers together, by candle's operations: so many that what stands between two products
    /// stays small beside the weights.
    fn tokens_at_once(&self) -> usize {
        let config = &self.config;
        let widest =
            (2 * config.intermediate_size).max(config.hidden_size + 2 * config.num_attention_heads * config.head_dim);
        (DEVICE_NUMBERS / widest).max(1)
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
        match self.body {
            Body::Cpu(_) => cpu::bytes_per_slot(self.shape(1, capacity)),
            Body::Composed(_) => bytes_per_slot(self.shape(1, capacity), self.dtype),
        }
    }

    fn new_cache(&self, slots: usize, capacity: usize) -> Result<KvCache, Error> {
        check_capacity(capacity, self.max_positions())?;
        let shape = self.shape(slots, capacity);
        let bytes = self.bytes_per_slot(capacity);
        let memory = || CacheError::Memory { slots, bytes };
        bytes.checked_mul(slots).filter(|&bytes| bytes <= isize::MAX as usize).ok_or_else(memory)?;
        let storage: Box<dyn Any + Send> = match self.body {
            Body::Cpu(_) => Box::new(cpu::Memory::new(&self.config, shape).ok_or_else(memory)?),
            Body::Composed(_) => Box::new(Store::new(shape, self.config.rope_theta, self.dtype, &self.device)?),
        };
        Ok(KvCache::new(self.id.clone(), (slots, capacity), bytes, storage))
    }

    fn forward(&self, cache: &mut KvCache, batch: &Batch) -> Result<Tensor, Error> {
        cache.check(&self.id, batch, self.config.vocab_size)?;
        if batch.rows() == 0 {
            return Ok(Tensor::zeros((0, self.config.vocab_size), DType::F32, &self.device)?);
        }
        let logits = match &self.body {
            Body::Cpu(weights) => {
                let (lens, memory) = cache.parts::<cpu::Memory>()?;
                let logits = memory.forward(&self.config, weights, lens, batch);
                Tensor::from_vec(logits, (batch.rows(), self.config.vocab_size), &self.device)?
            }
            Body::Composed(weights) => {
                let (lens, store) = cache.parts::<Store>()?;
                let groups = batch.groups(self.tokens_at_once()).map(|rows| {
                    let plan = store.plan(lens, batch, rows.clone())?;
                    self.logits(weights, store, &plan, batch.tokens_of(rows))
                });
                let groups = groups.collect::<candle_core::Result<Vec<_>>>()?;
                if let [logits] = &groups[..] { logits.clone() } else { Tensor::cat(&groups, 0)? }
            }
        };
        cache.advance(batch);
        Ok(logits)
    }
}
