//! SEND + MORE = MONEY: a digit for each letter.

use std::error::Error;

use pyprior_logic::fd::{self, FiniteDomain, Repository, Solver};

pub(crate) fn problem() -> Result<Repository, Box<dyn Error>> {
    let letters = ["s", "e", "n", "d", "m", "o", "r", "y"];
    let (digits, leading) = (FiniteDomain::range(0..=9), FiniteDomain::range(1..=9));
    let domain = |letter| if matches!(letter, "s" | "m") { leading.clone() } else { digits.clone() };
    let sum = "1000*s + 100*e + 10*n + d + 1000*m + 100*o + 10*r + e == 10000*m + 1000*o + 100*n + 10*e + y";
    Ok(Repository::new(
        &letters,
        letters.map(|letter| (letter, domain(letter))),
        [fd::AllDistinct(&letters), fd::make_expression(&letters, sum)?],
    )?)
}

#[allow(dead_code, reason = "solver_times takes this file in for its problem")]
fn main() -> Result<(), Box<dyn Error>> {
    let solutions = Solver::new().solve(&problem()?)?;
    assert_eq!(solutions.len(), 1);
    for solution in &solutions {
        println!("{solution}");
    }
    Ok(())
}
