//! From the gradient of logits to those of all weights, by hand: no graph is kept, and nothing is computed twice but
//! what costs less than keeping it.
//!
//! For y = x · Wᵗ with gradient g of y: that of x is g · W, that of W is gᵗ · x. Candle's products read transposed
//! matrices where they lie.

use candle_core::{Device, Result, Tensor};

use super::Shape;
use super::flat::Views;
use super::forward::{Kept, Pass};
use crate::ops::attention::causal;
use crate::ops::{rms_norm_grad, silu_mul_grad, with_slice};
use crate::train::sequences::Sequences;

/// Gradients of one part of a batch, in the order in which the weights lie.
pub(super) struct Gradients(pub(super) Vec<Tensor>);

impl Pass {
    /// The way back.
    pub(super) fn backward(
        mut self,
        shape: &Shape,
        weights: &Views,
        sequences: &Sequences,
        to_logits: &Tensor,
    ) -> Result<Gradients> {
        let to_head = to_logits.t()?.matmul(&self.normed)?;
        let to_normed = to_logits.matmul(&weights.head)?;
        let nothing = Tensor::zeros(self.x.shape(), self.x.dtype(), &Device::Cpu)?;
        let (mut to_x, to_norm) = rms_norm_grad(&self.x, &weights.norm, shape.eps, &to_normed, &nothing)?;
        // From the last layer to the first; turned round at the end.
        let mut found = vec![to_norm];
        for layer in weights.layers.iter().rev() {
            let Some(Kept { x, normed, qkv, attended, mid, mid_normed, gate_up }) = self.layers.pop() else { break };
            let (to_gate_up, inner) = silu_mul_grad(&gate_up, &to_x.matmul(&layer.down)?)?;
            found.push(to_x.t()?.matmul(&inner)?);
            found.push(to_gate_up.t()?.matmul(&mid_normed)?);
            let to_normed = to_gate_up.matmul(&layer.gate_up)?;
            let (to_mid, to_mlp_norm) = rms_norm_grad(&mid, &layer.mlp_norm, shape.eps, &to_normed, &to_x)?;
            found.push(to_mlp_norm);
            found.push(to_mid.t()?.matmul(&attended)?);
            let to_attended = to_mid.matmul(&layer.out)?;
            let to_qkv = causal::attend_grad(shape.heads, &shape.rotary, sequences.ends(), &qkv, &to_attended)?;
            found.push(to_qkv.t()?.matmul(&normed)?);
            let to_normed = to_qkv.matmul(&layer.qkv)?;
            let to_attention_norm;
            (to_x, to_attention_norm) = rms_norm_grad(&x, &layer.attention_norm, shape.eps, &to_normed, &to_mid)?;
            found.push(to_attention_norm);
        }
        let tied = shape.tied.then_some(&to_head);
        found.push(to_rows(weights.embed.dims2()?, tied, sequences.inputs(), &to_x)?);
        found.reverse();
        if tied.is_none() {
            found.push(to_head);
        }
        Ok(Gradients(found))
    }
}

/// The gradient of a matrix out of those of the rows that tokens name, and what it has already.
fn to_rows((count, width): (usize, usize), given: Option<&Tensor>, tokens: &[u32], grad: &Tensor) -> Result<Tensor> {
    let mut sums = match given {
        Some(given) => with_slice(given, |given| Ok(given.to_vec()))?,
        None => vec![0.0; count * width],
    };
    with_slice(grad, |grad| {
        for (grad, &token) in grad.chunks_exact(width).zip(tokens) {
            let row = sums.chunks_exact_mut(width).nth(token as usize).unwrap_or_default();
            row.iter_mut().zip(grad).for_each(|(sum, grad)| *sum += grad);
        }
        Ok(())
    })?;
    Tensor::from_vec(sums, (count, width), &Device::Cpu)
}
