//! The ten sketches of `examples/sketches`, with answers that are known without this crate.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use pyprior_core::{Language, LanguageConfig};
use pyprior_sketch::{ByPrior, Enumerator, FillError, Sampler, Sketch, SketchSource, Uniform};

fn read(name: &str) -> SketchSource {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/sketches").join(format!("{name}.sketch"));
    SketchSource::parse(&std::fs::read_to_string(path).unwrap()).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn language(source: &SketchSource) -> Arc<Language> {
    let config = source.config(LanguageConfig { max_len: Some(60), ..LanguageConfig::default() }).unwrap();
    Language::new(source.widened(config)).unwrap()
}

fn all(name: &str) -> Vec<String> {
    let source = read(name);
    let found = Enumerator::new(&language(&source), &source).unwrap_or_else(|error| panic!("{name}: {error}"));
    let found = found.map(|found| found.unwrap_or_else(|error| panic!("{name}: {error}")).source()).collect::<Vec<_>>();
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), found.len(), "{name} has one twice");
    found
}

#[test]
fn a_sum() {
    let expected = ["print(1 + 9)", "print(2 + 8)", "print(3 + 7)", "print(4 + 6)"];
    assert_eq!(all("sum"), expected);
}

#[test]
fn a_magic_square_has_eight_forms() {
    let found = all("magic");
    assert_eq!(found.len(), 8);
    assert!(found.contains(&"print((2 + 7) + 6)\nprint((9 + 5) + 1)\nprint((4 + 3) + 8)".to_owned()), "{found:?}");
}

#[test]
fn worksheets_have_one_answer() {
    let found = all("worksheet");
    // price(3) + price(12) = 15 Each - Off = 51: Each 4 and Off 9, and Many is neither and lies in 4..10.
    let many = (4..=10).filter(|many| *many != 4 && *many != 9);
    let expected = many.map(|many| {
        format!(
            "def price(n):\n    if n < {many}:\n        cost = n * 4\n    else:\n        cost = (n * 4) - 9\n    return cost\nprint(price(3) + price(12))"
        )
    });
    assert_eq!(found, expected.collect::<Vec<_>>());
}

#[test]
fn repairs_of_a_loop() {
    // s + i + 1 in every order of its three parts that 5 tokens allow: 3! times two ways to put parentheses.
    let found = all("debugging");
    let sums = found.iter().filter(|source| !source.contains('-') && !source.contains('<')).count();
    assert_eq!(sums, 12, "{found:#?}");
    assert!(found.iter().all(|source| source.contains("for i in range(n)")));
    assert!(found.iter().any(|source| source.contains("s = (s + i) + 1") || source.contains("s = s + (i + 1)")));
}

#[test]
fn pairs_agree_where_they_should() {
    // At (2, 2): 4 or 0 against 4 or 0; at (1, 3): 4 or -2 against 3 or -2. So + and * alone, for 3 X, 10 Y and 10 Z.
    let found = all("pairs");
    assert_eq!(found.len(), 300);
    assert!(found.iter().all(|source| source.contains("(a + b)") && source.contains("(a * b)")));
}

#[test]
fn one_expression_at_two_places() {
    // Leaves: 0, 1 and the one variable of both; sums of two of them.
    let found = all("twice");
    assert_eq!(found.len(), 3 + 9);
    assert!(found.iter().all(|source| source.contains("print(0)")));
}

#[test]
fn alike_up_to_renaming() {
    let found = all("renamed");
    // Leaf: 0 alone is the same; a or b, each to a or b: 1 + 4. Two leaves under + or -: 0 0, one way; 0 with a variable on
    // either side, 4 ways each; twice the same variable, 4 ways; two that differ, 2 × 2: 1 + 8 + 4 + 4.
    assert_eq!(found.len(), 5 + 2 * 17);
}

#[test]
fn names_behind_holes_for_statements() {
    let found = all("statements");
    // print(0), print(1), and an assignment of 0 or 1 to a variable that is not b.
    assert_eq!(found.len(), 4);
    for source in found {
        assert!(source.ends_with("\nb = 1\nprint(b)"), "{source}");
    }
}

#[test]
fn what_is_impossible_is_proved() {
    let source = read("impossible");
    let sketch = Sketch::new(&language(&source), &source).unwrap();
    assert_eq!(sketch.can_be_filled(), Ok(false));
    assert_eq!(Sampler::new(&sketch, Uniform::new(1)).unwrap_err(), FillError::NoFilling);
    assert!(all("impossible").is_empty());
}

#[test]
fn loops_that_print_six() {
    let sum = |x: i64, y: i64| (0..x).map(|i| i + y).sum::<i64>();
    let expected = (2..=4).flat_map(|x| (0..=2).map(move |y| (x, y))).filter(|&(x, y)| sum(x, y) == 6).count();
    let found = all("loop");
    assert_eq!(found.len(), expected);
    assert!(found.iter().all(|source| source.contains("s + (i + ")));
}

#[test]
fn samples_are_fillings_and_hang_on_the_seed_alone() {
    for name in ["worksheet", "pairs", "statements", "renamed", "twice", "magic"] {
        let source = read(name);
        let language = language(&source);
        let every = Enumerator::new(&language, &source)
            .unwrap()
            .map(|it| it.unwrap().tokens().to_vec())
            .collect::<BTreeSet<_>>();
        let draw = |seed| {
            let sketch = Sketch::new(&language, &source).unwrap();
            let mut sampler = Sampler::new(&sketch, Uniform::new(seed)).unwrap();
            (0..50).map(|_| sampler.sample().unwrap().tokens().to_vec()).collect::<Vec<_>>()
        };
        let first = draw(7);
        assert!(first.iter().all(|tokens| every.contains(tokens)), "{name}");
        assert_eq!(first, draw(7), "{name}");
        assert_ne!(first, draw(8), "{name}");
        let sketch = Sketch::new(&language, &source).unwrap();
        let prior = ByPrior::new(&sketch, pyprior_core::PriorConfig::default(), 3).unwrap();
        let mut sampler = Sampler::new(&sketch, prior).unwrap();
        assert!((0..20).all(|_| every.contains(sampler.sample().unwrap().tokens())), "{name}");
    }
}

#[test]
fn relations_that_only_propagation_solves() {
    // SEND + MORE == MONEY has one solution; a search in the order of the holes would go through millions.
    let text = "print(S + E)\nprint(N + D)\nprint(M + O)\nprint(R + Y)\n---\n\
        E, N, D, O, R, Y in 0..9\nS, M in 1..9\nall_distinct(S, E, N, D, M, O, R, Y)\n\
        1000 * S + 100 * E + 10 * N + D + 1000 * M + 100 * O + 10 * R + E == 10000 * M + 1000 * O + 100 * N + 10 * E + Y";
    let source = SketchSource::parse(text).unwrap();
    let found =
        Enumerator::new(&language(&source), &source).unwrap().map(|it| it.unwrap().source()).collect::<Vec<_>>();
    assert_eq!(found, ["print(9 + 5)\nprint(6 + 7)\nprint(1 + 0)\nprint(8 + 2)"]);
}
