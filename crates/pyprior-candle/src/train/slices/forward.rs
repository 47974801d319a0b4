//! From tokens to logits, with what the way back needs.

use candle_core::{Device, Result, Tensor};

use super::Shape;
use super::flat::Views;
use crate::ops::attention::causal;
use crate::ops::{Path, add_rms_norm, rms_norm, silu_mul, with_slice};
use crate::train::sequences::Sequences;

/// What of a layer is kept for the way back.
pub(super) struct Kept {
    /// What the layer was given.
    pub(super) x: Tensor,
    pub(super) normed: Tensor,
    pub(super) qkv: Tensor,
    pub(super) attended: Tensor,
    /// What the feed-forward part was given.
    pub(super) mid: Tensor,
    pub(super) mid_normed: Tensor,
    pub(super) gate_up: Tensor,
}

/// What a forward pass leaves.
pub(super) struct Pass {
    pub(super) layers: Vec<Kept>,
    /// What the last norm was given, and what it gave.
    pub(super) x: Tensor,
    pub(super) normed: Tensor,
    /// [tokens, vocab]
    pub(super) logits: Tensor,
}

impl Pass {
    /// Logits behind every token.
    pub(super) fn new(shape: &Shape, weights: &Views, sequences: &Sequences) -> Result<Self> {
        let (eps, path) = (shape.eps, Path::Slices);
        let mut x = rows(&weights.embed, sequences.inputs())?;
        let mut kept = Vec::with_capacity(weights.layers.len());
        let mut layers = weights.layers.iter().peekable();
        let Some(first) = layers.peek() else { candle_core::bail!("a model without layers") };
        let mut normed = rms_norm(path, &x, &first.attention_norm, eps)?;
        while let Some(layer) = layers.next() {
            let qkv = normed.matmul(&layer.qkv.t()?)?;
            let attended = causal::attend(shape.heads, &shape.rotary, sequences.ends(), &qkv)?;
            let (mid, mid_normed) = add_rms_norm(path, &x, &attended.matmul(&layer.out.t()?)?, &layer.mlp_norm, eps)?;
            let gate_up = mid_normed.matmul(&layer.gate_up.t()?)?;
            let down = silu_mul(path, &gate_up)?.matmul(&layer.down.t()?)?;
            let next = layers.peek().map_or(&weights.norm, |next| &next.attention_norm);
            let (sum, sum_normed) = add_rms_norm(path, &mid, &down, next, eps)?;
            kept.push(Kept { x, normed, qkv, attended, mid, mid_normed, gate_up });
            (x, normed) = (sum, sum_normed);
        }
        let logits = normed.matmul(&weights.head.t()?)?;
        Ok(Self { layers: kept, x, normed, logits })
    }
}

/// The rows of a matrix that tokens name.
fn rows(matrix: &Tensor, tokens: &[u32]) -> Result<Tensor> {
    let (count, width) = matrix.dims2()?;
    let mut out = Vec::with_capacity(tokens.len() * width);
    with_slice(matrix, |matrix| {
        for &token in tokens {
            let Some(row) = matrix.chunks_exact(width).nth(token as usize) else {
                candle_core::bail!("token {token} has no embedding: there are {count}");
            };
            out.extend_from_slice(row);
        }
        Ok(())
    })?;
    Tensor::from_vec(out, (tokens.len(), width), &Device::Cpu)
}
