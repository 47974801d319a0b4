//! Running programs within limits, with every way to end as data.
//!
//! A program becomes a [`Program`], instructions in one piece of memory, which a [`Machine`] runs as often as wanted.
//! [`Limits`] bound steps, output and the size of integers exactly, so that the same program ends the same way
//! everywhere. Within the limits the output is CPython's, to the letter. Compiling and running use no recursion: programs
//! of any depth and length are fine.

mod code;
mod compile;
mod compile_error;
mod coverage;
mod emit;
mod fault;
mod machine;
mod outcome;
mod run;
mod session;
mod steps;
mod supply;
mod trace;
mod value;

pub use code::Program;
pub use compile::Compiler;
pub use compile_error::CompileError;
pub use coverage::Coverage;
pub use fault::{ExecError, IntegerBound, Limits};
pub use outcome::Outcome;
pub use run::{Machine, run_batch};
pub use session::{Input, Session, SessionError};
pub use steps::{Step, Steps};
pub use trace::{Event, Trace};
pub use value::{Big, Value, ValueError};
