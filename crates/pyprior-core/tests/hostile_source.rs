//! Sources made to hurt: each gives a value or an error, on a small stack, in bounded time.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::{Duration, Instant};

use pyprior_core::{EncodeError, EncodeErrorKind as Kind, EncodeOptions, Encoded, Encoder, Language, LanguageConfig};

const MILLION: usize = 1_000_000;

fn language() -> std::sync::Arc<Language> {
    let config = LanguageConfig {
        max_block_stmts: 255,
        max_expr_depth: 60,
        max_control_depth: 20,
        max_vars: 255,
        ..LanguageConfig::default()
    };
    Language::new(config).unwrap()
}

/// Encodes on a thread with half a megabyte of stack, a quarter of what a thread usually has.
fn encode(source: impl Into<Vec<u8>>) -> Result<Encoded, EncodeError> {
    let source = source.into();
    let work = move || {
        let options = EncodeOptions { max_source_bytes: 1 << 30, ..EncodeOptions::default() };
        let start = Instant::now();
        let result = Encoder::with_options(&language(), options).encode_bytes(&source);
        // Linear: a second for each ten megabytes, and one for the machine's noise.
        let limit = Duration::from_secs(1 + source.len() as u64 / 10_000_000);
        assert!(start.elapsed() < 10 * limit, "{} bytes took {:?}", source.len(), start.elapsed());
        result
    };
    let thread = std::thread::Builder::new().stack_size(512 << 10).spawn(work).unwrap();
    thread.join().unwrap_or_else(|_| panic!("it panicked"))
}

fn refused(source: impl Into<Vec<u8>>) -> Kind {
    encode(source).unwrap_err().kind
}

#[test]
fn deep_and_long_expressions() {
    let deep = Kind::ExprDepth { max: 60 };
    assert_eq!(refused(format!("x = {}1{}", "(".repeat(MILLION), ")".repeat(MILLION))), Kind::Brackets { max: 200 });
    assert_eq!(refused("(".repeat(MILLION)), Kind::Brackets { max: 200 });
    assert_eq!(refused(format!("x = {}1", "1 + ".repeat(MILLION))), deep);
    assert_eq!(refused(format!("x = {}1", "1*".repeat(MILLION))), deep);
    assert_eq!(refused(format!("x = {}1", "1-(".repeat(MILLION))), Kind::Brackets { max: 200 });
    assert!(matches!(refused(format!("x = {}1", "-".repeat(MILLION))), Kind::Unsupported { .. }));
    assert!(matches!(refused(format!("x = {}1", "- ".repeat(MILLION))), Kind::Unsupported { .. }));
    assert!(matches!(refused(format!("x = {}1", "not ".repeat(MILLION))), Kind::Unsupported { .. }));
    assert!(matches!(refused(format!("x = {}1", "~".repeat(MILLION))), Kind::Unsupported { .. }));
    assert!(matches!(refused(format!("x = {}1", "1 < ".repeat(MILLION))), Kind::Unsupported { .. }));
    assert!(matches!(refused(format!("x = f{}", "()".repeat(MILLION))), Kind::Unsupported { .. }));
    assert!(matches!(refused(format!("x = f{}", "(1)".repeat(MILLION))), Kind::Unsupported { .. }));
    assert!(matches!(refused(format!("x = {}1", "1if 1 else ".repeat(MILLION))), Kind::Unsupported { .. }));
    assert!(matches!(refused(format!("x = {}1", "lambda:".repeat(MILLION))), Kind::Unsupported { .. }));
    assert!(matches!(refused(format!("{}1", "x = ".repeat(MILLION))), Kind::Unsupported { .. }));
    assert!(matches!(refused(format!("x = f({})", "1,".repeat(MILLION))), Kind::Unknown { .. }));
    assert!(matches!(refused(format!("x = ({})", "1,".repeat(MILLION))), Kind::Unsupported { .. }));
    assert!(matches!(refused(format!("def f({}): return 1\nprint(1)", "a,".repeat(MILLION))), Kind::Parameters { .. }));
    // Chains within chains: depths add up, whatever the brackets.
    let inner = format!("({}1)", "1+".repeat(50));
    assert_eq!(refused(format!("x = {inner}{}", format!("+{inner}").repeat(30))), deep);
    assert_eq!(refused(format!("x = {}1{}", "(".repeat(199), "+1)".repeat(199))), deep);
}

#[test]
fn as_deep_as_it_may_be() {
    let sum = format!("x = {}1", "1 + ".repeat(60));
    assert_eq!(encode(sum).unwrap().tokens.len(), 3 + 121);
    let brackets = format!("x = {}1{}", "(".repeat(200), ")".repeat(200));
    assert_eq!(encode(brackets).unwrap().tokens.len(), 4);
    // Operators, brackets and comparisons together.
    let nested = format!("x = {}1{}", "int(1 < ".repeat(60), ")".repeat(60));
    assert_eq!(encode(nested).unwrap().tokens.len(), 3 + 121);
    let calls = format!("def f(a): return a\nx = {}1{}", "((f)(".repeat(60), "))".repeat(60));
    assert!(encode(calls).is_ok());
    let mut blocks =
        (0..20).map(|depth| format!("{}for i{depth} in range(2):\n", " ".repeat(depth))).collect::<String>();
    blocks.push_str(&format!("{}print({}1{})", " ".repeat(20), "(1 + ".repeat(60), ")".repeat(60)));
    assert!(encode(blocks).is_ok());
}

#[test]
fn deep_and_long_statements() {
    let indents =
        |count: usize| (0..count).map(|depth| format!("{}if 1 < 2:\n", " ".repeat(depth))).collect::<String>();
    assert_eq!(refused(indents(2000)), Kind::Indentation { max: 100 });
    let limit = format!("{}{}print(1)\n", indents(100), " ".repeat(100));
    assert!(matches!(refused(limit), Kind::MissingElse | Kind::ControlDepth { .. }));
    assert!(matches!(
        refused(format!("if 1 < 2:\n x = 1\n{}else:\n x = 2", "elif 1 < 2:\n x = 1\n".repeat(MILLION / 10))),
        Kind::ControlDepth { max: 20 }
    ));
    assert!(matches!(refused("if 1 < 2: ".repeat(MILLION / 10)), Kind::Syntax { .. }));
    assert!(matches!(refused("else: ".repeat(MILLION / 10)), Kind::Syntax { .. }));
    assert!(matches!(refused("x = 1;".repeat(MILLION / 10)), Kind::Block { max: 255, .. }));
    assert!(matches!(refused("x = 1\n".repeat(MILLION / 10)), Kind::Block { max: 255, .. }));
    assert!(matches!(refused(" \\\n".repeat(MILLION)), Kind::Syntax { .. } | Kind::Empty));
    assert_eq!(refused("\n".repeat(10 * MILLION)), Kind::Empty);
    assert_eq!(refused("#".repeat(10 * MILLION)), Kind::Empty);
    assert_eq!(refused("# x\n".repeat(MILLION)), Kind::Empty);
}

#[test]
fn huge_sources() {
    let huge = vec![b'x'; 100_000_000];
    let error = Encoder::new(&language()).encode_bytes(&huge).unwrap_err();
    assert_eq!(error.kind, Kind::TooLarge { bytes: 100_000_000, max: 1 << 20 });
    assert_eq!((error.line, error.column), (1, 1));
    let name = "x".repeat(MILLION);
    assert_eq!(encode(format!("{name} = 1\nprint({name})")).unwrap().tokens.len(), 6);
    assert!(matches!(refused(format!("x = {}", "9".repeat(MILLION))), Kind::Constant { .. }));
    assert!(matches!(refused(format!("x = 0x{}", "f".repeat(MILLION))), Kind::Constant { .. }));
    assert_eq!(encode(format!("x = {}", "0".repeat(MILLION))).unwrap().tokens.len(), 4);
}

#[test]
fn odd_texts() {
    for source in
        ["x = 1\r\nprint(x)\r\n", "x = 1\rprint(x)\r", "\u{feff}x = 1\nprint(x)", "\u{c}x = 1\n\u{c}\nprint(x)\u{c}"]
    {
        assert_eq!(encode(source).unwrap().tokens.len(), 6, "{source:?}");
    }
    for source in
        ["x = 1_0", "x = 0x1F", "x = 0b1_0", "x = 0o17", "x = 00", "x = \\\n1", "x\\\r\n=1", "x = (\n\n1 # one\n)"]
    {
        assert_eq!(encode(source).unwrap().tokens.len(), 4, "{source:?}");
    }
    for name in
        ["match", "case", "type", "lazy", "_", "__name__", "é", "print_", "True_", "exec", "async_", "名前", "ⅷ"]
    {
        assert_eq!(encode(format!("{name} = 1\nprint({name})")).unwrap().tokens.len(), 6, "{name}");
    }
    for source in
        [&b"\0"[..], b"x = 1\0", b"\xff", b"\xed\xa0\x80", b"\xc3", b"x = \xf0\x9f\x92", b"\x1b", b"x\x0b= 1", b"\x80"]
    {
        assert!(encode(source).is_err(), "{source:?}");
    }
    // Every text of up to three of these pieces.
    let pieces = [
        "x", "1", "=", "(", ")", ":", ",", "+", "-", "*", "<", "==", "\n", " ", "\t", "\\", ";", "#", "'", "if",
        "else", "for", "in", "def", "return", "print", "range", "int", "0x", "\r", "\u{c}", ".", "é", "!", "->",
        "elif", "0", "_", "@", "\n  ",
    ];
    let mut encoder = Encoder::new(&language());
    for a in pieces {
        for b in pieces {
            for c in pieces {
                for text in [format!("{a}{b}{c}"), format!("{a} {b} {c}"), format!("x={a}{b}{c}\n")] {
                    let _ = encoder.encode(&text);
                }
            }
        }
    }
}
