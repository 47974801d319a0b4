//! How a run ends.

use serde::{Deserialize, Serialize};

use super::fault::ExecError;
use super::value::Value;

/// How a run ended, with what it printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The value of the call, if one was asked for; none for a module.
    pub value: Value,
    /// What was printed; the whole text in UTF-8, lines ended by `\n`.
    pub stdout: String,
    /// Steps taken.
    pub steps: u64,
    /// Why the run ended early, if it did.
    pub error: Option<ExecError>,
}
