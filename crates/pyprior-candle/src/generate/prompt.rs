//! What programs start with.

use std::sync::Arc;

use pyprior_core::{Language, Matcher, philox4x32_10};

use super::GenerateError;
use crate::batch::Batch;
use crate::cache::KvCache;
use crate::model::CausalModel;
use crate::sample::SampleError;

/// Fourth word of the Philox counter: draws of tokens have lanes of 3·2³⁰ and up, or none.
const LANE: u32 = (1 << 31) + 2;

/// What a program starts with: tokens, or one of several such starts.
///
/// A source whose first statements are given starts as many token sequences as its module may have statements, since
/// their number comes first; [`Encoder::encode_prompts`](pyprior_core::Encoder::encode_prompts) gives them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    alternatives: Vec<Vec<u32>>,
}

impl Prompt {
    /// One of these, drawn for each program as likely as the model makes them: by the product of the probabilities of
    /// their tokens, each among the legal ones, without temperature, filters and prior; at temperature 0 the likeliest.
    /// This draw is not part of [`Generated::log_probability`](super::Generated::log_probability).
    pub fn any_of(alternatives: impl IntoIterator<Item = Vec<u32>>) -> Self {
        Self { alternatives: alternatives.into_iter().collect() }
    }
}

impl From<Vec<u32>> for Prompt {
    fn from(tokens: Vec<u32>) -> Self {
        Self { alternatives: vec![tokens] }
    }
}

/// A prompt on its way: its alternatives are weighed when the first program starts with it.
#[derive(Debug)]
pub(super) struct Start {
    alternatives: Vec<Vec<u32>>,
    /// Whether each is a program already.
    whole: bool,
    /// How likely each is and those before it, the last being 1; empty until they are weighed.
    sums: Vec<f64>,
}

impl Start {
    /// Checks the alternatives of prompt number `nth`.
    pub(super) fn new(language: &Arc<Language>, (nth, prompt): (usize, &Prompt)) -> Result<Self, GenerateError> {
        let alternatives = prompt.alternatives.clone();
        let mut whole = true;
        for tokens in &alternatives {
            let matcher = Matcher::with_prefix(language, tokens);
            whole &= matcher.map_err(|source| GenerateError::Prompt { prompt: nth, source })?.is_terminated();
        }
        match alternatives.len() {
            0 => Err(GenerateError::NoAlternatives { prompt: nth }),
            1 => Ok(Self { alternatives, whole, sums: vec![1.0] }),
            _ => Ok(Self { alternatives, whole, sums: Vec::new() }),
        }
    }

    /// How many there are.
    pub(super) fn alternatives(&self) -> usize {
        self.alternatives.len()
    }

    /// Whether nothing is to be drawn behind any of them.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    pub(super) fn is_weighed(&self) -> bool {
        !self.sums.is_empty()
    }

    /// Asks the model how likely each alternative is, in a cache for this alone; `greedy` is for the likeliest.
    pub(super) fn weigh(
        &mut self,
        (model, cache): (&dyn CausalModel, &mut KvCache),
        language: &Arc<Language>,
        (bos, greedy): (u32, bool),
    ) -> Result<(), GenerateError> {
        let mut logs = Vec::with_capacity(self.alternatives.len());
        for some in self.alternatives.chunks(cache.slots().max(1)) {
            logs.extend(log_probabilities(model, cache, language, bos, some)?);
        }
        let greatest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if greedy {
            let best = logs.iter().position(|&log| log == greatest).unwrap_or(0);
            logs.iter_mut().enumerate().for_each(|(nth, log)| *log = if nth == best { 0.0 } else { f64::NEG_INFINITY });
        }
        let greatest = if greedy { 0.0 } else { greatest };
        // A model that finds all of them impossible says nothing.
        let weight = |log: f64| if greatest.is_finite() { (log - greatest).exp() } else { 1.0 };
        let total: f64 = logs.iter().map(|&log| weight(log)).sum();
        let mut sum = 0.0;
        let sums = logs.iter().map(|&log| {
            sum += weight(log) / total;
            sum
        });
        self.sums = sums.collect();
        Ok(())
    }

    /// The start of a program.
    pub(super) fn of(&self, seed: u64, program: u64) -> &[u32] {
        if let [only] = &self.alternatives[..] {
            return only;
        }
        let key = [seed as u32, (seed >> 32) as u32];
        let [word, ..] = philox4x32_10([program as u32, (program >> 32) as u32, 0, LANE], key);
        let fraction = f64::from(word) / f64::from(u32::MAX).next_up();
        // Rounding may leave the last sum below 1.
        let nth = self.sums.partition_point(|&sum| sum <= fraction).min(self.alternatives.len() - 1);
        &self.alternatives[nth]
    }
}

/// The logarithm of the probability of each start.
fn log_probabilities(
    model: &dyn CausalModel,
    cache: &mut KvCache,
    language: &Arc<Language>,
    bos: u32,
    starts: &[Vec<u32>],
) -> Result<Vec<f64>, GenerateError> {
    let mut matchers = starts.iter().map(|_| Matcher::new(language)).collect::<Vec<_>>();
    let mut logs = vec![0.0; starts.len()];
    let mut batch = Batch::new();
    (0..starts.len()).try_for_each(|slot| cache.reset(slot))?;
    let longest = starts.iter().map(Vec::len).max().unwrap_or(0);
    for position in 0..longest {
        batch.clear();
        for (slot, tokens) in starts.iter().enumerate().filter(|(_, tokens)| position < tokens.len()) {
            batch.push(slot, &[position.checked_sub(1).map_or(bos, |before| tokens[before])]);
        }
        let logits = model.forward(cache, &batch)?;
        let expected = [batch.rows(), language.vocab().len()];
        if !logits.dims2().is_ok_and(|(rows, width)| rows == expected[0] && width >= expected[1]) {
            return Err(GenerateError::Sampling(SampleError::Shape { found: logits.dims().to_vec(), expected }));
        }
        let logits = logits.to_vec2::<f32>().map_err(crate::error::Error::from)?;
        for ((slot, _), logits) in batch.iter().zip(&logits) {
            let (matcher, token) = (&mut matchers[slot], starts[slot][position]);
            // As for draws, infinity counts as the largest finite number.
            let logit = |token: u32| f64::from(logits[token as usize].min(f32::MAX));
            let legal = || matcher.legal_tokens().map(logit);
            let greatest = legal().fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = legal().map(|logit| (logit - greatest).exp()).sum();
            let log = logit(token) - greatest - sum.ln();
            // No number: infinities, or what drawing will refuse.
            logs[slot] += if log.is_nan() { f64::NEG_INFINITY } else { log };
            let refused = |source| GenerateError::Prompt { prompt: slot, source };
            matcher.accept_token(token).map_err(refused)?;
        }
    }
    Ok(logs)
}
