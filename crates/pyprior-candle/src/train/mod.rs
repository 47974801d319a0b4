//! Training such models from sampled programs or from lists.
//!
//! ```text
//! source.rs      programs, by position: from a sampler through a filter, or from a list
//! sequences.rs   programs as a model learns them, back to back
//! slices/        forward, backward and AdamW on the CPU, by hand
//! composed.rs    the same by candle's operations and gradients, for any device
//! learner.rs     either of them: gradients, and steps of the optimizer · adamw.rs: its numbers
//! config.rs      how to train, and for how long
//! trainer.rs     the loop
//! evaluation.rs  programs that are held out: losses, legal mass, baselines
//! checkpoint.rs  a training on disk
//! curve.rs       its course as a picture
//! ```
//!
//! The loss is the cross entropy of every token of every program, forced ones too, without a mask: so a model learns
//! the rules as well as the habits of its data, and how much of its probability is legal says how well.

mod adamw;
mod checkpoint;
mod composed;
mod config;
mod curve;
mod error;
mod evaluation;
mod learner;
mod sequences;
mod slices;
mod source;
mod trainer;

pub use self::adamw::{AdamW, Schedule};
pub use self::checkpoint::Checkpoint;
pub use self::config::{BatchSize, Progress, TrainBudget, TrainConfig};
pub use self::curve::{Evaluated, curve_svg};
pub use self::error::TrainError;
pub use self::evaluation::{Baselines, Evaluation, HeldOut};
pub use self::learner::{Learner, LearnerState};
pub use self::sequences::Sequences;
pub use self::source::{Source, Stream};
pub use self::trainer::{StepReport, TrainState, Trainer};
