//! From tokens to logits.

use candle_core::{DType, Result, Tensor};

use super::Llama;
use super::weights::Weights;
use crate::ops::Path;
use crate::ops::attention::{Plan, Store};
use crate::ops::{add_rms_norm, rms_norm, silu_mul};

impl Llama {
    /// Logits [rows, vocab] behind each row's last token; keys and values of all tokens enter the store.
    pub(super) fn logits(&self, weights: &Weights, store: &mut Store, plan: &Plan, tokens: &[u32]) -> Result<Tensor> {
        let (path, eps) = (Path::Composed, self.config.rms_norm_eps);
        let mut x = weights.embed.index_select(&Tensor::new(tokens, &self.device)?, 0)?;
        let mut layers = weights.layers.iter().enumerate().peekable();
        let Some((_, first)) = layers.peek() else { candle_core::bail!("a model without layers") };
        let mut normed = rms_norm(path, &x, &first.attention_norm, eps)?;
        while let Some((nth, layer)) = layers.next() {
            let next = layers.peek().map(|(_, layer)| &layer.attention_norm);
            let mut attended = store.attend(nth, plan, &normed.matmul(&layer.qkv)?)?;
            if next.is_none() && tokens.len() > plan.rows() {
                // Only last tokens are asked for logits, so the rest of the last layer is for them alone.
                let last = Tensor::from_iter(plan.last_tokens(), &self.device)?;
                (x, attended) = (x.index_select(&last, 0)?, attended.index_select(&last, 0)?);
            }
            (x, normed) = add_rms_norm(path, &x, &attended.matmul(&layer.out)?, &layer.mlp_norm, eps)?;
            let inner = silu_mul(path, &normed.matmul(&layer.gate_up)?)?;
            (x, normed) = add_rms_norm(path, &x, &inner.matmul(&layer.down)?, next.unwrap_or(&weights.norm), eps)?;
        }
        normed.matmul(&weights.head)?.to_dtype(DType::F32)
    }
}
