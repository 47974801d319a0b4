//! Why an input is refused.

use thiserror::Error;

use super::super::compile_error::CompileError;
use crate::codec::encode::error::EncodeError;
use crate::codec::encode::places::Place;

pub(super) const MAX_BLOCK_STMTS: &str = "max_block_stmts";
pub(super) const MAX_FUNCS: &str = "max_funcs";
pub(super) const MAX_VARS: &str = "max_vars";

/// An input that is refused. The session is what it was.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The input is not of the language, or reads or calls what there is not.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// With this def, functions would call each other in a circle.
    #[error("{}:{}: with this def `{}` calls itself: {}", place.line, place.column, circle[0], circle.join(" -> "))]
    Recursion {
        /// Where the def is.
        place: Place,
        /// The functions, each of which calls the next, the first also last.
        circle: Vec<String>,
    },
    /// What is called needs a function that the same input defines only later.
    #[error("{}:{}: `{caller}` calls `{name}`, which this input defines only below", place.line, place.column)]
    Early {
        /// Where the statement is that calls.
        place: Place,
        /// The function that calls.
        caller: String,
        /// The function that is defined below.
        name: String,
    },
    /// A function that calls another would call it with a wrong number of arguments.
    #[error(
        "{}:{}: `{caller}` calls `{name}` with {before} argument{}, and this def takes {arity}",
        place.line, place.column, if *before == 1 { "" } else { "s" }
    )]
    Arity {
        /// Where the def is.
        place: Place,
        /// What is defined.
        name: String,
        /// Who calls it.
        caller: String,
        /// Parameters so far.
        before: u8,
        /// Parameters now.
        arity: usize,
    },
    /// A function needs the value of another, which would not return one on every path.
    #[error("{}:{}: `{caller}` calls `{name}`, and this def does not return a value on every path", place.line, place.column)]
    Returns {
        /// Where the def is.
        place: Place,
        /// What is defined.
        name: String,
        /// Who calls it.
        caller: String,
    },
    /// A function would become a variable, and another calls it.
    #[error("{}:{}: `{name}` cannot become a variable: `{caller}` calls it", place.line, place.column)]
    Called {
        /// Where the statement is that assigns.
        place: Place,
        /// The name.
        name: String,
        /// Who calls it.
        caller: String,
    },
    /// The input and what it needs are more than a program holds.
    #[error(
        "with the variables and functions of before that this needs, it has {needed} {}; a program has at most {max} ({knob})",
        things(knob)
    )]
    TooMany {
        /// The knob that sets the limit: `max_block_stmts`, `max_funcs` or `max_vars`.
        knob: &'static str,
        /// How many it would take: of statements of the module, defs, or variables.
        needed: usize,
        /// The limit.
        max: usize,
    },
    /// The program cannot be run; there is no input that this is known of.
    #[error(transparent)]
    Compile(#[from] CompileError),
}

/// What a knob limits.
fn things(knob: &str) -> &'static str {
    match knob {
        MAX_FUNCS => "defs",
        MAX_VARS => "variables",
        _ => "statements",
    }
}

impl SessionError {
    /// The place in the input that it is about.
    pub fn place(&self) -> Option<Place> {
        match self {
            Self::Encode(error) => Some(Place { line: error.line, column: error.column }),
            Self::Recursion { place, .. }
            | Self::Early { place, .. }
            | Self::Arity { place, .. }
            | Self::Returns { place, .. }
            | Self::Called { place, .. } => Some(*place),
            Self::TooMany { .. } | Self::Compile(_) => None,
        }
    }

    /// The reason without the place: one line.
    pub fn reason(&self) -> String {
        match (self, self.place()) {
            (Self::Encode(error), _) => error.kind.to_string(),
            (_, None) => self.to_string(),
            (_, Some(Place { line, column })) => {
                let text = self.to_string();
                text.strip_prefix(&format!("{line}:{column}: ")).map(str::to_owned).unwrap_or(text)
            }
        }
    }

    /// What to write instead, where something can be said.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Encode(error) => error.hint(),
            Self::Recursion { .. } => Some("use a loop"),
            Self::Early { .. } => Some("give the def in an input before"),
            Self::Arity { .. } | Self::Returns { .. } | Self::Called { .. } => {
                Some("define the caller without it first")
            }
            Self::TooMany { .. } => Some("give it in parts"),
            Self::Compile(_) => None,
        }
    }
}
