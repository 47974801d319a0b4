//! A row of a table of tasks.

use super::Kind;

/// A row of a table of tasks, or of several in packed rows. What was not asked for is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Task {
    /// What the task is called: its kind, its program's row, its number among those of the program.
    pub key: String,
    /// Its number among those of its kind of the program, counted from 0.
    pub nth: u32,
    /// Name of the function.
    pub function: String,
    /// Token ids.
    pub tokens: Vec<u32>,
    /// Tokens that are no filling.
    pub length: u32,
    /// 1 for each token of the answer, else 0.
    pub loss_mask: Vec<u8>,
    /// What is asked.
    pub prompt: String,
    /// An answer that is right.
    pub answer: String,
    /// How answers are graded, as JSON.
    pub verification: String,
    /// Keys of the tasks of a packed row.
    pub keys: Vec<String>,
    /// Place of each token in its stream.
    pub positions: Vec<u32>,
    /// Which stream of the row each token is of, counted from 1; 0 for filling.
    pub segments: Vec<u32>,
}

impl Task {
    /// What a task is called.
    pub(super) fn key(kind: Kind, row: u64, nth: u32) -> String {
        format!("{}-{row}-{nth}", kind.name())
    }
}
