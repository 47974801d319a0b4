//! Top-k, top-p and min-p by candle's operations, without sorting: the least logit that stays is found by bisection,
//! for all rows at once. Ties stay or go together, as in the core's `Truncation`.

use candle_core::{Result, Tensor};
use pyprior_core::TruncationConfig;

/// Below this, next to a largest logit of 0, an `f32` probability is 0.
const LOWEST: f64 = -104.0;
/// Halvings of the range until neighbouring `f32` are told apart.
const HALVINGS: usize = 40;

/// Which tokens stay: `u8` `[rows, vocab]`, of those in question. `x` are logits whose largest is 0 in each row, and
/// very negative outside the question.
pub(super) fn keep(x: &Tensor, question: &Tensor, config: &TruncationConfig) -> Result<Tensor> {
    let mut kept = question.clone();
    if let Some(k) = config.top_k {
        let ones = question.to_dtype(x.dtype())?;
        let k = Tensor::full(k as f32, (x.dim(0)?, 1), x.device())?;
        kept = (kept * reach(x, &ones, &k)?)?;
    }
    if config.top_p < 1.0 {
        let shares = (x.exp()? * kept.to_dtype(x.dtype())?)?;
        let enough = shares.sum_keepdim(1)?.affine(config.top_p, 0.0)?;
        kept = (kept * reach(x, &shares, &enough)?)?;
    }
    if config.min_p > 0.0 {
        kept = (kept * x.ge(config.min_p.ln() as f32)?)?;
    }
    Ok(kept)
}

/// Which tokens are at least as large as the largest bound above which shares sum to `enough` (`[rows, 1]`); all
/// above the lowest where none is.
fn reach(x: &Tensor, shares: &Tensor, enough: &Tensor) -> Result<Tensor> {
    let mut low = enough.zeros_like()?.affine(1.0, LOWEST)?;
    let mut high = enough.zeros_like()?.affine(1.0, 1.0)?;
    for _ in 0..HALVINGS {
        let middle = ((&low + &high)? * 0.5)?;
        let above = x.broadcast_ge(&middle)?.to_dtype(x.dtype())?;
        let is_enough = (shares * above)?.sum_keepdim(1)?.ge(enough)?;
        low = is_enough.where_cond(&middle, &low)?;
        high = is_enough.where_cond(&high, &middle)?;
    }
    x.broadcast_ge(&low)
}
