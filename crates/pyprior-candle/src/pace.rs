//! What it takes to draw sequences of given lengths from a model, whatever its vocabulary means: nothing is masked, and
//! nothing ends a sequence but its length.

use std::time::{Duration, Instant};

use pyprior_core::{TokenBitmask, TruncationConfig};

use crate::batch::Batch;
use crate::bitmask::BitmaskTensor;
use crate::error::Error;
use crate::model::CausalModel;
use crate::sample::{Draw, Sampled, TensorSampler};

/// What drawing sequences took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Sequences.
    pub sequences: u64,
    /// Tokens of all sequences: each was drawn from logits.
    pub tokens: u64,
    /// Forward passes.
    pub steps: u64,
    /// Time of the whole.
    pub total: Duration,
    /// Time of the model; on a device that works by itself, of handing it its work.
    pub model: Duration,
    /// Time of drawing tokens, waiting for the device included.
    pub draw: Duration,
    /// Bytes of the cache.
    pub cache_bytes: u64,
    /// Bytes of the logits of one step.
    pub logits_bytes: u64,
}

/// Draws a sequence of each of the lengths, `rows` at a time: a row that has its length hands its slot to the next
/// sequence. A sequence of n tokens takes n forward steps, of which the first sees token 0. Lengths of 0 take nothing.
///
/// Tokens are drawn from softmax over all logits by [`TensorSampler`], a function of the seed, the sequence and the step.
///
/// # Errors
///
/// [`CacheError`](crate::CacheError) if a length is beyond the model's longest sequence or there is no memory,
/// [`SampleError`](crate::SampleError) if logits are NaN, or what the device says.
pub fn pace(model: &dyn CausalModel, lengths: &[u32], rows: usize, seed: u64) -> Result<Pace, Error> {
    let longest = lengths.iter().copied().max().unwrap_or(0) as usize;
    let vocab = model.vocab_size();
    let rows = rows.clamp(1, lengths.len().max(1));
    let mut cache = model.new_cache(rows, longest)?;
    let mut sampler = TensorSampler::new(vocab, None, TruncationConfig::default())?;
    let mut waiting = (0_u64..).zip(lengths.iter().copied()).filter(|&(_, length)| length > 0);
    let mut active: Vec<Row> = (0..rows).zip(waiting.by_ref()).map(|(slot, of)| Row::new(slot, of)).collect();
    let mut pace = Pace {
        sequences: lengths.len() as u64,
        tokens: 0,
        steps: 0,
        total: Duration::ZERO,
        model: Duration::ZERO,
        draw: Duration::ZERO,
        cache_bytes: (cache.bytes_per_slot() as u64).saturating_mul(rows as u64),
        logits_bytes: (vocab as u64).saturating_mul(size_of::<f32>() as u64).saturating_mul(rows as u64),
    };
    let (mut batch, mut sampled, mut all) = (Batch::new(), Sampled::default(), None);
    let (mut numbers, mut steps) = (Vec::new(), Vec::new());
    let begin = Instant::now();
    while !active.is_empty() {
        batch.clear();
        numbers.clear();
        steps.clear();
        for row in &active {
            batch.push(row.slot, &[row.token]);
            numbers.push(row.number);
            steps.push(row.taken);
        }
        let started = Instant::now();
        let logits = model.forward(&mut cache, &batch)?;
        pace.model += started.elapsed();
        let started = Instant::now();
        let legal = match all.take().filter(|all: &BitmaskTensor| all.rows() == active.len()) {
            Some(all) => all,
            None => BitmaskTensor::new(&everything(active.len(), vocab), model.device())?,
        };
        let draw = Draw { seed, rows: &numbers, steps: &steps };
        sampler.sample(&logits, &legal, None, draw, &mut sampled)?;
        all = Some(legal);
        pace.draw += started.elapsed();
        pace.steps += 1;
        pace.tokens += active.len() as u64;
        for (row, &token) in active.iter_mut().zip(&sampled.tokens) {
            row.token = token;
            row.taken += 1;
            if row.taken == row.length
                && let Some(next) = waiting.next()
            {
                cache.reset(row.slot)?;
                *row = Row::new(row.slot, next);
            }
        }
        active.retain(|row| row.taken < row.length);
    }
    pace.total = begin.elapsed();
    Ok(pace)
}

/// A sequence that is being drawn.
struct Row {
    slot: usize,
    number: u64,
    length: u32,
    taken: u32,
    /// What the model sees next.
    token: u32,
}

impl Row {
    fn new(slot: usize, (number, length): (u64, u32)) -> Self {
        Self { slot, number, length, taken: 0, token: 0 }
    }
}

/// A bitmask that allows every token.
fn everything(rows: usize, vocab: usize) -> TokenBitmask {
    let mut bitmask = TokenBitmask::new(rows, vocab);
    let (words, rest) = (bitmask.words(), vocab % 32);
    for (nth, word) in bitmask.data_mut().iter_mut().enumerate() {
        let last = (nth + 1) % words == 0 && rest > 0;
        *word = if last { (1 << rest) - 1 } else { u32::MAX };
    }
    bitmask
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;
    use crate::cache::CacheError;
    use crate::random::RandomModel;

    #[test]
    fn every_token_is_drawn_once() {
        let lengths = [5, 0, 1, 9, 2, 2, 7];
        for vocab in [33, 64, 79] {
            let model = RandomModel::new(1, vocab, Device::Cpu);
            for (rows, steps) in [(1, 26), (2, 16), (100, 9)] {
                let pace = pace(&model, &lengths, rows, 3).unwrap();
                assert_eq!((pace.sequences, pace.tokens, pace.steps), (7, 26, steps), "{rows} rows");
                let rows = rows.min(7) as u64;
                assert_eq!((pace.cache_bytes, pace.logits_bytes), (rows * 9 * 8, rows * vocab as u64 * 4));
                assert!(pace.model + pace.draw <= pace.total);
            }
        }
        let none = pace(&RandomModel::new(1, 9, Device::Cpu), &[], 4, 0).unwrap();
        assert_eq!((none.tokens, none.steps), (0, 0));
    }

    #[test]
    fn everything_is_allowed_and_nothing_beside() {
        for vocab in [1, 31, 32, 33, 268] {
            let bitmask = everything(3, vocab);
            for row in 0..3 {
                assert_eq!(bitmask.count(row) as usize, vocab);
                assert!(bitmask.allowed(row).eq(0..vocab as u32));
            }
        }
    }

    #[test]
    fn a_length_beyond_the_model() {
        let config = crate::LlamaConfig {
            vocab_size: 9,
            hidden_size: 4,
            intermediate_size: 8,
            num_hidden_layers: 1,
            num_attention_heads: 1,
            num_key_value_heads: 1,
            head_dim: 4,
            max_position_embeddings: 16,
            rms_norm_eps: 1e-6,
            rope_theta: 1e4,
            tie_word_embeddings: true,
        };
        let model = crate::Llama::untrained(config, &Device::Cpu, 1).unwrap();
        assert!(matches!(
            pace(&model, &[17], 1, 0),
            Err(Error::Cache(CacheError::TooLong { capacity: 17, longest: 16 }))
        ));
        assert_eq!(pace(&model, &[16, 3], 2, 0).unwrap().tokens, 19);
    }
}
