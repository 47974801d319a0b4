//! Tokens per second of the forward pass alone, for a model of 0.83 million parameters.
//!
//! `cargo run --release -p pyprior-candle --example forward_speed -- [composed] [steps] [rows…]`

use std::time::Instant;

use candle_core::{DType, Device};
use pyprior_candle::{Batch, CausalModel, Error, Llama, LlamaConfig};

/// Tokens of a row: every row goes from 0 to this.
const LENGTH: usize = 64;

fn main() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let mut rows: Vec<usize> = args.iter().filter_map(|arg| arg.parse().ok()).collect();
    if rows.is_empty() {
        rows = vec![1, 64, 256, 1024];
    }
    let config = LlamaConfig {
        vocab_size: 268,
        hidden_size: 128,
        intermediate_size: 344,
        num_hidden_layers: 4,
        num_attention_heads: 4,
        num_key_value_heads: 4,
        head_dim: 32,
        max_position_embeddings: 512,
        rms_norm_eps: 1e-6,
        rope_theta: 10_000.0,
        tie_word_embeddings: true,
    };
    let mut tensors = config.initial_tensors(1)?.into_iter();
    let none = || candle_core::Error::Msg("no tensor left".to_owned());
    let mut model =
        Llama::new(config.clone(), &Device::Cpu, DType::F32, |_, _| Ok(tensors.next().ok_or_else(none)?.1))?;
    if args.iter().any(|arg| arg == "composed") {
        model = model.composed()?;
    }
    println!("{} parameters, {} bytes a row", config.parameters(), model.bytes_per_slot(LENGTH));
    for rows in rows {
        let mut cache = model.new_cache(rows, LENGTH)?;
        let mut best = [f64::INFINITY; 2];
        for _ in 0..(2048 / rows).clamp(2, 8) {
            (0..rows).try_for_each(|slot| cache.reset(slot))?;
            let begin = Instant::now();
            let mut batch = Batch::new();
            for step in 0..LENGTH {
                batch.clear();
                (0..rows).for_each(|slot| batch.push(slot, &[((slot * 31 + step * 7) % 268) as u32]));
                model.forward(&mut cache, &batch)?;
            }
            best[0] = best[0].min(begin.elapsed().as_secs_f64());
            if args.iter().any(|arg| arg == "steps") {
                continue;
            }
            (0..rows).try_for_each(|slot| cache.reset(slot))?;
            batch.clear();
            let prompt: Vec<u32> = (0..60).map(|i| i * 7 % 268).collect();
            (0..rows).for_each(|slot| batch.push(slot, &prompt));
            let begin = Instant::now();
            model.forward(&mut cache, &batch)?;
            best[1] = best[1].min(begin.elapsed().as_secs_f64());
        }
        println!(
            "{rows:5} rows: {:6.0} tokens/s, {:.3} ms a step; prompts of 60: {:6.0} tokens/s, {:.2} ms",
            (rows * LENGTH) as f64 / best[0],
            best[0] * 1e3 / LENGTH as f64,
            (rows * 60) as f64 / best[1],
            best[1] * 1e3,
        );
    }
    Ok(())
}
