//! The map of Australia in three colours, no two neighbours alike.

use std::error::Error;

use pyprior_logic::fd::{FiniteDomain, Relation, Repository, Solver};

const BORDERS: [(usize, usize); 9] = [(0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (2, 4), (3, 4), (2, 5), (4, 5)];

pub(crate) fn problem() -> Result<Repository, Box<dyn Error>> {
    let colours = FiniteDomain::new(["red", "green", "blue"]);
    let mut problem = Repository::default();
    let states = problem.variables(["WA", "NT", "SA", "Q", "NSW", "V", "T"], &colours)?;
    let differ = Relation::template("%s != %s")?;
    for (one, other) in BORDERS {
        problem.post(&differ, &[states[one], states[other]])?;
    }
    Ok(problem)
}

#[allow(dead_code, reason = "solver_times takes this file in for its problem")]
fn main() -> Result<(), Box<dyn Error>> {
    let maps = Solver::new().solve(&problem()?)?;
    assert_eq!(maps.len(), 18);
    for map in &maps {
        println!("{map}");
    }
    Ok(())
}
