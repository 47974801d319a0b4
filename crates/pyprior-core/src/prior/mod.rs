//! The symbolic prior: how likely each token is before any model has spoken, and what that does to its logits.
//!
//! ```text
//! config.rs   PriorConfig: weights, decays, mode; checked once
//! table.rs    Prior: the logits of every token at a hole
//! apply.rs    the prior and a model's logits, by mode
//! ```

mod apply;
pub(crate) mod config;
pub(crate) mod table;
