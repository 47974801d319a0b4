//! Ten talks, three rooms, four half days: the example that logilab-constraint and PyPy's `cslib` come with.

use std::error::Error;

use pyprior_logic::fd::{FiniteDomain, Relation, Repository, Solver};

/// Talks that the same people would like to attend.
const GROUPS: [[usize; 4]; 4] = [[1, 2, 3, 10], [2, 6, 8, 9], [3, 5, 6, 7], [1, 3, 7, 8]];

pub(crate) fn problem() -> Result<Repository, Box<dyn Error>> {
    let places = FiniteDomain::product(&[
        FiniteDomain::new(["room A", "room B", "room C"]),
        FiniteDomain::new(["day 1 AM", "day 1 PM", "day 2 AM", "day 2 PM"]),
    ]);
    let mut problem = Repository::default();
    let names = ["c01", "c02", "c03", "c04", "c05", "c06", "c07", "c08", "c09", "c10"];
    let talks = problem.variables(names, &places)?;
    // Internet access is in room C only.
    let internet = Relation::template("%s[0] == 'room C'")?;
    for talk in [3, 4, 5, 6] {
        problem.post(&internet, &[talks[talk - 1]])?;
    }
    // Speakers who are there on one day only.
    let first_day = Relation::template("%s[1].startswith('day 1')")?;
    for talk in [1, 5, 10] {
        problem.post(&first_day, &[talks[talk - 1]])?;
    }
    let second_day = Relation::template("%s[1].startswith('day 2')")?;
    for talk in [2, 3, 4, 9] {
        problem.post(&second_day, &[talks[talk - 1]])?;
    }
    let apart = Relation::template("%s[1] != %s[1]")?;
    for group in GROUPS {
        for (place, first) in group.iter().enumerate() {
            for second in &group[place + 1..] {
                problem.post(&apart, &[talks[first - 1], talks[second - 1]])?;
            }
        }
    }
    problem.post(&Relation::all_distinct(), &talks)?;
    Ok(problem)
}

#[allow(dead_code, reason = "solver_times takes this file in for its problem")]
fn main() -> Result<(), Box<dyn Error>> {
    let problem = problem()?;
    let timetables = Solver::new().solve(&problem)?;
    assert_eq!(timetables.len(), 64);
    println!("{} timetables, the first:", timetables.len());
    for (talk, place) in timetables.get(0).iter().flat_map(|timetable| timetable.iter()) {
        println!("{talk}: {place}");
    }
    Ok(())
}
