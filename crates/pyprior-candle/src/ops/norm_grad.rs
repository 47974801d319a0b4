//! The gradient of RMSNorm.

use candle_core::{Result, Tensor};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::lanes::{LANES, Lanes, total, vectorised};
use super::norm::sum_of_squares;
use super::slices::{rows_worth_a_thread, with_slice};

/// Of [`rms_norm`](super::rms_norm) of x [rows, width], whose result has gradient `grad`: the gradient of x, added to
/// what `residual` brings for x past the norm, and that of the weight.
///
/// With r = 1 / sqrt(mean(x²) + eps) and s = mean(grad · weight · x): r · grad · weight - x · r³ · s for x, the sum of
/// grad · x · r over the rows for the weight.
pub(crate) fn rms_norm_grad(
    x: &Tensor,
    weight: &Tensor,
    eps: f64,
    grad: &Tensor,
    residual: &Tensor,
) -> Result<(Tensor, Tensor)> {
    let shape = x.dims2()?;
    let (to_x, to_weight) = with_slice(x, |x| {
        with_slice(weight, |weight| {
            with_slice(grad, |grad| with_slice(residual, |residual| Ok(grad_rows(x, weight, eps, grad, residual))))
        })
    })?;
    Ok((Tensor::from_vec(to_x, shape, x.device())?, Tensor::from_vec(to_weight, shape.1, x.device())?))
}

fn grad_rows(x: &[f32], weight: &[f32], eps: f64, grad: &[f32], residual: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let width = weight.len();
    let part = rows_worth_a_thread(width) * width;
    let mut to_x = vec![0.0; x.len()];
    let parts = to_x.par_chunks_mut(part).zip(x.par_chunks(part));
    let parts = parts.zip(grad.par_chunks(part).zip(residual.par_chunks(part)));
    let to_weights = parts.map(|((to_x, x), (grad, residual))| {
        let mut to_weight = vec![0.0; width];
        vectorised(Rows { to_x, to_weight: &mut to_weight, x, weight, eps: eps as f32, grad, residual });
        to_weight
    });
    // The parts and the order of their sum do not depend on the number of threads.
    let mut to_weight = vec![0.0; width];
    for part in to_weights.collect::<Vec<_>>() {
        to_weight.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
    }
    (to_x, to_weight)
}

struct Rows<'a> {
    to_x: &'a mut [f32],
    to_weight: &'a mut [f32],
    x: &'a [f32],
    weight: &'a [f32],
    eps: f32,
    grad: &'a [f32],
    residual: &'a [f32],
}

impl WithSimd for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { to_x, to_weight, x, weight, eps, grad, residual } = self;
        let width = weight.len();
        let rows = to_x.chunks_mut(width).zip(x.chunks(width)).zip(grad.chunks(width).zip(residual.chunks(width)));
        for ((to_x, x), (grad, residual)) in rows {
            let r = 1.0 / (sum_of_squares(x) / width as f32 + eps).sqrt();
            let back = r * r * r * sum_of_products(grad, weight, x) / width as f32;
            let from = x.iter().zip(grad).zip(weight).zip(residual);
            for ((to_x, to_weight), (((x, grad), weight), residual)) in to_x.iter_mut().zip(&mut *to_weight).zip(from) {
                *to_x = residual + (r * grad * weight - x * back);
                *to_weight += grad * x * r;
            }
        }
    }
}

/// The sum of a · b · c.
#[inline(always)]
fn sum_of_products(a: &[f32], b: &[f32], c: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest), (c, c_rest)) =
        (a.as_chunks::<LANES>(), b.as_chunks::<LANES>(), c.as_chunks::<LANES>());
    let mut sums: Lanes = [0.0; LANES];
    for ((a, b), c) in a.iter().zip(b).zip(c) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane] * c[lane];
        }
    }
    total(sums) + a_rest.iter().zip(b_rest).zip(c_rest).map(|((a, b), c)| a * b * c).sum::<f32>()
}
