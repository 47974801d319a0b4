#![doc = include_str!("../README.md")]

#[cfg(feature = "emulation")]
pub mod emulation;
mod launch;
mod mixing;
#[cfg(feature = "cuda")]
pub mod ptx;
mod sampled;

pub use launch::{Element, Launch, LaunchError, random_words, sample, token_bitmask, write_lines};
pub use mixing::{Mixing, Pair};
pub use sampled::{Refused, Sampled};

/// Numbers that a row adds to the prior's logits, one for each group of tokens.
pub const GROUPS: usize = 17;
