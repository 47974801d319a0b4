//! Which programs pass the filter: every clause of its definition, on both sides.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use pyprior_core::exec::Limits;
use pyprior_core::{Encoder, Language, LanguageConfig, ProgramFilter, Rejected};

fn reason(source: &str) -> &'static str {
    let config = LanguageConfig { max_block_stmts: 9, ..LanguageConfig::default() };
    let language = Language::new(config).unwrap();
    let program = Encoder::new(&language).encode(source).unwrap();
    let mut filter = ProgramFilter::new(&language);
    let first = filter.check(&program.tokens);
    // A filter that has seen programs says the same.
    assert_eq!(filter.check(&program.tokens), first, "{source}");
    match first {
        Ok(()) => "passes",
        Err(Rejected::DeadStore { .. }) => "dead store",
        Err(Rejected::UnusedFunction { .. }) => "unused function",
        Err(Rejected::Run(_)) => "run",
        Err(Rejected::Idle) => "idle",
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn every_clause_on_both_sides() {
    let cases = [
        ("print(1)", "passes"),
        ("a = 1\nprint(a)", "passes"),
        // A store that is read on some path is read.
        ("a = 1\nfor b in range(2):\n    a = a + b\nprint(a)", "passes"),
        ("a = 1", "dead store"),
        ("a = 1\nprint(2)", "dead store"),
        ("a = 1\na = 2\nprint(a)", "dead store"),
        // Loop variables and parameters are no stores.
        ("for a in range(3):\n    print(1)", "passes"),
        ("def f(a):\n    return 1\nprint(f(2))", "passes"),
        ("def f(a):\n    return a\nprint(1)", "unused function"),
        ("def f(a):\n    return a\ndef g(a):\n    return f(a)\nprint(1)", "unused function"),
        ("def f(a):\n    return a\ndef g(a):\n    return f(a)\nprint(g(1))", "passes"),
        // The call cannot run.
        ("def f(a):\n    return a\nfor b in range(0):\n    print(f(b))\nprint(1)", "unused function"),
        // Returns, and prints nothing.
        ("def f(a):\n    return a\nfor b in range(f(2)):\n    for c in range(0):\n        print(1)", "passes"),
        ("for a in range(3):\n    for b in range(0):\n        print(1)", "idle"),
        ("if (1 < 0):\n    print(1)\nelse:\n    for a in range(0):\n        print(1)", "idle"),
    ];
    for (source, wanted) in cases {
        assert_eq!(reason(source), wanted, "{source}");
    }
}

#[test]
fn a_thousand_steps_and_no_more() {
    // 1 for the loop, and 2 for each turn: its own, and the print.
    let source = |turns: u32, before: &str| format!("{before}for a in range({turns}):\n    print(a)");
    let language =
        Language::new(LanguageConfig { value_range: (0, 1000), max_block_stmts: 9, ..LanguageConfig::default() })
            .unwrap();
    let mut encoder = Encoder::new(&language);
    let mut filter = ProgramFilter::new(&language);
    let mut check = |source: &str| filter.check(&encoder.encode(source).unwrap().tokens);
    assert_eq!(check(&source(499, "print(1)\n")), Ok(()));
    assert!(matches!(check(&source(499, "print(1)\nprint(1)\n")), Err(Rejected::Run(_))));
    assert!(matches!(check(&source(500, "")), Err(Rejected::Run(_))));
    let mut filter = ProgramFilter::with_limits(&language, Limits { output_bytes: 3, ..Limits::default() });
    let mut check = |source: &str| filter.check(&encoder.encode(source).unwrap().tokens);
    assert_eq!(check("print(12)"), Ok(()));
    assert!(matches!(check("print(123)"), Err(Rejected::Run(_))));
}

#[test]
fn half_a_program_is_none() {
    let language = Language::new(LanguageConfig::default()).unwrap();
    let mut tokens = Encoder::new(&language).encode("print(1 + 2)").unwrap().tokens;
    tokens.pop();
    assert!(matches!(ProgramFilter::new(&language).check(&tokens), Err(Rejected::Decode(_))));
}
