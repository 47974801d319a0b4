//! What a run may take, and why it ends early.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What a run may take. All four are exact, so that a run ends the same way on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Steps: 1 for every statement executed (a `for` and a `def` included), 1 for every iteration of a loop, 1 for
    /// every call, each taken before what it pays for.
    pub fuel: u64,
    /// Bytes of output.
    pub output_bytes: usize,
    /// Bits of the magnitude of an integer; below 64 counts as 64.
    pub integer_bits: u64,
    /// Work on integers beyond 64 bits, in products of two 64-bit digits: m n of them for a product of integers of m
    /// and n digits, one for each digit of a sum. Fuel bounds the steps, this what they take.
    pub integer_work: u64,
}

impl Default for Limits {
    /// 1,000,000 steps, 1 MiB of output, and 65,536 bits, which are 19,729 digits: multiplying and printing one takes
    /// below a millisecond. 2³⁰ products of digits, which take about a second.
    fn default() -> Self {
        Self { fuel: 1_000_000, output_bytes: 1 << 20, integer_bits: 1 << 16, integer_work: 1 << 30 }
    }
}

/// Why a run ended early. Everything before it has happened; [`Outcome::stdout`](super::Outcome::stdout) has what was printed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Error, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum ExecError {
    /// The next step would have been one more than the fuel; the number of steps is the fuel.
    #[error("out of fuel after {fuel} step{}", if *fuel == 1 { "" } else { "s" })]
    OutOfFuel {
        /// The fuel.
        fuel: u64,
    },
    /// It was told to stop: see [`Machine::stop_by`](super::Machine::stop_by).
    #[error("stopped")]
    Stopped,
    /// A `print` would have gone beyond the output limit; nothing of it is in the output.
    #[error("the output would be longer than {limit} bytes")]
    OutputLimit {
        /// The limit in bytes.
        limit: usize,
        /// Position of the statement in preorder, counted from 0.
        statement: u32,
    },
    /// A result would have more bits than allowed, or arithmetic beyond 64 bits takes more work than allowed.
    #[error("{}", integer_limit(*of, *limit))]
    IntegerLimit {
        /// What of integers has come to its limit.
        of: IntegerBound,
        /// The limit.
        limit: u64,
        /// Position of the statement in preorder, counted from 0.
        statement: u32,
    },
    /// None in arithmetic, in `<` or as a bound, with the words of CPython. Programs of the profile `sound` never get
    /// here, unless somebody calls a function with none.
    #[error("TypeError: {message}")]
    TypeError {
        /// CPython's message.
        message: String,
        /// Position of the statement in preorder, counted from 0.
        statement: u32,
    },
    /// A call from outside that fits no function.
    #[error("TypeError: {message}")]
    Arguments {
        /// How many it takes, and how many were given. CPython, which would raise here too, words it otherwise.
        message: String,
    },
    /// A call from outside of what the program does not define.
    #[error("NameError: name '{name}' is not defined")]
    NoFunction {
        /// The name.
        name: String,
    },
}

/// What of integers has a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntegerBound {
    /// Bits of the magnitude, [`Limits::integer_bits`].
    Bits,
    /// Work beyond 64 bits, [`Limits::integer_work`].
    Work,
}

fn integer_limit(of: IntegerBound, limit: u64) -> String {
    match of {
        IntegerBound::Bits => format!("an integer would have more than {limit} bits"),
        IntegerBound::Work => format!("arithmetic beyond 64 bits would take more than {limit} products of digits"),
    }
}

impl ExecError {
    /// A call of `name`, which has `arity` parameters, with another number of arguments.
    pub fn arguments(name: &str, arity: usize, given: usize) -> Self {
        let plural = if arity == 1 { "" } else { "s" };
        let were = if given == 1 { "was" } else { "were" };
        Self::Arguments { message: format!("{name}() takes {arity} argument{plural} but {given} {were} given") }
    }

    /// Position in preorder, counted from 0, of the statement that could not be executed, if there is one to blame.
    pub fn statement(&self) -> Option<u32> {
        match self {
            Self::OutputLimit { statement, .. }
            | Self::IntegerLimit { statement, .. }
            | Self::TypeError { statement, .. } => Some(*statement),
            Self::OutOfFuel { .. } | Self::Stopped | Self::Arguments { .. } | Self::NoFunction { .. } => None,
        }
    }
}

/// What stops the machine, before it is known where.
#[derive(Debug)]
pub(super) enum Fault {
    OutOfFuel,
    Stopped,
    OutputLimit,
    IntegerLimit(IntegerBound),
    /// CPython's message.
    TypeError(String),
}

impl Fault {
    pub(super) fn type_error(message: String) -> Self {
        Self::TypeError(message)
    }

    pub(super) fn at(self, statement: u32, limits: &Limits) -> ExecError {
        match self {
            Fault::OutOfFuel => ExecError::OutOfFuel { fuel: limits.fuel },
            Fault::Stopped => ExecError::Stopped,
            Fault::OutputLimit => ExecError::OutputLimit { limit: limits.output_bytes, statement },
            Fault::IntegerLimit(of) => {
                let limit = match of {
                    IntegerBound::Bits => limits.integer_bits.max(64),
                    IntegerBound::Work => limits.integer_work,
                };
                ExecError::IntegerLimit { of, limit, statement }
            }
            Fault::TypeError(message) => ExecError::TypeError { message, statement },
        }
    }
}
