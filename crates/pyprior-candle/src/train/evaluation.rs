//! How well a model foretells programs that it has not learnt from.

use std::sync::Arc;

use candle_core::Tensor;
use pyprior_core::{Language, LogitsScratch, Matcher, Prior, PriorConfig, Programs, TokenBitmask};
use serde::{Deserialize, Serialize};

use super::error::TrainError;
use super::learner::Learner;
use super::sequences::Sequences;
use crate::error::Error;
use crate::ops::{cross_entropy, with_slice};

/// Programs that are held out, with what does not change while a model learns: the legal tokens at every place, and
/// what those know who know nothing but these.
#[derive(Debug, Clone)]
pub struct HeldOut {
    sequences: Sequences,
    legal: TokenBitmask,
    /// Whether there was a choice at each place.
    choices: Vec<bool>,
    baselines: Baselines,
}

/// What is lost, in nats a token over all tokens, by models that know the rules alone. Tokens that are the only legal
/// ones cost them nothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Baselines {
    /// Every legal token is as likely as any other.
    pub uniform: f64,
    /// The symbolic prior.
    pub prior: f64,
}

/// What a model does on the programs that are held out. Losses are in nats a token over all tokens, unless it says
/// otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Tokens that were foretold.
    pub tokens: usize,
    /// Tokens where there was a choice.
    pub choices: usize,
    /// The loss of the model as it is, that has to know the rules itself.
    pub loss: f64,
    /// The same over the tokens where there was a choice, in nats for each of them.
    pub choice_loss: f64,
    /// The loss under the mask: as it generates, and as the baselines are.
    pub masked_loss: f64,
    /// The probability that the model without the mask gives to the legal tokens, on average over all places.
    pub legal_mass: f64,
}

impl HeldOut {
    /// Takes programs, each behind the token `start`, and follows them in the language.
    ///
    /// # Errors
    ///
    /// [`TrainError::Illegal`] if one is no complete program; the prior's own errors.
    pub fn new(
        language: &Arc<Language>,
        prior: PriorConfig,
        programs: &Programs,
        start: u32,
    ) -> Result<Self, TrainError> {
        let vocab = language.vocab().len();
        let prior = Prior::new(language.vocab(), prior)?;
        let mut legal = TokenBitmask::new(programs.tokens().len(), vocab);
        let (mut sequences, mut choices) = (Sequences::new(), Vec::new());
        let (mut uniform, mut by_prior) = (0.0, 0.0);
        let (mut matcher, mut scratch) = (Matcher::new(language), LogitsScratch::new(vocab));
        let mut probabilities = vec![0.0; vocab];
        for (program, tokens) in programs.iter().enumerate() {
            matcher.reset();
            for &token in tokens {
                let place = choices.len();
                let illegal = |source| TrainError::Illegal { program, source };
                matcher.fill_next_token_bitmask(&mut legal, place)?;
                let frontier = matcher.frontier();
                let count = matcher.legal_count();
                matcher.accept_token(token).map_err(illegal)?;
                prior.probabilities(frontier, &legal, place, &mut probabilities, &mut scratch)?;
                choices.push(count > 1);
                uniform += f64::from(count).ln();
                by_prior -= probabilities.get(token as usize).map_or(f64::NEG_INFINITY, |p| p.ln());
            }
            if !matcher.is_terminated() {
                return Err(TrainError::Unfinished { program });
            }
            sequences.push(start, tokens);
        }
        let tokens = choices.len().max(1) as f64;
        let baselines = Baselines { uniform: uniform / tokens, prior: by_prior / tokens };
        Ok(Self { sequences, legal, choices, baselines })
    }

    /// Number of programs.
    pub fn programs(&self) -> usize {
        self.sequences.len()
    }

    /// What those lose who know the rules alone.
    pub fn baselines(&self) -> Baselines {
        self.baselines
    }

    /// What a model does.
    ///
    /// # Errors
    ///
    /// [`TrainError::Empty`] if there are no programs; [`TrainError::NotFinite`]; what the device says.
    pub fn evaluate(&self, learner: &Learner) -> Result<Evaluation, Error> {
        let found = learner.map_logits(&self.sequences, |first, part, logits| {
            let losses = cross_entropy(logits, part.targets())?;
            let masses = self.masses(first, logits)?;
            Ok(losses.into_iter().zip(masses).collect::<Vec<_>>())
        })?;
        let mut sums =
            Evaluation { tokens: 0, choices: 0, loss: 0.0, choice_loss: 0.0, masked_loss: 0.0, legal_mass: 0.0 };
        for ((loss, mass), choice) in found.into_iter().flatten().zip(&self.choices) {
            let loss = f64::from(loss);
            sums.tokens += 1;
            sums.loss += loss;
            sums.legal_mass += mass;
            if *choice {
                sums.choices += 1;
                sums.choice_loss += loss;
                sums.masked_loss += loss + mass.ln();
            }
        }
        if sums.tokens == 0 {
            return Err(TrainError::Empty.into());
        }
        if !sums.loss.is_finite() {
            return Err(TrainError::NotFinite { step: learner.steps() }.into());
        }
        let tokens = sums.tokens as f64;
        Ok(Evaluation {
            loss: sums.loss / tokens,
            choice_loss: sums.choice_loss / sums.choices.max(1) as f64,
            masked_loss: sums.masked_loss / tokens,
            legal_mass: sums.legal_mass / tokens,
            ..sums
        })
    }

    /// The probability of the legal tokens at each place from `first` on.
    fn masses(&self, first: usize, logits: &Tensor) -> candle_core::Result<Vec<f64>> {
        let (rows, width) = logits.dims2()?;
        with_slice(logits, |logits| {
            let masses = logits.chunks_exact(width).zip(first..first + rows).map(|(logits, place)| {
                let greatest = logits.iter().fold(f32::NEG_INFINITY, |a, &b| if b > a { b } else { a });
                let exp = |x: f32| f64::from(x - greatest).exp();
                let legal: f64 =
                    self.legal.allowed(place).filter_map(|token| logits.get(token as usize)).map(|&x| exp(x)).sum();
                legal / logits.iter().map(|&x| exp(x)).sum::<f64>()
            });
            Ok(masses.collect())
        })
    }
}
