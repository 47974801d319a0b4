//! A transformer in plain loops over f64, from the papers: no cache, no batch, no shared code.

use std::collections::BTreeMap;

use candle_core::{DType, Tensor};
use pyprior_candle::LlamaConfig;

type Vector = Vec<f64>;

pub(crate) struct Naive {
    config: LlamaConfig,
    weights: BTreeMap<String, Vec<Vector>>,
}

impl Naive {
    pub(crate) fn new(config: &LlamaConfig, weights: &BTreeMap<String, Tensor>) -> Self {
        let rows = |tensor: &Tensor| {
            let width = *tensor.dims().last().unwrap();
            tensor.reshape(((), width)).unwrap().to_dtype(DType::F64).unwrap().to_vec2::<f64>().unwrap()
        };
        Self { config: config.clone(), weights: weights.iter().map(|(name, t)| (name.clone(), rows(t))).collect() }
    }

    fn apply(&self, name: &str, x: &Vector) -> Vector {
        self.weights[name].iter().map(|row| row.iter().zip(x).map(|(w, x)| w * x).sum()).collect()
    }

    fn norm(&self, name: &str, x: &Vector) -> Vector {
        let mean = x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64;
        let root = (mean + self.config.rms_norm_eps).sqrt();
        x.iter().zip(&self.weights[name][0]).map(|(x, w)| x / root * w).collect()
    }

    /// Head `head` of `x`, turned to `position` as pairs of complex numbers.
    fn head(&self, x: &Vector, head: usize, position: Option<usize>) -> Vector {
        let dim = self.config.head_dim;
        let mut part = x[head * dim..(head + 1) * dim].to_vec();
        let Some(position) = position else { return part };
        for i in 0..dim / 2 {
            let angle = position as f64 / self.config.rope_theta.powf(2.0 * i as f64 / dim as f64);
            let (re, im) = (part[i], part[i + dim / 2]);
            part[i] = re * angle.cos() - im * angle.sin();
            part[i + dim / 2] = re * angle.sin() + im * angle.cos();
        }
        part
    }

    /// Logits behind the last of some tokens.
    pub(crate) fn logits(&self, tokens: &[u32]) -> Vec<f32> {
        let config = &self.config;
        let embed = &self.weights["model.embed_tokens.weight"];
        let mut stream: Vec<Vector> = tokens.iter().map(|&token| embed[token as usize].clone()).collect();
        for layer in 0..config.num_hidden_layers {
            let name = |part: &str| format!("model.layers.{layer}.{part}.weight");
            let normed: Vec<Vector> = stream.iter().map(|x| self.norm(&name("input_layernorm"), x)).collect();
            let project = |part: &str| -> Vec<Vector> { normed.iter().map(|x| self.apply(&name(part), x)).collect() };
            let (queries, keys, values) =
                (project("self_attn.q_proj"), project("self_attn.k_proj"), project("self_attn.v_proj"));
            for at in 0..tokens.len() {
                let mut attended = Vec::new();
                for head in 0..config.num_attention_heads {
                    let kv_head = head / (config.num_attention_heads / config.num_key_value_heads);
                    let query = self.head(&queries[at], head, Some(at));
                    let scores: Vector = (0..=at)
                        .map(|to| {
                            let key = self.head(&keys[to], kv_head, Some(to));
                            let product: f64 = query.iter().zip(&key).map(|(q, k)| q * k).sum();
                            (product / (config.head_dim as f64).sqrt()).exp()
                        })
                        .collect();
                    let sum: f64 = scores.iter().sum();
                    for i in 0..config.head_dim {
                        let value = |to: usize| self.head(&values[to], kv_head, None)[i];
                        attended.push((0..=at).map(|to| scores[to] / sum * value(to)).sum());
                    }
                }
                for (x, y) in stream[at].iter_mut().zip(self.apply(&name("self_attn.o_proj"), &attended)) {
                    *x += y;
                }
            }
            for x in &mut stream {
                let normed = self.norm(&name("post_attention_layernorm"), x);
                let gate = self.apply(&name("mlp.gate_proj"), &normed);
                let up = self.apply(&name("mlp.up_proj"), &normed);
                let inner = gate.iter().zip(&up).map(|(g, u)| g / (1.0 + (-g).exp()) * u).collect();
                for (x, y) in x.iter_mut().zip(self.apply(&name("mlp.down_proj"), &inner)) {
                    *x += y;
                }
            }
        }
        let last = self.norm("model.norm.weight", stream.last().unwrap());
        let head = if config.tie_word_embeddings { "model.embed_tokens.weight" } else { "lm_head.weight" };
        self.apply(head, &last).into_iter().map(|x| x as f32).collect()
    }
}
