//! Flags of the model, the optimizer and the budget.

use std::time::Duration;

use clap::Args;
use pyprior_candle::LlamaConfig;
use pyprior_candle::train::{AdamW, BatchSize, Schedule, TrainBudget, TrainConfig};
use pyprior_core::Language;

use super::super::times::duration;

/// The model.
#[derive(Debug, Args)]
#[command(next_help_heading = "Model")]
pub(super) struct ModelArgs {
    /// Width of the residual stream
    #[arg(long, value_name = "N", default_value_t = 128)]
    hidden: usize,
    /// Layers
    #[arg(long, value_name = "N", default_value_t = 4)]
    layers: usize,
    /// Query heads; divides the width
    #[arg(long, value_name = "N", default_value_t = 4)]
    heads: usize,
    /// Key and value heads [default: as many]
    #[arg(long, value_name = "N")]
    kv_heads: Option<usize>,
    /// Width of the feed-forward layers [default: 8/3 of the hidden width, up to a multiple of 8]
    #[arg(long, value_name = "N")]
    intermediate: Option<usize>,
    /// Longest sequence, the start token included [default: one more than --max-len, up to a multiple of 64]
    #[arg(long, value_name = "TOKENS")]
    positions: Option<usize>,
    /// Whether the output layer is the embedding
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    tied: bool,
}

impl ModelArgs {
    pub(super) fn config(&self, language: &Language) -> anyhow::Result<LlamaConfig> {
        if self.heads == 0 || !self.hidden.is_multiple_of(self.heads) {
            anyhow::bail!("--heads {} does not divide --hidden {}", self.heads, self.hidden);
        }
        let max_len = language.config().max_len.unwrap_or(0) as usize;
        let config = LlamaConfig {
            vocab_size: language.vocab().len(),
            hidden_size: self.hidden,
            intermediate_size: self.intermediate.unwrap_or((self.hidden * 8).div_ceil(3).next_multiple_of(8)),
            num_hidden_layers: self.layers,
            num_attention_heads: self.heads,
            num_key_value_heads: self.kv_heads.unwrap_or(self.heads),
            head_dim: self.hidden / self.heads,
            max_position_embeddings: self.positions.unwrap_or((max_len + 1).next_multiple_of(64)),
            rms_norm_eps: 1e-6,
            rope_theta: 10_000.0,
            tie_word_embeddings: self.tied,
        };
        config.check()?;
        Ok(config)
    }
}

/// The optimizer, AdamW.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training")]
pub(super) struct OptimizerArgs {
    /// Programs in a batch
    #[arg(long, value_name = "PROGRAMS", default_value_t = 64, conflicts_with = "batch_tokens")]
    batch: usize,
    /// Tokens in a batch at most, instead of so many programs
    #[arg(long, value_name = "TOKENS")]
    batch_tokens: Option<usize>,
    /// Batches whose mean gradient makes a step
    #[arg(long, value_name = "N", default_value_t = 1)]
    accumulate: usize,
    /// Highest learning rate
    #[arg(long, value_name = "RATE", default_value_t = Schedule::default().peak)]
    lr: f64,
    /// Learning rate at the end, as a part of the highest; it falls as a cosine
    #[arg(long, value_name = "PART", default_value_t = Schedule::default().floor)]
    lr_floor: f64,
    /// Steps in which the learning rate rises from 0
    #[arg(long, value_name = "STEPS", default_value_t = Schedule::default().warm_up)]
    warm_up: u64,
    /// Norm that gradients are scaled down to; 0 for none
    #[arg(long, value_name = "NORM", default_value_t = 1.0)]
    clip: f64,
    /// Weight decay; norms do not decay
    #[arg(long, value_name = "RATE", default_value_t = AdamW::default().weight_decay)]
    weight_decay: f64,
    /// What of the first moment stays in a step
    #[arg(long, value_name = "PART", default_value_t = AdamW::default().beta_1)]
    beta_1: f64,
    /// What of the second moment stays in a step
    #[arg(long, value_name = "PART", default_value_t = AdamW::default().beta_2)]
    beta_2: f64,
}

impl OptimizerArgs {
    pub(super) fn config(&self, model: LlamaConfig, seed: u64) -> TrainConfig {
        let adamw =
            AdamW { beta_1: self.beta_1, beta_2: self.beta_2, weight_decay: self.weight_decay, ..AdamW::default() };
        TrainConfig {
            model,
            seed,
            batch: self.batch_tokens.map_or(BatchSize::Programs(self.batch), BatchSize::Tokens),
            accumulate: self.accumulate,
            schedule: Schedule { peak: self.lr, floor: self.lr_floor, warm_up: self.warm_up },
            clip: (self.clip != 0.0).then_some(self.clip),
            adamw,
        }
    }
}

/// When to stop; the learning rate falls over the first of these that is given.
#[derive(Debug, Args)]
#[command(next_help_heading = "Budget")]
pub(super) struct BudgetArgs {
    /// Steps [default: 1000, unless something else bounds the training]
    #[arg(long, value_name = "STEPS")]
    steps: Option<u64>,
    /// Tokens to learn from
    #[arg(long, value_name = "TOKENS")]
    tokens: Option<u64>,
    /// Time, such as 90s, 40m or 2h; what was before a resumption counts
    #[arg(long, value_name = "TIME", value_parser = duration)]
    time: Option<Duration>,
}

/// Steps where nothing is said.
const DEFAULT_STEPS: u64 = 1000;

impl BudgetArgs {
    pub(super) fn budget(&self) -> TrainBudget {
        let given = self.steps.is_some() || self.tokens.is_some() || self.time.is_some();
        TrainBudget {
            steps: self.steps.or((!given).then_some(DEFAULT_STEPS)),
            tokens: self.tokens,
            seconds: self.time.map(|time| time.as_secs_f64()),
        }
    }
}
