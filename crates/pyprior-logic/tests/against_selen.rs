//! Random problems against selen, a solver written by others: sums and all-distinct, too many combinations for brute force.

#![allow(clippy::unwrap_used, clippy::panic)]

use pyprior_logic::fd::{FiniteDomain, Operator, Relation, Repository, Solver};
use selen::prelude::{Model, Val, alldiff, lin_eq, lin_le, lin_ne};

/// A linear congruential generator, Knuth's MMIX; its high bits.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as u64) as i64
    }
}

#[test]
fn the_solutions_are_those_of_selen() {
    let mut solved = 0;
    for seed in 0..150 {
        let mut random = Random(seed);
        let (mut ours, mut theirs) = (Repository::default(), Model::default());
        let (mut mine, mut vars) = (Vec::new(), Vec::new());
        for number in 0..6 {
            let low = random.between(-3, 2);
            let high = low + random.between(2, 6);
            mine.push(ours.variable(&format!("v{number}"), &FiniteDomain::range(low..=high)).unwrap());
            vars.push(theirs.int(low as i32, high as i32));
        }
        let four = random.below(3) as usize;
        ours.post(&Relation::all_distinct(), &mine[four..four + 4]).unwrap();
        alldiff(&mut theirs, &vars[four..four + 4]);
        for kind in 0..4 {
            let places: Vec<usize> = (0..6).filter(|_| random.below(2) == 0).collect();
            if places.is_empty() {
                continue;
            }
            // selen 0.15.5 takes 3 * x == 8 for true at some x: its equalities are good for coefficients of 1 and -1.
            let most = if kind == 0 { 1 } else { 3 };
            let factor = |random: &mut Random| if random.below(2) == 0 { 1 + random.below(most) as i64 } else { -1 };
            let factors: Vec<i64> = places.iter().map(|_| factor(&mut random)).collect();
            let bound = random.between(-2, 8);
            let scope: Vec<_> = places.iter().map(|at| mine[*at]).collect();
            let other: Vec<_> = places.iter().map(|at| vars[*at]).collect();
            let small: Vec<i32> = factors.iter().map(|factor| *factor as i32).collect();
            let operator = match kind {
                0 => {
                    lin_eq(&mut theirs, &small, &other, bound as i32);
                    Operator::Equal
                }
                1 => {
                    lin_ne(&mut theirs, &small, &other, bound as i32);
                    Operator::NotEqual
                }
                _ => {
                    lin_le(&mut theirs, &small, &other, bound as i32);
                    Operator::AtMost
                }
            };
            ours.post(&Relation::linear(factors, operator, bound), &scope).unwrap();
        }
        let found = Solver::new().solve(&ours).unwrap();
        let number = |value: &Val| match value {
            Val::ValI(number) => i64::from(*number),
            Val::ValF(number) => panic!("{number} is no whole number"),
        };
        let mut rows: Vec<Vec<i64>> =
            theirs.enumerate().map(|row| vars.iter().map(|var| number(&row[*var])).collect()).collect();
        let mut own: Vec<Vec<i64>> =
            found.iter().map(|row| row.iter().map(|(_, value)| value.as_int().unwrap()).collect()).collect();
        rows.sort();
        own.sort();
        assert_eq!(own, rows, "seed {seed}");
        solved += usize::from(!rows.is_empty());
    }
    assert!(solved > 50, "{solved} of 150 have a solution: too few to tell");
}
