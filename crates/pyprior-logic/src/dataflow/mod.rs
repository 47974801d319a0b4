//! Tasks that wait for variables.
//!
//! A task is a Rust future that a [`Scheduler`] runs on the thread of its caller. Where it needs the value of a free variable
//! it is suspended until somebody binds it. Ready tasks run first in, first out, each up to where it waits, so a program runs
//! the same way every time. What variables are bound to does not even hang on that order: a variable is bound once
//! (Van Roy and Haridi, *Concepts, Techniques, and Models of Computer Programming*, chapter 4). Nor does it hang on it which ones are
//! needed; so nothing is computed by need in one order and left in another.

mod board;
mod error;
mod flow;
mod scheduler;
mod stream;
mod wait;
mod waiting;

#[cfg(test)]
mod tests;

pub use board::Propagation;
pub(crate) use error::panicked;
pub use error::{AllBlocked, Blocked, TaskError};
pub use flow::{Flow, TaskBuilder};
pub use scheduler::Scheduler;
pub use stream::{StreamReader, StreamWriter};
pub use wait::{Choose, Equal, Pause, Ready, Stable, Wait, WaitNeeded};
