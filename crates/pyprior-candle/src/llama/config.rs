//! The numbers of a model, as Hugging Face's `config.json` writes them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

/// What sizes are bounded by, so that no product of them overflows.
const MAX_SIZE: usize = 1 << 25;

/// The numbers of a decoder in Hugging Face's Llama layout; fields have the names of its `config.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Raw")]
pub struct LlamaConfig {
    /// Number of tokens that have an embedding and a logit.
    pub vocab_size: usize,
    /// Width of the residual stream.
    pub hidden_size: usize,
    /// Width between the products of a feed-forward layer.
    pub intermediate_size: usize,
    /// Number of layers, at least 1.
    pub num_hidden_layers: usize,
    /// Number of query heads.
    pub num_attention_heads: usize,
    /// Number of key and value heads; divides the number of query heads.
    pub num_key_value_heads: usize,
    /// Width of a head; even. `head_dim · num_attention_heads` need not be `hidden_size`.
    pub head_dim: usize,
    /// Longest sequence, in tokens.
    pub max_position_embeddings: usize,
    /// What RMSNorm adds to the mean of squares.
    pub rms_norm_eps: f64,
    /// Base of the rotary angles.
    pub rope_theta: f64,
    /// Whether the output layer is the embedding.
    pub tie_word_embeddings: bool,
}

/// `config.json` with the defaults of `transformers`, and with the fields that change what is computed.
#[derive(Deserialize)]
struct Raw {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    head_dim: Option<usize>,
    #[serde(default = "default_positions")]
    max_position_embeddings: usize,
    #[serde(default = "default_eps")]
    rms_norm_eps: f64,
    rope_theta: Option<f64>,
    #[serde(default)]
    tie_word_embeddings: bool,
    #[serde(default)]
    architectures: Option<Vec<String>>,
    #[serde(default)]
    model_type: Option<String>,
    #[serde(default)]
    hidden_act: Option<String>,
    #[serde(default)]
    attention_bias: Option<Value>,
    #[serde(default)]
    mlp_bias: Option<Value>,
    #[serde(default)]
    rope_scaling: Option<Value>,
    #[serde(default)]
    rope_parameters: Option<Value>,
    #[serde(default)]
    partial_rotary_factor: Option<Value>,
    #[serde(default)]
    quantization_config: Option<Value>,
}

const fn default_positions() -> usize {
    2048
}

const fn default_eps() -> f64 {
    1e-6
}

const DEFAULT_THETA: f64 = 10_000.0;

impl TryFrom<Raw> for LlamaConfig {
    type Error = LlamaConfigError;

    fn try_from(raw: Raw) -> Result<Self, LlamaConfigError> {
        raw.check_supported()?;
        let config = Self {
            vocab_size: raw.vocab_size,
            hidden_size: raw.hidden_size,
            intermediate_size: raw.intermediate_size,
            num_hidden_layers: raw.num_hidden_layers,
            num_attention_heads: raw.num_attention_heads,
            num_key_value_heads: raw.num_key_value_heads.unwrap_or(raw.num_attention_heads),
            head_dim: raw.head_dim.unwrap_or(raw.hidden_size / raw.num_attention_heads.max(1)),
            max_position_embeddings: raw.max_position_embeddings,
            rms_norm_eps: raw.rms_norm_eps,
            rope_theta: raw.theta(),
            tie_word_embeddings: raw.tie_word_embeddings,
        };
        config.check()?;
        Ok(config)
    }
}

impl Raw {
    fn check_supported(&self) -> Result<(), LlamaConfigError> {
        let named = self.architectures.iter().flatten().chain(&self.model_type);
        if let Some(found) = named.into_iter().find(|name| !["LlamaForCausalLM", "llama"].contains(&name.as_str())) {
            return Err(LlamaConfigError::Architecture { found: found.clone() });
        }
        if self.architectures.as_ref().is_none_or(Vec::is_empty) && self.model_type.is_none() {
            return Err(LlamaConfigError::Architecture { found: "none".to_owned() });
        }
        let act = self.hidden_act.as_deref().unwrap_or("silu");
        let rope = self.rope_parameters.as_ref().and_then(|rope| rope.get("rope_type"));
        let switches = [
            ("hidden_act", (act != "silu").then(|| act.into()), "\"silu\""),
            ("attention_bias", set(&self.attention_bias), "false"),
            ("mlp_bias", set(&self.mlp_bias), "false"),
            ("rope_scaling", set(&self.rope_scaling), "null"),
            ("rope_parameters.rope_type", rope.filter(|&kind| kind != "default").cloned(), "\"default\""),
            (
                "partial_rotary_factor",
                set(&self.partial_rotary_factor).filter(|factor| factor.as_f64() != Some(1.0)),
                "1",
            ),
            ("quantization_config", set(&self.quantization_config), "null"),
        ];
        for (field, found, supported) in switches {
            if let Some(found) = found {
                return Err(LlamaConfigError::Unsupported { field, found: found.to_string(), supported });
            }
        }
        Ok(())
    }

    /// Later versions of `transformers` write it into `rope_parameters`.
    fn theta(&self) -> f64 {
        let inner = || self.rope_parameters.as_ref()?.get("rope_theta")?.as_f64();
        self.rope_theta.or_else(inner).unwrap_or(DEFAULT_THETA)
    }
}

/// What a field says, if that is anything at all.
fn set(field: &Option<Value>) -> Option<Value> {
    field.clone().filter(|value| !value.is_null() && *value != Value::Bool(false))
}

impl LlamaConfig {
    /// Checks every number against its limits. What was read from JSON has been checked.
    ///
    /// # Errors
    ///
    /// [`LlamaConfigError::OutOfRange`].
    pub fn check(&self) -> Result<(), LlamaConfigError> {
        let sizes = [
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("intermediate_size", self.intermediate_size),
            ("num_hidden_layers", self.num_hidden_layers),
            ("num_attention_heads", self.num_attention_heads),
            ("num_key_value_heads", self.num_key_value_heads),
            ("head_dim", self.head_dim),
            ("max_position_embeddings", self.max_position_embeddings),
        ];
        for (field, value) in sizes {
            if !(1..=MAX_SIZE).contains(&value) {
                return out_of_range(field, value, format!("from 1 to {MAX_SIZE}"));
            }
        }
        if self.num_attention_heads.saturating_mul(self.head_dim) > MAX_SIZE {
            return out_of_range("head_dim", self.head_dim, format!("at most {MAX_SIZE} for all heads together"));
        }
        if !self.head_dim.is_multiple_of(2) {
            return out_of_range("head_dim", self.head_dim, "even: its halves are turned together".to_owned());
        }
        if !self.num_attention_heads.is_multiple_of(self.num_key_value_heads) {
            let wanted = format!("a divisor of num_attention_heads, {}", self.num_attention_heads);
            return out_of_range("num_key_value_heads", self.num_key_value_heads, wanted);
        }
        for (field, value) in [("rms_norm_eps", self.rms_norm_eps), ("rope_theta", self.rope_theta)] {
            if !(value.is_finite() && value > 0.0) {
                return out_of_range(field, value, "a positive number".to_owned());
            }
        }
        Ok(())
    }

    /// Names and shapes of all tensors of the model, in Hugging Face's layout: matrices are [outputs, inputs].
    pub fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let (hidden, inner) = (self.hidden_size, self.intermediate_size);
        let (query, kv) = (self.num_attention_heads * self.head_dim, self.num_key_value_heads * self.head_dim);
        let mut tensors = vec![("model.embed_tokens.weight".to_owned(), vec![self.vocab_size, hidden])];
        for layer in 0..self.num_hidden_layers {
            let parts = [
                ("input_layernorm", vec![hidden]),
                ("self_attn.q_proj", vec![query, hidden]),
                ("self_attn.k_proj", vec![kv, hidden]),
                ("self_attn.v_proj", vec![kv, hidden]),
                ("self_attn.o_proj", vec![hidden, query]),
                ("post_attention_layernorm", vec![hidden]),
                ("mlp.gate_proj", vec![inner, hidden]),
                ("mlp.up_proj", vec![inner, hidden]),
                ("mlp.down_proj", vec![hidden, inner]),
            ];
            tensors.extend(parts.map(|(part, shape)| (format!("model.layers.{layer}.{part}.weight"), shape)));
        }
        tensors.push(("model.norm.weight".to_owned(), vec![hidden]));
        if !self.tie_word_embeddings {
            tensors.push(("lm_head.weight".to_owned(), vec![self.vocab_size, hidden]));
        }
        tensors
    }

    /// Number of weights.
    pub fn parameters(&self) -> usize {
        self.tensors().iter().map(|(_, shape)| shape.iter().product::<usize>()).sum()
    }
}

fn out_of_range(field: &'static str, found: impl ToString, wanted: String) -> Result<(), LlamaConfigError> {
    Err(LlamaConfigError::OutOfRange { field, found: found.to_string(), wanted })
}

/// Why a model's configuration is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LlamaConfigError {
    /// The model is not a Llama.
    #[error("architecture {found}: only LlamaForCausalLM (model_type llama) is computed here")]
    Architecture {
        /// What the configuration says.
        found: String,
    },
    /// A variant of the architecture that is not computed here.
    #[error("{field} is {found}: only {supported} is computed here")]
    Unsupported {
        /// Name of the field.
        field: &'static str,
        /// What it says.
        found: String,
        /// What it may say.
        supported: &'static str,
    },
    /// A number that no model can have.
    #[error("{field} is {found}; it must be {wanted}")]
    OutOfRange {
        /// Name of the field.
        field: &'static str,
        /// What it says.
        found: String,
        /// What it may say.
        wanted: String,
    },
}
