//! Why tokens cannot be drawn.

use candle_core::{DType, DeviceLocation};
use thiserror::Error;

/// Why logits cannot be masked or drawn from. Nothing has been written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SampleError {
    /// Logits of another shape than the bitmask's.
    #[error("logits are {found:?}; the bitmask is for [rows, tokens] = {expected:?}")]
    Shape {
        /// Dimensions of the logits.
        found: Vec<usize>,
        /// Rows and tokens of the bitmask.
        expected: [usize; 2],
    },
    /// Logits of another vocabulary than the sampler's.
    #[error("logits are for {found} tokens; the sampler is for {expected}")]
    Vocab {
        /// Tokens of the logits.
        found: usize,
        /// Tokens of the sampler.
        expected: usize,
    },
    /// A vocabulary whose ids are not exact as `f32`.
    #[error("a vocabulary of {vocab} tokens; at most 16777216 are possible")]
    VocabTooLarge {
        /// Tokens of the vocabulary.
        vocab: usize,
    },
    /// A type that is not a type of logits.
    #[error("numbers are {found:?}; logits are F32, F16 or BF16, bitmasks U32")]
    Type {
        /// Type of the numbers.
        found: DType,
    },
    /// Logits that are not row after row in memory.
    #[error("logits have strides {stride:?}; make them contiguous first")]
    Strided {
        /// Their strides.
        stride: Vec<usize>,
    },
    /// Logits and bitmask on two devices.
    #[error("logits are on {logits:?}, the bitmask is on {bitmask:?}")]
    Device {
        /// Where the logits are.
        logits: DeviceLocation,
        /// Where the bitmask is.
        bitmask: DeviceLocation,
    },
    /// A bitmask with bits beyond its vocabulary.
    #[error("row {row} of the bitmask has bits beyond its {vocab} tokens")]
    Padding {
        /// The first such row.
        row: usize,
        /// Tokens of the vocabulary.
        vocab: usize,
    },
    /// Something that there must be one of for each row.
    #[error("{found} {what} were given for {rows} rows")]
    Count {
        /// What it is.
        what: &'static str,
        /// How many were given.
        found: usize,
        /// Rows of the logits.
        rows: usize,
    },
    /// A batch without rows.
    #[error("there are no rows")]
    NoRows,
    /// A row of logits that there is not.
    #[error("there is no row {row}: the logits have {rows}")]
    NoRow {
        /// What was asked for.
        row: u32,
        /// Rows of the logits.
        rows: usize,
    },
    /// A row of logits that is named twice.
    #[error("row {row} is named twice")]
    RowTwice {
        /// The row.
        row: u32,
    },
    /// A row without legal tokens.
    #[error("no token is legal in row {row}")]
    Empty {
        /// The first such row.
        row: usize,
    },
    /// A model that says no number.
    #[error("the logit of legal token {token} in row {row} is NaN")]
    Nan {
        /// The first such row.
        row: usize,
        /// Its first such token.
        token: u32,
    },
    /// A prior for other rows than the bitmask's.
    #[error("the prior does not fit the rows")]
    Prior(#[from] pyprior_core::LogitsError),
    /// Temperature or filters out of range.
    #[error("sampling cannot be set up")]
    Truncation(#[from] pyprior_core::TruncationError),
    /// An operation on tensors failed.
    #[error("the device failed")]
    Candle(#[from] candle_core::Error),
}
