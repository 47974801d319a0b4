//! What the solver takes for a few problems, building them included: the least of many runs, in microseconds.
//! `benches/logic_peers.py` runs it beside other solvers.

#[path = "colouring.rs"]
mod colouring;
#[path = "conference.rs"]
mod conference;
#[path = "queens.rs"]
mod queens;
#[path = "send_more.rs"]
mod send_more;
#[path = "sudoku.rs"]
mod sudoku;

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use pyprior_logic::fd::{Repository, Solver};

type Build = fn() -> Result<Repository, Box<dyn Error>>;

/// The problems, and how many solutions they have.
const PROBLEMS: [(&str, Build, usize); 6] = [
    ("conference", conference::problem, 64),
    ("queens 8", || queens::problem(8), 92),
    ("queens 10", || queens::problem(10), 724),
    ("send+more", send_more::problem, 1),
    ("sudoku", sudoku::problem, 1),
    ("colouring", colouring::problem, 18),
];

/// Time spent on each figure.
const SPENT: Duration = Duration::from_millis(300);

fn least(mut run: impl FnMut() -> Result<usize, Box<dyn Error>>, expected: usize) -> Result<f64, Box<dyn Error>> {
    let begun = Instant::now();
    let mut least = f64::INFINITY;
    while begun.elapsed() < SPENT {
        let start = Instant::now();
        let count = black_box(run()?);
        least = least.min(start.elapsed().as_secs_f64() * 1e6);
        if count != expected {
            return Err(format!("{count} solutions instead of {expected}").into());
        }
    }
    Ok(least)
}

fn main() -> Result<(), Box<dyn Error>> {
    let wanted = std::env::args().nth(1);
    println!("problem\tbuild\tfirst\tall");
    for (name, build, solutions) in PROBLEMS {
        if wanted.as_ref().is_some_and(|wanted| wanted != name) {
            continue;
        }
        let solver = Solver::new();
        let built = least(|| Ok(build()?.constraints().min(1)), 1)?;
        let first = least(|| Ok(solver.first(build()?)?.iter().count()), 1)?;
        let all = least(|| Ok(solver.solve(&build()?)?.len()), solutions)?;
        println!("{name}\t{built:.2}\t{first:.2}\t{all:.2}");
    }
    Ok(())
}
