//! What is wrong with a program.

use pyprior_core::exec::CompileError;
use pyprior_core::{DecodeError, TokenError};
use thiserror::Error;

/// What is wrong with a program that a source has drawn; sources draw legal programs, so it is the source.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExamineError {
    /// The tokens are no complete program.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// It cannot be run.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// A token is not legal.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// What it does cannot be written as JSON.
    #[error("its states cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// There is more of it than lists have room for.
    #[error("what is known of it and of those beside it takes more than 1 GiB")]
    TooLarge,
}
