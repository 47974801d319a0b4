//! A model that learns: gradients, and steps of AdamW.

use candle_core::{DType, Device, Tensor};

use super::adamw::{AdamW, Rate};
use super::composed::ComposedLearner;
use super::error::TrainError;
use super::sequences::Sequences;
use super::slices::SliceLearner;
use crate::error::Error;
use crate::files::WeightsError;
use crate::llama::{Llama, LlamaConfig};

/// Weights that learn: f32, with the moments of AdamW.
///
/// On a CPU the gradients are computed by hand, over slices; elsewhere by candle, in f32 or with products in bf16.
///
/// ```
/// use candle_core::{DType, Device};
/// use pyprior_candle::LlamaConfig;
/// use pyprior_candle::train::{AdamW, Learner, Sequences};
///
/// let config: LlamaConfig = serde_json::from_str(
///     r#"{"model_type": "llama", "vocab_size": 20, "hidden_size": 16, "intermediate_size": 24,
///         "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 8}"#,
/// )?;
/// let weights = config.initial_tensors(1)?;
/// let mut learner = Learner::new(&config, &weights, AdamW::default(), &Device::Cpu, DType::F32)?;
/// let mut sequences = Sequences::new();
/// sequences.push(0, &[5, 6, 7, 5, 6, 7]);
/// let before = learner.add_gradients(&sequences)?;
/// learner.update(1e-2, Some(1.0))?;
/// assert!(learner.add_gradients(&sequences)? < before);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Learner {
    config: LlamaConfig,
    adamw: AdamW,
    kind: Kind,
    /// Steps that have been taken.
    steps: u64,
    /// Tokens whose gradients have been added since.
    tokens: usize,
}

enum Kind {
    Slices(SliceLearner),
    Composed(ComposedLearner),
}

impl std::fmt::Debug for Learner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Learner").field("config", &self.config).field("steps", &self.steps).finish_non_exhaustive()
    }
}

/// What a learner is besides its numbers: tensors by name, in the order of [`LlamaConfig::tensors`], and steps.
#[derive(Debug, Clone)]
pub struct LearnerState {
    /// The weights, f32.
    pub weights: Vec<(String, Tensor)>,
    /// The first and the second moments of AdamW, f32.
    pub moments: [Vec<(String, Tensor)>; 2],
    /// Steps that have been taken.
    pub steps: u64,
}

impl Learner {
    /// A learner that begins with `weights`: the tensors that [`LlamaConfig::tensors`] lists, in that order.
    ///
    /// # Errors
    ///
    /// [`TrainError`] for other tensors; [`WeightsError::Compute`] if the device does not compute in `dtype`: a CPU
    /// does in f32, others in f32 or bf16.
    pub fn new(
        config: &LlamaConfig,
        weights: &[(String, Tensor)],
        adamw: AdamW,
        device: &Device,
        dtype: DType,
    ) -> Result<Self, Error> {
        Self::from_state(config, &begun(weights)?, adamw, device, dtype)
    }

    /// A learner that goes on where another was.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn from_state(
        config: &LlamaConfig,
        state: &LearnerState,
        adamw: AdamW,
        device: &Device,
        dtype: DType,
    ) -> Result<Self, Error> {
        let computes = match dtype {
            DType::F32 => true,
            DType::BF16 => !device.is_cpu(),
            _ => false,
        };
        if !computes {
            let device = format!("{:?}", device.location());
            return Err(WeightsError::Compute { dtype: dtype.as_str(), device }.into());
        }
        let [weights, first, second] = checked(config, state)?;
        let kind = match device.is_cpu() {
            true => Kind::Slices(SliceLearner::new(config, &weights, [&first, &second])?),
            false => Kind::Composed(ComposedLearner::new(config, &weights, [&first, &second], device, dtype)?),
        };
        Ok(Self { config: config.clone(), adamw, kind, steps: state.steps, tokens: 0 })
    }

    /// The same learner with candle's own operations and gradients, on its CPU: what other devices do, for comparison.
    /// Gradients that have been added stay behind.
    ///
    /// # Errors
    ///
    /// What candle says.
    pub fn composed(&self) -> Result<Self, Error> {
        let [weights, first, second] = checked(&self.config, &self.state()?)?;
        let moments = [&first[..], &second[..]];
        let learner = ComposedLearner::new(&self.config, &weights, moments, &Device::Cpu, DType::F32)?;
        let (config, adamw) = (self.config.clone(), self.adamw);
        Ok(Self { config, adamw, kind: Kind::Composed(learner), steps: self.steps, tokens: 0 })
    }

    /// The numbers of the model.
    pub fn config(&self) -> &LlamaConfig {
        &self.config
    }

    /// Steps that have been taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Adds the gradients of the sum of the losses of all tokens, and gives that sum, in nats.
    ///
    /// # Errors
    ///
    /// [`TrainError`] for programs that are too long for the model, and for tokens that it does not have; what the
    /// device says. Nothing is added then.
    pub fn add_gradients(&mut self, sequences: &Sequences) -> Result<f64, Error> {
        check_sequences(&self.config, sequences)?;
        let loss = match &mut self.kind {
            Kind::Slices(learner) => learner.add_gradients(sequences)?,
            Kind::Composed(learner) => learner.add_gradients(sequences)?,
        };
        self.tokens += sequences.tokens();
        Ok(loss)
    }

    /// Takes a step along the mean of the gradients that have been added, forgets these, and gives the norm that the
    /// mean had. Where that is beyond `most`, the mean is scaled down to it.
    ///
    /// # Errors
    ///
    /// [`TrainError::NotFinite`] if some gradient is no number; nothing is changed then. What the device says.
    pub fn update(&mut self, rate: f64, most: Option<f64>) -> Result<f64, Error> {
        let mean = 1.0 / self.tokens.max(1) as f64;
        let squares = match &self.kind {
            Kind::Slices(learner) => learner.squares(),
            Kind::Composed(learner) => learner.squares()?,
        };
        let norm = squares.sqrt() * mean;
        if !norm.is_finite() {
            return Err(TrainError::NotFinite { step: self.steps + 1 }.into());
        }
        let clipped = most.map_or(1.0, |most| (most / norm.max(f64::MIN_POSITIVE)).min(1.0));
        let rate = Rate { step: self.steps + 1, learning: rate, gradient: mean * clipped };
        match &mut self.kind {
            Kind::Slices(learner) => learner.update(&self.adamw, rate)?,
            Kind::Composed(learner) => learner.update(&self.adamw, rate)?,
        }
        (self.steps, self.tokens) = (self.steps + 1, 0);
        Ok(norm)
    }

    /// The gradients that have been added: of the sum of the losses, in nats.
    ///
    /// # Errors
    ///
    /// What the device says.
    pub fn gradients(&self) -> Result<Vec<(String, Tensor)>, Error> {
        Ok(match &self.kind {
            Kind::Slices(learner) => learner.gradients()?,
            Kind::Composed(learner) => learner.gradients()?,
        })
    }

    /// Weights, moments and steps.
    ///
    /// # Errors
    ///
    /// What the device says.
    pub fn state(&self) -> Result<LearnerState, Error> {
        let (weights, moments) = match &self.kind {
            Kind::Slices(learner) => (learner.weights()?, learner.moments()?),
            Kind::Composed(learner) => (learner.weights()?, learner.moments()?),
        };
        Ok(LearnerState { weights, moments, steps: self.steps })
    }

    /// The model as it is now, to generate with, computed in f32 on the CPU.
    ///
    /// # Errors
    ///
    /// What the device says.
    pub fn model(&self) -> Result<Llama, Error> {
        let mut weights = self.state()?.weights.into_iter();
        Llama::new(self.config.clone(), &Device::Cpu, DType::F32, |name, _| {
            let tensor = weights.next().map(|(_, tensor)| tensor);
            let missing = || TrainError::Tensor { name: name.to_owned() };
            Ok(tensor.ok_or_else(missing)?.to_device(&Device::Cpu)?)
        })
    }

    /// Hands the logits, f32 [tokens, vocab] on the CPU, of parts of the sequences to `each`, with the place of the
    /// part's first token among all, and the part. What it returns comes in the order of the sequences.
    ///
    /// # Errors
    ///
    /// As for [`add_gradients`](Self::add_gradients), and what `each` says.
    pub fn map_logits<T: Send>(
        &self,
        sequences: &Sequences,
        each: impl Fn(usize, &Sequences, &Tensor) -> candle_core::Result<T> + Sync,
    ) -> Result<Vec<T>, Error> {
        check_sequences(&self.config, sequences)?;
        Ok(match &self.kind {
            Kind::Slices(learner) => learner.map_logits(sequences, each)?,
            Kind::Composed(learner) => learner.map_logits(sequences, each)?,
        })
    }
}

/// Weights with moments of 0.
fn begun(weights: &[(String, Tensor)]) -> candle_core::Result<LearnerState> {
    let zeros = weights.iter().map(|(name, tensor)| Ok((name.clone(), tensor.to_dtype(DType::F32)?.zeros_like()?)));
    let zeros = zeros.collect::<candle_core::Result<Vec<_>>>()?;
    Ok(LearnerState { weights: weights.to_vec(), moments: [zeros.clone(), zeros], steps: 0 })
}

/// Weights and moments, each of the names and shapes that the configuration lists.
fn checked(config: &LlamaConfig, state: &LearnerState) -> Result<[Vec<Tensor>; 3], Error> {
    config.check()?;
    let wanted = config.tensors();
    let of = |tensors: &[(String, Tensor)]| {
        let pairs = wanted.iter().enumerate().map(|(nth, (name, shape))| match tensors.get(nth) {
            Some((found, tensor)) if found == name && tensor.dims() == &shape[..] => Ok(tensor.clone()),
            _ => Err(TrainError::Tensor { name: name.clone() }),
        });
        pairs.collect::<Result<Vec<_>, _>>()
    };
    Ok([of(&state.weights)?, of(&state.moments[0])?, of(&state.moments[1])?])
}

fn check_sequences(config: &LlamaConfig, sequences: &Sequences) -> Result<(), TrainError> {
    let (tokens, most) = (sequences.longest(), config.max_position_embeddings);
    if tokens > most {
        return Err(TrainError::TooLong { tokens, most });
    }
    let mut all = sequences.inputs().iter().chain(sequences.targets());
    match all.find(|&&token| token as usize >= config.vocab_size) {
        Some(&token) => Err(TrainError::Token { token, vocab_size: config.vocab_size }),
        None => Ok(()),
    }
}
