//! Logits as `transformers` computes them: recorded by `ci/record_llama.py`.

use crate::common;
use candle_core::{DType, Device};
use pyprior_candle::{CausalModel, Llama, LlamaConfig};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    name: String,
    config: serde_json::Value,
    dtype: String,
    tokens: Vec<u32>,
    logits: Vec<Vec<f32>>,
}

fn cases() -> Vec<(Case, Llama)> {
    let lines = include_str!("../data/llama.jsonl").lines().skip(1);
    let cases = lines.map(|line| serde_json::from_str::<Case>(line).unwrap());
    cases
        .map(|case| {
            let mut json = case.config.clone();
            json["model_type"] = "llama".into();
            let config: LlamaConfig = serde_json::from_value(json).unwrap();
            let dtype = match case.dtype.as_str() {
                "float32" => DType::F32,
                "bfloat16" => DType::BF16,
                "float16" => DType::F16,
                other => panic!("{other}"),
            };
            let weights = common::by_name(&common::weights(&config, dtype));
            let get = |name: &str, _: &[usize]| Ok(weights[name].clone());
            let model = Llama::new(config, &Device::Cpu, DType::F32, get).unwrap();
            (case, model)
        })
        .collect()
}

/// Prompts of every length, and then one token after the other: both are what `transformers` has.
fn check(case: &Case, model: &Llama) {
    let len = case.tokens.len();
    let mut cache = model.new_cache(2, len).unwrap();
    let mut worst = 0.0_f32;
    for end in 1..=len {
        let stepped = common::forward(model, &mut cache, &[(0, &case.tokens[end - 1..end])]);
        cache.reset(1).unwrap();
        let at_once = common::forward(model, &mut cache, &[(1, &case.tokens[..end])]);
        for logits in [&stepped[0], &at_once[0]] {
            worst = worst.max(common::distance(logits, &case.logits[end - 1]));
        }
    }
    println!("{}: {worst:.1e}", case.name);
    assert!(worst < 1e-4, "{}: {worst}", case.name);
}

#[test]
fn logits_are_those_of_transformers() {
    let cases = cases();
    assert_eq!(cases.len(), 11);
    for (case, model) in &cases {
        assert!(case.logits.iter().flatten().any(|x| x.abs() > 0.5), "{} says nothing", case.name);
        check(case, model);
    }
}

#[test]
fn composed_logits_are_those_of_transformers() {
    for (case, model) in &cases() {
        check(case, &model.composed().unwrap());
    }
}
