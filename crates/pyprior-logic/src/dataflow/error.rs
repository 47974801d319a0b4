//! What goes wrong with tasks.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::store::{DomainError, FailedValue};
use crate::terms::{ReadError, UnifyError};

/// Why a task ended early, or why waiting for one did.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TaskError {
    /// A variable was not bound.
    #[error(transparent)]
    Unify(#[from] UnifyError),
    /// A term was no value.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What was waited for is a failed value.
    #[error(transparent)]
    FailedValue(#[from] FailedValue),
    /// Propagation left a variable without values.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// Nobody can bind what is waited for.
    #[error(transparent)]
    AllBlocked(#[from] AllBlocked),
    /// A value is not of the kind that was asked for.
    #[error("{value} is not {wanted}")]
    Kind {
        /// The value in short.
        value: String,
        /// What it was to be.
        wanted: &'static str,
    },
    /// The task gave up: [`Flow::fail`](super::Flow::fail).
    #[error("failed")]
    Fail,
    /// The task panicked.
    #[error("panicked: {message}")]
    Panicked {
        /// What it said.
        message: String,
    },
    /// A task of the scheduler ended with an error.
    #[error("task {task}: {error}")]
    Task {
        /// The name of the task.
        task: String,
        /// What it ended with.
        error: Box<TaskError>,
    },
    /// The tasks have taken all the steps that they were given: see [`Scheduler::limit_steps`](super::Scheduler::limit_steps).
    #[error("stopped after {steps} steps")]
    OutOfSteps {
        /// How many they were.
        steps: u64,
    },
    /// The store was asked from within an operation on it, as by a [`Structure`](crate::Structure) that gives its parts.
    #[error("the store is in use")]
    Busy,
    /// A future of a scheduler was polled by something else.
    #[error("waited outside of a task")]
    Outside,
    /// An error of one's own.
    #[error("{0}")]
    Other(Arc<dyn Error + Send + Sync>),
}

impl TaskError {
    /// Wraps an error of one's own, or a text.
    pub fn other(error: impl Into<Box<dyn Error + Send + Sync>>) -> TaskError {
        TaskError::Other(Arc::from(error.into()))
    }

    /// The failed value that it tells of.
    pub(super) fn failed_value(&self) -> Option<&FailedValue> {
        match self {
            TaskError::FailedValue(failed)
            | TaskError::Unify(UnifyError::Failed(failed))
            | TaskError::Read(ReadError::Failed(failed)) => Some(failed),
            _ => None,
        }
    }

    /// Whether it means that things contradict each other, which fails a space and is no mistake of a program.
    #[must_use]
    pub fn is_contradiction(&self) -> bool {
        match self {
            TaskError::Unify(UnifyError::Rebinding(_) | UnifyError::Unification(_) | UnifyError::EmptyDomain) => true,
            TaskError::Domain(DomainError::Empty(_)) | TaskError::Fail => true,
            TaskError::FailedValue(failed)
            | TaskError::Unify(UnifyError::Failed(failed))
            | TaskError::Read(ReadError::Failed(failed)) => failed.contradiction,
            TaskError::Task { error, .. } => error.is_contradiction(),
            _ => false,
        }
    }
}

/// Every task waits, and none that runs could wake another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllBlocked {
    /// The tasks that wait for values, in the order in which they were started. Tasks that only wait to be needed are not
    /// among them, except the one that was to be [run](super::Scheduler::block_on) to its end.
    pub tasks: Vec<Blocked>,
}

/// A task that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    /// The name of the task.
    pub task: String,
    /// The names of the variables. None if it waits for a choice, or for something outside of the scheduler.
    pub variables: Vec<String>,
}

impl fmt::Display for AllBlocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("all tasks are blocked")?;
        for (place, blocked) in self.tasks.iter().enumerate() {
            f.write_str(if place == 0 { ": " } else { ", " })?;
            f.write_str(&blocked.task)?;
            match blocked.variables.as_slice() {
                [] => f.write_str(" waits for a choice, or for something outside")?,
                variables => write!(f, " waits for {}", variables.join(" and "))?,
            }
        }
        Ok(())
    }
}

impl Error for AllBlocked {}

pub(crate) fn panicked(panic: &(dyn std::any::Any + Send)) -> TaskError {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    TaskError::Panicked { message: text.unwrap_or("no message").to_owned() }
}
