//! A sudoku of 30 clues.

use std::array;
use std::error::Error;

use pyprior_logic::fd::{FiniteDomain, Relation, Repository, Solver};

const CLUES: [&str; 9] = [
    "53..7....",
    "6..195...",
    ".98....6.",
    "8...6...3",
    "4..8.3..1",
    "7...2...6",
    ".6....28.",
    "...419..5",
    "....8..79",
];

pub(crate) fn problem() -> Result<Repository, Box<dyn Error>> {
    let digits = FiniteDomain::range(1..=9);
    let mut problem = Repository::with_capacity(81);
    let mut cells = Vec::with_capacity(81);
    for (row, clues) in CLUES.iter().enumerate() {
        for (column, clue) in clues.chars().enumerate() {
            let given = clue.to_digit(10).map(|digit| digits.only([digit]));
            let domain = given.as_ref().unwrap_or(&digits);
            let name = [b"ABCDEFGHI"[row], b"123456789"[column]];
            cells.push(problem.variable(&String::from_utf8_lossy(&name), domain)?);
        }
    }
    let distinct = Relation::all_distinct();
    for unit in 0..9 {
        let row: [_; 9] = array::from_fn(|place| cells[9 * unit + place]);
        let column = array::from_fn(|place| cells[9 * place + unit]);
        let corner = 27 * (unit / 3) + 3 * (unit % 3);
        let square = array::from_fn(|place| cells[corner + 9 * (place / 3) + place % 3]);
        for cells in [row, column, square] {
            problem.post(&distinct, &cells)?;
        }
    }
    Ok(problem)
}

#[allow(dead_code, reason = "solver_times takes this file in for its problem")]
fn main() -> Result<(), Box<dyn Error>> {
    let solutions = Solver::new().solve(&problem()?)?;
    assert_eq!(solutions.len(), 1);
    for solution in &solutions {
        let digits: Vec<String> = solution.iter().map(|(_, digit)| digit.to_string()).collect();
        for row in digits.chunks(9) {
            println!("{}", row.join(" "));
        }
    }
    Ok(())
}
