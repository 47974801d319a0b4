//! The loop of training.

use std::sync::Arc;
use std::time::Instant;

use candle_core::{DType, Device};
use pyprior_core::Language;
use serde::{Deserialize, Serialize};

use super::config::{BatchSize, Progress, TrainBudget, TrainConfig};
use super::error::TrainError;
use super::evaluation::{Evaluation, HeldOut};
use super::learner::{Learner, LearnerState};
use super::sequences::Sequences;
use super::source::{Source, Stream};
use crate::error::Error;

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StepReport {
    /// Number of the step, from 1.
    pub step: u64,
    /// Tokens that have been learnt from, this step's included.
    pub tokens: u64,
    /// Mean loss of this step's tokens before it, in nats a token.
    pub loss: f64,
    /// The learning rate.
    pub rate: f64,
    /// Norm of the gradient before it was scaled down.
    pub norm: f64,
    /// Seconds since the beginning, those before a resumption included.
    pub seconds: f64,
}

/// A training on its way. Where it stands depends on its configuration, its source and its budget alone, unless the
/// budget is one of time; on a CPU to the bit.
#[derive(Debug)]
pub struct Trainer {
    config: TrainConfig,
    language: Arc<Language>,
    learner: Learner,
    stream: Stream,
    progress: Progress,
    /// When this part of the training began, and the seconds before it.
    clock: (Instant, f64),
    start: u32,
    sequences: Sequences,
}

/// All that a training is, to be written down.
#[derive(Debug, Clone)]
pub struct TrainState {
    /// The model and its optimizer.
    pub learner: LearnerState,
    /// What has been done.
    pub progress: Progress,
    /// Where the source is.
    pub position: u64,
}

impl Trainer {
    /// A training at its beginning.
    ///
    /// # Errors
    ///
    /// [`TrainError`] if configuration, language and model do not fit together, or something is out of range.
    pub fn new(
        config: TrainConfig,
        language: &Arc<Language>,
        source: &Source,
        device: &Device,
        dtype: DType,
    ) -> Result<Self, Error> {
        config.check()?;
        let weights = config.model.initial_tensors(config.seed)?;
        let learner = Learner::new(&config.model, &weights, config.adamw, device, dtype)?;
        Self::with_learner(config, language, learner, source.stream(0), Progress::default())
    }

    /// A training that goes on where another was.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn resume(
        config: TrainConfig,
        language: &Arc<Language>,
        source: &Source,
        state: &TrainState,
        device: &Device,
        dtype: DType,
    ) -> Result<Self, Error> {
        config.check()?;
        let learner = Learner::from_state(&config.model, &state.learner, config.adamw, device, dtype)?;
        Self::with_learner(config, language, learner, source.stream(state.position), state.progress)
    }

    fn with_learner(
        config: TrainConfig,
        language: &Arc<Language>,
        learner: Learner,
        stream: Stream,
        progress: Progress,
    ) -> Result<Self, Error> {
        let (vocab, positions) = (language.vocab().len(), config.model.max_position_embeddings);
        if config.model.vocab_size < vocab {
            return Err(TrainError::Vocab { model: config.model.vocab_size, language: vocab }.into());
        }
        // The start token takes a position, and the last token none: generating needs one for it too.
        let max_len = language.config().max_len;
        if max_len.is_none_or(|max_len| max_len as usize >= positions) {
            let max_len = max_len.map_or_else(|| "any number of".to_owned(), |max_len| max_len.to_string());
            return Err(TrainError::Positions { max_len, positions }.into());
        }
        Ok(Self {
            start: language.vocab().id_of("BOS").unwrap_or(0),
            config,
            language: Arc::clone(language),
            learner,
            stream,
            clock: (Instant::now(), progress.seconds),
            progress,
            sequences: Sequences::new(),
        })
    }

    /// The configuration.
    pub fn config(&self) -> &TrainConfig {
        &self.config
    }

    /// The language.
    pub fn language(&self) -> &Arc<Language> {
        &self.language
    }

    /// What learns.
    pub fn learner(&self) -> &Learner {
        &self.learner
    }

    /// What has been done.
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// What a model sees before the first token of a program.
    pub fn start_token(&self) -> u32 {
        self.start
    }

    /// Takes a step: batches from the source, their gradients, and a step of the optimizer.
    ///
    /// # Errors
    ///
    /// [`TrainError::NotFinite`] if training has diverged; what source and device say. The training is then of no more
    /// use: its last checkpoint is.
    pub fn step(&mut self, budget: &TrainBudget) -> Result<StepReport, Error> {
        let (mut loss, mut tokens, mut programs) = (0.0, 0, 0);
        for _ in 0..self.config.accumulate {
            self.fill()?;
            loss += self.learner.add_gradients(&self.sequences)?;
            tokens += self.sequences.tokens();
            programs += self.sequences.len();
        }
        let rate = self.config.schedule.rate(self.progress.steps, budget.done(&self.progress));
        let norm = self.learner.update(rate, self.config.clip)?;
        self.progress.steps += 1;
        self.progress.tokens += tokens as u64;
        self.progress.programs += programs as u64;
        self.tick();
        let Progress { steps: step, tokens: all, seconds, .. } = self.progress;
        Ok(StepReport { step, tokens: all, loss: loss / tokens.max(1) as f64, rate, norm, seconds })
    }

    /// Brings the clock up to date: what is done between steps takes time too.
    pub fn tick(&mut self) {
        self.progress.seconds = self.clock.1 + self.clock.0.elapsed().as_secs_f64();
    }

    /// The next batch.
    fn fill(&mut self) -> Result<(), TrainError> {
        self.sequences.clear();
        match self.config.batch {
            BatchSize::Programs(programs) => {
                for _ in 0..programs {
                    self.sequences.push(self.start, &self.stream.next_program()?);
                }
            }
            BatchSize::Tokens(most) => loop {
                let len = self.stream.peek()?.len();
                if !self.sequences.is_empty() && self.sequences.tokens() + len > most {
                    break;
                }
                self.sequences.push(self.start, &self.stream.next_program()?);
            },
        }
        Ok(())
    }

    /// What the model does on programs that are held out.
    ///
    /// # Errors
    ///
    /// As for [`HeldOut::evaluate`].
    pub fn evaluate(&self, held_out: &HeldOut) -> Result<Evaluation, Error> {
        held_out.evaluate(&self.learner)
    }

    /// All that the training is.
    ///
    /// # Errors
    ///
    /// What the device says.
    pub fn state(&self) -> Result<TrainState, Error> {
        Ok(TrainState { learner: self.learner.state()?, progress: self.progress, position: self.stream.position() })
    }
}
