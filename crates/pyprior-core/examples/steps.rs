//! What a step costs: nanoseconds a row of each operation, on one thread, the least of many short runs.
//!
//! `cargo run --release -p pyprior-core --example steps`

use std::time::Instant;

use pyprior_core::{
    BatchMatcher, Language, LanguageConfig, Matcher, ProgramSampler, Programs, TokenBitmask, UniformSampler,
};

type Error = Box<dyn std::error::Error + Send + Sync>;

const RUNS: usize = 1000;

fn main() -> Result<(), Error> {
    rayon::ThreadPoolBuilder::new().num_threads(1).build()?.install(measure)
}

fn measure() -> Result<(), Error> {
    for value_range in [(0, 9), (-99, 99)] {
        let config = LanguageConfig { value_range, max_len: Some(30), ..LanguageConfig::default() };
        let language = Language::new(config)?;
        println!("vocabulary {}, {} bytes a row", language.vocab().len(), language.state_bytes());
        whole_programs(&language)?;
        for rows in [64, 4096] {
            lockstep(&language, rows)?;
        }
        one_row(&language)?;
    }
    Ok(())
}

fn whole_programs(language: &std::sync::Arc<Language>) -> Result<(), Error> {
    let sampler = ProgramSampler::new(language, 1);
    let mut programs = Programs::default();
    let mut least = f64::INFINITY;
    for run in 0..RUNS as u64 {
        programs.clear();
        let start = Instant::now();
        sampler.sample_into(run % 16 * 1024..(run % 16 + 1) * 1024, &mut programs)?;
        least = least.min(start.elapsed().as_secs_f64() / programs.tokens().len() as f64);
    }
    println!("  whole programs {:6.2} ns a token, {:.1} M tokens/s", least * 1e9, 1e-6 / least);
    Ok(())
}

/// All rows step together; a row that has finished starts again, outside the time taken.
fn lockstep(language: &std::sync::Arc<Language>, rows: usize) -> Result<(), Error> {
    let mut batch = BatchMatcher::new(language, rows);
    let mut bitmask = TokenBitmask::new(rows, language.vocab().len());
    let mut tokens = vec![0; rows];
    let mut numbers = (0..rows as u64).collect::<Vec<_>>();
    let sampler = UniformSampler::new(1);
    // Nanoseconds of a run of some steps, and the least of all runs.
    let mut least = [f64::INFINITY; 3];
    // Long enough for the clock, short enough to fit between two interruptions.
    let steps = (8192 / rows).max(2);
    for _ in 0..RUNS {
        let mut sums = [0.0; 3];
        for _ in 0..steps {
            let start = Instant::now();
            batch.fill_next_token_bitmask(&mut bitmask)?;
            let filled = Instant::now();
            batch.choose_uniform(&sampler, &numbers, &mut tokens)?;
            let chosen = Instant::now();
            batch.accept_tokens(&tokens)?;
            let accepted = Instant::now();
            for (sum, time) in sums.iter_mut().zip([filled - start, chosen - filled, accepted - chosen]) {
                *sum += time.as_secs_f64();
            }
            for (slot, number) in numbers.iter_mut().enumerate() {
                if batch.is_terminated(slot)? {
                    batch.reset(slot)?;
                    *number += rows as u64;
                }
            }
        }
        for (least, sum) in least.iter_mut().zip(sums) {
            *least = least.min(sum * 1e9 / (steps * rows) as f64);
        }
    }
    let [fill, choose, accept] = least;
    println!("  {rows:5} rows: fill {fill:5.2}, choose {choose:5.2}, accept {accept:5.2} ns a row");
    Ok(())
}

fn one_row(language: &std::sync::Arc<Language>) -> Result<(), Error> {
    let sampler = ProgramSampler::new(language, 1);
    let mut programs = Programs::default();
    sampler.sample_into(0..512, &mut programs)?;
    let mut matcher = Matcher::new(language);
    let mut bitmask = TokenBitmask::new(1, language.vocab().len());
    let mut least = [f64::INFINITY; 2];
    for _ in 0..RUNS {
        for (least, fills) in least.iter_mut().zip([false, true]) {
            let start = Instant::now();
            for program in programs.iter() {
                matcher.reset();
                for &token in program {
                    if fills {
                        matcher.fill_next_token_bitmask(&mut bitmask, 0)?;
                    }
                    matcher.accept_token(token)?;
                }
            }
            *least = least.min(start.elapsed().as_secs_f64() * 1e9 / programs.tokens().len() as f64);
        }
    }
    println!("  one row: accept {:5.2}, fill and accept {:5.2} ns a token", least[0], least[1]);
    Ok(())
}
