//! What a row of logits costs, one thread: `cargo bench --bench prior`.
//!
//! Rows of `f32` logits of 64 programs in the middle, as a serving loop has them; times are per row.

#![expect(clippy::expect_used, reason = "a benchmark may panic")]

mod settings;

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use pyprior_core::{
    ApplyMode, BatchMatcher, Frontier, Language, LanguageConfig, LogitsScratch, Normalisation, Prior, PriorConfig,
    TokenBitmask, TokenSampler, Truncation, TruncationConfig, UniformSampler,
};
use settings::short;

const ROWS: usize = 64;

/// Rows at random steps of random programs, and logits for them.
struct Rows {
    language: Arc<Language>,
    bitmask: TokenBitmask,
    frontiers: Vec<Option<Frontier>>,
    logits: Vec<f32>,
    scratch: LogitsScratch,
}

impl Rows {
    fn new(value_range: (i64, i64)) -> Self {
        let config = LanguageConfig { value_range, max_len: Some(30), ..LanguageConfig::default() };
        let language = Language::new(config).expect("a valid language");
        let mut batch = BatchMatcher::new(&language, ROWS);
        let (sampler, numbers) = (UniformSampler::new(1), (0..ROWS as u64).collect::<Vec<_>>());
        let mut tokens = vec![0; ROWS];
        for _ in 0..7 {
            batch.choose_uniform(&sampler, &numbers, &mut tokens).expect("lengths agree");
            batch.accept_tokens(&tokens).expect("legal tokens");
        }
        let vocab = language.vocab().len();
        let mut bitmask = TokenBitmask::new(ROWS, vocab);
        batch.fill_next_token_bitmask(&mut bitmask).expect("shapes agree");
        let frontiers = (0..ROWS).map(|slot| batch.frontier(slot).expect("a row")).collect();
        let logit = |i: usize| (sampler.index(i as u64, 0, 1000) as f32 - 500.0) / 100.0;
        let logits = (0..ROWS * vocab).map(logit).collect();
        Self { language, bitmask, frontiers, logits, scratch: LogitsScratch::new(vocab) }
    }

    /// Time of `run` on fresh logits, `times` times; copying them does not count.
    fn time(&mut self, times: u64, mut run: impl FnMut(&mut Self, &mut [f32])) -> Duration {
        let mut total = Duration::ZERO;
        let mut logits = self.logits.clone();
        for _ in 0..times {
            logits.copy_from_slice(&self.logits);
            let start = Instant::now();
            run(self, black_box(&mut logits));
            total += start.elapsed();
        }
        total
    }
}

fn rows(c: &mut Criterion) {
    for value_range in [(0, 9), (-99, 99)] {
        let mut rows = Rows::new(value_range);
        let name = format!("rows/V={}", rows.language.vocab().len());
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Elements(ROWS as u64));
        for normalisation in [Normalisation::Vocabulary, Normalisation::Legal] {
            for apply in ApplyMode::ALL {
                let config = PriorConfig { apply, normalisation, alpha: 0.5, ..PriorConfig::default() };
                let prior = Prior::new(rows.language.vocab(), config).expect("a valid prior");
                let id = BenchmarkId::new(format!("apply {}", apply.name()), format!("{normalisation:?}"));
                group.bench_function(id, |bencher| {
                    bencher.iter_custom(|times| {
                        rows.time(times, |rows, logits| {
                            prior.apply(logits, &rows.bitmask, &rows.frontiers, &mut rows.scratch).expect("shapes");
                        })
                    });
                });
            }
        }
        let base = TruncationConfig::default();
        for (name, config) in [
            ("top-k 20", TruncationConfig { top_k: Some(20), ..base }),
            ("top-p 0.9", TruncationConfig { top_p: 0.9, ..base }),
            ("temperature and min-p", TruncationConfig { temperature: 0.7, min_p: 0.05, ..base }),
        ] {
            let truncation = Truncation::new(config).expect("a valid configuration");
            group.bench_function(name, |bencher| {
                bencher.iter_custom(|times| {
                    rows.time(times, |rows, logits| {
                        truncation.apply(logits, &rows.bitmask, &mut rows.scratch).expect("shapes");
                    })
                });
            });
        }
        let sampler = TokenSampler::new(1);
        let (numbers, steps) = ((0..ROWS as u64).collect::<Vec<_>>(), vec![7; ROWS]);
        let mut out = vec![None; ROWS];
        group.bench_function("sample", |bencher| {
            bencher.iter_custom(|times| {
                rows.time(times, |rows, logits| {
                    let Rows { bitmask, scratch, .. } = rows;
                    sampler.sample_rows(logits, bitmask, &numbers, &steps, &mut out, scratch).expect("shapes");
                })
            });
        });
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = short(Duration::from_millis(500));
    targets = rows
}
criterion_main!(benches);
