//! What was asked for, and what there is without.

use serde::{Deserialize, Serialize};

/// What is controlled, with what the pilot has told of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControlRecord {
    /// Programs of the pilot, all of which pass `keep`, in the ranges of targets or not.
    pub pilot: u64,
    /// Programs within the ranges of all targets from which it is told what to accept.
    pub within: u64,
    /// Share of programs passing `keep` and ranges that is expected to be accepted, to 9 digits.
    pub expected_yield: f64,
    /// What is controlled.
    pub columns: Vec<Controlled>,
    /// What is not held although nothing was said, since that excludes the targets, or leaves too little.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub let_go: Vec<String>,
}

/// A column that is controlled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Controlled {
    /// The column, or the expression.
    pub of: String,
    /// Whether it keeps the distribution that it has without targets and their ranges; otherwise it is a target.
    pub held: bool,
    /// Its bins.
    pub bins: Vec<Bin>,
}

/// Some values of a column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// The values in words: `3`, `4..9` with both ends, `0.5..<1` without the second, `10..` all from there on, `null`.
    pub values: String,
    /// Share of rows that is to have them, to 9 digits.
    pub requested: f64,
    /// Programs of the pilot that have them.
    pub natural: u64,
}
