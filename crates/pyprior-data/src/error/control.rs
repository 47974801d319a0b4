//! Why targets are refused.

use thiserror::Error;

/// Why targets are refused.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ControlError {
    /// A target makes no sense.
    #[error("the target of {of:?}: {what}")]
    Target {
        /// Its column.
        of: String,
        /// What is wrong.
        what: &'static str,
    },
    /// Too few programs pass the filters to tell how they are distributed.
    #[error(
        "{passed} of {candidates} programs pass the filters, too few to tell distributions from; at least {least} are needed"
    )]
    Pilot {
        /// How many pass.
        passed: u64,
        /// Of how many.
        candidates: u64,
        /// How many are needed.
        least: u64,
    },
    /// No program of the pilot is in a bin that rows are to be in.
    #[error("{of}: no program of {pilot} has {bin}, and {wanted:.4} of the rows are to")]
    Unreachable {
        /// The column.
        of: String,
        /// The bin.
        bin: String,
        /// Programs that were looked at.
        pilot: u64,
        /// The share that was asked for.
        wanted: f64,
    },
    /// Shares that exclude each other.
    #[error(
        "the targets and columns that are held exclude each other: {of} in {bin} is to have a share of {wanted:.4} and comes to {reached:.4}; leave columns out of control.hold (--hold), or all of them"
    )]
    Contradiction {
        /// The column that is furthest from what was asked for.
        of: String,
        /// Its bin.
        bin: String,
        /// The share that was asked for, or that it has by itself.
        wanted: f64,
        /// What is possible.
        reached: f64,
    },
    /// Too much would be thrown away.
    #[error(
        "the targets leave {expected:.6} of the programs, control.least_yield is {least}; rarest for what is asked of it is {of} in {bin}: a share of {natural:.6}, and {wanted:.6} is to be"
    )]
    Yield {
        /// The share that is left.
        expected: f64,
        /// The least that is allowed.
        least: f64,
        /// The column that costs most.
        of: String,
        /// Its bin.
        bin: String,
        /// The share that it has by itself, within the ranges.
        natural: f64,
        /// The share that was asked for.
        wanted: f64,
    },
}
