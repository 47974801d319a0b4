//! Why batch operations are refused.

use thiserror::Error;

use crate::bitmask::BitmaskShapeError;
use crate::matcher::{RollbackError, TokenError};

/// Why a batch operation is refused. Nothing has changed, in any row.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BatchError {
    /// A slice has the wrong length.
    #[error("{what} has {got} entries, but the batch has {expected} slots")]
    WrongLength {
        /// Which argument.
        what: &'static str,
        /// Its length.
        got: usize,
        /// The number of slots.
        expected: usize,
    },
    /// There is no such slot.
    #[error("slot {slot} is beyond the batch's {slots} slots")]
    NoSuchSlot {
        /// The slot asked for.
        slot: usize,
        /// The number of slots.
        slots: usize,
    },
    /// The slot holds no row.
    #[error("slot {slot} is empty")]
    EmptySlot {
        /// The slot.
        slot: usize,
    },
    /// A language of another vocabulary size.
    #[error("the language has {got} tokens, but the batch's vocabulary has {expected}")]
    VocabSize {
        /// Tokens of the language.
        got: usize,
        /// Tokens of the batch.
        expected: usize,
    },
    /// A token is not legal.
    #[error("slot {slot}: {source}")]
    Token {
        /// The slot.
        slot: usize,
        /// What is wrong with it.
        source: TokenError,
    },
    /// A rollback beyond the start of a row.
    #[error("slot {slot}: {source}")]
    Rollback {
        /// The slot.
        slot: usize,
        /// What is wrong with it.
        source: RollbackError,
    },
    /// A bitmask of the wrong shape.
    #[error(transparent)]
    Bitmask(#[from] BitmaskShapeError),
}
