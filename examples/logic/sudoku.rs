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

/// Names of the cells, row by row.
const NAMES: &str = concat!(
    "A1A2A3A4A5A6A7A8A9",
    "B1B2B3B4B5B6B7B8B9",
    "C1C2C3C4C5C6C7C8C9",
    "D1D2D3D4D5D6D7D8D9",
    "E1E2E3E4E5E6E7E8E9",
    "F1F2F3F4F5F6F7F8F9",
    "G1G2G3G4G5G6G7G8G9",
    "H1H2H3H4H5H6H7H8H9",
    "I1I2I3I4I5I6I7I8I9",
);

pub(crate) fn problem() -> Result<Repository, Box<dyn Error>> {
    let digits = FiniteDomain::range(1..=9);
    let mut problem = Repository::with_capacity(81);
    let given = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(|digit| digits.only([digit]));
    let clues = CLUES.iter().flat_map(|row| row.bytes()).enumerate();
    let cells = problem.variables_of(clues.map(|(cell, clue)| {
        let known = clue.checked_sub(b'1').and_then(|place| given.get(usize::from(place)));
        (&NAMES[2 * cell..2 * cell + 2], known.unwrap_or(&digits))
    }))?;
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
