//! What a step of training costs on the CPU, in tokens a second.
//!
//! cargo run --release -p pyprior-candle --example train_speed -- [SEQUENCES] [TOKENS] [STEPS]

use std::time::Instant;

use candle_core::{DType, Device};
use pyprior_candle::LlamaConfig;
use pyprior_candle::train::{AdamW, Learner, Sequences};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1).map(|arg| arg.parse::<usize>());
    let mut next = |default| args.next().unwrap_or(Ok(default));
    let (rows, length, steps) = (next(64)?, next(64)?, next(20)?);
    let config = LlamaConfig {
        vocab_size: 268,
        hidden_size: 128,
        intermediate_size: 344,
        num_hidden_layers: 4,
        num_attention_heads: 4,
        num_key_value_heads: 4,
        head_dim: 32,
        max_position_embeddings: length,
        rms_norm_eps: 1e-6,
        rope_theta: 10_000.0,
        tie_word_embeddings: true,
    };
    let mut learner = Learner::new(&config, &config.initial_tensors(1)?, AdamW::default(), &Device::Cpu, DType::F32)?;
    let mut sequences = Sequences::new();
    for row in 0..rows {
        sequences.push(0, &(0..length).map(|at| ((row * 7 + at * at) % config.vocab_size) as u32).collect::<Vec<_>>());
    }
    println!("{} parameters, {rows} programs of {length} tokens", config.parameters());
    let mut times = Vec::new();
    for _ in 0..steps {
        let start = Instant::now();
        let loss = learner.add_gradients(&sequences)?;
        learner.update(1e-3, Some(1.0))?;
        times.push((start.elapsed(), loss));
    }
    let first = times.first().map_or(0.0, |time| time.1) / sequences.tokens() as f64;
    let last = times.last().map_or(0.0, |time| time.1) / sequences.tokens() as f64;
    times.sort_by_key(|time| time.0);
    let median = times[times.len() / 2].0.as_secs_f64();
    println!(
        "loss {first:.3} to {last:.3}; {:.1} ms a step, {:.0} tokens/s",
        median * 1e3,
        sequences.tokens() as f64 / median
    );
    Ok(())
}
