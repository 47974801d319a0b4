//! The Llama forward pass on a CPU, over plain f32 memory.
//!
//! Weights are packed when they are loaded. Rows of a batch are dealt out in groups, one group at a time to a thread,
//! which takes it through all layers by itself: there is one fork and join in a forward pass, what lies between the
//! layers stays in the processor's own cache, and memory is used again from one step to the next.
//!
//! What a row gets depends on its own tokens alone, bit for bit: not on the rows beside it, on the groups, on the
//! threads, nor on whether its tokens come one by one or at once. It may depend on the processor's instructions.

mod aligned;
mod attention;
mod memory;
mod pass;
mod product;
mod weights;

pub(crate) use memory::{Memory, bytes_per_slot};
pub use product::fuses;
pub(crate) use weights::Weights;
