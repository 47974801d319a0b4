//! The gradient of SwiGLU.

use candle_core::{Result, Tensor};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::lanes::{exp, vectorised};
use super::slices::{rows_worth_a_thread, with_slice};

/// Of [`silu_mul`](super::silu_mul) of `gate_up` [rows, 2 · width], whose result has gradient `grad`: the gradient of
/// `gate_up`, and the result itself once more [rows, width], which costs less to compute than to keep.
pub(crate) fn silu_mul_grad(gate_up: &Tensor, grad: &Tensor) -> Result<(Tensor, Tensor)> {
    let (rows, width) = grad.dims2()?;
    let (to_gate_up, result) =
        with_slice(gate_up, |gate_up| with_slice(grad, |grad| Ok(grad_rows(gate_up, grad, width))))?;
    let device = grad.device();
    Ok((Tensor::from_vec(to_gate_up, (rows, 2 * width), device)?, Tensor::from_vec(result, (rows, width), device)?))
}

fn grad_rows(gate_up: &[f32], grad: &[f32], width: usize) -> (Vec<f32>, Vec<f32>) {
    let (mut to_gate_up, mut result) = (vec![0.0; gate_up.len()], vec![0.0; grad.len()]);
    let rows = rows_worth_a_thread(4 * width);
    let out = to_gate_up.par_chunks_mut(rows * 2 * width).zip(result.par_chunks_mut(rows * width));
    let parts = out.zip(gate_up.par_chunks(rows * 2 * width).zip(grad.par_chunks(rows * width)));
    parts.for_each(|((to_gate_up, result), (gate_up, grad))| {
        vectorised(Rows { to_gate_up, result, gate_up, grad, width });
    });
    (to_gate_up, result)
}

struct Rows<'a> {
    to_gate_up: &'a mut [f32],
    result: &'a mut [f32],
    gate_up: &'a [f32],
    grad: &'a [f32],
    width: usize,
}

impl WithSimd for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { to_gate_up, result, gate_up, grad, width } = self;
        let out = to_gate_up.chunks_mut(2 * width).zip(result.chunks_mut(width));
        for ((to_gate_up, result), (gate_up, grad)) in out.zip(gate_up.chunks(2 * width).zip(grad.chunks(width))) {
            let ((gate, up), (to_gate, to_up)) = (gate_up.split_at(width), to_gate_up.split_at_mut(width));
            let out = to_gate.iter_mut().zip(to_up).zip(result);
            for (((to_gate, to_up), result), ((gate, up), grad)) in out.zip(gate.iter().zip(up).zip(grad)) {
                let sigmoid = 1.0 / (1.0 + exp(-gate));
                let silu = gate * sigmoid;
                *result = silu * up;
                *to_up = grad * silu;
                *to_gate = grad * up * (sigmoid + silu * (1.0 - sigmoid));
            }
        }
    }
}
