//! Values of all kinds, domains of several words, and networks that are undone, against going through all combinations.

#![allow(clippy::unwrap_used, clippy::panic)]

use pyprior_logic::fd::{Expression, FiniteDomain, Network, Relation, Repository, Solver, Stopped, make_expression};
use pyprior_logic::{Store, Universe, Value};

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}

fn text(random: &mut Random, depth: usize) -> String {
    if depth == 0 || random.below(5) == 0 {
        return ["a", "b", "c", "a", "b", "c", "0", "1", "2", "-1", "'a'", "True", "(1, 'a')"][random.below(13)].into();
    }
    let operators = ["+", "-", "*", "*", "//", "%", "==", "!=", "<", "<=", ">=", "and", "or", "in"];
    match random.below(12) {
        0 => format!("(not ({}))", text(random, depth - 1)),
        1 => format!("len({})", text(random, depth - 1)),
        2 => format!("({} < {} <= {})", text(random, depth - 1), text(random, depth - 1), text(random, depth - 1)),
        // What falls out of a sum is read all the same.
        3 => format!("0*{}", ["a", "b", "c"][random.below(3)]),
        4 => ["a - a", "b - b", "c + a - a"][random.below(3)].into(),
        5 => format!("{} {} {}", text(random, 1), ["<", "==", "!="][random.below(3)], text(random, 1)),
        _ => {
            let (left, right) = (text(random, depth - 1), text(random, depth - 1));
            format!("({left}) {} ({right})", operators[random.below(operators.len())])
        }
    }
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::None | Value::Bool(false) | Value::Int(0) => false,
        other => other.as_str() != Some("") && other.items().is_none_or(|items| !items.is_empty()),
    }
}

#[test]
fn expressions_over_values_of_all_kinds() {
    let domains = [
        FiniteDomain::range(-2..=3),
        FiniteDomain::new([3, -1, 0, 7]),
        FiniteDomain::new(["a", "b", "ab", ""]),
        FiniteDomain::new([Value::from(1), Value::from(true), Value::from("1"), Value::from((1,)), Value::None]),
        FiniteDomain::new([Value::from((1, "a")), Value::from((2, "b")), Value::from((true, "a"))]),
        FiniteDomain::new([true, false]),
        FiniteDomain::range(0..=1),
    ];
    let names = ["a", "b", "c"];
    let (mut solved, mut refused) = (0, 0);
    for seed in 0..20_000 {
        let mut random = Random(seed);
        let depth = 1 + random.below(3);
        let text = text(&mut random, depth);
        let expression = Expression::new(&names, &text).unwrap();
        let chosen = names.map(|_| &domains[random.below(domains.len())]);
        let values = chosen.map(|domain| domain.values().collect::<Vec<_>>());
        let (mut expected, mut wrong) = (Vec::new(), false);
        for a in &values[0] {
            for b in &values[1] {
                for c in &values[2] {
                    match expression.evaluate(&[a.clone(), b.clone(), c.clone()]) {
                        Ok(value) if is_true(&value) => expected.push(format!("a = {a}, b = {b}, c = {c}")),
                        Ok(_) => {}
                        Err(_) => wrong = true,
                    }
                }
            }
        }
        expected.sort();
        let given = names.iter().zip(chosen).map(|(name, domain)| (*name, domain.clone()));
        let problem = Repository::new(&names, given, [make_expression(&names, &text).unwrap()]).unwrap();
        match Solver::new().solve(&problem) {
            Err(error) => {
                assert!(wrong, "{text}: {error}");
                refused += 1;
            }
            Ok(found) => {
                let mut rows: Vec<String> = found.iter().map(|solution| solution.to_string()).collect();
                rows.sort();
                assert_eq!(rows, expected, "seed {seed}, {text}");
                solved += 1;
            }
        }
    }
    assert!(solved > 1000 && refused > 500, "{solved} solved, {refused} refused: too few to tell");
}

#[test]
fn wide_domains_lazy_tests_and_the_best() {
    for seed in 0..40 {
        let mut random = Random(seed);
        // Three variables of more than 64 values: 4,096 combinations are passed by far.
        let sizes = [0; 3].map(|_| 65 + random.below(20) as i64);
        let (k, m) = (2 + random.below(40) as i64, 7 + random.below(30) as i64);
        let holds = move |v: &[i64]| (v[0] * v[1] + k * v[2]) % 97 == m && v[0] != v[2];
        let names = ["a", "b", "c"];
        let given = names.iter().zip(sizes).map(|(name, size)| (*name, FiniteDomain::range(0..=size - 1)));
        let closure =
            move |values: &[Value]| holds(&values.iter().map(|value| value.as_int().unwrap()).collect::<Vec<_>>());
        let lazy = make_expression(&names, closure).unwrap();
        let pair = make_expression(&["a", "b"], format!("(a * {k}) % 5 == b % 5")).unwrap();
        let problem = Repository::new(&names, given, [lazy, pair, Relation::all_distinct().on(&names)]).unwrap();
        let mut expected = Vec::new();
        for a in 0..sizes[0] {
            for b in 0..sizes[1] {
                let fits = |c: &i64| a * k % 5 == b % 5 && a != b && b != *c && holds(&[a, b, *c]);
                expected.extend((0..sizes[2]).filter(fits).map(|c| [a, b, c]));
            }
        }
        let found = Solver::new().iter(&problem).unwrap().map(|row| {
            let row = row.unwrap();
            [0, 1, 2].map(|at| row.value(at).unwrap().as_int().unwrap())
        });
        let mut found: Vec<[i64; 3]> = found.collect();
        found.sort_unstable();
        assert_eq!(found, expected, "seed {seed}");
        for text in ["3*a - b + c", "(a - b) * c % 11"] {
            let value = |row: &[i64; 3]| match text {
                "3*a - b + c" => 3 * row[0] - row[1] + row[2],
                _ => ((row[0] - row[1]) * row[2]).rem_euclid(11),
            };
            let least = Solver::new().minimise(&problem, text).unwrap().map(|best| best.value);
            assert_eq!(least, expected.iter().map(value).min(), "seed {seed}, {text}");
            let greatest = Solver::new().maximise(&problem, text).unwrap().map(|best| best.value);
            assert_eq!(greatest, expected.iter().map(value).max(), "seed {seed}, {text}");
        }
        let some = Solver::new().solutions(5).solve(&problem).unwrap();
        assert_eq!(some.len(), expected.len().min(5));
        match Solver::new().nodes(3).count(&problem) {
            Ok(count) => assert_eq!(count, expected.len()),
            Err(stopped) => assert!(matches!(stopped, Stopped::Limit(_))),
        }
    }
}

#[test]
fn a_network_that_is_undone_is_as_good_as_a_new_one() {
    let digits = Universe::range(0..=5);
    let texts = ["%s < 4", "%s + %s < 7", "(%s + %s * %s) % 3 == 1", "%s != %s", "%s % 2 == 0"];
    for seed in 0..2000 {
        let mut random = Random(seed);
        let mut store = Store::new();
        let vars: Vec<_> = (0..4).map(|_| store.new_domain_var(&digits).unwrap()).collect();
        let (mut old, mut new) = (Network::new(), Network::new());
        for _ in 0..1 + random.below(4) {
            let relation = Relation::template(texts[random.below(texts.len())]).unwrap();
            let Relation::Expression(expression) = &relation else { panic!("no expression") };
            let scope: Vec<_> = (0..expression.variables()).map(|_| vars[random.below(4)]).collect();
            old.post(&relation, &scope).unwrap();
            new.post(&relation, &scope).unwrap();
        }
        let mark = store.mark();
        for _ in 0..random.below(3) {
            // A value that is gone leaves the store alone.
            let _ = store.unify(vars[random.below(4)], random.below(6) as i64);
            old.propagate(&mut store).unwrap();
        }
        let _ = store.undo_to(mark);
        let mark = store.mark();
        let left = |store: &Store| vars.iter().map(|var| store.words(*var).to_vec()).collect::<Vec<_>>();
        let first = old.propagate(&mut store).unwrap().then(|| left(&store));
        let _ = store.undo_to(mark);
        let second = new.propagate(&mut store).unwrap().then(|| left(&store));
        assert_eq!(first, second, "seed {seed}");
    }
}
