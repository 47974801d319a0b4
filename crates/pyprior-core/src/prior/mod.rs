//! The symbolic prior: how likely each token is before any model has spoken, and what that does to its logits.
//!
//! ```text
//! config.rs   PriorConfig: weights, decays, mode; checked once
//! table.rs    Prior: the logits of every token at a hole
//! apply.rs    the prior and a model's logits, by mode
//! arrays.rs   the prior as plain arrays, and the two put together for a draw
//! ```

mod apply;
pub(crate) mod arrays;
pub(crate) mod config;
pub(crate) mod table;
