//! The generation loop on one page: what `pyprior generate` does, without its speed and with nothing hidden.
//!
//! ```text
//! cargo run --release --example generation_loop [MODEL_DIR]
//! ```
//!
//! Rows are programs side by side, each with a matcher, which knows what is legal, and a slot of the model's cache. The
//! library's own loop, `Generator`, also gives the slots of finished rows to the next programs.

use anyhow::Result;
use candle_core::{DType, Device};
use pyprior_candle::{Batch, BitmaskTensor, CausalModel, Draw, ModelDir, Sampled, TensorSampler};
use pyprior_core::{Matcher, Renderer, TokenBitmask, TruncationConfig};

const ROWS: usize = 4;
const SEED: u64 = 1;

fn main() -> Result<()> {
    let dir = std::env::args().nth(1).unwrap_or_else(|| "models/pyprior-tiny".to_owned());
    let device = Device::Cpu;
    let ModelDir { language, model } = ModelDir::load(dir.as_ref(), &device, DType::F32)?;
    let vocab = language.vocab();
    let capacity = language.config().max_len.map_or(model.max_positions(), |max_len| max_len as usize + 1);
    let mut cache = model.new_cache(ROWS, capacity)?;
    let mut sampler = TensorSampler::new(vocab.len(), None, TruncationConfig::default())?;
    let (mut bitmask, mut sampled) = (TokenBitmask::new(0, vocab.len()), Sampled::default());

    let mut matchers = (0..ROWS).map(|_| Matcher::new(&language)).collect::<Vec<_>>();
    // What the model is to see next: at first that a program begins.
    let mut last = [vocab.id_of("BOS").unwrap_or(0); ROWS];
    loop {
        let rows = (0..ROWS).filter(|&row| !matchers[row].is_terminated()).collect::<Vec<_>>();
        if rows.is_empty() {
            break;
        }
        // The model sees one more token of every row; a GPU goes on working while the masks are filled.
        let mut batch = Batch::new();
        rows.iter().for_each(|&row| batch.push(row, &[last[row]]));
        let logits = model.forward(&mut cache, &batch)?;
        // A bit for every token that is legal: of those alone one is drawn.
        bitmask = if bitmask.rows() == rows.len() { bitmask } else { TokenBitmask::new(rows.len(), vocab.len()) };
        for (slot, &row) in rows.iter().enumerate() {
            matchers[row].fill_next_token_bitmask(&mut bitmask, slot)?;
        }
        let legal = BitmaskTensor::new(&bitmask, &device)?;
        // The random numbers are those of a program and a step, whatever is beside it.
        let numbers = rows.iter().map(|&row| row as u64).collect::<Vec<_>>();
        let steps = rows.iter().map(|&row| matchers[row].tokens().len() as u32).collect::<Vec<_>>();
        let draw = Draw { seed: SEED, rows: &numbers, steps: &steps };
        sampler.sample(&logits, &legal, None, draw, &mut sampled)?;
        for (&row, &token) in rows.iter().zip(&sampled.tokens) {
            matchers[row].accept_token(token)?;
            last[row] = token;
        }
    }
    let mut renderer = Renderer::new(&language);
    for matcher in &matchers {
        println!("{}", renderer.render(matcher.tokens())?);
    }
    Ok(())
}
