//! Where programs come from.

mod model;
mod sampled;

pub use model::{ComputeDevice, Dtype, ModelDescription, ModelDigest};
pub(crate) use sampled::Sampled;

use std::ops::Range;

use pyprior_core::{PriorError, Programs, TooLongError};
use thiserror::Error;

/// Programs by number. Program number i is a function of what the source was made of, its seed included, and of i: not of
/// what else is asked for, nor by whom.
///
/// Several threads ask at once. A source that can only do one thing at a time, such as a model on a device, has a thread of
/// its own for it, and those who ask wait: nobody of them may do that work itself, for the threads that ask are given other
/// work while they wait for each other.
pub trait Source: Send + Sync + std::fmt::Debug {
    /// Adds the programs with these numbers, in order.
    ///
    /// # Errors
    ///
    /// [`SourceError`]; what was added then is of no use.
    fn draw(&self, rows: Range<u64>, drawn: &mut Drawn) -> Result<(), SourceError>;

    /// Programs to be asked for at a time.
    fn chunk(&self) -> u64;
}

/// Programs that have been drawn.
#[derive(Debug, Clone, Default)]
pub struct Drawn {
    /// The programs.
    pub programs: Programs,
    /// The log-probability of each under the model that drew it, in nats; empty if none did.
    pub log_model: Vec<f64>,
    /// The log-probability of each under the prior, in nats, if the source knows it and somebody asks; empty if not.
    pub log_prior: Vec<f64>,
}

impl Drawn {
    /// Forgets the programs and keeps the memory.
    pub fn clear(&mut self) {
        self.programs.clear();
        self.log_model.clear();
        self.log_prior.clear();
    }
}

/// Why there are no programs.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// A program grew beyond what is allowed.
    #[error(transparent)]
    TooLong(#[from] TooLongError),
    /// The prior is none.
    #[error("source.prior")]
    Prior(#[from] PriorError),
    /// A model failed.
    #[error("the model failed")]
    Model(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The description is of a model's programs, and no model is given.
    #[error("source.kind is \"model\", and no model is given")]
    NoModel,
    /// A model is given, and the description is not of its programs.
    #[error("a model is given, and source.kind is not \"model\"")]
    NotOfAModel,
    /// The description does not say what a model's programs depend on.
    #[error("source.{field} is missing")]
    Unsaid {
        /// What is missing.
        field: &'static str,
    },
    /// It was asked to stop.
    #[error("stopped")]
    Stopped,
}
