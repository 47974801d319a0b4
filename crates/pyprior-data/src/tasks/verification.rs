//! By what an answer is graded: all of it, so that a row needs no other.

use serde::{Deserialize, Serialize};

use super::Kind;
use super::settings::TraceStyle;

/// How the answer of a task is verified; values are texts in Python, inputs tuples.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Verification {
    /// The answer is `output`, which `function` of `source` gives for `input`.
    Deduction {
        /// The program.
        source: String,
        /// Name of the function.
        function: String,
        /// The arguments.
        input: String,
        /// The value.
        output: String,
    },
    /// The answer is arguments for which `function` of `source` gives `output`.
    Abduction {
        /// The program.
        source: String,
        /// Name of the function.
        function: String,
        /// The value.
        output: String,
    },
    /// The answer is a program whose `function` gives the second of each pair for the first.
    Induction {
        /// Name of the function.
        function: String,
        /// Examples that the prompt shows.
        shown: Vec<(String, String)>,
        /// Examples that it does not.
        held_out: Vec<(String, String)>,
    },
    /// The answer is what `function` of `source` does for `input`, as text.
    Trace {
        /// The program.
        source: String,
        /// Name of the function.
        function: String,
        /// The arguments.
        input: String,
        /// How it is written.
        style: TraceStyle,
    },
}

impl Verification {
    /// The kind of the task.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Deduction { .. } => Kind::Deduction,
            Self::Abduction { .. } => Kind::Abduction,
            Self::Induction { .. } => Kind::Induction,
            Self::Trace { .. } => Kind::Trace,
        }
    }
}
