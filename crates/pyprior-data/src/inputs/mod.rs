//! Examples of functions: inputs chosen for what they bring to light.
//!
//! ```text
//! settings.rs    what a description says
//! subject.rs     which function of a program
//! candidates.rs  inputs worth trying, by seed and number of the program
//! choose.rs      those that go new ways, then those with new outputs
//! explore.rs     all of it for one program
//! ```

mod candidates;
mod choose;
mod explore;
mod settings;
mod subject;

pub(crate) use explore::Explorer;
pub use settings::{ExampleSettings, TraceSettings};
pub use subject::Subject;

use pyprior_core::ProgramNames;
use pyprior_core::exec::Value;

/// An input, and what the function gives for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The arguments.
    pub inputs: Vec<Value>,
    /// The value of the call.
    pub output: Value,
}

impl Example {
    /// The arguments as a tuple of Python: `(3, -1)`, `(3,)`.
    pub fn tuple(&self) -> String {
        tuple(&self.inputs)
    }
}

/// Values as a tuple of Python.
pub(crate) fn tuple(values: &[Value]) -> String {
    match values {
        [value] => format!("({value},)"),
        values => format!("({})", arguments(values)),
    }
}

/// Values between the parentheses of a call.
pub(crate) fn arguments(values: &[Value]) -> String {
    values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")
}

/// Whether a program has examples, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExamplesStatus {
    /// It has.
    Found,
    /// No function takes parameters and holds a `return`.
    #[default]
    NoFunction,
    /// A parameter is never read.
    UnusedParameter,
    /// No call came to its end within the limits.
    Unfinished,
    /// All calls gave the same.
    Constant,
}

impl ExamplesStatus {
    /// Its name in the files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::NoFunction => "no_function",
            Self::UnusedParameter => "unused_parameter",
            Self::Unfinished => "unfinished",
            Self::Constant => "constant",
        }
    }
}

/// What was found out of the function of a program.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Examples {
    /// Whether there are examples.
    pub status: ExamplesStatus,
    /// The function; none if there are no examples.
    pub subject: Option<Subject>,
    /// Its name in the source; empty if there are no examples.
    pub function: String,
    /// All names of the source; none if there are no examples.
    pub names: ProgramNames,
    /// The examples, in the order in which they were chosen.
    pub all: Vec<Example>,
    /// Inputs and outputs as texts.
    pub inputs: Vec<String>,
    /// See `inputs`.
    pub outputs: Vec<String>,
    /// What each call prints, if that is written.
    pub stdout: Vec<String>,
    /// Part of the ways of the function that the examples go; 1 where there is one way only. None if there are no examples.
    pub coverage: Option<f64>,
}
