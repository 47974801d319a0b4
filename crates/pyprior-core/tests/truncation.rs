//! Temperature, top-k, top-p and min-p against a naive reference that sorts.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::Random;
use common::prior::{OUT, log_softmax, normal, wild};
use common::slices::numbers;
use half::{bf16, f16};
use pyprior_core::{Logit, LogitsScratch, TokenBitmask, Truncation, TruncationConfig};

/// The tokens that stay, with their logits up to a constant: whole distributions, sorted, one filter after another.
/// `None` where rounding decides.
fn naive(config: &TruncationConfig, candidates: &[(usize, f64)]) -> Option<Vec<(usize, f64)>> {
    let mut kept = candidates.to_vec();
    kept.sort_by(|a, b| b.1.total_cmp(&a.1));
    if config.temperature == 0.0 {
        let max = kept[0].1;
        kept.retain(|token| token.1 == max);
        return Some(kept);
    }
    let max = kept[0].1;
    if config.temperature != 1.0 {
        kept.iter_mut().for_each(|token| token.1 = (token.1 - max) / config.temperature);
    }
    if let Some(k) = config.top_k {
        let kth = kept[(k as usize).min(kept.len()) - 1].1;
        kept.retain(|token| token.1 >= kth);
    }
    let probabilities = |kept: &[(usize, f64)]| -> Vec<f64> {
        log_softmax(&kept.iter().map(|token| token.1).collect::<Vec<_>>()).iter().map(|log| log.exp()).collect()
    };
    if config.top_p < 1.0 {
        let mut sum = 0.0;
        let mut last = OUT;
        for (probability, token) in probabilities(&kept).into_iter().zip(&kept) {
            sum += probability;
            if (sum - config.top_p).abs() < 1e-12 {
                return None;
            }
            if sum >= config.top_p {
                last = token.1;
                break;
            }
        }
        kept.retain(|token| token.1 >= last);
    }
    let chances = probabilities(&kept);
    if chances
        .iter()
        .any(|chance| (chance / chances[0] - config.min_p).abs() < 1e-12 && config.min_p > 0.0 && *chance < chances[0])
    {
        return None;
    }
    let least = config.min_p * chances[0] * (1.0 - 1e-13);
    Some(kept.into_iter().zip(chances).filter(|(_, chance)| *chance >= least).map(|(token, _)| token).collect())
}

fn compare<T: Logit>(random: &mut Random, config: TruncationConfig, row: Vec<T>, scratch: &mut LogitsScratch) -> bool {
    let vocab = row.len();
    let mut bitmask = TokenBitmask::new(1, vocab);
    let mask = if random.one_in(3) { u32::MAX } else { random.below(1 << 32) as u32 };
    bitmask.data_mut().fill(mask);
    bitmask.data_mut()[0] |= 1 << random.index(vocab.min(32));
    if !vocab.is_multiple_of(32) {
        *bitmask.data_mut().last_mut().unwrap() &= (1 << (vocab % 32)) - 1;
    }
    let legal = bitmask.allowed(0).map(|id| id as usize).collect::<Vec<_>>();
    let finite = |value: f64| value.clamp(-T::LARGEST, T::LARGEST);
    let said = legal.iter().copied().filter(|&id| row[id].to_f64() > OUT).collect::<Vec<_>>();
    let candidates = match said.is_empty() {
        true => legal.iter().map(|&id| (id, 0.0)).collect::<Vec<_>>(),
        false => said.iter().map(|&id| (id, finite(row[id].to_f64()))).collect(),
    };
    let mut out = row;
    Truncation::new(config).unwrap().apply_row(&mut out, &bitmask, 0, scratch).unwrap();
    let out = numbers(&out);
    let stays = (0..vocab).filter(|&id| out[id] > OUT).collect::<Vec<_>>();
    assert!(!stays.is_empty() && out.iter().all(|value| value.is_finite() || *value == OUT));
    let Some(mut expected) = naive(&config, &candidates) else { return false };
    expected.sort_by_key(|token| token.0);
    assert_eq!(stays, expected.iter().map(|token| token.0).collect::<Vec<_>>(), "{config:?}");
    for (id, logit) in expected {
        let theirs = finite(logit);
        if config.temperature == 1.0 {
            assert_eq!(out[id], candidates.iter().find(|token| token.0 == id).unwrap().1);
        } else if config.temperature > 0.0 {
            assert!((out[id] - theirs).abs() <= theirs.abs() * 4e-3 + 1e-7, "{} {theirs}", out[id]);
        }
    }
    true
}

#[test]
fn filters_keep_what_sorting_keeps() {
    let mut random = Random(51);
    let mut scratch = LogitsScratch::default();
    let mut compared = 0;
    for _ in 0..6000 {
        let config = TruncationConfig {
            temperature: random.pick(&[1.0, 1.0, 0.0, 0.3, 0.7, 2.0, 100.0]),
            top_k: random.pick(&[None, None, Some(1), Some(2), Some(5), Some(20), Some(1000), Some(u32::MAX)]),
            top_p: random.pick(&[1.0, 1.0, 0.9, 0.5, 0.1, 1e-9, 0.999_999]),
            min_p: random.pick(&[0.0, 0.0, 0.05, 0.3, 1.0, 1e-12]),
        };
        let vocab = random.between(1, 130) as usize;
        // Ties now and then, and numbers out of range.
        let step = random.pick(&[0.0, 0.5, 2.0]);
        let calm = random.pick(&[1, 20, u64::MAX]);
        let mut number = || {
            let value = if calm == u64::MAX { normal(&mut random) * 3.0 } else { wild(&mut random, calm) };
            if step > 0.0 && value.abs() < 1e3 { (value / step).round() * step } else { value }
        };
        let row = (0..vocab).map(|_| number()).collect::<Vec<_>>();
        compared += usize::from(match random.below(3) {
            0 => compare(&mut random, config, row.iter().map(|&value| value as f32).collect(), &mut scratch),
            1 => compare(&mut random, config, row.iter().map(|&value| f16::from_f64(value)).collect(), &mut scratch),
            _ => compare(&mut random, config, row.iter().map(|&value| bf16::from_f64(value)).collect(), &mut scratch),
        });
    }
    assert!(compared > 5000, "{compared}");
}

#[test]
fn tokens_as_likely_stay_or_go_together() {
    let mut bitmask = TokenBitmask::new(1, 6);
    bitmask.data_mut()[0] = 0b111111;
    let row = [1.0_f32, 3.0, 3.0, 3.0, 2.0, 1.0];
    let kept = |config| {
        let mut row = row;
        Truncation::new(config).unwrap().apply_row(&mut row, &bitmask, 0, &mut LogitsScratch::default()).unwrap();
        (0..6).filter(|&id| row[id] > f32::NEG_INFINITY).collect::<Vec<_>>()
    };
    let base = TruncationConfig::default();
    assert_eq!(kept(base), [0, 1, 2, 3, 4, 5]);
    assert_eq!(kept(TruncationConfig { top_k: Some(1), ..base }), [1, 2, 3]);
    assert_eq!(kept(TruncationConfig { top_k: Some(4), ..base }), [1, 2, 3, 4]);
    assert_eq!(kept(TruncationConfig { top_k: Some(5), ..base }), [0, 1, 2, 3, 4, 5]);
    assert_eq!(kept(TruncationConfig { top_p: 1e-6, ..base }), [1, 2, 3]);
    assert_eq!(kept(TruncationConfig { temperature: 0.0, ..base }), [1, 2, 3]);
    assert_eq!(kept(TruncationConfig { min_p: 1.0, ..base }), [1, 2, 3]);
    // exp(-1) is 0.368, exp(-2) is 0.135.
    assert_eq!(kept(TruncationConfig { min_p: 0.36, ..base }), [1, 2, 3, 4]);
    assert_eq!(kept(TruncationConfig { min_p: 0.13, ..base }), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn values_out_of_range_are_refused_by_name() {
    let base = TruncationConfig::default();
    let refused = |config| Truncation::new(config).unwrap_err().to_string();
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        let message = format!("temperature is {bad}; it must be a finite number, 0 or more");
        assert_eq!(refused(TruncationConfig { temperature: bad, ..base }), message);
    }
    assert_eq!(refused(TruncationConfig { top_k: Some(0), ..base }), "top_k is 0; it must be at least 1");
    for bad in [0.0, -0.5, 1.01, f64::NAN] {
        let message = format!("top_p is {bad}; it must be above 0 and at most 1");
        assert_eq!(refused(TruncationConfig { top_p: bad, ..base }), message);
    }
    for bad in [-0.1, 1.5, f64::NAN] {
        assert_eq!(refused(TruncationConfig { min_p: bad, ..base }), format!("min_p is {bad}; it must be from 0 to 1"));
    }
    let read = |text: &str| serde_json::from_str::<TruncationConfig>(text);
    assert_eq!(read(r#"{"top_k": 3}"#).unwrap(), TruncationConfig { top_k: Some(3), ..base });
    assert!(read(r#"{"topk": 3}"#).unwrap_err().to_string().starts_with("unknown field `topk`"));
    let mut row = [1.0_f32; 10];
    let error = Truncation::new(base).unwrap().apply(&mut row, &TokenBitmask::new(2, 6), &mut LogitsScratch::default());
    assert_eq!(error.unwrap_err().to_string(), "10 logits were given; 2 rows of 6 tokens are needed");
    assert_eq!(row, [1.0; 10]);
}
