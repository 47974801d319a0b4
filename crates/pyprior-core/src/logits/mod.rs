//! Rows of logits: their types, which tokens are in question, filters, and the weighted choice.
//!
//! ```text
//! math.rs       exp and ln, the same bits everywhere
//! element.rs    f32, f16, bf16
//! row.rs        shapes, the scratch memory, the tokens in question and what the model says of them
//! truncate.rs   temperature, top-k, top-p, min-p
//! sample.rs     one token, as likely as its logit says
//! noise.rs      random words, exponential and Gumbel variates of tokens
//! choice.rs     prior, filters and choice in one pass
//! ```

pub(crate) mod choice;
pub(crate) mod element;
pub(crate) mod math;
mod noise;
pub(crate) mod row;
pub(crate) mod sample;
pub(crate) mod truncate;
