//! Random problems against going through all combinations, and against another solver.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;

use pyprior_logic::Value;
use pyprior_logic::fd::{
    Consistency, Distribution, FiniteDomain, Operator, Relation, Repository, Solver, ValueOrder, VariableOrder,
};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as u64) as i64
    }
}

/// A constraint as the solver has it and as a test of values.
type Both = (Relation, Vec<usize>, Box<dyn Fn(&[i64]) -> bool>);

fn scope(random: &mut Random, variables: usize, most: u64, again: bool) -> Vec<usize> {
    let wanted = 1 + random.below(most) as usize;
    let mut scope: Vec<usize> = Vec::new();
    for _ in 0..wanted {
        let variable = random.below(variables as u64) as usize;
        if again || !scope.contains(&variable) {
            scope.push(variable);
        }
    }
    scope
}

fn constraint(random: &mut Random, variables: usize) -> Both {
    match random.below(7) {
        0 => {
            let scope = scope(random, variables, 4, true);
            let factors: Vec<i64> = scope.iter().map(|_| random.between(-3, 3)).collect();
            let bound = random.between(-6, 9);
            let all = [
                Operator::Equal,
                Operator::NotEqual,
                Operator::Less,
                Operator::AtMost,
                Operator::Greater,
                Operator::AtLeast,
            ];
            let operator = all[random.below(6) as usize];
            let own = factors.clone();
            let test = move |values: &[i64]| {
                let sum: i64 = own.iter().zip(values).map(|(factor, value)| factor * value).sum();
                match operator {
                    Operator::Equal => sum == bound,
                    Operator::NotEqual => sum != bound,
                    Operator::Less => sum < bound,
                    Operator::AtMost => sum <= bound,
                    Operator::Greater => sum > bound,
                    Operator::AtLeast => sum >= bound,
                }
            };
            (Relation::linear(factors, operator, bound), scope, Box::new(test))
        }
        1 => {
            let scope = scope(random, variables, 3, true);
            let rows: BTreeSet<Vec<i64>> =
                (0..2 + random.below(12)).map(|_| scope.iter().map(|_| random.between(-2, 4)).collect()).collect();
            let own = rows.clone();
            (Relation::table(rows), scope, Box::new(move |values| own.contains(values)))
        }
        2 => {
            let scope = scope(random, variables, 5, false);
            let consistency = [Consistency::Adaptive, Consistency::Domain][random.below(2) as usize];
            let test = |values: &[i64]| values.iter().collect::<BTreeSet<_>>().len() == values.len();
            (Relation::AllDistinct(consistency), scope, Box::new(test))
        }
        3 => {
            let (seed, scope) = (random.below(1 << 20) as i64, scope(random, variables, 3, true));
            let test = move |values: &[i64]| {
                values.iter().fold(seed, |hash, value| (hash * 31 + value).rem_euclid(1_000_003)) % 3 != 0
            };
            let closure = move |values: &[Value]| test(&values.iter().map(|v| v.as_int().unwrap()).collect::<Vec<_>>());
            (Relation::predicate(closure), scope, Box::new(test))
        }
        4 => {
            let k = random.between(0, 3);
            let relation = Relation::template(&format!("not (%s == {k} and %s == 1 and %s == 2)")).unwrap();
            let scope = (0..3).map(|_| random.below(variables as u64) as usize).collect();
            (relation, scope, Box::new(move |v| !(v[0] == k && v[1] == 1 && v[2] == 2)))
        }
        5 => {
            let k = random.between(-2, 4);
            let relation = Relation::template(&format!("abs(%s - %s) != {k}")).unwrap();
            let scope = (0..2).map(|_| random.below(variables as u64) as usize).collect();
            (relation, scope, Box::new(move |v| (v[0] - v[1]).abs() != k))
        }
        _ => {
            let k = random.between(-4, 6);
            let relation =
                Relation::expression(&["a", "b", "c"], &format!("a*b + c > {k} and a - c <= b or a == c")).unwrap();
            let scope = (0..3).map(|_| random.below(variables as u64) as usize).collect();
            (relation, scope, Box::new(move |v| v[0] * v[1] + v[2] > k && v[0] - v[2] <= v[1] || v[0] == v[2]))
        }
    }
}

fn brute(domains: &[Vec<i64>], constraints: &[Both]) -> Vec<Vec<i64>> {
    let mut rows: Vec<Vec<i64>> = vec![Vec::new()];
    for domain in domains {
        rows = rows.iter().flat_map(|row| domain.iter().map(move |value| [&row[..], &[*value]].concat())).collect();
    }
    let holds = |row: &Vec<i64>| {
        constraints.iter().all(|(_, scope, test)| test(&scope.iter().map(|at| row[*at]).collect::<Vec<_>>()))
    };
    rows.retain(holds);
    rows.sort();
    rows
}

#[test]
fn the_solutions_are_those_of_brute_force_with_every_strategy() {
    let mut solved = 0;
    for seed in 0..4000 {
        let mut random = Random(seed);
        let variables = 2 + random.below(4) as usize;
        let shared = FiniteDomain::range(-2..=4);
        let mut problem = Repository::default();
        let mut domains = Vec::new();
        for number in 0..variables {
            // Ranges, lists in no order, subsets of one universe.
            let mut values: Vec<i64> = (-2..=4).filter(|_| random.below(3) > 0).collect();
            if values.is_empty() {
                values.push(1);
            }
            let domain = match random.below(3) {
                0 => {
                    values = (random.between(-2, 1)..=random.between(1, 4)).collect();
                    FiniteDomain::range(values[0]..=values[values.len() - 1])
                }
                1 => {
                    let middle = values.len() / 2;
                    values.rotate_left(middle);
                    FiniteDomain::new(values.clone())
                }
                _ => shared.only(values.clone()),
            };
            problem.variable(&format!("v{number}"), &domain).unwrap();
            domains.push(values);
        }
        let constraints: Vec<Both> = (0..1 + random.below(5)).map(|_| constraint(&mut random, variables)).collect();
        let vars: Vec<_> = (0..variables).map(|number| problem.find(&format!("v{number}")).unwrap()).collect();
        for (relation, scope, _) in &constraints {
            let scope: Vec<_> = scope.iter().map(|at| vars[*at]).collect();
            problem.post(relation, &scope).unwrap();
        }
        let expected = brute(&domains, &constraints);
        solved += usize::from(!expected.is_empty());
        let check = |solver: Solver, what: &str| {
            let found = solver.solve(&problem).unwrap();
            let mut rows: Vec<Vec<i64>> =
                found.iter().map(|row| row.iter().map(|(_, value)| value.as_int().unwrap()).collect()).collect();
            // A duplicate would stay.
            rows.sort();
            assert_eq!(rows, expected, "seed {seed}, {what}");
            let first = solver.solve_first(&problem).unwrap();
            assert_eq!(first.is_some(), !expected.is_empty(), "seed {seed}, {what}");
        };
        check(Solver::new(), "default");
        if seed % 4 == 0 {
            for variables in [VariableOrder::Input, VariableOrder::SmallestDomain, VariableOrder::WeightedDegree] {
                for values in [ValueOrder::Least, ValueOrder::Greatest, ValueOrder::Median] {
                    for distribution in [Distribution::Enumerating, Distribution::Dichotomic] {
                        let solver = Solver::new().variables(variables).values(values).distribution(distribution);
                        check(solver, &format!("{variables:?}, {values:?}, {distribution:?}"));
                    }
                }
            }
            check(Solver::new().parallel(true), "parallel");
        }
    }
    assert!(solved > 1000, "{solved} of 4000 have a solution: too few to tell");
}
