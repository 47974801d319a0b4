//! Source to tokens and back, timed; `benches/pypi.py` sets it beside the PyPI package.
//!
//! ```text
//! cargo run --release --example peer_codec -- programs.json --seconds 2
//! ```
//!
//! The file is a JSON object: `value_range`, and `programs`, a list of `[tokens, source]` of profile `pyprior-0.0.2`.
//! Every program is first checked to read as its tokens. Prints one JSON object.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use pyprior_core::{Encoder, Language, LanguageConfig, Profile, Renderer};
use serde::Deserialize;

#[derive(Deserialize)]
struct Programs {
    value_range: (i64, i64),
    programs: Vec<(Vec<u32>, String)>,
}

/// Nanoseconds a program: all programs, over and over, for that long.
fn time(programs: &Programs, seconds: f64, mut run: impl FnMut(&(Vec<u32>, String)) -> Result<()>) -> Result<f64> {
    let (start, end) = (Instant::now(), Duration::from_secs_f64(seconds));
    let mut rounds = 0;
    while start.elapsed() < end {
        programs.programs.iter().try_for_each(&mut run)?;
        rounds += 1;
    }
    Ok(start.elapsed().as_nanos() as f64 / (rounds * programs.programs.len()) as f64)
}

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let file = words.next().context("a file of programs is needed")?;
    let seconds = match words.next() {
        Some(_) => words.next().context("--seconds needs a value")?.parse()?,
        None => 2.0,
    };
    let programs: Programs = serde_json::from_str(&std::fs::read_to_string(&file)?)?;
    ensure!(!programs.programs.is_empty(), "{file} holds no programs");
    let config =
        LanguageConfig { value_range: programs.value_range, ..LanguageConfig::with_profile(Profile::PyPrior002) };
    let language = Language::new(config)?;
    let mut encoder = Encoder::new(&language);
    let mut renderer = Renderer::new(&language);
    for (tokens, source) in &programs.programs {
        ensure!(
            encoder.encode(source)?.tokens == *tokens && renderer.render(tokens)? == source,
            "not the same: {source}"
        );
    }
    let encode = time(&programs, seconds, |(_, source)| {
        std::hint::black_box(encoder.encode(source)?);
        Ok(())
    })?;
    let decode = time(&programs, seconds, |(tokens, _)| {
        std::hint::black_box(renderer.render(tokens)?);
        Ok(())
    })?;
    let names =
        programs.programs.iter().map(|(_, source)| Ok(encoder.encode(source)?.names)).collect::<Result<Vec<_>>>()?;
    let mut nth = 0;
    let named = time(&programs, seconds, |(tokens, _)| {
        std::hint::black_box(renderer.render_named(tokens, &names[nth % names.len()])?);
        nth += 1;
        Ok(())
    })?;
    println!("{{\"encode_ns\":{encode:.1},\"decode_ns\":{decode:.1},\"decode_named_ns\":{named:.1}}}");
    Ok(())
}
