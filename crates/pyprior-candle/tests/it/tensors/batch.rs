//! Batches: a prior, holes, legal sets and logits, on both sides.

use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use pyprior_candle::{BitmaskTensor, Draw, PriorRows, SampleError, Sampled, TensorSampler};
use pyprior_core::{Language, LanguageConfig, Prior, PriorConfig, TokenBitmask, TruncationConfig, Vocab};

use super::Random;
use super::prior::{Case, wild};

/// The languages of vocabularies of 79 and 268 tokens.
pub(crate) fn languages() -> [Arc<Language>; 2] {
    [(0, 9), (-99, 99)]
        .map(|value_range| Language::new(LanguageConfig { value_range, ..LanguageConfig::default() }).unwrap())
}

/// Rows with one prior.
pub(crate) struct Batch {
    pub(crate) config: PriorConfig,
    pub(crate) cases: Vec<Case>,
    pub(crate) bitmask: TokenBitmask,
    pub(crate) rows: PriorRows,
    pub(crate) prior: Prior,
    /// As they are in the tensor, rounded to its type.
    pub(crate) logits: Vec<Vec<f32>>,
    pub(crate) tensor: Tensor,
}

impl Batch {
    pub(crate) fn new(vocab: &Vocab, config: PriorConfig, cases: Vec<Case>, logits: &[Vec<f32>], dtype: DType) -> Self {
        let cases = cases.into_iter().map(|case| Case { config, ..case }).collect::<Vec<_>>();
        let mut bitmask = TokenBitmask::new(cases.len(), vocab.len());
        for (case, words) in cases.iter().zip(bitmask.data_mut().chunks_exact_mut(vocab.len().div_ceil(32))) {
            words.copy_from_slice(case.bitmask().data());
        }
        let prior = Prior::new(vocab, config).unwrap();
        let frontiers = cases.iter().map(|case| case.frontier).collect::<Vec<_>>();
        let mut rows = PriorRows::default();
        rows.fill(&prior, &frontiers, &bitmask).unwrap();
        let flat = logits.concat();
        let tensor = Tensor::from_vec(flat, (cases.len(), vocab.len()), &Device::Cpu).unwrap().to_dtype(dtype).unwrap();
        let logits = tensor.to_dtype(DType::F32).unwrap().to_vec2().unwrap();
        Self { config, cases, bitmask, rows, prior, logits, tensor }
    }

    /// Any rows; of the logits one in `calm` is something special, but no NaN.
    pub(crate) fn random(random: &mut Random, vocab: &Vocab, rows: usize, calm: u64, dtype: DType) -> Self {
        let cases = (0..rows).map(|_| Case::random(random, vocab)).collect::<Vec<_>>();
        let number = |random: &mut Random| match wild(random, calm) as f32 {
            nan if nan.is_nan() => f32::NEG_INFINITY,
            number => number,
        };
        let logits = (0..rows).map(|_| (0..vocab.len()).map(|_| number(random)).collect()).collect::<Vec<_>>();
        let mut config = cases[0].config;
        // Beyond 1, mode fixed turns large logits into larger ones, which `f32` cannot tell apart to 1e-4.
        config.alpha = config.alpha.min(1.0);
        Self::new(vocab, config, cases, &logits, dtype)
    }

    pub(crate) fn sampler(&self, truncation: TruncationConfig) -> TensorSampler {
        TensorSampler::new(self.bitmask.vocab(), Some(self.prior.clone()), truncation).unwrap()
    }

    pub(crate) fn sample(&self, sampler: &mut TensorSampler, draw: Draw<'_>) -> Result<Sampled, SampleError> {
        let mut sampled = Sampled::default();
        let bitmask = BitmaskTensor::new(&self.bitmask, &Device::Cpu)?;
        sampler.sample(&self.tensor, &bitmask, Some(&self.rows), draw, &mut sampled)?;
        Ok(sampled)
    }
}

/// Filters of every kind.
pub(crate) fn truncations() -> [TruncationConfig; 6] {
    let base = TruncationConfig::default();
    [
        base,
        TruncationConfig { temperature: 0.6, ..base },
        TruncationConfig { top_k: Some(5), temperature: 1.7, ..base },
        TruncationConfig { top_p: 0.8, ..base },
        TruncationConfig { min_p: 0.15, ..base },
        TruncationConfig { temperature: 1.2, top_k: Some(12), top_p: 0.9, min_p: 0.02 },
    ]
}
