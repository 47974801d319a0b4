//! Learning on any device: candle's own operations, and its gradients.
//!
//! Weights are kept in f32 and rounded for each pass to what is computed in. Only operations that hand gradients on are
//! used; several of candle's fused ones do not, without a word.

use candle_core::backprop::GradStore;
use candle_core::{D, DType, Device, Result, Tensor, Var};

use super::adamw::{AdamW, Rate};
use super::sequences::Sequences;
use crate::llama::LlamaConfig;
use crate::ops::attention::Heads;
use crate::ops::rotary::Rotary;
use crate::ops::{Path, add_rms_norm, rms_norm, silu_mul};

/// Tokens that go forward and backward together.
const PART: usize = 1 << 14;

/// Weights, their gradients and the moments of AdamW, a tensor each.
pub(super) struct ComposedLearner {
    config: LlamaConfig,
    rotary: Rotary,
    device: Device,
    dtype: DType,
    weights: Vec<Var>,
    /// None before the first pass.
    gradients: Vec<Option<Tensor>>,
    moments: [Vec<Tensor>; 2],
}

/// How sequences of different lengths lie in a grid [sequences, steps].
struct Grid {
    sequences: usize,
    steps: usize,
    /// [sequences · steps]: the token at each place; places beyond a sequence's end repeat its last.
    spread: Tensor,
    /// [tokens]: the place of each token.
    collect: Tensor,
    /// [steps, dim / 2]
    cos: Tensor,
    sin: Tensor,
    /// [steps, steps]: 0, or minus infinity where a key is behind the query.
    mask: Tensor,
}

impl Grid {
    fn new(sequences: &Sequences, rotary: &Rotary, half: usize, dtype: DType, device: &Device) -> Result<Self> {
        let (count, steps) = (sequences.len(), sequences.longest());
        let (mut spread, mut collect) = (Vec::with_capacity(count * steps), Vec::with_capacity(sequences.tokens()));
        for (nth, tokens) in sequences.ranges().enumerate() {
            let last = tokens.end.saturating_sub(1);
            spread.extend((0..steps).map(|step| (tokens.start + step).min(last) as u32));
            collect.extend((0..tokens.len()).map(|step| (nth * steps + step) as u32));
        }
        let (cos, sin) = rotary.rows(0..steps);
        let mask = (0..steps).flat_map(|query| (0..steps).map(move |key| (key > query) as u8));
        let mask = mask.map(|masked| if masked == 1 { f32::NEG_INFINITY } else { 0.0 }).collect::<Vec<_>>();
        let angles = |angles| Tensor::from_vec(angles, (steps, half), device)?.to_dtype(dtype);
        Ok(Self {
            sequences: count,
            steps,
            spread: Tensor::new(spread, device)?,
            collect: Tensor::new(collect, device)?,
            cos: angles(cos)?,
            sin: angles(sin)?,
            mask: Tensor::from_vec(mask, (steps, steps), device)?,
        })
    }

    /// [tokens, heads · dim] as [sequences, heads, steps, dim].
    fn heads(&self, x: &Tensor, heads: usize, dim: usize) -> Result<Tensor> {
        let grid = x.index_select(&self.spread, 0)?.reshape((self.sequences, self.steps, heads, dim))?;
        grid.transpose(1, 2)?.contiguous()
    }

    fn rotate(&self, x: &Tensor) -> Result<Tensor> {
        let half = x.dim(D::Minus1)? / 2;
        let (a, b) = (x.narrow(D::Minus1, 0, half)?.contiguous()?, x.narrow(D::Minus1, half, half)?.contiguous()?);
        let first = (a.broadcast_mul(&self.cos)? - b.broadcast_mul(&self.sin)?)?;
        let second = (b.broadcast_mul(&self.cos)? + a.broadcast_mul(&self.sin)?)?;
        Tensor::cat(&[first, second], D::Minus1)
    }

    /// Causal attention of queries, keys and values [tokens, heads · dim].
    fn attend(&self, heads: Heads, q: &Tensor, k: &Tensor, v: &Tensor) -> Result<Tensor> {
        let Heads { query, kv, dim } = heads;
        let q = self.rotate(&self.heads(q, query, dim)?)?;
        let k = self.shared(&self.rotate(&self.heads(k, kv, dim)?)?, query / kv)?;
        let v = self.shared(&self.heads(v, kv, dim)?, query / kv)?;
        let scores = (q.matmul(&k.transpose(2, 3)?.contiguous()?)? * f64::from(heads.scale()))?;
        let weights = softmax(&scores.to_dtype(DType::F32)?.broadcast_add(&self.mask)?)?.to_dtype(v.dtype())?;
        let attended = weights.matmul(&v)?.transpose(1, 2)?.contiguous()?;
        attended.reshape((self.sequences * self.steps, query * dim))?.index_select(&self.collect, 0)
    }

    /// Each key or value head for all the query heads that it serves.
    fn shared(&self, x: &Tensor, times: usize) -> Result<Tensor> {
        let (sequences, heads, steps, dim) = x.dims4()?;
        let shape = (sequences, heads, times, steps, dim);
        x.unsqueeze(2)?.broadcast_as(shape)?.contiguous()?.reshape((sequences, heads * times, steps, dim))
    }
}

/// Over the last dimension.
fn softmax(x: &Tensor) -> Result<Tensor> {
    let exps = x.broadcast_sub(&x.max_keepdim(D::Minus1)?.detach())?.exp()?;
    exps.broadcast_div(&exps.sum_keepdim(D::Minus1)?)
}

/// Σ -ln softmax(logits)[target].
fn losses(logits: &Tensor, targets: &[u32]) -> Result<Tensor> {
    let shifted = logits.broadcast_sub(&logits.max_keepdim(D::Minus1)?.detach())?;
    let targets = Tensor::from_slice(targets, (targets.len(), 1), logits.device())?;
    let sums = shifted.exp()?.sum_keepdim(D::Minus1)?.log()?;
    (sums - shifted.gather(&targets, D::Minus1)?)?.sum_all()
}

impl ComposedLearner {
    /// A learner of weights and moments by the order of [`LlamaConfig::tensors`].
    pub(super) fn new(
        config: &LlamaConfig,
        weights: &[Tensor],
        moments: [&[Tensor]; 2],
        device: &Device,
        dtype: DType,
    ) -> Result<Self> {
        let wide = |tensor: &Tensor| tensor.to_dtype(DType::F32)?.to_device(device)?.copy();
        let all = |tensors: &[Tensor]| tensors.iter().map(wide).collect::<Result<Vec<_>>>();
        Ok(Self {
            rotary: Rotary::new(config.max_position_embeddings, config.head_dim, config.rope_theta),
            device: device.clone(),
            dtype,
            gradients: vec![None; weights.len()],
            weights: all(weights)?.iter().map(Var::from_tensor).collect::<Result<_>>()?,
            moments: [all(moments[0])?, all(moments[1])?],
            config: config.clone(),
        })
    }

    /// Logits [tokens, vocab] in f32.
    fn logits(&self, sequences: &Sequences) -> Result<Tensor> {
        let (config, path, eps) = (&self.config, Path::Composed, self.config.rms_norm_eps);
        let heads = Heads { query: config.num_attention_heads, kv: config.num_key_value_heads, dim: config.head_dim };
        let grid = Grid::new(sequences, &self.rotary, heads.dim / 2, self.dtype, &self.device)?;
        let mut weights = self.weights.iter();
        let mut next = || match weights.next() {
            Some(weight) => weight.as_tensor().to_dtype(self.dtype),
            None => candle_core::bail!("one tensor more than there is"),
        };
        let embed = next()?;
        let mut x = embed.index_select(&Tensor::new(sequences.inputs(), &self.device)?, 0)?;
        for _ in 0..config.num_hidden_layers {
            let normed = rms_norm(path, &x, &next()?, eps)?;
            let [q, k, v] = [next()?, next()?, next()?];
            let project = |weight: &Tensor| normed.matmul(&weight.t()?);
            let attended = grid.attend(heads, &project(&q)?, &project(&k)?, &project(&v)?)?;
            let attended = attended.matmul(&next()?.t()?)?;
            let (mid, normed) = add_rms_norm(path, &x, &attended, &next()?, eps)?;
            let gate_up = Tensor::cat(&[next()?, next()?], 0)?;
            let inner = silu_mul(path, &normed.matmul(&gate_up.t()?)?)?;
            x = (mid + inner.matmul(&next()?.t()?)?)?;
        }
        let normed = rms_norm(path, &x, &next()?, eps)?;
        let head = if config.tie_word_embeddings { embed } else { next()? };
        normed.matmul(&head.t()?)?.to_dtype(DType::F32)
    }

    /// Adds the gradients of the sum of the losses, and gives that sum, in nats.
    pub(super) fn add_gradients(&mut self, sequences: &Sequences) -> Result<f64> {
        let mut sum = 0.0;
        for part in sequences.parts(PART) {
            let loss = losses(&self.logits(&part)?, part.targets())?;
            let found = loss.backward()?;
            self.add(&found)?;
            sum += f64::from(loss.to_scalar::<f32>()?);
        }
        Ok(sum)
    }

    fn add(&mut self, found: &GradStore) -> Result<()> {
        let mut sums = Vec::with_capacity(self.weights.len());
        for (weight, sum) in self.weights.iter().zip(&self.gradients) {
            sums.push(match (found.get(weight), sum) {
                (Some(found), Some(sum)) => Some((sum + found)?),
                (Some(found), None) => Some(found.clone()),
                (None, sum) => sum.clone(),
            });
        }
        self.gradients = sums;
        Ok(())
    }

    /// Hands the logits of parts of the sequences, on the CPU, to `each`.
    pub(super) fn map_logits<T: Send>(
        &self,
        sequences: &Sequences,
        each: impl Fn(usize, &Sequences, &Tensor) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        let mut first = 0;
        let logits = sequences.parts(PART).into_iter().map(|part| {
            first += part.tokens();
            each(first - part.tokens(), &part, &self.logits(&part)?.detach().to_device(&Device::Cpu)?)
        });
        logits.collect()
    }

    /// The square of the norm of all gradients.
    pub(super) fn squares(&self) -> Result<f64> {
        let mut sum: Option<Tensor> = None;
        for gradient in self.gradients.iter().flatten() {
            let squares = gradient.sqr()?.sum_all()?;
            sum = Some(match sum {
                Some(sum) => (sum + squares)?,
                None => squares,
            });
        }
        // One number crosses over, not one for each tensor.
        sum.map_or(Ok(0.0), |sum| Ok(f64::from(sum.to_scalar::<f32>()?)))
    }

    /// Changes the weights by the gradients, and forgets these.
    pub(super) fn update(&mut self, adamw: &AdamW, rate: Rate) -> Result<()> {
        let [first, second] = &mut self.moments;
        let [step, spread] = rate.corrected(adamw);
        let moments = first.iter_mut().zip(second);
        for ((weight, gradient), (first, second)) in self.weights.iter().zip(&mut self.gradients).zip(moments) {
            let gradient = match gradient.take() {
                Some(gradient) => (gradient * rate.gradient)?,
                None => weight.as_tensor().zeros_like()?,
            };
            *first = ((&*first * adamw.beta_1)? + (&gradient * (1.0 - adamw.beta_1))?)?;
            *second = ((&*second * adamw.beta_2)? + (gradient.sqr()? * (1.0 - adamw.beta_2))?)?;
            let decay = if weight.rank() > 1 { adamw.weight_decay } else { 0.0 };
            let change = ((&*first * step)? / ((second.sqrt()? * spread)? + adamw.eps)?)?;
            weight.set(&((weight.as_tensor().detach() * (1.0 - rate.learning * decay))? - change)?)?;
        }
        Ok(())
    }

    pub(super) fn weights(&self) -> Result<Vec<(String, Tensor)>> {
        self.by_name(self.weights.iter().map(|weight| weight.as_tensor().detach().copy()))
    }

    pub(super) fn gradients(&self) -> Result<Vec<(String, Tensor)>> {
        let found = self.weights.iter().zip(&self.gradients);
        self.by_name(found.map(|(weight, found)| found.clone().map_or_else(|| weight.as_tensor().zeros_like(), Ok)))
    }

    pub(super) fn moments(&self) -> Result<[Vec<(String, Tensor)>; 2]> {
        let of = |moments: &[Tensor]| self.by_name(moments.iter().map(|moment| Ok(moment.clone())));
        Ok([of(&self.moments[0])?, of(&self.moments[1])?])
    }

    fn by_name(&self, tensors: impl Iterator<Item = Result<Tensor>>) -> Result<Vec<(String, Tensor)>> {
        self.config.tensors().into_iter().zip(tensors).map(|((name, _), tensor)| Ok((name, tensor?))).collect()
    }
}
