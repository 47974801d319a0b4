//! The problems of `examples/logic`, each built and solved anew: its first solution, and all of them.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "../../../examples/logic/colouring.rs"]
mod colouring;
#[path = "../../../examples/logic/conference.rs"]
mod conference;
#[path = "../../../examples/logic/queens.rs"]
mod queens;
#[path = "../../../examples/logic/send_more.rs"]
mod send_more;
#[path = "../../../examples/logic/sudoku.rs"]
mod sudoku;

use std::error::Error;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use pyprior_logic::fd::{Repository, Solver};

type Build = fn() -> Result<Repository, Box<dyn Error>>;

const PROBLEMS: [(&str, Build); 6] = [
    ("conference", conference::problem),
    ("queens 8", || queens::problem(8)),
    ("queens 10", || queens::problem(10)),
    ("send+more", send_more::problem),
    ("sudoku", sudoku::problem),
    ("colouring", colouring::problem),
];

fn solver(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("solver");
    let solver = Solver::new();
    for (name, build) in PROBLEMS {
        group.bench_function(BenchmarkId::new("build", name), |bencher| bencher.iter(|| build().unwrap()));
        group.bench_function(BenchmarkId::new("first", name), |bencher| {
            bencher.iter(|| solver.solve_first(&build().unwrap()).unwrap());
        });
        group.bench_function(BenchmarkId::new("all", name), |bencher| {
            bencher.iter(|| solver.solve(&build().unwrap()).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, solver);
criterion_main!(benches);
