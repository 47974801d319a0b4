//! What a transformer takes for the programs, in either vocabulary.

use std::fmt;

use candle_core::Device;
use clap::Args;
use pyprior_candle::{CausalModel as _, Llama, LlamaConfig, pace};
use pyprior_compare::{Cost, Group, Shape, TextTokenizer};
use serde::Serialize;

use super::super::memory;

/// A transformer to draw the programs from.
#[derive(Debug, Args)]
#[command(next_help_heading = "Cost")]
pub(super) struct CostArgs {
    /// Measure what a transformer that has learnt nothing takes to draw as many tokens as the programs have, in either vocabulary, on the CPU
    #[arg(long)]
    cost: bool,
    /// Width of the residual stream
    #[arg(long, value_name = "N", default_value_t = 128, requires = "cost")]
    hidden: usize,
    /// Layers
    #[arg(long, value_name = "N", default_value_t = 4, requires = "cost")]
    layers: usize,
    /// Heads; divides the width
    #[arg(long, value_name = "N", default_value_t = 4, requires = "cost")]
    heads: usize,
    /// Programs to draw, spread evenly over those that are compared
    #[arg(long, value_name = "N", default_value_t = 256, requires = "cost", value_parser = clap::value_parser!(u32).range(1..))]
    cost_programs: u32,
    /// Programs side by side
    #[arg(long, value_name = "ROWS", default_value_t = 64, requires = "cost", value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    rows: u32,
}

/// Both vocabularies.
#[derive(Debug, Serialize)]
pub(super) struct Costs {
    shape: Shape,
    programs: usize,
    rows: usize,
    tokens: Side,
    text: Side,
}

/// One vocabulary.
#[derive(Debug, Serialize)]
struct Side {
    vocab: usize,
    /// Tokens drawn for a program, in the mean; of text one more, that ends it.
    steps: f64,
    /// By arithmetic, for a program of the mean length.
    cost: Cost,
    /// Of a program, measured.
    seconds: f64,
    /// Parts of it.
    model_seconds: f64,
    draw_seconds: f64,
    weight_bytes: u64,
    cache_bytes: u64,
    logits_bytes: u64,
    /// By how much the process grew, where the system tells.
    resident_bytes: Option<u64>,
}

impl CostArgs {
    /// What was asked for, if anything was.
    pub(super) fn costs(&self, all: &Group, tokenizer: &TextTokenizer) -> anyhow::Result<Option<Costs>> {
        if !self.cost {
            return Ok(None);
        }
        anyhow::ensure!(
            self.heads > 0 && self.hidden.is_multiple_of(self.heads),
            "--heads {} does not divide --hidden {}",
            self.heads,
            self.hidden
        );
        let intermediate = self.hidden.saturating_mul(8).div_ceil(3).next_multiple_of(8);
        let [hidden, intermediate, layers, heads] =
            [self.hidden, intermediate, self.layers, self.heads].map(|n| n as u64);
        let head_dim = hidden / heads;
        let shape = Shape { hidden, intermediate, layers, heads, kv_heads: heads, head_dim, tied: true };
        let count = all.programs.len().min(self.cost_programs as usize);
        let spread = (0..count).filter_map(|nth| all.programs.get(nth * all.programs.len() / count));
        let programs: Vec<_> = spread.collect();
        let own: Vec<u32> = programs.iter().map(|program| program.tokens).collect();
        let text: Vec<u32> = programs.iter().map(|program| program.text_tokens.saturating_add(1)).collect();
        // Where the programs are of several languages, the usual one stands for them.
        let vocab = if all.vocab > 0 { all.vocab } else { pyprior_core::Vocab::new(&Default::default())?.len() };
        let rows = self.rows as usize;
        let side = |vocab, lengths: &[u32]| side(shape, vocab, lengths, rows);
        let (tokens, text) = (side(vocab, &own)?, side(tokenizer.vocab_len(), &text)?);
        Ok(Some(Costs { shape, programs: programs.len(), rows, tokens, text }))
    }
}

fn side(shape: Shape, vocab: usize, lengths: &[u32], rows: usize) -> anyhow::Result<Side> {
    let count = lengths.len().max(1) as f64;
    let longest = lengths.iter().copied().max().unwrap_or(1).max(1);
    let config = LlamaConfig {
        vocab_size: vocab,
        hidden_size: shape.hidden as usize,
        intermediate_size: shape.intermediate as usize,
        num_hidden_layers: shape.layers as usize,
        num_attention_heads: shape.heads as usize,
        num_key_value_heads: shape.kv_heads as usize,
        head_dim: shape.head_dim as usize,
        max_position_embeddings: longest as usize,
        rms_norm_eps: 1e-6,
        rope_theta: 10_000.0,
        tie_word_embeddings: shape.tied,
    };
    let before = memory::resident();
    let model = Llama::untrained(config, &Device::Cpu, 0)?;
    // Once to warm up: threads, caches, pages of the buffers.
    pace(&model, &lengths[..lengths.len().min(rows)], rows, 0)?;
    let pace = pace(&model, lengths, rows, 1)?;
    let steps = pace.tokens as f64 / count;
    let cost = shape.cost(model.vocab_size() as u64, steps.round() as u64);
    Ok(Side {
        vocab,
        steps,
        cost,
        seconds: pace.total.as_secs_f64() / count,
        model_seconds: pace.model.as_secs_f64() / count,
        draw_seconds: pace.draw.as_secs_f64() / count,
        weight_bytes: cost.parameters.saturating_mul(4),
        cache_bytes: pace.cache_bytes,
        logits_bytes: pace.logits_bytes,
        resident_bytes: before.zip(memory::resident()).map(|(before, after)| after.saturating_sub(before)),
    })
}

impl fmt::Display for Costs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shape { hidden, layers, heads, .. } = self.shape;
        writeln!(f, "A transformer of width {hidden}, {layers} layers and {heads} heads, {} rows, f32:\n", self.rows)?;
        writeln!(f, "| a program | ours | text | times |\n| --- | ---: | ---: | ---: |")?;
        type Row = (&'static str, fn(&Side) -> f64, f64, &'static str);
        let rows: [Row; 11] = [
            ("vocabulary", |of| of.vocab as f64, 1.0, ""),
            ("steps", |of| of.steps, 1.0, ""),
            ("time", |of| of.seconds, 1e-3, " ms"),
            ("of it the model", |of| of.model_seconds, 1e-3, " ms"),
            ("of it drawing", |of| of.draw_seconds, 1e-3, " ms"),
            ("multiplications", |of| of.cost.products as f64, 1e6, " M"),
            ("of them the head's", |of| of.cost.head_products as f64, 1e6, " M"),
            ("weights", |of| of.weight_bytes as f64, 1e6, " MB"),
            ("cache, all rows", |of| of.cache_bytes as f64, 1e6, " MB"),
            ("logits, all rows", |of| of.logits_bytes as f64, 1e6, " MB"),
            ("the process grew by", |of| of.resident_bytes.unwrap_or(0) as f64, 1e6, " MB"),
        ];
        for (nth, (name, of, unit, written)) in rows.into_iter().enumerate() {
            let (own, text) = (of(&self.tokens), of(&self.text));
            if own <= 0.0 {
                continue;
            }
            let digits = if unit == 1.0 && nth == 0 { 0 } else { 2 };
            let end = if nth + 1 == rows.len() { "" } else { "\n" };
            let (a, b) = (own / unit, text / unit);
            write!(f, "| {name} | {a:.digits$}{written} | {b:.digits$}{written} | {:.1} |{end}", text / own)?;
        }
        Ok(())
    }
}
