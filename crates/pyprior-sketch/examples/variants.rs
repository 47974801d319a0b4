//! How long a thousand different variants of an exercise of some 40 tokens take, least of several rounds:
//! `cargo run --release -p pyprior-sketch --example variants`.

use std::time::Instant;

use pyprior_core::{Language, LanguageConfig};
use pyprior_sketch::{Enumerator, Sampler, Sketch, SketchSource, Uniform};

/// What does it print? With constants that differ, and one example that holds.
const EXERCISE: &str = "\
def f(a, b):
    c = a * X + b
    if c < Y:
        d = c + E
    else:
        d = c - b
    return d
for i in range(Z):
    print(f(i, W))
---
option max_len = 60
X, Y, Z, W in 1..30
E in expr(depth <= 1)
all_distinct(X, Y, Z, W)
uses(a)
f(1, 1) == 6
";

const VARIANTS: usize = 1_000;
const ROUNDS: usize = 5;

fn least(mut round: impl FnMut()) -> f64 {
    let time = |_| {
        let start = Instant::now();
        round();
        start.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(time).fold(f64::INFINITY, f64::min)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let source = SketchSource::parse(EXERCISE)?;
    let language = Language::new(source.widened(source.config(LanguageConfig::default())?))?;
    let (mut tokens, mut tries) = (0, 0);
    let sampled = least(|| {
        (tokens, tries) = (0, 0);
        let Ok(sketch) = Sketch::new(&language, &source) else { return };
        let Ok(sampler) = Sampler::new(&sketch, Uniform::new(1)) else { return };
        let mut sampler = sampler.distinct();
        for _ in 0..VARIANTS {
            tokens += sampler.sample().map_or(0, |filling| filling.tokens().len());
        }
        tries = sampler.tries();
    });
    println!(
        "{VARIANTS} different samples of {:.1} tokens: {sampled:.3} s, {tries} tries ({:.2} µs each)",
        tokens as f64 / VARIANTS as f64,
        sampled / tries as f64 * 1e6
    );
    let mut nodes = 0;
    let enumerated = least(|| {
        let Ok(mut all) = Enumerator::new(&language, &source) else { return };
        tokens = all.by_ref().take(VARIANTS).map(|found| found.map_or(0, |filling| filling.tokens().len())).sum();
        nodes = all.nodes();
    });
    println!(
        "{VARIANTS} first fillings of {:.1} tokens: {enumerated:.3} s, {nodes} tokens taken",
        tokens as f64 / VARIANTS as f64
    );
    Ok(())
}
