//! Gradients as `transformers` and torch compute them in f64, and steps of torch's AdamW: recorded by
//! `ci/record_training.py`.

use candle_core::Tensor;
use pyprior_candle::LlamaConfig;
use pyprior_candle::train::{AdamW, Learner};
use serde::Deserialize;

use super::{learner, programs};
use crate::common::numbers;

#[derive(Deserialize)]
struct Digest {
    name: String,
    length: f64,
    probe: f64,
    first: Vec<f64>,
}

#[derive(Deserialize)]
struct Gradients {
    name: String,
    config: serde_json::Value,
    lengths: Vec<usize>,
    loss: f64,
    gradients: Vec<Digest>,
}

#[derive(Deserialize)]
struct Trajectory {
    config: serde_json::Value,
    lengths: Vec<usize>,
    rates: Vec<f64>,
    clip: f64,
    losses: Vec<f64>,
    norms: Vec<f64>,
    weights: Vec<Digest>,
}

fn lines() -> Vec<&'static str> {
    include_str!("../../data/training.jsonl").lines().skip(1).collect()
}

fn config(json: &serde_json::Value) -> LlamaConfig {
    let mut json = json.clone();
    json["model_type"] = "llama".into();
    serde_json::from_value(json).unwrap()
}

/// The greatest difference of what was recorded, relative to the tensor's length.
fn apart(digest: &Digest, tensor: &Tensor) -> f64 {
    let found: Vec<f32> = tensor.flatten_all().unwrap().to_vec1().unwrap();
    let found: Vec<f64> = found.into_iter().map(f64::from).collect();
    let length = found.iter().map(|x| x * x).sum::<f64>().sqrt();
    let probe: f64 =
        found.iter().zip(numbers(&format!("probe.{}", digest.name), found.len())).map(|(a, b)| a * b).sum();
    let first = digest.first.iter().zip(&found).map(|(a, b)| a - b);
    let all = first.chain([length - digest.length, probe - digest.probe]);
    all.fold(0.0_f64, |worst, x| worst.max(x.abs())) / digest.length
}

fn check(case: &Gradients, mut learner: Learner) {
    let loss = learner.add_gradients(&programs(learner.config(), &case.lengths)).unwrap();
    assert!((loss / case.loss - 1.0).abs() < 1e-6, "{}: {loss} {}", case.name, case.loss);
    let found = learner.gradients().unwrap();
    let mut recorded: Vec<&str> = case.gradients.iter().map(|digest| digest.name.as_str()).collect();
    let mut names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    recorded.sort_unstable();
    names.sort_unstable();
    assert_eq!(recorded, names);
    let mut worst = 0.0_f64;
    for digest in &case.gradients {
        let (_, tensor) = found.iter().find(|(name, _)| *name == digest.name).unwrap();
        let apart = apart(digest, tensor);
        assert!(apart < 1e-5, "{}: {} is {apart:.1e} apart", case.name, digest.name);
        worst = worst.max(apart);
    }
    println!("{}: {worst:.1e}", case.name);
}

#[test]
fn gradients_are_those_of_torch() {
    let lines = lines();
    let (_, gradients) = lines.split_last().unwrap();
    assert_eq!(gradients.len(), 5);
    for line in gradients {
        let case: Gradients = serde_json::from_str(line).unwrap();
        let learner = learner(&config(&case.config), AdamW::default());
        check(&case, learner.composed().unwrap());
        check(&case, learner);
    }
}

#[test]
fn steps_are_those_of_torch() {
    let case: Trajectory = serde_json::from_str(lines().last().unwrap()).unwrap();
    let adamw = AdamW { beta_1: 0.9, beta_2: 0.95, eps: 1e-8, weight_decay: 0.1 };
    let by_hand = learner(&config(&case.config), adamw);
    for mut learner in [by_hand.composed().unwrap(), by_hand] {
        let sequences = programs(learner.config(), &case.lengths);
        for ((rate, loss), norm) in case.rates.iter().zip(&case.losses).zip(&case.norms) {
            let found = learner.add_gradients(&sequences).unwrap() / sequences.tokens() as f64;
            assert!((found / loss - 1.0).abs() < 1e-4, "{found} {loss}");
            let found = learner.update(*rate, Some(case.clip)).unwrap();
            assert!(*norm > case.clip, "{norm} is not clipped");
            assert!((found / norm - 1.0).abs() < 1e-4, "{found} {norm}");
        }
        let weights = learner.state().unwrap().weights;
        for digest in &case.weights {
            let (_, tensor) = weights.iter().find(|(name, _)| *name == digest.name).unwrap();
            let apart = apart(digest, tensor);
            assert!(apart < 1e-4, "{} is {apart:.1e} apart", digest.name);
        }
    }
}
