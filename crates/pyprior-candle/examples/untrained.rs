//! Writes the directory of a model that has learnt nothing yet, and prints its logits behind each of some tokens.
//!
//! `cargo run --release -p pyprior-candle --example untrained -- DIR [TOKEN…]`
//!
//! `ci/record_llama.py --load DIR` prints what `transformers` makes of the same directory.

use std::path::Path;

use candle_core::{DType, Device};
use pyprior_candle::{Batch, CausalModel, LlamaConfig, ModelDir};
use pyprior_core::{Language, LanguageConfig};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let dir = args.next().ok_or("a directory is missing")?;
    let tokens = args.map(|arg| arg.parse()).collect::<Result<Vec<u32>, _>>()?;
    let language = Language::new(LanguageConfig { value_range: (0, 9), ..LanguageConfig::default() })?;
    let config = LlamaConfig {
        vocab_size: language.vocab().len().next_multiple_of(8),
        hidden_size: 64,
        intermediate_size: 172,
        num_hidden_layers: 2,
        num_attention_heads: 4,
        num_key_value_heads: 2,
        head_dim: 16,
        max_position_embeddings: 128,
        rms_norm_eps: 1e-6,
        rope_theta: 10_000.0,
        tie_word_embeddings: true,
    };
    ModelDir::save(Path::new(&dir), &language, &config, &config.initial_tensors(1)?)?;

    let ModelDir { model, .. } = ModelDir::load(Path::new(&dir), &Device::Cpu, DType::F32)?;
    let mut cache = model.new_cache(1, model.max_positions())?;
    let mut batch = Batch::new();
    for token in tokens {
        batch.clear();
        batch.push(0, &[token]);
        println!("{:?}", model.forward(&mut cache, &batch)?.to_vec2::<f32>()?[0]);
    }
    Ok(())
}
