//! The operations of a transformer that are not a product of matrices.
//!
//! Each is there twice: as one pass over f32 slices on the CPU, where element-wise work and fresh buffers are what
//! costs, and composed of candle's operations for any other device. Products of matrices are candle's in both. (What a CPU
//! generates with has products of its own: `cpu`.)

mod activation;
mod activation_grad;
pub(crate) mod attention;
mod cross_entropy;
pub(crate) mod lanes;
mod lines;
pub(crate) mod norm;
mod norm_grad;
pub(crate) mod rotary;
mod slices;

pub(crate) use activation::silu_mul;
pub(crate) use activation_grad::silu_mul_grad;
pub(crate) use cross_entropy::{cross_entropy, cross_entropy_grad};
pub(crate) use lanes::vectorised;
pub(crate) use lines::Lines;
pub(crate) use norm::{add_rms_norm, rms_norm};
pub(crate) use norm_grad::rms_norm_grad;
pub(crate) use slices::{span, with_slice};

/// Which of the two is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Path {
    /// One pass over f32 slices on the CPU.
    Slices,
    /// Candle's operations, on any device.
    Composed,
}
