//! RMSNorm, and the sum of the residual stream that comes before it.

use candle_core::{D, DType, Result, Tensor};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::Path;
use super::lanes::{LANES, Lanes, total, vectorised};
use super::slices::{rows_worth_a_thread, with_slice};

/// x / sqrt(mean(x²) + eps) · weight over the last dimension of x [rows, width], weight [width].
///
/// Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019.
pub(crate) fn rms_norm(path: Path, x: &Tensor, weight: &Tensor, eps: f64) -> Result<Tensor> {
    match path {
        Path::Slices => {
            let shape = x.dims2()?;
            let normed = with_slice(x, |x| with_slice(weight, |weight| Ok(norm_rows(x, weight, eps as f32))))?;
            Tensor::from_vec(normed, shape, weight.device())
        }
        Path::Composed => {
            // In f32 whatever the weights are: squares of half precision lose too much.
            let wide = x.to_dtype(DType::F32)?;
            let mean = wide.sqr()?.mean_keepdim(D::Minus1)?;
            wide.broadcast_div(&(mean + eps)?.sqrt()?)?.to_dtype(x.dtype())?.broadcast_mul(weight)
        }
    }
}

/// x + y, and its [`rms_norm`], in one pass.
pub(crate) fn add_rms_norm(path: Path, x: &Tensor, y: &Tensor, weight: &Tensor, eps: f64) -> Result<(Tensor, Tensor)> {
    match path {
        Path::Slices => {
            let (rows, width) = x.dims2()?;
            let (sum, normed) = with_slice(x, |x| {
                with_slice(y, |y| with_slice(weight, |weight| Ok(add_norm_rows(x, y, weight, eps as f32))))
            })?;
            let device = weight.device();
            Ok((Tensor::from_vec(sum, (rows, width), device)?, Tensor::from_vec(normed, (rows, width), device)?))
        }
        Path::Composed => {
            let sum = (x + y)?;
            let normed = rms_norm(path, &sum, weight, eps)?;
            Ok((sum, normed))
        }
    }
}

fn norm_rows(x: &[f32], weight: &[f32], eps: f32) -> Vec<f32> {
    let mut normed = vec![0.0; x.len()];
    let part = rows_worth_a_thread(weight.len()) * weight.len();
    let parts = normed.par_chunks_mut(part).zip(x.par_chunks(part));
    parts.for_each(|(normed, x)| vectorised(Norm { normed, x, weight, eps }));
    normed
}

fn add_norm_rows(x: &[f32], y: &[f32], weight: &[f32], eps: f32) -> (Vec<f32>, Vec<f32>) {
    let (mut sum, mut normed) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    let part = rows_worth_a_thread(weight.len()) * weight.len();
    let out = sum.par_chunks_mut(part).zip(normed.par_chunks_mut(part));
    let parts = out.zip(x.par_chunks(part).zip(y.par_chunks(part)));
    parts.for_each(|((sum, normed), (x, y))| {
        vectorised(Add { sum, x, y });
        vectorised(Norm { normed, x: sum, weight, eps });
    });
    (sum, normed)
}

struct Add<'a> {
    sum: &'a mut [f32],
    x: &'a [f32],
    y: &'a [f32],
}

impl WithSimd for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for ((sum, x), y) in self.sum.iter_mut().zip(self.x).zip(self.y) {
            *sum = x + y;
        }
    }
}

struct Norm<'a> {
    normed: &'a mut [f32],
    x: &'a [f32],
    weight: &'a [f32],
    eps: f32,
}

impl WithSimd for Norm<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let width = self.weight.len();
        for (normed, x) in self.normed.chunks_mut(width).zip(self.x.chunks(width)) {
            norm_row(normed, x, self.weight, self.eps);
        }
    }
}

#[inline(always)]
pub(crate) fn norm_row(normed: &mut [f32], x: &[f32], weight: &[f32], eps: f32) {
    let scale = 1.0 / (sum_of_squares(x) / x.len() as f32 + eps).sqrt();
    for ((normed, x), weight) in normed.iter_mut().zip(x).zip(weight) {
        *normed = x * scale * weight;
    }
}

#[inline(always)]
pub(super) fn sum_of_squares(x: &[f32]) -> f32 {
    let (chunks, rest) = x.as_chunks::<LANES>();
    let mut sums: Lanes = [0.0; LANES];
    for chunk in chunks {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *sum += x * x;
        }
    }
    total(sums) + rest.iter().map(|x| x * x).sum::<f32>()
}
