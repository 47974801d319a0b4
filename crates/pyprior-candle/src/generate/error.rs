//! What stands in the way of generating.

use pyprior_core::{BitmaskShapeError, PriorError, TokenError};
use thiserror::Error;

use crate::cache::CacheError;
use crate::error::Error as ModelError;
use crate::sample::SampleError;

/// What stands in the way of generating. Programs that were handed out before stay as they are.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// There is nothing to generate with.
    #[error("no rows to generate with")]
    NoRows,
    /// Programs without a bound would not fit into any cache.
    #[error("the language has no bound on the length of programs; the model takes {most} tokens (max_len)")]
    NoMaxLen {
        /// The longest program that the model takes.
        most: usize,
    },
    /// Programs may be longer than the model's sequences.
    #[error("programs may have {max_len} tokens, and with BOS before them the model takes {most} (max_len)")]
    TooLong {
        /// The longest program of the language.
        max_len: u32,
        /// The longest program that the model takes.
        most: usize,
    },
    /// The model has no logit for some tokens.
    #[error("the vocabulary has {vocab} tokens, and the model has logits for {model}")]
    Vocab {
        /// Of the language.
        vocab: usize,
        /// Of the model.
        model: usize,
    },
    /// A prompt is no start of a program of the language.
    #[error("prompt {prompt} is no start of a program of the language")]
    Prompt {
        /// Its place among the prompts, counted from 0.
        prompt: usize,
        /// The token that is not legal.
        source: TokenError,
    },
    /// A prompt leaves nothing to start with.
    #[error("prompt {prompt} has no alternatives")]
    NoAlternatives {
        /// Its place among the prompts, counted from 0.
        prompt: usize,
    },
    /// A token was drawn that is not legal: a defect of the device's operations.
    #[error("a token was drawn for program {program} that is not legal")]
    Illegal {
        /// Number of the program.
        program: u64,
        /// Why it is not.
        source: TokenError,
    },
    /// Masks do not fit.
    #[error("bitmask")]
    Bitmask(#[from] BitmaskShapeError),
    /// The prior's numbers are out of range.
    #[error("prior")]
    Prior(#[from] PriorError),
    /// The rows' cache cannot be made or filled.
    #[error("cache")]
    Cache(#[from] CacheError),
    /// The model failed.
    #[error("model")]
    Model(#[from] ModelError),
    /// Its logits cannot be drawn from.
    #[error("program {program}, token {position}")]
    Sample {
        /// Number of the program.
        program: u64,
        /// The token that was to be drawn.
        position: usize,
        /// Why not.
        source: SampleError,
    },
    /// The settings of drawing are out of range, or tensors do not fit.
    #[error(transparent)]
    Sampling(SampleError),
}
