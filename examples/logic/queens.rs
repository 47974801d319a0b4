//! Queens on a board, none of which attacks another.

use std::error::Error;

use pyprior_logic::fd::{FiniteDomain, Relation, Repository, Solver};

pub(crate) fn problem(size: i64) -> Result<Repository, Box<dyn Error>> {
    let columns = FiniteDomain::range(1..=size);
    let mut problem = Repository::default();
    let queens = problem.variables((1..=size).map(|row| format!("row {row}")), &columns)?;
    problem.post(&Relation::all_distinct(), &queens)?;
    // Rows that are so far apart must not have columns that far apart, to either side.
    for distance in 1..queens.len() {
        let apart = Relation::expression(&["a", "b"], &format!("a - b != {distance} and b - a != {distance}"))?;
        for pair in queens.windows(distance + 1) {
            problem.post(&apart, &[pair[0], pair[distance]])?;
        }
    }
    Ok(problem)
}

#[allow(dead_code, reason = "solver_times takes this file in for its problem")]
fn main() -> Result<(), Box<dyn Error>> {
    for size in 4..=10 {
        println!("{size} queens: {} ways", Solver::new().count(&problem(size)?)?);
    }
    if let Some(first) = Solver::new().solve_first(&problem(8)?)? {
        for (_, column) in first.iter() {
            let column = column.as_int().unwrap_or(1) as usize;
            println!("{}Q{}", ". ".repeat(column - 1), " .".repeat(8 - column));
        }
    }
    Ok(())
}
