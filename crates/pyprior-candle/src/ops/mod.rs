//! The operations of a transformer that are not a product of matrices.
//!
//! Each is there twice: as one pass over f32 slices on the CPU, where element-wise work and fresh buffers are what
//! costs, and composed of candle's operations for any other device. Products of matrices are candle's in both.

mod activation;
pub(crate) mod attention;
mod lanes;
mod norm;
mod rotary;
mod slices;

pub(crate) use activation::silu_mul;
pub(crate) use norm::{add_rms_norm, rms_norm};

/// Which of the two is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Path {
    /// One pass over f32 slices on the CPU.
    Slices,
    /// Candle's operations, on any device.
    Composed,
}
