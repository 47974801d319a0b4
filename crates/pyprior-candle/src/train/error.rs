//! What can go wrong in training.

use std::path::PathBuf;

use pyprior_core::{BitmaskShapeError, LogitsError, PriorError, TokenError, TooLongError};
use thiserror::Error;

/// What can go wrong in training.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The tensors are not those of the configuration, in its order.
    #[error("tensor {name:?} is missing, out of order or of another shape")]
    Tensor {
        /// The tensor that the configuration asks for.
        name: String,
    },
    /// A program is longer than the model takes.
    #[error("a program of {tokens} tokens: the model takes {most}")]
    TooLong {
        /// Tokens of the program.
        tokens: usize,
        /// Positions of the model.
        most: usize,
    },
    /// A program has a token that the model does not have.
    #[error("token {token}: the model's vocabulary ends at {vocab_size}")]
    Token {
        /// The token.
        token: u32,
        /// Number of tokens in the vocabulary.
        vocab_size: usize,
    },
    /// Training has diverged.
    #[error("the gradient of step {step} is not finite: training has diverged; a lower learning rate may help")]
    NotFinite {
        /// Number of the step, from 1.
        step: u64,
    },
    /// There are no programs to learn from.
    #[error("there are no programs to learn from")]
    Empty,
    /// The filter lets hardly anything through.
    #[error("none of {tries} programs drawn passes the filter")]
    NonePasses {
        /// Programs drawn.
        tries: u64,
    },
    /// A program cannot be drawn.
    #[error(transparent)]
    Draw(#[from] TooLongError),
    /// A program that is held out is not legal.
    #[error("program {program} is not legal")]
    Illegal {
        /// Number of the program, from 0.
        program: usize,
        /// Where, and why.
        source: TokenError,
    },
    /// A program that is held out ends too early.
    #[error("program {program} is not complete")]
    Unfinished {
        /// Number of the program, from 0.
        program: usize,
    },
    /// The symbolic prior is out of range.
    #[error(transparent)]
    Prior(#[from] PriorError),
    /// Legal tokens and logits do not fit together.
    #[error(transparent)]
    Logits(#[from] LogitsError),
    /// Legal tokens do not fit where they are written.
    #[error(transparent)]
    Bitmask(#[from] BitmaskShapeError),
    /// Programs may be longer than the model takes.
    #[error("programs of up to {max_len} tokens, and a model of {positions} positions")]
    Positions {
        /// Tokens of the longest program, or `any number` of them.
        max_len: String,
        /// Positions of the model.
        positions: usize,
    },
    /// The vocabulary of the model is not that of the language.
    #[error("the model's vocabulary has {model} tokens, the language {language}")]
    Vocab {
        /// Tokens of the model.
        model: usize,
        /// Tokens of the language.
        language: usize,
    },
    /// A number that no training can have.
    #[error("{field} is {found}; it must be {wanted}")]
    OutOfRange {
        /// Name of the field.
        field: &'static str,
        /// What it says.
        found: String,
        /// What it may say.
        wanted: &'static str,
    },
    /// A checkpoint is not one.
    #[error("{}: not a whole checkpoint: {reason}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A checkpoint is of another training.
    #[error("{}: {field} was {before} and is {now}", path.display())]
    OtherTraining {
        /// The file.
        path: PathBuf,
        /// What differs.
        field: String,
        /// What the checkpoint says.
        before: String,
        /// What was asked for.
        now: String,
    },
}
