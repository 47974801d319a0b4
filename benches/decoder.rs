//! What a step costs, one thread: `cargo bench`.
//!
//! Times are per row (a token of one row), except for whole programs, where they are per token. Figures and how
//! to read them: `benches/README.md`.

#![expect(clippy::expect_used, reason = "a benchmark may panic")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pyprior_core::{
    BatchMatcher, Language, LanguageConfig, Matcher, ProgramSampler, Programs, TokenBitmask, UniformSampler,
};

fn languages() -> Vec<Arc<Language>> {
    let config = |value_range| LanguageConfig { value_range, max_len: Some(30), ..LanguageConfig::default() };
    [(0, 9), (-99, 99)].map(|range| Language::new(config(range)).expect("a valid language")).to_vec()
}

/// A batch in mid-program, rows at different steps, and the tokens that each row takes next.
struct Lockstep {
    batch: BatchMatcher,
    bitmask: TokenBitmask,
    sampler: UniformSampler,
    rows: Vec<u64>,
    tokens: Vec<u32>,
}

impl Lockstep {
    fn new(language: &Arc<Language>, size: usize) -> Self {
        Self {
            batch: BatchMatcher::new(language, size),
            bitmask: TokenBitmask::new(size, language.vocab().len()),
            sampler: UniformSampler::new(1),
            rows: (0..size as u64).collect(),
            tokens: vec![0; size],
        }
    }

    /// Restarts finished rows with programs not yet used, as a serving loop does.
    fn refill(&mut self) {
        for slot in self.batch.terminated().collect::<Vec<_>>() {
            self.batch.reset(slot).expect("a row");
            self.rows[slot] += self.rows.len() as u64;
        }
    }

    fn choose(&mut self) {
        self.batch.choose_uniform(&self.sampler, &self.rows, &mut self.tokens).expect("lengths agree");
    }

    /// Steps `steps` times and adds up the time of the part that is asked for.
    fn time(&mut self, steps: u64, part: Part) -> Duration {
        let mut total = Duration::ZERO;
        for _ in 0..steps {
            self.refill();
            if part == Part::Choose {
                let start = Instant::now();
                self.choose();
                total += start.elapsed();
            } else {
                self.choose();
            }
            let start = Instant::now();
            if part != Part::Accept {
                self.batch.fill_next_token_bitmask(&mut self.bitmask).expect("shapes agree");
            }
            if part == Part::Fill {
                total += start.elapsed();
            }
            let start = Instant::now();
            self.batch.accept_tokens(black_box(&self.tokens)).expect("legal tokens");
            if part == Part::Accept {
                total += start.elapsed();
            }
        }
        total
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Fill,
    Choose,
    Accept,
}

fn lockstep(criterion: &mut Criterion) {
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    for language in languages() {
        for size in [64, 4096] {
            let mut group = criterion.benchmark_group(format!("lockstep/V={}", language.vocab().len()));
            group.throughput(Throughput::Elements(size as u64));
            for (name, part) in [
                ("fill_next_token_bitmask", Part::Fill),
                ("choose_uniform", Part::Choose),
                ("accept_tokens", Part::Accept),
            ] {
                let mut lockstep = Lockstep::new(&language, size);
                group.bench_function(BenchmarkId::new(name, format!("B={size}")), |bencher| {
                    bencher.iter_custom(|steps| one_thread.install(|| lockstep.time(steps, part)));
                });
            }
        }
    }
}

fn single(criterion: &mut Criterion) {
    for language in languages() {
        let mut group = criterion.benchmark_group(format!("single/V={}", language.vocab().len()));
        let programs = ProgramSampler::new(&language, 1).sample(0..1000).expect("bounded programs");
        let mut bitmask = TokenBitmask::new(1, language.vocab().len());
        group.throughput(Throughput::Elements(programs.tokens().len() as u64));
        group.bench_function("fill_and_accept", |bencher| {
            let mut matcher = Matcher::new(&language);
            bencher.iter(|| {
                for program in programs.iter() {
                    matcher.reset();
                    for &token in program {
                        matcher.fill_next_token_bitmask(&mut bitmask, 0).expect("shapes agree");
                        matcher.accept_token(token).expect("a legal token");
                        black_box(bitmask.data());
                    }
                }
            });
        });
    }
}

fn programs(criterion: &mut Criterion) {
    const PROGRAMS: u64 = 4096;
    for language in languages() {
        let mut group = criterion.benchmark_group(format!("programs/V={}", language.vocab().len()));
        let sampler = ProgramSampler::new(&language, 1);
        let mut programs = Programs::default();
        sampler.sample_into(0..PROGRAMS, &mut programs).expect("bounded programs");
        group.throughput(Throughput::Elements(programs.tokens().len() as u64));
        group.bench_function("sample_into", |bencher| {
            bencher.iter(|| {
                programs.clear();
                sampler.sample_into(0..PROGRAMS, &mut programs).expect("bounded programs");
                black_box(programs.tokens());
            });
        });
    }
}

fn compile(criterion: &mut Criterion) {
    criterion.bench_function("compile/default", |bencher| {
        bencher.iter(|| Language::new(LanguageConfig::default()).expect("a valid language"));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30).measurement_time(Duration::from_secs(2)).warm_up_time(Duration::from_millis(500));
    targets = lockstep, single, programs, compile
}
criterion_main!(benches);
