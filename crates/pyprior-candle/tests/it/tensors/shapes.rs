//! Sizes, types, parts of batches, threads: none changes what a row gets.

use candle_core::{DType, Device, Tensor};
use pyprior_candle::{BitmaskTensor, Draw, Sampled, TensorSampler, apply_token_bitmask};
use pyprior_core::{TokenBitmask, TruncationConfig};

use super::Random;
use super::batch::{Batch, languages, truncations};
use super::prior::normal;

struct Flat {
    bitmask: TokenBitmask,
    logits: Tensor,
}

/// Rows without a prior.
fn flat(random: &mut Random, rows: usize, vocab: usize) -> Flat {
    let mut bitmask = TokenBitmask::new(rows, vocab);
    let words = bitmask.words();
    for row in 0..rows {
        let rarity = random.pick(&[1, 3, 50]);
        for token in (0..vocab).filter(|_| random.one_in(rarity)).collect::<Vec<_>>() {
            bitmask.data_mut()[row * words + token / 32] |= 1 << (token % 32);
        }
        let one = random.index(vocab);
        bitmask.data_mut()[row * words + one / 32] |= 1 << (one % 32);
    }
    let logits = (0..rows * vocab).map(|_| normal(random) as f32).collect::<Vec<_>>();
    Flat { bitmask, logits: Tensor::from_vec(logits, (rows, vocab), &Device::Cpu).unwrap() }
}

fn draw(sampler: &mut TensorSampler, logits: &Tensor, bitmask: &TokenBitmask, rows: &[u64], step: u32) -> Sampled {
    let mut sampled = Sampled::default();
    let bitmask = BitmaskTensor::new(bitmask, &Device::Cpu).unwrap();
    let draw = Draw { seed: 3, rows, steps: &vec![step; rows.len()] };
    sampler.sample(logits, &bitmask, None, draw, &mut sampled).unwrap();
    sampled
}

#[test]
fn any_size_of_batch_and_vocabulary() {
    let mut random = Random(11);
    for (rows, vocab) in
        [(1, 1), (3, 31), (2, 32), (5, 33), (7, 79), (64, 268), (17, 1024), (4096, 79), (2, 50_257), (1, 50_257)]
    {
        let Flat { bitmask, logits } = flat(&mut random, rows, vocab);
        let mut sampler = TensorSampler::new(vocab, None, TruncationConfig::default()).unwrap();
        let numbers = (0..rows as u64).collect::<Vec<_>>();
        let sampled = draw(&mut sampler, &logits, &bitmask, &numbers, 4);
        let composed = draw(&mut sampler.always_composed(), &logits, &bitmask, &numbers, 4);
        assert_eq!(sampled.legal_counts, composed.legal_counts);
        let differ = (0..rows).filter(|&row| sampled.tokens[row] != composed.tokens[row]).count();
        assert!(differ * 1000 <= rows, "{differ} of {rows}");
        for row in 0..rows {
            assert!(bitmask.is_allowed(row, sampled.tokens[row]) && bitmask.is_allowed(row, composed.tokens[row]));
            assert!((sampled.entropies[row] - composed.entropies[row]).abs() < 1e-4);
            let logs = [sampled.log_probabilities[row], composed.log_probabilities[row]];
            assert!(sampled.tokens[row] != composed.tokens[row] || (logs[0] - logs[1]).abs() < 1e-4);
            assert!(sampled.entropies[row] <= (sampled.legal_counts[row] as f32).ln() + 1e-6);
            if sampled.legal_counts[row] == 1 {
                assert_eq!((logs, sampled.entropies[row], composed.entropies[row]), ([0.0; 2], 0.0, 0.0));
            }
        }
    }
}

#[test]
fn no_rows_are_refused() {
    let error = BitmaskTensor::new(&TokenBitmask::new(0, 40), &Device::Cpu).unwrap_err();
    assert_eq!(error.to_string(), "there are no rows");
}

#[test]
fn a_row_does_not_depend_on_its_batch() {
    let mut random = Random(12);
    let Flat { bitmask, logits } = flat(&mut random, 200, 79);
    for truncation in truncations() {
        let mut sampler = TensorSampler::new(79, None, truncation).unwrap();
        let numbers = (500..700).collect::<Vec<_>>();
        let all = draw(&mut sampler, &logits, &bitmask, &numbers, 4);
        // Rows in the middle, a view of the same memory.
        let part = logits.narrow(0, 60, 90).unwrap();
        let mut words = TokenBitmask::new(90, 79);
        words.data_mut().copy_from_slice(&bitmask.data()[60 * 3..150 * 3]);
        let some = draw(&mut sampler, &part, &words, &numbers[60..150], 4);
        assert_eq!(some.tokens, all.tokens[60..150]);
        assert_eq!(some.log_probabilities, all.log_probabilities[60..150]);
        assert_eq!(some.entropies, all.entropies[60..150]);
        // Another order.
        let order = (0..200_u32).map(|row| (row * 77) % 200).collect::<Vec<_>>();
        let shuffled = logits.index_select(&Tensor::new(&order[..], &Device::Cpu).unwrap(), 0).unwrap();
        let mut words = TokenBitmask::new(200, 79);
        for (to, &from) in order.iter().enumerate() {
            words.data_mut()[to * 3..to * 3 + 3].copy_from_slice(bitmask.row(from as usize).unwrap());
        }
        let numbers = order.iter().map(|&row| 500 + u64::from(row)).collect::<Vec<_>>();
        let other = draw(&mut sampler, &shuffled, &words, &numbers, 4);
        assert!(order.iter().zip(&other.tokens).all(|(&row, &token)| token == all.tokens[row as usize]));
        // Another step is another draw.
        assert_ne!(draw(&mut sampler, &shuffled, &words, &numbers, 5).tokens, other.tokens);
    }
}

#[test]
fn threads_do_not_matter() {
    let mut random = Random(13);
    let Flat { bitmask, logits } = flat(&mut random, 1000, 268);
    let numbers = (0..1000).collect::<Vec<_>>();
    let mut seen = Vec::new();
    for threads in [1, 2, 3, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        seen.push(pool.install(|| {
            let mut sampler = TensorSampler::new(268, None, TruncationConfig::default()).unwrap();
            let masked = logits.copy().unwrap();
            apply_token_bitmask(&masked, &BitmaskTensor::new(&bitmask, &Device::Cpu).unwrap()).unwrap();
            let sampled = draw(&mut sampler, &logits, &bitmask, &numbers, 0);
            // What is not legal is not looked at.
            assert_eq!(draw(&mut sampler, &masked, &bitmask, &numbers, 0), sampled);
            (sampled, masked.flatten_all().unwrap().to_vec1::<f32>().unwrap())
        }));
    }
    assert!(seen.iter().all(|other| *other == seen[0]));
}

#[test]
fn half_precision_is_read_as_it_is() {
    let [language, _] = languages();
    let mut random = Random(14);
    for dtype in [DType::F16, DType::BF16] {
        for truncation in truncations() {
            let batch = Batch::random(&mut random, language.vocab(), 50, 1 << 40, dtype);
            let numbers = (0..50).collect::<Vec<_>>();
            let draw = Draw { seed: 9, rows: &numbers, steps: &[2; 50] };
            let half = batch.sample(&mut batch.sampler(truncation), draw).unwrap();
            let full = Batch { tensor: batch.tensor.to_dtype(DType::F32).unwrap(), ..batch };
            assert_eq!(full.sample(&mut full.sampler(truncation), draw).unwrap(), half);
        }
    }
}
