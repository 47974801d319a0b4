//! SwiGLU: what stands between the two products of a feed-forward layer.

use candle_core::{D, Result, Tensor};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::Path;
use super::lanes::{exp, vectorised};
use super::slices::{rows_worth_a_thread, with_slice};

/// silu(gate) · up, of gate and up side by side: [rows, 2 · width] to [rows, width].
///
/// Shazeer, "GLU Variants Improve Transformer", 2020; silu(x) = x / (1 + e^-x).
pub(crate) fn silu_mul(path: Path, gate_up: &Tensor) -> Result<Tensor> {
    let (rows, both) = gate_up.dims2()?;
    let width = both / 2;
    match path {
        Path::Slices => {
            let out = with_slice(gate_up, |gate_up| Ok(silu_mul_rows(gate_up, width)))?;
            Tensor::from_vec(out, (rows, width), gate_up.device())
        }
        Path::Composed => {
            gate_up.narrow(D::Minus1, 0, width)?.silu()? * gate_up.narrow(D::Minus1, width, width)?.contiguous()?
        }
    }
}

fn silu_mul_rows(gate_up: &[f32], width: usize) -> Vec<f32> {
    let mut out = vec![0.0; gate_up.len() / 2];
    // A number here takes as long as several of an addition.
    let rows = rows_worth_a_thread(4 * width);
    out.par_chunks_mut(rows * width)
        .zip(gate_up.par_chunks(rows * 2 * width))
        .for_each(|(out, gate_up)| vectorised(Rows { out, gate_up, width }));
    out
}

struct Rows<'a> {
    out: &'a mut [f32],
    gate_up: &'a [f32],
    width: usize,
}

impl WithSimd for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (out, gate_up) in self.out.chunks_mut(self.width).zip(self.gate_up.chunks(2 * self.width)) {
            let (gate, up) = gate_up.split_at(self.width);
            for ((out, gate), up) in out.iter_mut().zip(gate).zip(up) {
                *out = gate * up / (1.0 + exp(-gate));
            }
        }
    }
}
