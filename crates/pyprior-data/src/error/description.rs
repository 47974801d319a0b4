//! Why a description is refused.

use thiserror::Error;

use super::ControlError;
use crate::expression::ExpressionError;
use crate::numbering::MAX_SHARDS;

/// Why a description is refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DescriptionError {
    /// The text is not TOML, or says what is not known.
    #[error(transparent)]
    Toml(#[from] toml::de::Error),
    /// A number is beyond what TOML has.
    #[error(transparent)]
    NotToml(#[from] toml::ser::Error),
    /// A number is out of range.
    #[error("{field} is {value}; it must be {range}")]
    Range {
        /// The field, with its table.
        field: &'static str,
        /// What was asked for.
        value: String,
        /// What is possible, in words.
        range: &'static str,
    },
    /// More shards than rows have numbers for.
    #[error("{rows} rows in shards of {shard_rows} are {shards} shards; at most {MAX_SHARDS} are supported")]
    Shards {
        /// Rows of the dataset.
        rows: u64,
        /// Rows of a shard.
        shard_rows: u64,
        /// How many shards that is.
        shards: u64,
    },
    /// No bound on the length of programs.
    #[error("language.max_len is missing: programs of a dataset are bounded")]
    NoMaxLen,
    /// No column has this name.
    #[error("write.columns: there is no column {name:?}")]
    UnknownColumn {
        /// The name.
        name: String,
    },
    /// Something is listed twice.
    #[error("{field} lists {name:?} twice")]
    Twice {
        /// The field.
        field: &'static str,
        /// What is listed.
        name: String,
    },
    /// A text is no expression.
    #[error("{field}: {text:?}: {error}")]
    Expression {
        /// The field.
        field: String,
        /// The text.
        text: String,
        /// What is wrong with it: part of the message, and so no source to be told again.
        error: Box<ExpressionError>,
    },
    /// A split asks for what does not follow from the program.
    #[error(
        "splits.where: column {column:?} does not follow from the program alone: equal programs could be in two splits"
    )]
    NotOfProgram {
        /// The column.
        column: &'static str,
    },
    /// Shares of splits do not add up.
    #[error(
        "splits.share: shares add up to {sum}; they may make 1 together, and must where {split:?}, which has what is left, is one of them"
    )]
    Shares {
        /// The split that has what is left.
        split: String,
        /// What they add up to.
        sum: f64,
    },
    /// Stages make no sense.
    #[error("stages: {what}")]
    Stages {
        /// What is wrong with them.
        what: String,
    },
    /// What is asked for in `control` makes no sense.
    #[error("control")]
    Control(#[from] ControlError),
    /// No kind of file is asked for.
    #[error("write.formats is empty: nothing would be written")]
    NoFormat,
    /// The token arrays ask for a column that is not there.
    #[error("write.formats: npy is made of column tokens, which write.columns leaves out")]
    NoTokens,
    /// A table would be in no file.
    #[error(
        "table {table} has text alone, and write.formats is npy alone, which takes numbers: nothing of it would be written"
    )]
    NoFile {
        /// The table.
        table: String,
    },
    /// Tasks are neither tokens nor text.
    #[error("tasks.tokens and tasks.text are both false: nothing of the tasks would be written")]
    NoTaskForm,
}

impl DescriptionError {
    pub(crate) fn expression(field: &str, text: &str, source: ExpressionError) -> Self {
        Self::Expression { field: field.to_owned(), text: text.to_owned(), error: Box::new(source) }
    }
}
