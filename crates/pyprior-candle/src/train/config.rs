//! How to train, and for how long.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::adamw::{AdamW, Schedule};
use super::error::TrainError;
use crate::llama::LlamaConfig;

/// How much goes through the model at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchSize {
    /// So many programs.
    Programs(usize),
    /// As many programs as have at most so many tokens together, and one at least.
    Tokens(usize),
}

/// How to train. All of it is part of a checkpoint, and the same where that is gone on with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// The model.
    #[serde(deserialize_with = "model")]
    pub model: LlamaConfig,
    /// Seed of the weights to begin with.
    pub seed: u64,
    /// What goes through the model at a time.
    pub batch: BatchSize,
    /// How many batches one step is the mean of.
    pub accumulate: usize,
    /// The learning rate.
    pub schedule: Schedule,
    /// The norm that gradients are scaled down to, if that is to be done.
    pub clip: Option<f64>,
    /// The optimizer.
    pub adamw: AdamW,
}

/// Written down, a configuration of a model does not say of which kind it is; here it is always this one.
fn model<'de, D: Deserializer<'de>>(deserializer: D) -> Result<LlamaConfig, D::Error> {
    let mut fields = Map::<String, Value>::deserialize(deserializer)?;
    fields.insert("model_type".to_owned(), "llama".into());
    serde_json::from_value(fields.into()).map_err(D::Error::custom)
}

/// When to stop; what is not given has no bound. The learning rate falls over the first of these that is given.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct TrainBudget {
    /// Steps.
    pub steps: Option<u64>,
    /// Tokens that were learnt from.
    pub tokens: Option<u64>,
    /// Seconds, those before a resumption included. A training whose learning rate follows the clock is not the same
    /// twice.
    pub seconds: Option<f64>,
}

/// What has been done.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Steps.
    pub steps: u64,
    /// Programs that were learnt from.
    pub programs: u64,
    /// Their tokens.
    pub tokens: u64,
    /// Seconds.
    pub seconds: f64,
}

impl TrainConfig {
    /// Checks every number against its limits.
    ///
    /// # Errors
    ///
    /// [`TrainError::OutOfRange`].
    pub fn check(&self) -> Result<(), TrainError> {
        let size = match self.batch {
            BatchSize::Programs(size) | BatchSize::Tokens(size) => size,
        };
        let (adamw, schedule) = (self.adamw, self.schedule);
        let below_one = |x: f64| (0.0..1.0).contains(&x);
        let positive = |x: f64| x.is_finite() && x > 0.0;
        let checks = [
            ("batch", size.to_string(), size > 0, "at least 1"),
            ("accumulate", self.accumulate.to_string(), self.accumulate > 0, "at least 1"),
            ("learning rate", schedule.peak.to_string(), positive(schedule.peak), "a positive number"),
            ("learning rate floor", schedule.floor.to_string(), (0.0..=1.0).contains(&schedule.floor), "from 0 to 1"),
            ("beta_1", adamw.beta_1.to_string(), below_one(adamw.beta_1), "from 0 to below 1"),
            ("beta_2", adamw.beta_2.to_string(), below_one(adamw.beta_2), "from 0 to below 1"),
            ("eps", adamw.eps.to_string(), positive(adamw.eps), "a positive number"),
            (
                "weight decay",
                adamw.weight_decay.to_string(),
                adamw.weight_decay == 0.0 || positive(adamw.weight_decay),
                "0 or a positive number",
            ),
            ("clip", format!("{:?}", self.clip), self.clip.is_none_or(positive), "a positive number"),
        ];
        match checks.into_iter().find(|check| !check.2) {
            Some((field, found, _, wanted)) => Err(TrainError::OutOfRange { field, found, wanted }),
            None => Ok(()),
        }
    }
}

impl TrainBudget {
    /// What part of a training is done, from 0 to 1; 0 where nothing bounds it.
    pub fn done(&self, progress: &Progress) -> f64 {
        let part = |done: f64, all: f64| if all > 0.0 { (done / all).min(1.0) } else { 1.0 };
        match *self {
            Self { steps: Some(steps), .. } => part(progress.steps as f64, steps as f64),
            Self { tokens: Some(tokens), .. } => part(progress.tokens as f64, tokens as f64),
            Self { seconds: Some(seconds), .. } => part(progress.seconds, seconds),
            _ => 0.0,
        }
    }

    /// Whether another step may begin.
    pub fn lasts(&self, progress: &Progress) -> bool {
        self.steps.is_none_or(|steps| progress.steps < steps)
            && self.tokens.is_none_or(|tokens| progress.tokens < tokens)
            && self.seconds.is_none_or(|seconds| progress.seconds < seconds)
    }
}
