//! What can go wrong.

use thiserror::Error as ThisError;

use crate::cache::CacheError;
use crate::files::DirError;
use crate::files::WeightsError;
use crate::llama::config::LlamaConfigError;

/// What can go wrong with models, tensors and generation.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum Error {
    /// An operation on tensors failed.
    #[error("candle")]
    Candle(#[from] candle_core::Error),
    /// Logits cannot be masked or drawn from.
    #[error("sampling")]
    Sample(#[from] crate::sample::SampleError),
    /// A model that is not of this crate failed.
    #[error("the model failed")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A cache was used in a way that it does not allow.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// A model's configuration is not one that is computed here.
    #[error(transparent)]
    LlamaConfig(#[from] LlamaConfigError),
    /// Weights are not those that the configuration asks for.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Training cannot go on.
    #[error(transparent)]
    Train(#[from] crate::train::TrainError),
    /// A model's directory cannot be read or written.
    #[error(transparent)]
    Dir(#[from] DirError),
}
