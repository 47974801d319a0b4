//! What compiling and running cost, least of several rounds: `cargo run --release -p pyprior-core --example exec`.
//!
//! With `--programs N` it writes N of the programs it runs, as source, one JSON string a line, for others to run.

use std::hint::black_box;
use std::time::Instant;

use pyprior_core::exec::{Compiler, Limits, Machine, Program};
use pyprior_core::{Language, LanguageConfig, ProgramSampler, Programs, Renderer};

/// Many short rounds: on a shared machine one of them is likely to be left alone.
const ROUNDS: usize = 100;
const PROGRAMS: u64 = 2_000;
/// A program runs to its end if that is not far.
const FUEL: u64 = 1_000;

/// Programs of exactly 30 tokens that end within [`FUEL`] steps.
fn programs(language: &std::sync::Arc<Language>) -> Result<Programs, Box<dyn std::error::Error>> {
    let mut kept = Programs::default();
    let mut machine = Machine::new(Limits { fuel: FUEL, ..Limits::default() });
    for tokens in ProgramSampler::new(language, 1).sample(0..PROGRAMS * 8)?.iter().filter(|tokens| tokens.len() == 30) {
        if machine.run(&Program::from_tokens(language, tokens)?).is_ok() {
            kept.push(tokens);
        }
    }
    Ok(kept)
}

/// Least time of several rounds, in seconds.
fn least(mut round: impl FnMut()) -> f64 {
    let time = |_| {
        let start = Instant::now();
        round();
        start.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(time).fold(f64::INFINITY, f64::min)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let language = Language::new(LanguageConfig { max_len: Some(30), ..LanguageConfig::default() })?;
    let programs = programs(&language)?;
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some("--programs") {
        let mut renderer = Renderer::new(&language);
        let count = arguments.next().map_or(Ok(1000), |count| count.parse())?;
        for tokens in programs.iter().take(count) {
            println!("{}", serde_json::to_string(renderer.render(tokens)?)?);
        }
        return Ok(());
    }
    let limits = Limits { fuel: FUEL, ..Limits::default() };
    let (mut compiler, mut machine) = (Compiler::new(language.config().comparison_values), Machine::new(limits));
    let (mut steps, mut failed) = (0, 0);
    let seconds = least(|| {
        (steps, failed) = (0, 0);
        for tokens in programs.iter() {
            match compiler.compile(language.vocab(), tokens) {
                Ok(program) => failed += usize::from(machine.run(black_box(program)).is_err()),
                Err(_) => failed += 1,
            }
            steps += machine.steps();
        }
    });
    let count = programs.len() as f64;
    println!("compile and run: {:.0} programs/s of 30 tokens, {:.1} steps each", count / seconds, steps as f64 / count);
    let seconds = least(|| {
        for tokens in programs.iter() {
            failed += usize::from(black_box(compiler.compile(language.vocab(), tokens)).is_err());
        }
    });
    println!("compile alone:   {:.0} programs/s; {failed} failed", count / seconds);
    for (what, text) in LOOPS {
        let ids = text.split_whitespace().filter_map(|name| language.vocab().id_of(name)).collect::<Vec<_>>();
        let program = Program::from_tokens(&language, &ids)?;
        let mut machine = Machine::new(Limits { fuel: 500_000, ..Limits::default() });
        let mut ended = None;
        let seconds = least(|| ended = machine.run(&program).err());
        let ended = ended.map_or("the end".to_owned(), |error| error.to_string());
        println!("{what}: {:.0} million steps/s, to {ended}", machine.steps() as f64 / seconds / 1e6);
    }
    Ok(())
}

const LOOPS: [(&str, &str); 3] = [
    (
        "a sum of products",
        "BLK_2 ASSIGN VAR_1 INT_0 FOR VAR_2 MUL MUL INT_99 INT_99 INT_99 BLK_1 FOR VAR_3 INT_99 BLK_1 \
         ASSIGN VAR_1 ADD VAR_1 MUL VAR_2 VAR_3",
    ),
    (
        "with a branch",
        "BLK_2 ASSIGN VAR_1 INT_0 FOR VAR_2 MUL MUL INT_99 INT_99 INT_99 BLK_1 FOR VAR_3 INT_99 BLK_1 \
         IF LT VAR_1 INT_50 BLK_1 ASSIGN VAR_1 ADD VAR_1 VAR_3 BLK_1 ASSIGN VAR_1 SUB VAR_1 VAR_2",
    ),
    (
        "with a call",
        "BLK_2 FUNC_1 ARITY_2 BLK_1 RETURN ADD VAR_1 VAR_2 FOR VAR_1 MUL MUL INT_99 INT_99 MUL INT_99 INT_99 BLK_1 \
         ASSIGN VAR_2 CALL FUNC_1 VAR_1 INT_7",
    ),
];
