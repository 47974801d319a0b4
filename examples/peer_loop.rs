//! The sampling loop of a user of the library, timed; `benches/pypi.py` sets it beside that of the PyPI package.
//!
//! ```text
//! cargo run --release --example peer_loop -- --value-range 0 9 --max-len 30 --rows 1 --seconds 2
//! ```
//!
//! With one row: a `Matcher`, and at every step a bitmask, a uniform choice and a token accepted. With more: a
//! `BatchMatcher` in lockstep, whose slots are refilled as rows finish. Prints one JSON object.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use pyprior_core::{BatchMatcher, Language, LanguageConfig, Matcher, RowSampler, TokenBitmask, UniformSampler};

struct Args {
    value_range: (i64, i64),
    max_len: u32,
    rows: usize,
    seconds: f64,
}

fn args() -> Result<Args> {
    let mut found = Args { value_range: (-99, 99), max_len: 30, rows: 1, seconds: 2.0 };
    let mut words = std::env::args().skip(1);
    while let Some(flag) = words.next() {
        let mut value = || words.next().with_context(|| format!("{flag} needs a value"));
        match flag.as_str() {
            "--value-range" => found.value_range = (value()?.parse()?, value()?.parse()?),
            "--max-len" => found.max_len = value()?.parse()?,
            "--rows" => found.rows = value()?.parse()?,
            "--seconds" => found.seconds = value()?.parse()?,
            _ => bail!("unknown argument {flag}"),
        }
    }
    Ok(found)
}

fn main() -> Result<()> {
    let Args { value_range, max_len, rows, seconds } = args()?;
    let language = Language::new(LanguageConfig { value_range, max_len: Some(max_len), ..LanguageConfig::default() })?;
    let sampler = UniformSampler::new(1);
    let mut bitmask = TokenBitmask::new(rows, language.vocab().len());
    let (mut programs, mut tokens) = (0, 0);
    let start = Instant::now();
    let end = Duration::from_secs_f64(seconds);
    if rows == 1 {
        let mut matcher = Matcher::new(&language);
        while start.elapsed() < end {
            for _ in 0..100 {
                matcher.reset();
                let mut choices = RowSampler::new(&sampler, programs);
                while !matcher.is_terminated() {
                    matcher.fill_next_token_bitmask(&mut bitmask, 0)?;
                    matcher.accept_token(matcher.choose_uniform(&mut choices))?;
                }
                programs += 1;
                tokens += matcher.tokens().len();
            }
        }
    } else {
        // A row that has finished makes way for the next program, as in serving: no step is spent on padding. The
        // package's loop leaves finished rows out of its steps, which comes to the same.
        let mut batch = BatchMatcher::new(&language, rows);
        let mut chosen = vec![0; rows];
        let mut numbers = (0..rows as u64).collect::<Vec<_>>();
        let mut next = rows as u64;
        let mut finished = Vec::new();
        while start.elapsed() < end {
            for _ in 0..100 {
                batch.fill_next_token_bitmask(&mut bitmask)?;
                batch.choose_uniform(&sampler, &numbers, &mut chosen)?;
                batch.accept_tokens(&chosen)?;
                finished.clear();
                finished.extend(batch.terminated());
                for &row in &finished {
                    programs += 1;
                    tokens += batch.tokens(row)?.len();
                    batch.reset(row)?;
                    numbers[row] = next;
                    next += 1;
                }
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let vocab = language.vocab().len();
    println!(
        "{{\"vocab\":{vocab},\"rows\":{rows},\"tokens\":{tokens},\"programs\":{programs},\"seconds\":{seconds:.4}}}"
    );
    Ok(())
}
