//! Replays recorded traces of the PyPI package against the engine.
//!
//! ```text
//! lines.rs     what a trace file holds · run.rs: runs in it
//! known.rs     what a configuration is held against
//! report.rs    what was compared, by kind of line and field
//! replay.rs    line by line, with the language of each configuration
//! steps.rs     one trace, step by step
//! analysis.rs  the package's findings
//! encode.rs    source to tokens · exec.rs: what programs print
//! prior.rs     the prior's logits, and its apply modes
//! witness.rs   the exhaustive search that confirms where the engine allows less
//! ```

mod analysis;
mod encode;
mod exec;
mod known;
mod lines;
mod prior;
mod replay;
mod report;
mod run;
mod steps;
mod witness;

pub(crate) use replay::replay_file;
pub(crate) use report::Report;
