#![doc = include_str!("../README.md")]

mod behaviour;
mod claim;
mod compile;
mod enumerate;
mod error;
mod fill;
mod filling;
mod interrupt;
mod matcher;
mod names;
mod program;
mod runner;
mod sample;
mod sketch;
mod source;
mod tally;

pub use enumerate::{EnumerateError, Enumerator};
pub use error::{Place, SketchError, SketchErrorKind};
pub use filling::{FilledHole, Filling};
pub use matcher::{MaskError, SketchMatcher, SketchTokenError};
pub use sample::{ByPrior, Chooser, DEFAULT_STEPS, DEFAULT_TRIES, SampleError, Sampler, Uniform};
pub use sketch::{DEFAULT_MEMORY, DEFAULT_WORK, FillError, Sketch, SketchSource};
