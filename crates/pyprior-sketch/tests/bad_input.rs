//! What is refused, where, and in which words; and what ends at its limit.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use pyprior_core::{Language, LanguageConfig};
use pyprior_sketch::{
    EnumerateError, Enumerator, FillError, SampleError, Sampler, Sketch, SketchMatcher, SketchSource, Uniform,
};

/// A sketch and the beginning of what is said of it.
const CASES: [(&str, &str); 66] = [
    ("", "1:1: the program of the sketch is empty"),
    ("---\nX in 1..9", "1:1: the program of the sketch is empty"),
    ("print(1", "1:6: a bracket is not closed"),
    ("print(1 $ 2)", "1:9: unexpected character '$'"),
    ("print(99999999999999999999)", "1:7: `99999999999999999999` is no integer of 64 bits"),
    ("print(1) print(2)", "1:10: expected the end of the line, found `print`"),
    ("  print(1)", "1:3: this line is indented"),
    ("if 1 < 2:\n    print(1)\n", "3:1: an `if` of the language always has an `else`"),
    ("if 1 < 2:\n    print(1)\n  print(2)", "3:3: this indentation fits no block"),
    ("if 1 < 2:\nprint(1)", "2:1: expected an indented block"),
    ("\tprint(1)", "1:1: indentation is of spaces"),
    ("X = 3", "1:1: expected a statement, found the hole X"),
    ("print(f(1))", "1:7: `f` is not bound here"),
    ("print(F(1))", "1:8: expected `)`, found `(`"),
    ("print(a)", "1:7: `a` is not bound here"),
    ("print(1 < 2 < 3)", "1:13: comparisons and holes for operators do not chain"),
    ("print(100)", "1:7: the constant 100: the language has no token for it"),
    ("return 1", "1:1: `return`: it stands outside of a function"),
    ("print(1)\nprint(2)\nprint(3)", "1:1: a block of 3 statements: the language has blocks of at most 2"),
    ("print(1)\ndef f():\n    return 1", "2:1: `def`: a block of several statements does not end with a definition"),
    ("def f():\n    return 1\n    print(2)\nprint(1)", "2:5: `return`: statements follow it"),
    ("def f(a, a):\n    return 1\nprint(1)", "1:10: the parameter `a` is there twice"),
    ("def f(a):\n    return a\nprint(f())", "3:7: `f`: it has 1 parameters, and is given 0 values"),
    ("def f(a): return a\nf = 3", "2:1: `f`: it is the name of a function"),
    ("print(((((1+1)+1)+1)+1)+1)", "1:11: this operation: expressions nest to depth 3"),
    ("...\nprint(1)", "1:1: not supported: "),
    ("print(X)\n---\nY in 1..9", "3:1: the program has no hole Y"),
    ("print(X)\n---\nX in 9..1", "3:6: the range 9..1 is empty"),
    (
        "print(X)\n---\nX in 1..9\nX in 20..30",
        "4:1: contradictory domains: nothing is left for X (X in 1..9; X in 20..30; constants of the language: -99..99)",
    ),
    ("print(X)\n---\nX in 200..300", "3:1: contradictory domains: nothing is left for X"),
    ("print(X)\n---\nX in {}", "3:6: the set is empty"),
    ("print(X)\n---\nX in {+, *}", "3:1: the hole X cannot stand for an expression and for an operator"),
    ("print(1 X 2)\nX\n---\n", "2:1: the hole X cannot stand for an operator and for a statement"),
    ("print(X)\n---\nX in wild", "3:6: unknown domain `wild`"),
    ("print(X)\n---\nX < 3", "3:1: not supported: X stands for an expression; relations are between constants"),
    (
        "print(X + Y)\n---\nX, Y in 1..3\nX < Y\n  Y < X",
        "5:3: contradictory relations: no constants for X, Y satisfy them all",
    ),
    ("print(X)\n---\nuses(b)", "3:1: `b` is not bound here"),
    (
        "print(X)\n---\ntokens <= 3\ntokens >= 5",
        "4:1: contradictory bounds: tokens would have to be at least 5 and at most 3",
    ),
    ("print(X)\n---\ncount(wild, for) <= 1", "3:7: `wild` is no form"),
    ("print(X)\n---\ndepth == 2", "3:1: a depth is bounded from above"),
    ("print(X)\n---\nf(2) == 3", "3:1: `f`: the sketch does not define it"),
    ("print(X)\n---\nprints == 6", "3:11: what is printed is compared with a text"),
    ("print(X)\n---\nprints == \"6", "3:11: a text is not closed"),
    ("print(X)\n---\noption wild = 3", "3:8: unknown option `wild`"),
    ("print(X)\n---\n  option max_len = many", "3:10: the option max_len is a number"),
    ("print(X)\n---\ncount(+) <= -1", "3:13: expected a number from 0"),
    ("S\n---\nrenamed(S)", "3:9: not supported: S is a statement"),
    ("print(X)\n---\nX == 1 for x in 1..1000000", "3:1: too many cases of a `for`"),
    ("print(1)\n\rprint(2)\n", "2:1: unexpected character '\\r'"),
    ("print(X)\n---\nX in 1..3\n\rX == 2", "4:1: unexpected character '\\r'"),
    ("print(True)", "1:7: expected an expression, found `True`, which has a meaning of its own"),
    ("print(None)", "1:7: expected an expression, found `None`"),
    ("False\n", "1:1: expected a statement, found `False`"),
    ("print(X)\n---\nTrue in 1..9", "3:6: expected one of `< <= == != >= >`, found `in`"),
    ("print(X)\n---\nX in 1..9\nX == x for x in 1..1, x in 2..2", "4:23: `x` is there twice"),
    (
        "def f(a):\n    return a\ndef g(f):\n    return 2\nprint(1)\n---\noption max_block_stmts = 3",
        "3:7: the parameter `f`: it is the name of a function",
    ),
    (
        "f = 3\ndef f(a):\n    return a\nprint(1)\n---\noption max_block_stmts = 3",
        "2:1: `f`: it is the name of a variable",
    ),
    ("def f(a):\n    print(a)\nprint(f(2))", "3:7: `f`: it does not return on every path"),
    (
        "def f(a):\n    if a < 1:\n        return 1\n    else:\n        print(E)\nprint(f(2))",
        "6:7: `f`: it does not return on every path",
    ),
    ("print(9223372036854775808)", "1:7: `9223372036854775808` is no integer of 64 bits"),
    ("print(-9223372036854775809)", "1:8: `9223372036854775809` is no integer of 64 bits"),
    ("print(-9223372036854775808)", "1:7: the constant -9223372036854775808: the language has no token for it"),
    ("print(X)\n---\nX in 1..9\nnot (X == 3", "4:5: a bracket is not closed"),
    ("print(X)\n---\nX in 1..9\n(X == 3) == 4", "4:10: expected the end of the line, found `==`"),
    ("print(X)\n---\nX in 1..9\n1 == 2", "4:1: `1 == 2` does not hold"),
    (
        "print(X)\n---\nX in 1..9\nX * 9223372036854775807 * 9223372036854775807 > 0",
        "4:1: not supported: `X * 9223372036854775807 * 9223372036854775807 > 0`: its arithmetic may go beyond",
    ),
];

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (text, expected) in CASES {
        let error = match Sketch::parse(text) {
            Err(error) => error.to_string(),
            Ok(_) => "no error".to_owned(),
        };
        assert!(error.starts_with(expected), "{text:?}\n  says     {error}\n  expected {expected}");
    }
}

#[test]
fn whatever_is_written_is_answered() {
    // Bits and pieces in any order: no panic, and no stack that is used up.
    let pieces = [
        "print(",
        ")",
        "X",
        "_",
        "...",
        "\n",
        "\n    ",
        "if ",
        ":",
        "else",
        "def f(a)",
        "return ",
        "for i in range(",
        "a = ",
        " < ",
        " + ",
        "---\n",
        "X in ",
        "1..9",
        "{",
        "}",
        "all_distinct(",
        ",",
        "uses(",
        "tokens <= ",
        "9",
        "-",
        "\"",
        "for x in ",
        "==",
        "option ",
        "é",
        "\t",
        "not ",
        "(",
        "count(",
        "prints == \"a\"",
        "#",
    ];
    let mut state = 12345_u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..state % 14 + 1 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(pieces[(state >> 33) as usize % pieces.len()]);
        }
        state = state.rotate_left(7).wrapping_add(1);
        if let Err(error) = Sketch::parse(&text) {
            assert!(error.place.line >= 1 && error.place.column >= 1, "{text:?}");
        }
    }
    for text in
        ["(".repeat(100_000), "-".repeat(100_000), format!("print({}1)", "(".repeat(5_000)), "if 1<2:\n".repeat(3_000)]
    {
        assert!(Sketch::parse(&text).is_err());
        assert!(Sketch::parse(&format!("print(X)\n---\n{text}")).is_err());
    }
    assert!(Sketch::parse(&format!("print(1{})", "+1".repeat(50_000))).is_err());
    assert!(Sketch::parse(&format!("print({})", "f(".repeat(50_000))).is_err());
}

#[test]
fn searches_end_at_their_limits() {
    let source =
        SketchSource::parse("def f(n):\n    return E\nprint(f(1))\n---\nf(1) == 2\nf(1) == 3\nuses(n)").unwrap();
    let language = Language::new(LanguageConfig { max_len: Some(40), ..LanguageConfig::default() }).unwrap();
    let mut all = Enumerator::new(&language, &source).unwrap().with_node_limit(500);
    assert_eq!(all.next().unwrap().unwrap_err(), EnumerateError::Nodes { limit: 500 });
    assert!(all.next().is_none());
    let sketch = Sketch::new(&language, &source).unwrap();
    let mut sampler = Sampler::new(&sketch, Uniform::new(1)).unwrap().with_tries(50);
    assert_eq!(sampler.sample().unwrap_err(), SampleError::Tries { tries: 50, distinct: false });
    let sketch = Sketch::with_work(&language, &source, 10).unwrap();
    assert_eq!(SketchMatcher::new(&sketch).unwrap_err(), FillError::Work { work: 10 });
}

#[test]
fn a_row_is_as_the_cores() {
    let sketch =
        Sketch::parse("def f(a):\n    return E\nprint(f(X))\n---\nE in expr(depth <= 1)\nuses(a)\nX in {1, 5}")
            .unwrap();
    let language = Arc::clone(sketch.language());
    let vocab = language.vocab();
    let mut row = SketchMatcher::new(&sketch).unwrap();
    let mut mask = pyprior_core::TokenBitmask::new(1, vocab.len());
    let mut legal_before = Vec::new();
    while !row.is_terminated() {
        let legal = row.legal_tokens().unwrap();
        row.fill_next_token_bitmask(&mut mask, 0).unwrap();
        let bits =
            (0..vocab.len() as u32).filter(|t| mask.data()[*t as usize / 32] >> (t % 32) & 1 == 1).collect::<Vec<_>>();
        assert_eq!(bits, legal);
        let illegal = (0..vocab.len() as u32).find(|token| !legal.contains(token)).unwrap();
        let tokens = row.tokens().to_vec();
        assert!(row.accept_token(illegal).is_err());
        assert_eq!((row.tokens(), row.legal_tokens().unwrap()), (&tokens[..], legal.clone()));
        row.accept_token(*legal.last().unwrap()).unwrap();
        legal_before.push(legal);
    }
    assert_eq!(row.legal_tokens().unwrap(), [vocab.pad()]);
    row.accept_token(vocab.pad()).unwrap();
    let tokens = row.tokens().to_vec();
    for n in 1..=tokens.len() {
        let mut back = row.fork();
        back.rollback(n).unwrap();
        assert_eq!(back.tokens(), &tokens[..tokens.len() - n]);
        assert_eq!(back.legal_tokens().unwrap(), legal_before[tokens.len() - n]);
    }
    assert!(row.rollback(tokens.len() + 1).is_err());
    assert_eq!(row.tokens(), tokens);
    row.reset();
    assert_eq!(row.legal_tokens().unwrap(), legal_before[0]);
}
