//! What the program does, against arithmetic that is done here.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "common/chance.rs"]
mod chance;

use std::collections::BTreeSet;
use std::sync::Arc;

use chance::Random;
use pyprior_core::{Language, LanguageConfig, Symbol};
use pyprior_sketch::{
    EnumerateError, Enumerator, FillError, SampleError, Sampler, Sketch, SketchSource, SketchTokenError, Uniform,
};

fn language(source: &SketchSource) -> Arc<Language> {
    let config = LanguageConfig { max_len: Some(80), value_range: (-4, 9), ..LanguageConfig::default() };
    Language::new(source.widened(source.config(config).unwrap())).unwrap()
}

fn count(text: &str) -> usize {
    let source = SketchSource::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    Enumerator::new(&language(&source), &source).unwrap().inspect(|found| assert!(found.is_ok())).count()
}

/// Constants in order of their places in the fillings.
fn constants(text: &str, places: &[usize]) -> BTreeSet<Vec<i64>> {
    let source = SketchSource::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let language = language(&source);
    let vocab = language.vocab();
    let found = Enumerator::new(&language, &source).unwrap();
    let found = found.map(|found| {
        let found = found.unwrap();
        let all = found.tokens().iter().filter_map(|&token| match vocab.symbol(token) {
            Some(Symbol::Const(value)) => Some(value),
            _ => None,
        });
        let all = all.collect::<Vec<_>>();
        places.iter().map(|&place| all[place]).collect()
    });
    found.collect()
}

#[test]
fn claims_wait_for_constants_behind_their_functions() {
    assert_eq!(count("def f(a):\n    return a + 1\nprint(f(X))\n---\nX in 1..9\nf(X) == 5"), 1);
    let two = "def f(a):\n    return a + X\ndef g(a):\n    return f(a) * Y\nprint(g(1))\n---\nX, Y in 1..3\nf(Y) == 4";
    // X + Y == 4.
    assert_eq!(count(two), 3);
    // The constant is in the function, behind one of two, or in the middle of a statement behind.
    for (text, expected) in [
        ("def f(a):\n    return a + 1\nprint(f(f(X) + Y))\n---\nX, Y in 1..9\nf(X) == Y", 8),
        (
            "def f(a):\n    return a + 1\ndef g(a):\n    return a * X\nprint(f(g(Y)))\n---\nX, Y in 1..4\ng(f(Y)) == 6",
            2,
        ),
        ("def f(a):\n    return a + X\nprint(f(2))\n---\nX in 1..9\nf(X) == 6", 1),
    ] {
        assert_eq!(count(text), expected, "{text}");
    }
}

#[test]
fn a_claim_is_checked_as_early_as_it_can_be() {
    // What stands behind X is not gone through for an X that is wrong.
    let text = "def f(a):\n    return a + 1\nprint(f(X))\nprint(Y + Z)\n---\nX, Y, Z in 1..9\nf(X) == 5\nY + Z == 10";
    let source = SketchSource::parse(text).unwrap();
    let mut all = Enumerator::new(&language(&source), &source).unwrap();
    assert_eq!(all.by_ref().inspect(|found| assert!(found.is_ok())).count(), 9);
    assert!(all.nodes() < 60, "{}", all.nodes());
}

#[test]
fn what_is_not_known_satisfies_nothing() {
    let three = "def f(n):\n    for i in range(n):\n        for j in range(n):\n            for k in range(n):\n                s = i\n    return 7\nprint(f(X))\n---\noption value_range = 0..99\nX in {2, 99}\n";
    // Within 100,000 steps f(2) returns 7 and prints it, and f(99) does not end.
    for (claim, expected) in [
        ("f(X) == 7", 1),
        ("f(X) != 7", 0),
        ("not f(X) == 7", 0),
        ("not f(X) != 7", 1),
        ("f(X) == 7 or X == 99", 2),
        ("f(X) == 7 and X == 99", 0),
        ("not (f(X) == 7 and X == 2)", 1),
        ("all_distinct(f(X), 7)", 0),
        ("not all_distinct(f(X), X)", 0),
        ("prints == \"7\\n\"", 1),
        ("prints != \"6\\n\"", 1),
        ("not prints == \"6\\n\"", 1),
    ] {
        assert_eq!(count(&format!("{three}{claim}")), expected, "{claim}");
    }
    // Division by zero in relations.
    for (claim, expected) in
        [("X // 0 == 1", 0), ("X // 0 != 1", 0), ("not X // 0 == 1", 0), ("6 // X == 3 or X == 0", 2)]
    {
        let text = format!("print(X)\n---\nX in 0..3\n{claim}");
        let source = SketchSource::parse(&text).unwrap();
        let found = Enumerator::new(&language(&source), &source).map_or(0, |all| all.count());
        assert_eq!(found, expected, "{claim}");
    }
}

#[test]
fn long_integers_are_ordered() {
    let power = "def f(n):\n    r = 1\n    for i in range(n):\n        r = r * X\n    return r\nprint(X)\n---\noption value_range = -99..99\nX in {-99, 99}\n";
    for (claim, expected) in [
        ("f(30) > 0", 2),
        ("f(31) > 0", 1),
        ("f(31) < 0", 1),
        ("f(30) < f(32)", 2),
        ("f(31) < f(33)", 1),
        ("f(33) < f(31) < -5", 1),
        ("f(30) == f(30)", 2),
        ("f(31) != f(30)", 2),
        ("all_distinct(f(30), f(31), f(32), 3)", 2),
        ("f(30) <= 99", 0),
    ] {
        assert_eq!(count(&format!("{power}{claim}")), expected, "{claim}");
    }
}

#[test]
fn runs_end_at_their_limit_and_prove_nothing() {
    let body = "def f(n):\n    for i in range(40):\n        for j in range(40):\n            for k in range(20):\n                s = n\n    return E\nprint(f(1))\n---\noption value_range = -99..99\nE in expr(depth <= 0)\n";
    // One check that goes over thousands of cases, each of them long.
    let source = SketchSource::parse(&format!("{body}f(x) == x for x in 0..90000")).unwrap();
    let language = language(&source);
    let sketch = Sketch::new(&language, &source).unwrap();
    let mut sampler = Sampler::new(&sketch, Uniform::new(1)).unwrap().with_tries(1_000_000);
    let found = sampler.sample().unwrap_err();
    assert!(matches!(found, SampleError::Token(SketchTokenError::Fill(FillError::Steps { .. }))), "{found}");
    let mut all = Enumerator::new(&language, &source).unwrap();
    let error = all.find_map(Result::err).unwrap();
    assert!(matches!(error, EnumerateError::Token(SketchTokenError::Fill(FillError::Steps { .. }))), "{error}");
    // Many checks that are short: together they have a limit too.
    let source = SketchSource::parse(&format!("{body}f(1) == 1000")).unwrap();
    let sketch = Sketch::new(&language, &source).unwrap();
    let mut sampler = Sampler::new(&sketch, Uniform::new(1)).unwrap().with_steps(500_000);
    assert_eq!(sampler.sample().unwrap_err(), SampleError::Steps { steps: 500_000, distinct: false });
    assert!(sampler.tries() < 20, "{}", sampler.tries());
    let mut all = Enumerator::new(&language, &source).unwrap().with_steps(500_000);
    assert_eq!(all.next().unwrap().unwrap_err(), EnumerateError::Steps { limit: 500_000 });
}

/// Constants of a program of two functions, and a line behind them; relations and behaviour
/// are evaluated here.
#[test]
fn constants_and_behaviour_as_arithmetic_has_them() {
    type Relation = (&'static str, fn(i64, i64, i64) -> bool);
    let relations: [Relation; 7] = [
        ("X < Y", |x, y, _| x < y),
        ("X + Y == Z", |x, y, z| x + y == z),
        ("all_distinct(X, Y, Z)", |x, y, z| x != y && y != z && x != z),
        ("not (X * Y == Z)", |x, y, z| x * y != z),
        ("(X == Y or Y < Z) and (X + 1) * 2 != Z", |x, y, z| (x == y || y < z) && (x + 1) * 2 != z),
        ("Z // 2 == X % 3", |x, _, z| z.div_euclid(2) == x.rem_euclid(3)),
        ("X * x <= Z + 6 for x in {-1, 1..2}, y in 0..1", |x, _, z| [-1, 1, 2].iter().all(|i| x * i <= z + 6)),
    ];
    type Behaviour = (&'static str, fn(i64, i64, i64) -> bool);
    let behaviours: [Behaviour; 9] = [
        ("f(X) == Y", |x, y, _| x * x + y == y),
        ("f(1) == 3", |x, y, _| x + y == 3),
        ("g(X) > f(Z)", |x, y, z| x * x + y - z > z * x + y),
        ("g(Z) != 4", |x, y, z| z * x + y - z != 4),
        ("f(x) == f(-x) for x in -2..2", |x, _, _| x == 0),
        ("prints == \"6\\n\"", |x, y, z| z * x + y - z == 6),
        ("prints != \"6\\n\"", |x, y, z| z * x + y - z != 6),
        ("not f(Z) == g(X) + Y", |x, y, z| z * x + y != x * x + y - z + y),
        ("f(-2) <= 3 or g(Z) == Z", |x, y, z| y - 2 * x <= 3 || z * x + y - z == z),
    ];
    let mut random = Random(0xC0FF_EE00_1234_5678);
    let (mut some, mut none) = (0, 0);
    for _ in 0..150 {
        let relation = relations[random.below(relations.len())];
        let first = behaviours[random.below(behaviours.len())];
        let second = if random.one_in(3) { first } else { behaviours[random.below(behaviours.len())] };
        let chosen = [first, second];
        // Z stands in the second function and behind both: which of them is first is the claim's affair.
        let text = format!(
            "def f(a):\n    return a * X + Y\ndef g(b):\n    return f(b) - Z\nprint(g(Z))\n---\nX, Y, Z in -2..4\n{}\n{}\n{}",
            relation.0, chosen[0].0, chosen[1].0
        );
        let mut expected = BTreeSet::new();
        for x in -2..=4_i64 {
            for y in -2..=4_i64 {
                for z in -2..=4_i64 {
                    if relation.1(x, y, z) && chosen.iter().all(|claim| claim.1(x, y, z)) {
                        expected.insert(vec![x, y, z]);
                    }
                }
            }
        }
        assert_eq!(constants(&text, &[0, 1, 2]), expected, "{text}");
        some += usize::from(!expected.is_empty());
        none += usize::from(expected.is_empty());
    }
    assert!(some > 20 && none > 5, "{some} {none}");
}
