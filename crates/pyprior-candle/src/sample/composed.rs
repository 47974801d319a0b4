//! Any device: the operation of this module made of candle's, in `f32`. One copy of packed results to the host.

use candle_core::{DType, Device, Result, Tensor};
use pyprior_core::{ApplyMode, LogitsScratch, PRIOR_GROUPS};

use super::{Call, SampleError, Sampled, cut};
use crate::bitmask::{BitPlaces, with_words};

/// What stands for negative infinity, such that no result is NaN; its exponential is 0, times any weight too.
const OUT: f32 = -1e30;

/// What stays on the device from call to call.
#[derive(Debug)]
pub(super) struct Composed {
    device: Device,
    places: BitPlaces,
    /// Token ids, `f32` `[vocab]`.
    ids: Tensor,
    prior: Option<PriorTensors>,
    noise: Vec<f32>,
    scratch: LogitsScratch,
}

/// The prior of the vocabulary, `[vocab]` each.
#[derive(Debug)]
struct PriorTensors {
    /// Logits before shifts, 0 where the weight is 0.
    base: Tensor,
    /// 1 where the weight is positive.
    positive: Tensor,
    group: Tensor,
}

impl Composed {
    /// What a call needs, from the last one if that was on the same device.
    pub(super) fn prepared<'a>(slot: &'a mut Option<Self>, call: &Call<'_>) -> Result<&'a mut Self> {
        let (device, vocab) = (call.logits.device(), call.bitmask.vocab());
        let composed = match slot.take().filter(|composed| composed.device.same_device(device)) {
            Some(composed) => composed,
            None => Self {
                device: device.clone(),
                places: BitPlaces::new(vocab, device)?,
                ids: Tensor::arange(0_f32, vocab as f32, device)?,
                prior: call.prior.map(|(prior, _)| PriorTensors::new(prior, device)).transpose()?,
                noise: Vec::new(),
                scratch: LogitsScratch::default(),
            },
        };
        Ok(slot.insert(composed))
    }

    /// Draws a token for each row; writes `out` if all rows have one.
    pub(super) fn run(&mut self, call: &Call<'_>, out: &mut Sampled) -> std::result::Result<(), SampleError> {
        let noise = self.noise(call)?;
        let question = self.question(call)?;
        let packed = self.choose(call, &question, &noise)?.flatten_all()?.to_vec1::<f32>()?;
        let columns = |column: usize| packed.iter().skip(column).step_by(4);
        if let Some(row) = columns(3).position(|&is_nan| is_nan != 0.0) {
            let nan = is_nan(&question)?.narrow(0, row, 1)?.flatten_all()?.to_vec1::<u8>()?;
            let token = nan.iter().position(|&nan| nan != 0).unwrap_or_default() as u32;
            return Err(SampleError::Nan { row, token });
        }
        *out = Sampled {
            tokens: columns(0).map(|&token| token as u32).collect(),
            log_probabilities: columns(1).copied().collect(),
            entropies: columns(2).copied().collect(),
            legal_counts: call.bitmask.counts().to_vec(),
        };
        Ok(())
    }

    /// Gumbel noise `[rows, vocab]`, computed here and copied: no device differs in it.
    fn noise(&mut self, call: &Call<'_>) -> std::result::Result<Tensor, SampleError> {
        let (rows, vocab) = (call.bitmask.rows(), call.bitmask.vocab());
        let (noise, scratch) = (&mut self.noise, &mut self.scratch);
        noise.resize(rows * vocab, 0.0);
        with_words(call.bitmask, |words| {
            let words = words.chunks_exact(vocab.div_ceil(32));
            let numbers = call.draw.rows.iter().zip(call.draw.steps);
            for ((noise, words), (&row, &step)) in noise.chunks_exact_mut(vocab).zip(words).zip(numbers) {
                call.sampler.noise(row, step, words, noise, scratch);
            }
        })?;
        Ok(Tensor::from_slice(&self.noise, (rows, vocab), call.logits.device())?)
    }

    /// The tokens in question, what model and prior say of them.
    fn question(&self, call: &Call<'_>) -> Result<Question> {
        let legal = call.bitmask.expand(&self.places)?;
        let shape = legal.shape().clone();
        let model = call.logits.to_dtype(DType::F32)?;
        let Some(((_, rows), prior)) = call.prior.zip(self.prior.as_ref()) else {
            return Ok(Question { tokens: legal, model, prior: None });
        };
        let size = (rows.shifts().len(), PRIOR_GROUPS);
        let shifts = Tensor::from_slice(rows.shifts().as_flattened(), size, call.logits.device())?;
        let logits = shifts.index_select(&prior.group, 1)?.broadcast_add(&prior.base)?;
        let weighty = legal.broadcast_mul(&prior.positive)?;
        let any = weighty.max_keepdim(1)?.broadcast_as(&shape)?;
        let tokens = any.where_cond(&weighty, &legal)?;
        let logits = any.where_cond(&logits, &logits.zeros_like()?)?;
        Ok(Question { tokens, model, prior: Some(logits) })
    }

    /// `[rows, 4]`: token, log-probability, entropy, whether a logit is NaN.
    fn choose(&self, call: &Call<'_>, question: &Question, noise: &Tensor) -> Result<Tensor> {
        let config = call.sampler.truncation().config();
        let is_nan = is_nan(question)?.max_keepdim(1)?.to_dtype(DType::F32)?;
        let mut x = shifted(&mix(call, question)?, &question.tokens)?;
        let greedy = config.temperature == 0.0;
        if !greedy && config.temperature != 1.0 {
            x = (x * (1.0 / config.temperature).min(1e30))?.clamp(OUT, 0_f32)?;
        }
        let kept = match greedy {
            true => question.tokens.clone(),
            false => cut::keep(&x, &question.tokens, config)?,
        };
        x = masked(&x, &kept, OUT)?;
        let score = if greedy { x.clone() } else { masked(&(&x + noise)?, &kept, f32::NEG_INFINITY)? };
        let best = score.broadcast_eq(&score.max_keepdim(1)?)?;
        let ids = self.ids.broadcast_as(x.shape())?;
        // The lowest id by hand: which of equals argmax takes depends on the device.
        let token = best.where_cond(&ids, &Tensor::full(f32::MAX, x.shape(), x.device())?)?.min_keepdim(1)?;
        if greedy {
            return Tensor::cat(&[&token, &token.zeros_like()?, &token.zeros_like()?, &is_nan], 1);
        }
        let (ln_sum, entropy) = sums(&x)?;
        // Where a logit is NaN there may be no best, and no such id.
        let place = token.minimum((call.bitmask.vocab() - 1) as f32)?.to_dtype(DType::U32)?;
        let log_probability = (x.gather(&place, 1)? - ln_sum)?.minimum(0_f32)?;
        Tensor::cat(&[&token, &log_probability, &entropy, &is_nan], 1)
    }
}

impl PriorTensors {
    fn new(prior: &pyprior_core::Prior, device: &Device) -> Result<Self> {
        let finite = |logit: f64| if logit == f64::NEG_INFINITY { 0.0 } else { logit as f32 };
        let positive = prior.base_logits().map(|logit| u8::from(logit > f64::NEG_INFINITY));
        Ok(Self {
            base: Tensor::from_iter(prior.base_logits().map(finite), device)?,
            positive: Tensor::from_iter(positive, device)?,
            group: Tensor::from_iter(prior.groups().map(u32::from), device)?,
        })
    }
}

/// The tokens in question, `u8` `[rows, vocab]`, and the logits of model and prior.
struct Question {
    tokens: Tensor,
    model: Tensor,
    prior: Option<Tensor>,
}

/// 1 at tokens in question whose logit is NaN.
fn is_nan(question: &Question) -> Result<Tensor> {
    question.model.ne(&question.model)? * &question.tokens
}

/// The logits of model and prior put together.
fn mix(call: &Call<'_>, question: &Question) -> Result<Tensor> {
    let Question { tokens, model, prior } = question;
    let largest = match call.logits.dtype() {
        DType::F16 => half::f16::MAX.to_f32(),
        DType::BF16 => half::bf16::MAX.to_f32(),
        _ => f32::MAX,
    };
    let says = (model.gt(f32::NEG_INFINITY)? * tokens)?.max_keepdim(1)?.broadcast_as(tokens.shape())?;
    let model = says.where_cond(&model.clamp(-largest, largest)?, &model.zeros_like()?)?;
    let model = shifted(&model, tokens)?;
    let Some(((settings, _), prior)) = call.prior.zip(prior.as_ref()) else { return Ok(model) };
    let alpha = settings.config().alpha;
    match settings.mode() {
        ApplyMode::Off => Ok(model),
        ApplyMode::Additive => model + (prior * alpha)?,
        ApplyMode::Fixed => (model * (1.0 - alpha))? + (prior * alpha)?,
        ApplyMode::Entropy => {
            let (_, entropy) = sums(&model)?;
            let count = tokens.to_dtype(DType::F32)?.sum_keepdim(1)?;
            let share = (entropy / count.maximum(2_f32)?.log()?)?.clamp(0_f32, 1_f32)?;
            let rest = share.affine(-1.0, 1.0)?;
            model.broadcast_mul(&rest)? + prior.broadcast_mul(&share)?
        }
    }
}

/// The same less the largest of some tokens; very negative at others.
fn shifted(x: &Tensor, tokens: &Tensor) -> Result<Tensor> {
    let largest = masked(x, tokens, f32::NEG_INFINITY)?.max_keepdim(1)?;
    masked(&x.broadcast_sub(&largest)?.clamp(OUT, 0_f32)?, tokens, OUT)
}

fn masked(x: &Tensor, tokens: &Tensor, out: f32) -> Result<Tensor> {
    tokens.where_cond(x, &Tensor::full(out, x.shape(), x.device())?)
}

/// ln of the sum of exp(x), and the entropy of softmax(x), `[rows, 1]`; the largest x is 0.
fn sums(x: &Tensor) -> Result<(Tensor, Tensor)> {
    let exp = x.exp()?;
    let sum = exp.sum_keepdim(1)?;
    let ln_sum = sum.log()?;
    let entropy = (&ln_sum - ((x * exp)?.sum_keepdim(1)? / sum)?)?.maximum(0_f32)?;
    Ok((ln_sum, entropy))
}
