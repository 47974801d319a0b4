//! Learning on the CPU: forward and backward passes over slices, and the weights in one piece of memory.
//!
//! A batch is cut into parts of about 512 tokens, whatever the number of threads; each part goes forward and backward
//! by itself, so that what it leaves behind stays in the processor's caches, and the gradients of the parts are added
//! up in their order. So the same batch gives the same bits however many threads there are to share the parts, as far
//! as candle's products do.

mod backward;
mod flat;
mod forward;

use candle_core::{DType, Device, Result, Tensor};
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use self::backward::Gradients;
use self::flat::{Views, by_name, matrices};
use self::forward::Pass;
use super::adamw::{AdamW, Rate};
use super::sequences::Sequences;
use crate::llama::LlamaConfig;
use crate::ops::attention::Heads;
use crate::ops::rotary::Rotary;
use crate::ops::{cross_entropy_grad, vectorised, with_slice};

/// Tokens that go forward and backward together.
const PART: usize = 512;
/// Numbers that one thread takes at least when all weights are gone through.
const WORTH_A_THREAD: usize = 1 << 16;

/// What passes need to know besides weights.
pub(super) struct Shape {
    heads: Heads,
    rotary: Rotary,
    eps: f64,
    tied: bool,
}

/// Weights, their gradients and the moments of AdamW.
pub(super) struct SliceLearner {
    config: LlamaConfig,
    shape: Shape,
    weights: Views,
    flat: Vec<f32>,
    gradients: Vec<f32>,
    moments: [Vec<f32>; 2],
    /// Runs of numbers, and whether each decays.
    runs: Vec<(usize, bool)>,
}

impl SliceLearner {
    /// A learner of weights and moments by the order of [`LlamaConfig::tensors`].
    pub(super) fn new(config: &LlamaConfig, weights: &[Tensor], moments: [&[Tensor]; 2]) -> Result<Self> {
        let heads = Heads { query: config.num_attention_heads, kv: config.num_key_value_heads, dim: config.head_dim };
        let rotary = Rotary::new(config.max_position_embeddings, config.head_dim, config.rope_theta);
        let shape = Shape { heads, rotary, eps: config.rms_norm_eps, tied: config.tie_word_embeddings };
        let flat = flattened(weights)?;
        Ok(Self {
            shape,
            weights: Views::new(config, flat.clone())?,
            gradients: vec![0.0; flat.len()],
            moments: [flattened(moments[0])?, flattened(moments[1])?],
            flat,
            runs: matrices(config),
            config: config.clone(),
        })
    }

    /// Adds the gradients of the sum of the losses, and gives that sum, in nats.
    pub(super) fn add_gradients(&mut self, sequences: &Sequences) -> Result<f64> {
        let parts = sequences.parts(PART);
        let mut sum = 0.0;
        // As many at a time as there are threads: the gradients of each take as much memory as all weights.
        for parts in parts.chunks(rayon::current_num_threads()) {
            let passes = parts.par_iter().map(|part| self.pass(part)).collect::<Result<Vec<_>>>()?;
            for (loss, Gradients(found)) in passes {
                sum += loss;
                let mut rest = &mut self.gradients[..];
                for found in found {
                    let (sums, behind) = rest.split_at_mut(found.elem_count());
                    with_slice(&found, |found| {
                        let parts = sums.par_chunks_mut(WORTH_A_THREAD).zip(found.par_chunks(WORTH_A_THREAD));
                        parts.for_each(|(sums, found)| sums.iter_mut().zip(found).for_each(|(sum, x)| *sum += x));
                        Ok(())
                    })?;
                    rest = behind;
                }
            }
        }
        Ok(sum)
    }

    fn pass(&self, part: &Sequences) -> Result<(f64, Gradients)> {
        let pass = Pass::new(&self.shape, &self.weights, part)?;
        let (losses, to_logits) = cross_entropy_grad(&pass.logits, part.targets())?;
        let gradients = pass.backward(&self.shape, &self.weights, part, &to_logits)?;
        Ok((losses.into_iter().map(f64::from).sum(), gradients))
    }

    /// Hands the logits of parts of the sequences to `each`, on several threads; what it returns comes in order.
    pub(super) fn map_logits<T: Send>(
        &self,
        sequences: &Sequences,
        each: impl Fn(usize, &Sequences, &Tensor) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        let mut first = 0;
        let parts = sequences.parts(PART).into_iter().map(|part| {
            first += part.tokens();
            (first - part.tokens(), part)
        });
        let pass = |(first, part)| each(first, &part, &Pass::new(&self.shape, &self.weights, &part)?.logits);
        parts.collect::<Vec<_>>().into_par_iter().map(pass).collect()
    }

    /// The square of the norm of all gradients.
    pub(super) fn squares(&self) -> f64 {
        let parts = self.gradients.par_chunks(WORTH_A_THREAD);
        let squares = parts.map(|part| part.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>());
        // In order, and in parts of a fixed size: the sum shall not depend on the threads.
        squares.collect::<Vec<_>>().into_iter().sum()
    }

    /// Changes the weights by the gradients, and forgets these.
    pub(super) fn update(&mut self, adamw: &AdamW, rate: Rate) -> Result<()> {
        let [first, second] = &mut self.moments;
        let mut rest = (&mut self.flat[..], &mut self.gradients[..], &mut first[..], &mut second[..]);
        for &(len, decays) in &self.runs {
            let (weights, gradients) = (rest.0.split_at_mut(len), rest.1.split_at_mut(len));
            let (first, second) = (rest.2.split_at_mut(len), rest.3.split_at_mut(len));
            rest = (weights.1, gradients.1, first.1, second.1);
            let numbers = weights.0.par_chunks_mut(WORTH_A_THREAD).zip(gradients.0.par_chunks_mut(WORTH_A_THREAD));
            let moments = first.0.par_chunks_mut(WORTH_A_THREAD).zip(second.0.par_chunks_mut(WORTH_A_THREAD));
            let decay = if decays { adamw.weight_decay } else { 0.0 };
            numbers.zip(moments).for_each(|((weights, gradients), (first, second))| {
                vectorised(Update { weights, gradients, first, second, adamw, rate, decay });
            });
        }
        self.weights = Views::new(&self.config, self.flat.clone())?;
        Ok(())
    }

    pub(super) fn weights(&self) -> Result<Vec<(String, Tensor)>> {
        by_name(&self.config, &self.flat)
    }

    pub(super) fn gradients(&self) -> Result<Vec<(String, Tensor)>> {
        by_name(&self.config, &self.gradients)
    }

    pub(super) fn moments(&self) -> Result<[Vec<(String, Tensor)>; 2]> {
        Ok([by_name(&self.config, &self.moments[0])?, by_name(&self.config, &self.moments[1])?])
    }
}

/// All numbers one after the other, as f32.
fn flattened(tensors: &[Tensor]) -> Result<Vec<f32>> {
    let mut flat = Vec::with_capacity(tensors.iter().map(Tensor::elem_count).sum());
    for tensor in tensors {
        flat.extend(tensor.to_device(&Device::Cpu)?.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?);
    }
    Ok(flat)
}

struct Update<'a> {
    weights: &'a mut [f32],
    gradients: &'a mut [f32],
    first: &'a mut [f32],
    second: &'a mut [f32],
    adamw: &'a AdamW,
    rate: Rate,
    decay: f64,
}

impl WithSimd for Update<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { weights, gradients, first, second, adamw, rate, decay } = self;
        let (beta_1, beta_2, eps) = (adamw.beta_1 as f32, adamw.beta_2 as f32, adamw.eps as f32);
        let (new_1, new_2) = ((1.0 - adamw.beta_1) as f32, (1.0 - adamw.beta_2) as f32);
        let (kept, scale) = ((1.0 - rate.learning * decay) as f32, rate.gradient as f32);
        let [step, spread] = rate.corrected(adamw).map(|x| x as f32);
        let numbers = weights.iter_mut().zip(gradients);
        for ((weight, gradient), (first, second)) in numbers.zip(first.iter_mut().zip(second)) {
            let g = *gradient * scale;
            *first = beta_1 * *first + new_1 * g;
            *second = beta_2 * *second + new_2 * (g * g);
            *weight = *weight * kept - step * *first / (second.sqrt() * spread + eps);
            *gradient = 0.0;
        }
    }
}
