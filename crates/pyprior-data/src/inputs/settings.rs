//! What a description says of examples and traces.

use pyprior_core::exec::Limits;
use serde::{Deserialize, Serialize};

use crate::error::DescriptionError;

/// Examples of a function: inputs, and what it gives for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExampleSettings {
    /// Examples of a function, at most; 1 to 256.
    pub count: u32,
    /// Inputs that are tried, 1 to 65,536.
    pub tries: u32,
    /// Smallest and largest argument.
    pub range: (i64, i64),
    /// Steps that a call may take; a call that takes more is no example. The other limits are those of runs.
    pub fuel: u64,
    /// Whether a function is left out that gives the same for all inputs tried.
    pub reject_constant: bool,
    /// Whether a function is left out that has a parameter which is never read.
    pub reject_unused_parameters: bool,
}

impl Default for ExampleSettings {
    fn default() -> Self {
        Self {
            count: 8,
            tries: 64,
            range: (-20, 20),
            fuel: 1000,
            reject_constant: true,
            reject_unused_parameters: true,
        }
    }
}

/// What a run does, step by step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TraceSettings {
    /// Steps of a trace at most, 1 to 65,536: a line, a value of a variable, a call, a return, a printed line are each
    /// one. A run that takes more has no trace.
    pub steps: u32,
}

impl Default for TraceSettings {
    fn default() -> Self {
        Self { steps: 256 }
    }
}

impl ExampleSettings {
    /// What a call may take, where runs may take `limits`.
    pub fn limits(&self, limits: Limits) -> Limits {
        Limits { fuel: self.fuel, ..limits }
    }

    pub(crate) fn check(&self) -> Result<(), DescriptionError> {
        let range = |field, value: String, range| Err(DescriptionError::Range { field, value, range });
        if !(1..=256).contains(&self.count) {
            return range("examples.count", self.count.to_string(), "1 to 256");
        }
        if !(1..=1 << 16).contains(&self.tries) {
            return range("examples.tries", self.tries.to_string(), "1 to 65,536");
        }
        let (low, high) = self.range;
        if low > high || high.abs_diff(low) > i64::MAX.unsigned_abs() {
            return range("examples.range", format!("{low} to {high}"), "upwards, and of fewer than 2^63 values");
        }
        Ok(())
    }
}

impl TraceSettings {
    pub(crate) fn check(&self) -> Result<(), DescriptionError> {
        match (1..=1 << 16).contains(&self.steps) {
            true => Ok(()),
            false => {
                let value = self.steps.to_string();
                Err(DescriptionError::Range { field: "trace.steps", value, range: "1 to 65,536" })
            }
        }
    }
}
