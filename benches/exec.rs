//! What compiling and running programs cost, one thread: `cargo bench --bench exec`.
//!
//! `ci/exec_ratio.py` runs CPython on the same programs of 30 tokens.

#![expect(clippy::expect_used, reason = "a benchmark may panic")]

mod settings;

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pyprior_core::exec::{Compiler, Limits, Machine, Program};
use pyprior_core::{Language, LanguageConfig, ProgramSampler, Programs};
use settings::short;

/// A program runs to its end if that is not far.
const FUEL: u64 = 1_000;

fn exec(c: &mut Criterion) {
    let config = LanguageConfig { max_len: Some(30), ..LanguageConfig::default() };
    let language = Language::new(config).expect("a valid language");
    let limits = Limits { fuel: FUEL, ..Limits::default() };
    let (mut compiler, mut machine) = (Compiler::new(language.config().comparison_values), Machine::new(limits));
    let mut programs = Programs::default();
    let sampled = ProgramSampler::new(&language, 1).sample(0..16_000).expect("bounded programs");
    for tokens in sampled.iter().filter(|tokens| tokens.len() == 30) {
        if machine.run(&Program::from_tokens(&language, tokens).expect("a program")).is_ok() {
            programs.push(tokens);
        }
    }
    let mut group = c.benchmark_group("exec/30 tokens");
    group.throughput(Throughput::Elements(programs.len() as u64));
    group.bench_function("compile", |bencher| {
        bencher.iter(|| {
            for tokens in programs.iter() {
                black_box(compiler.compile(language.vocab(), tokens).expect("a program"));
            }
        });
    });
    group.bench_function("compile and run", |bencher| {
        bencher.iter(|| {
            for tokens in programs.iter() {
                let program = compiler.compile(language.vocab(), tokens).expect("a program");
                black_box(machine.run(program)).expect("a program that ends");
            }
        });
    });
    group.finish();
    let text = "BLK_2 ASSIGN VAR_1 INT_0 FOR VAR_2 MUL MUL INT_99 INT_99 INT_99 BLK_1 FOR VAR_3 INT_99 BLK_1 \
                ASSIGN VAR_1 ADD VAR_1 MUL VAR_2 VAR_3";
    let tokens = text.split_whitespace().map(|name| language.vocab().id_of(name).expect("a token"));
    let program = Program::from_tokens(&language, &tokens.collect::<Vec<_>>()).expect("a program");
    let fuel = 1_000_000;
    let mut machine = Machine::new(Limits { fuel, ..Limits::default() });
    let mut group = c.benchmark_group("exec/steps");
    group.throughput(Throughput::Elements(fuel));
    group.bench_function("a sum of products", |bencher| {
        bencher.iter(|| black_box(machine.run(&program)).expect_err("more steps than fuel"));
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = short(Duration::from_secs(1));
    targets = exec
}
criterion_main!(benches);
