//! Times the decoder on programs given on standard input; `benches/peers/run.py` sets it beside other decoders.
//!
//! ```text
//! pyprior sample -n 1000 --format tokens | cargo run --release --example replay -- --max-len 60 --passes 5
//! ```
//!
//! Every line holds the token ids of a program of the default language. For every token a bitmask is filled and the
//! token accepted; a program that is not legal to its end is an error. Prints one JSON object: how many programs and
//! tokens there are, the seconds of each pass over them, and those of compiling the language, once for each pass.

use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use pyprior_core::{Language, LanguageConfig, Matcher, TokenBitmask};

struct Args {
    max_len: u32,
    passes: usize,
}

fn args() -> Result<Args> {
    let mut found = Args { max_len: 60, passes: 5 };
    let mut words = std::env::args().skip(1);
    while let Some(flag) = words.next() {
        let value = words.next().with_context(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--max-len" => found.max_len = value.parse()?,
            "--passes" => found.passes = value.parse()?,
            _ => bail!("unknown argument {flag}"),
        }
    }
    Ok(found)
}

fn programs() -> Result<Vec<Vec<u32>>> {
    let text = std::io::read_to_string(std::io::stdin())?;
    let program = |line: &str| line.split_whitespace().map(str::parse).collect::<Result<Vec<_>, _>>();
    text.lines().map(program).collect::<Result<_, _>>().context("standard input should hold token ids")
}

fn main() -> Result<()> {
    let Args { max_len, passes } = args()?;
    let programs = programs()?;
    let config = LanguageConfig { max_len: Some(max_len), ..LanguageConfig::default() };
    let language = Language::new(config.clone())?;
    let mut bitmask = TokenBitmask::new(1, language.vocab().len());
    let mut matcher = Matcher::new(&language);
    let (mut compile_seconds, mut pass_seconds) = (Vec::new(), Vec::new());
    for _ in 0..passes {
        let start = Instant::now();
        std::hint::black_box(Language::new(std::hint::black_box(config.clone()))?);
        compile_seconds.push(start.elapsed().as_secs_f64());

        let start = Instant::now();
        for program in &programs {
            matcher.reset();
            for &token in program {
                matcher.fill_next_token_bitmask(&mut bitmask, 0)?;
                std::hint::black_box(bitmask.row(0));
                matcher.accept_token(token)?;
            }
            ensure!(matcher.is_terminated(), "a program ends early");
        }
        pass_seconds.push(start.elapsed().as_secs_f64());
    }
    let tokens = programs.iter().map(Vec::len).sum::<usize>();
    println!(
        "{{\"programs\":{},\"tokens\":{tokens},\"pass_seconds\":{pass_seconds:?},\"compile_seconds\":{compile_seconds:?}}}",
        programs.len()
    );
    Ok(())
}
