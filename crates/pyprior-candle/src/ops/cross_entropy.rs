//! Cross entropy of logits and the tokens that came.

use candle_core::{Result, Tensor, bail};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::lanes::{LANES, Lanes, exp, total, vectorised};
use super::slices::{rows_worth_a_thread, with_slice};

/// -ln softmax(logits)[target] of each row of f32 logits [rows, vocab] on the CPU, in nats.
pub(crate) fn cross_entropy(logits: &Tensor, targets: &[u32]) -> Result<Vec<f32>> {
    let (_, vocab) = checked(logits, targets)?;
    let rows = rows_worth_a_thread(2 * vocab);
    let mut losses = vec![0.0; targets.len()];
    with_slice(logits, |logits| {
        let parts = losses.par_chunks_mut(rows).zip(targets.par_chunks(rows)).zip(logits.par_chunks(rows * vocab));
        parts.for_each(|((losses, targets), logits)| vectorised(Losses { losses, targets, logits, vocab }));
        Ok(())
    })?;
    Ok(losses)
}

/// The same, and the gradient of the sum of all rows: softmax(logits), less 1 at the target.
pub(crate) fn cross_entropy_grad(logits: &Tensor, targets: &[u32]) -> Result<(Vec<f32>, Tensor)> {
    let shape @ (_, vocab) = checked(logits, targets)?;
    let rows = rows_worth_a_thread(2 * vocab);
    let mut losses = vec![0.0; targets.len()];
    let mut grad = vec![0.0; targets.len() * vocab];
    with_slice(logits, |logits| {
        let out = losses.par_chunks_mut(rows).zip(grad.par_chunks_mut(rows * vocab));
        let parts = out.zip(targets.par_chunks(rows).zip(logits.par_chunks(rows * vocab)));
        parts.for_each(|((losses, grad), (targets, logits))| {
            vectorised(Gradients { losses, grad, targets, logits, vocab });
        });
        Ok(())
    })?;
    Ok((losses, Tensor::from_vec(grad, shape, logits.device())?))
}

fn checked(logits: &Tensor, targets: &[u32]) -> Result<(usize, usize)> {
    let (rows, vocab) = logits.dims2()?;
    if rows != targets.len() {
        bail!("{rows} rows of logits for {} tokens", targets.len());
    }
    if let Some(token) = targets.iter().find(|&&token| token as usize >= vocab) {
        bail!("token {token} has no logit: the vocabulary ends at {vocab}");
    }
    Ok((rows, vocab))
}

struct Losses<'a> {
    losses: &'a mut [f32],
    targets: &'a [u32],
    logits: &'a [f32],
    vocab: usize,
}

impl WithSimd for Losses<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let rows = self.losses.iter_mut().zip(self.targets).zip(self.logits.chunks(self.vocab));
        for ((loss, &target), logits) in rows {
            let greatest = greatest(logits);
            let (chunks, rest) = logits.as_chunks::<LANES>();
            let mut sums: Lanes = [0.0; LANES];
            for chunk in chunks {
                for (sum, x) in sums.iter_mut().zip(chunk) {
                    *sum += exp(x - greatest);
                }
            }
            let sum = total(sums) + rest.iter().map(|x| exp(x - greatest)).sum::<f32>();
            *loss = sum.ln() + (greatest - logits[target as usize]);
        }
    }
}

struct Gradients<'a> {
    losses: &'a mut [f32],
    grad: &'a mut [f32],
    targets: &'a [u32],
    logits: &'a [f32],
    vocab: usize,
}

impl WithSimd for Gradients<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { losses, grad, targets, logits, vocab } = self;
        let out = losses.iter_mut().zip(grad.chunks_mut(vocab));
        for ((loss, grad), (&target, logits)) in out.zip(targets.iter().zip(logits.chunks(vocab))) {
            let greatest = greatest(logits);
            for (grad, x) in grad.iter_mut().zip(logits) {
                *grad = exp(x - greatest);
            }
            let (chunks, rest) = grad.as_chunks::<LANES>();
            let mut sums: Lanes = [0.0; LANES];
            for chunk in chunks {
                for (sum, x) in sums.iter_mut().zip(chunk) {
                    *sum += x;
                }
            }
            let sum = total(sums) + rest.iter().sum::<f32>();
            let target = target as usize;
            *loss = sum.ln() + (greatest - logits[target]);
            let scale = 1.0 / sum;
            grad.iter_mut().for_each(|grad| *grad *= scale);
            grad[target] -= 1.0;
        }
    }
}

/// The greatest number; what is NaN is passed over, and shows in the sum.
#[inline(always)]
fn greatest(logits: &[f32]) -> f32 {
    let (chunks, rest) = logits.as_chunks::<LANES>();
    let mut most: Lanes = [f32::NEG_INFINITY; LANES];
    for chunk in chunks {
        for (most, &x) in most.iter_mut().zip(chunk) {
            *most = if x > *most { x } else { *most };
        }
    }
    most.iter().chain(rest).fold(f32::NEG_INFINITY, |a, &b| if b > a { b } else { a })
}
