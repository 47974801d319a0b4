//! Large sketches, and what ends at a limit.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pyprior_core::{Language, LanguageConfig};
use pyprior_sketch::{
    DEFAULT_WORK, Enumerator, FillError, SampleError, Sampler, Sketch, SketchErrorKind, SketchMatcher, SketchSource,
    Uniform,
};

fn language(source: &SketchSource) -> Arc<Language> {
    let config = LanguageConfig { max_len: Some(60), ..LanguageConfig::default() };
    Language::new(source.widened(source.config(config).unwrap())).unwrap()
}

fn read(text: &str) -> (SketchSource, Arc<Language>) {
    let source = SketchSource::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let language = language(&source);
    (source, language)
}

#[test]
fn programs_of_every_size_are_enumerated() {
    // An expression of n operators takes 2 n + 1 tokens, and all have at least as many as asked for.
    for (bound, least) in
        [("== 201", 201), (">= 129", 129), (">= 200", 201), ("> 256", 257), ("== 63", 63), (">= 64", 65)]
    {
        let text = format!(
            "print(E)\n---\noption max_len = 300\noption max_expr_depth = 8\noption value_range = 0..0\noption exclude = SUB, MUL, compare\ntokens {bound}"
        );
        let (source, language) = read(&text);
        let sizes = |all: Enumerator| all.take(3).map(|found| found.unwrap().tokens().len()).collect::<Vec<_>>();
        // A block, a statement, an odd number of tokens.
        assert_eq!(sizes(Enumerator::new(&language, &source).unwrap()), [least; 3], "{bound}");
        for first in [1, 5, 64, 150, 1_000_000] {
            let all = Enumerator::new(&language, &source).unwrap().with_first_sizes(first);
            assert_eq!(sizes(all), [least; 3], "{bound} {first}");
        }
    }
    let (source, language) = read("print(E)\n---\noption max_len = 300\ntokens == 200\ncount(call) == 0");
    let mut none = Enumerator::new(&language, &source).unwrap();
    assert!(none.next().is_none());
}

#[test]
fn rows_outlive_what_is_forgotten() {
    // Bytes that are too few for anything: every question begins anew, and rows on their way go on.
    let (source, language) =
        read("def f(a, b):\n    S\n    return E\nprint(f(1, 2) + E)\n---\nE in expr(depth <= 2)\nrenamed(E)");
    let draw = |memory: usize| {
        let sketch = Sketch::with_limits(&language, &source, DEFAULT_WORK, memory).unwrap();
        let mut sampler = Sampler::new(&sketch, Uniform::new(5)).unwrap();
        (0..20).map(|_| sampler.sample().unwrap().tokens().to_vec()).collect::<Vec<_>>()
    };
    let expected = draw(usize::MAX);
    for memory in [0, 1_000, 20_000] {
        assert_eq!(draw(memory), expected, "{memory}");
    }
}

#[test]
fn relations_over_many_cases_end_at_the_work_limit() {
    let (source, language) =
        read("print(X + Y + Z)\n---\nX, Y, Z in -99..99\nX + Y + Z == 100000 or x < 100000 for x in 1..100000");
    let start = Instant::now();
    let sketch = Sketch::with_work(&language, &source, 2_000_000).unwrap();
    let error = Sampler::new(&sketch, Uniform::new(1)).unwrap_err();
    assert_eq!(error, FillError::Work { work: 2_000_000 });
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn what_could_not_be_found_out_is_not_asked_again() {
    let (source, language) =
        read("...\n---\noption max_len = 200\noption max_block_stmts = 20\noption max_expr_depth = 9");
    let sketch = Sketch::with_work(&language, &source, 3_000_000).unwrap();
    let start = Instant::now();
    assert_eq!(SketchMatcher::new(&sketch).unwrap_err(), FillError::Work { work: 3_000_000 });
    let first = start.elapsed();
    for _ in 0..50 {
        assert_eq!(sketch.can_be_filled(), Err(FillError::Work { work: 3_000_000 }));
    }
    assert!(start.elapsed() < first * 3 + Duration::from_millis(50), "{first:?} {:?}", start.elapsed());
}

#[test]
fn an_expression_that_occurs_often_behind_a_statement() {
    let text = |between: &str| {
        format!(
            "S\n{}---\noption max_expr_depth = 0\noption max_len = 40\noption max_control_depth = 0\noption max_funcs = 0\noption value_range = 0..1\nE in expr",
            format!("{between}print(E)\n").repeat(5)
        )
    };
    let (source, language) = read(&text(""));
    let found =
        Enumerator::new(&language, &source).unwrap().map(|found| found.unwrap().source()).collect::<BTreeSet<_>>();
    // S prints 0 or 1, and E is 0 or 1; or S assigns one of them, and E may be what it binds.
    assert_eq!(found.len(), 2 * 2 + 2 * 3);
    // Fixed assignments between them: each has one variable more.
    let (source, language) = read(&text("a = 1\n"));
    assert!(Sketch::new(&language, &source).unwrap().can_be_filled().unwrap());
    // Holes between them: an error of its own.
    let (source, language) = read(&text("_\n"));
    let error = Sketch::new(&language, &source).unwrap().can_be_filled().unwrap_err();
    assert_eq!(error, FillError::Places { limit: 4_096 });
}

#[test]
fn renaming_among_many_parameters() {
    let names = |count: usize| (0..count).map(|nth| format!("p{nth}")).collect::<Vec<_>>().join(", ");
    let text = format!(
        "def f({}):\n    return E\ndef g({}):\n    return E\nprint(0)\n---\noption value_range = 0..0\noption exclude = SUB, MUL, compare, CALL\noption max_expr_depth = 1\nrenamed(E)\nE in expr(tokens == 3)",
        names(14),
        names(2)
    );
    let (source, language) = read(&text);
    let found = Enumerator::new(&language, &source).unwrap().inspect(|found| assert!(found.is_ok())).count();
    // 0 + 0; one of 14 on either side, to one of 2; the same twice; two that differ, to both orders.
    assert_eq!(found, 1 + 2 * 14 * 2 + 14 * 2 + 14 * 13 * 2);
}

#[test]
fn eight_counts_can_be_enumerated() {
    let limit = |count: usize| {
        let words = ["if", "for", "def", "call", "var", "const", "assign", "return"];
        let lines = words[..count].iter().map(|word| format!("count({word}) <= 1\n")).collect::<String>();
        format!("print(X)\n---\nX in 1..3\noption max_len = none\n{lines}")
    };
    let (source, language) = read(&limit(7));
    assert_eq!(Enumerator::new(&language, &source).unwrap().filter(Result::is_ok).count(), 3);
    let (source, language) = read(&limit(8));
    let error = Sketch::new(&language, &source).unwrap_err();
    assert_eq!(error.place.line, 12);
    assert!(matches!(error.kind, SketchErrorKind::TooMany { limit: 7, .. }), "{error}");
}

#[test]
fn a_language_is_as_wide_as_what_is_written() {
    let text = "def f(a, b, c):\n    if a < 1:\n        d = 120\n    else:\n        d = 1 + (2 + (3 + (4 + 5)))\n    e = d\n    return e\nprint(1)\nprint(f(1, 2, X))\nprint(3)\nprint(4)\n---\nX in 200..201\n";
    let source = SketchSource::parse(text).unwrap();
    let narrow = LanguageConfig {
        max_block_stmts: 2,
        max_vars: 2,
        max_expr_depth: 1,
        max_funcs: 0,
        max_control_depth: 0,
        max_arity: Some(1),
        ..LanguageConfig::default()
    };
    let wide = source.widened(narrow.clone());
    assert_eq!(
        (
            wide.max_block_stmts,
            wide.max_control_depth,
            wide.max_expr_depth,
            wide.max_funcs,
            wide.max_vars,
            wide.max_arity
        ),
        (5, 1, 4, 1, 5, Some(3))
    );
    assert_eq!(wide.value_range, (-99, 201));
    let language = Language::new(wide).unwrap();
    assert_eq!(Enumerator::new(&language, &source).unwrap().inspect(|found| assert!(found.is_ok())).count(), 2);
    // What is wide already stays, and so does what an option sets.
    let roomy = LanguageConfig {
        max_block_stmts: 9,
        max_vars: 20,
        max_expr_depth: 7,
        value_range: (-500, 500),
        ..LanguageConfig::default()
    };
    assert_eq!(source.widened(roomy.clone()), roomy);
    let set = SketchSource::parse(&format!("{text}option max_block_stmts = 3\noption value_range = 0..9\n")).unwrap();
    let kept = set.widened(set.config(narrow).unwrap());
    assert_eq!((kept.max_block_stmts, kept.value_range), (3, (0, 9)));
    // More constants than a language has.
    let many = SketchSource::parse("print(X)\n---\nX in 0..100000").unwrap();
    assert_eq!(many.widened(LanguageConfig::default()).value_range, LanguageConfig::default().value_range);
}

#[test]
fn samples_without_repetition() {
    let (source, language) = read("print(X + Y)\n---\nX, Y in 1..3\nX != Y");
    let sketch = Sketch::new(&language, &source).unwrap();
    let mut sampler = Sampler::new(&sketch, Uniform::new(3)).unwrap().with_tries(5_000).distinct();
    let found = (0..6).map(|_| sampler.sample().unwrap().source()).collect::<BTreeSet<_>>();
    assert_eq!(found.len(), 6);
    assert_eq!(sampler.sample().unwrap_err(), SampleError::Tries { tries: 5_000, distinct: true });
    let mut again = Sampler::new(&sketch, Uniform::new(3)).unwrap();
    let again = (0..60).map(|_| again.sample().unwrap().source()).collect::<Vec<_>>();
    assert!(again.iter().collect::<BTreeSet<_>>().len() <= 6);
}

#[test]
fn forms_in_parentheses() {
    let count = |claim: &str| {
        let (source, language) = read(&format!("print(X + Y)\n---\nX, Y in 1..9\n{claim}"));
        Enumerator::new(&language, &source).unwrap().inspect(|found| assert!(found.is_ok())).count()
    };
    assert_eq!(count("not (X == 3)"), 72);
    assert_eq!(count("(X < 3 or Y < 3) and X + Y == 10"), 4);
    assert_eq!(count("((X + Y) * (2)) == 20"), 9);
    assert_eq!(count("(X + Y) * 2 == 20 and (((X)) < (Y))"), 4);
    assert_eq!(count("not (not (X == 1 and (Y == 2 or Y == 3)))"), 2);
    assert_eq!(count("(all_distinct(X, Y)) or (X == 9)"), 73);
    assert_eq!(count("-9223372036854775808 < X"), 81);
}
