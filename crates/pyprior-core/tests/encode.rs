//! Source to tokens: what is written is read back, in whatever words.
//!
//! `PYPRIOR_ENCODE` (1) multiplies the number of programs, `PYPRIOR_SEED` (1) says which.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use common::disguise::disguise;
use common::{Random, env};
use pyprior_core::{
    ComparisonValues, EncodeErrorKind, EncodeOptions, Encoder, Language, LanguageConfig, NamedError, Profile,
    ProgramNames, ProgramSampler, Renderer, Stage,
};
use rayon::prelude::*;

const PROGRAMS: u64 = 100_000;
const DISGUISED: u64 = 10_000;

/// Eight languages, four of each profile.
fn configs() -> Vec<LanguageConfig> {
    let of = |profile| LanguageConfig { max_len: Some(60), ..LanguageConfig::with_profile(profile) };
    let mut configs = Vec::new();
    for profile in [Profile::Sound, Profile::PyPrior002] {
        let base = of(profile);
        configs.push(base.clone());
        configs.push(LanguageConfig {
            value_range: (-3, 9),
            max_vars: 3,
            max_block_stmts: 4,
            max_control_depth: 4,
            ..base.clone()
        });
        configs.push(LanguageConfig {
            value_range: (i64::MIN, i64::MIN + 5),
            max_len: Some(300),
            max_funcs: 20,
            max_block_stmts: 8,
            max_expr_depth: 60,
            max_control_depth: 20,
            max_arity: Some(3),
            ..base.clone()
        });
        configs.push(LanguageConfig {
            no_dead_code: false,
            base_vocab: 1000,
            max_vars: 1,
            max_block_stmts: 3,
            max_len: Some(120),
            ..base
        });
    }
    configs
}

/// Runs a check on sampled programs of every language, `count` in all.
fn on_programs(count: u64, check: impl Fn(&mut Encoder, &mut Renderer<'_>, &Language, &[u32], u64) + Sync) {
    let seed = env("PYPRIOR_SEED", 1);
    let share = count * env("PYPRIOR_ENCODE", 1) / 8;
    for config in configs() {
        let language = Language::new(config).unwrap();
        let sampler = ProgramSampler::new(&language, seed);
        for start in (0..share).step_by(10_000) {
            let programs = sampler.sample(start..share.min(start + 10_000)).unwrap();
            let numbers = (0..programs.len()).collect::<Vec<_>>();
            numbers.par_chunks(500).for_each(|numbers| {
                let (mut encoder, mut renderer) = (Encoder::new(&language), Renderer::new(&language));
                for &nth in numbers {
                    let tokens = programs.get(nth).unwrap();
                    check(&mut encoder, &mut renderer, &language, tokens, start + nth as u64);
                }
            });
        }
    }
}

#[test]
fn what_is_rendered_is_read_back() {
    on_programs(PROGRAMS, |encoder, renderer, language, tokens, _| {
        let source = renderer.render(tokens).unwrap().to_owned();
        let found = encoder.encode(&source).unwrap_or_else(|error| panic!("{error}\n{source}"));
        assert_eq!(found.tokens, tokens, "{source}");
        assert_eq!(found.tree, language.vocab().tokens_to_ast(tokens).unwrap());
        assert_eq!(renderer.program_names(tokens).unwrap(), found.names, "{source}");
        assert_eq!(renderer.render_named(tokens, &found.names).unwrap(), source);
    });
}

#[test]
fn what_is_disguised_is_read_back() {
    on_programs(DISGUISED, |encoder, renderer, language, tokens, number| {
        let mut random = Random(number);
        let tree = language.vocab().tokens_to_ast(tokens).unwrap();
        let int = language.config().comparison_values == ComparisonValues::Int;
        let source = disguise(&tree, int, &mut random);
        let found = encoder.encode(&source).unwrap_or_else(|error| panic!("{error}\n{source}"));
        assert_eq!(found.tokens, tokens, "{source}");
        assert_eq!(found.tree, tree);
        // Under its own names the program is written so that it reads the same again, names included.
        let plain = renderer.render_named(tokens, &found.names).unwrap_or_else(|error| panic!("{error}\n{source}"));
        let again = encoder.encode(plain).unwrap_or_else(|error| panic!("{error}\n{plain}"));
        assert_eq!(again, found, "{source}\n{plain}");
    });
}

fn encoder(config: LanguageConfig) -> Encoder {
    Encoder::new(&Language::new(config).unwrap())
}

fn wide() -> LanguageConfig {
    LanguageConfig { max_block_stmts: 8, max_control_depth: 5, max_expr_depth: 5, ..LanguageConfig::default() }
}

/// Names of the tokens of a source, and the source written again.
fn both(config: &LanguageConfig, source: &str) -> (String, String) {
    let language = Language::new(config.clone()).unwrap();
    let found = Encoder::new(&language).encode(source).unwrap_or_else(|error| panic!("{error}\n{source}"));
    let names = found.tokens.iter().filter_map(|&token| language.vocab().name(token)).collect::<Vec<_>>();
    let again = Renderer::new(&language).render_named(&found.tokens, &found.names).unwrap().to_owned();
    (names.join(" "), again)
}

#[test]
fn names_are_per_scope_and_per_binding() {
    // Two loops in a row with variables of their own, and a scope that shares names with the module.
    let source = "def f(n):\n    x = 1\n    return n + x\nx = f(3)\nfor i in range(3):\n    print(i)\n\
                  for j in range(3):\n    print(j + x)";
    let (tokens, again) = both(&wide(), source);
    assert_eq!(again, source);
    assert!(
        tokens.contains("FOR VAR_2 INT_3 BLK_1 PRINT VAR_2 FOR VAR_2 INT_3 BLK_1 PRINT ADD VAR_2 VAR_1"),
        "{tokens}"
    );
    // Branches that give one variable two names, neither of which is read again.
    let source = "if 1 < 2:\n    a = 1\nelse:\n    b = 2\nc = 3\nprint(c)";
    let (tokens, again) = both(&wide(), source);
    assert_eq!(again, source);
    assert!(tokens.ends_with("ASSIGN VAR_2 INT_3 PRINT VAR_2"), "{tokens}");
    // Where no other is left, the variable without a name is taken.
    let (tokens, again) = both(&LanguageConfig { max_vars: 1, ..wide() }, source);
    assert_eq!(again, source);
    assert!(tokens.ends_with("ASSIGN VAR_1 INT_3 PRINT VAR_1"), "{tokens}");
    // The order in the branches differs, and one of the two names is assigned again before it is read.
    let source = "if 1 < 2:\n    a = 1\n    b = 2\nelse:\n    b = 3\n    a = 4\na = 5\nprint(a)";
    assert_eq!(both(&wide(), source).1, source);
    // In normal form KC these are one name, as they are for Python.
    assert_eq!(both(&wide(), "ﬁ = 1\nprint(fi)").1, "fi = 1\nprint(fi)");
}

#[test]
fn comparisons_as_values() {
    let int = wide();
    let boolean = LanguageConfig { comparison_values: ComparisonValues::Bool, ..wide() };
    let kind = |config: &LanguageConfig, source: &str| encoder(config.clone()).encode(source).unwrap_err().kind;
    assert_eq!(both(&int, "x = int((1 < 2))").0, "BLK_1 ASSIGN VAR_1 LT INT_1 INT_2");
    assert_eq!(both(&boolean, "x = 1 < 2").1, "x = (1 < 2)");
    assert_eq!(kind(&int, "x = 1 < 2"), EncodeErrorKind::BareComparison);
    assert_eq!(kind(&boolean, "x = int(1 < 2)"), EncodeErrorKind::IntUnused);
    let normalise = EncodeOptions { normalise: true, ..EncodeOptions::default() };
    let language = Language::new(int).unwrap();
    let found = Encoder::with_options(&language, normalise).encode("x = 1 + (1 < 2)").unwrap();
    assert_eq!(Renderer::new(&language).render_named(&found.tokens, &found.names), Ok("x = 1 + int(1 < 2)"));
}

#[test]
fn names_of_another_program_are_refused() {
    let language = Language::new(wide()).unwrap();
    let mut encoder = Encoder::new(&language);
    let tokens = encoder
        .encode("def f(a, b):\n    a = b\n    return a\nx = 1\nfor i in range(x):\n    x = f(i, x)")
        .unwrap()
        .tokens;
    let mut renderer = Renderer::new(&language);
    let mut refuse = |funcs: &[&str], module: &[&str], def: &[&str]| {
        let own = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let names = ProgramNames::new(own(funcs), vec![own(module), own(def)]).unwrap();
        renderer.render_named(&tokens, &names).err()
    };
    let def = &["p", "q", "p"][..];
    assert_eq!(refuse(&["g"], &["x", "i", "x"], def), None);
    let text = |error: Option<NamedError>| error.unwrap().to_string();
    let twice = "in the module, \"x\" would name two variables at a time";
    assert_eq!(text(refuse(&["g"], &["x", "x", "x"], def)), twice);
    let renamed = "in the module, VAR_1 is \"x\" and cannot become \"y\" while that can be read";
    assert_eq!(text(refuse(&["g"], &["x", "i", "y"], def)), renamed);
    let twice = "in FUNC_1, \"p\" would name two variables at a time";
    assert_eq!(text(refuse(&["g"], &["x", "i", "x"], &["p", "p", "p"])), twice);
    assert_eq!(refuse(&[], &["x", "i", "x"], def), Some(NamedError::NoFunction { func: 1 }));
    assert_eq!(refuse(&["g"], &["x", "i"], def), Some(NamedError::NoBinding { scope: 0, count: 2 }));
    assert_eq!(refuse(&["g"], &["x", "i", "x", "x"], def), Some(NamedError::LeftOver));
    assert_eq!(refuse(&["g", "h"], &["x", "i", "x"], def), Some(NamedError::LeftOver));
    assert!(matches!(renderer.render_named(&tokens[1..], &ProgramNames::default()), Err(NamedError::Decode(_))));
    for (funcs, var) in [("f", "f"), ("f", "print"), ("def", "x"), ("f", "2x"), ("f", ""), ("f", "ﬁ"), ("f", "x y")] {
        assert!(ProgramNames::new(vec![funcs.to_owned()], vec![vec![var.to_owned()]]).is_err(), "{funcs} {var}");
    }
    let json = r#"{"funcs":["f"],"scopes":[["f"]]}"#;
    assert!(serde_json::from_str::<ProgramNames>(json).unwrap_err().to_string().contains("given twice"));
}

#[test]
fn places_are_lines_and_characters() {
    let place = |source: &str| {
        let error = encoder(wide()).encode(source).unwrap_err();
        (error.line, error.column)
    };
    assert_eq!(place("é = 1\r\né = 1 + ü"), (2, 9));
    assert_eq!(place("\u{feff}x = y"), (1, 5));
    assert_eq!(place("x = 1\r\t y = 2"), (2, 1));
    let bytes = |source: &[u8]| encoder(wide()).encode_bytes(source).unwrap_err();
    let error = bytes(b"x = 1\n# \xc3\xa9\xff");
    assert_eq!((error.line, error.column, error.kind), (2, 4, EncodeErrorKind::NotUtf8));
    // A lone surrogate, as Python writes it in UTF-8 when told to.
    assert_eq!(bytes(b"x\xed\xa0\x80 = 1").stage(), Stage::Source);
    assert_eq!(encoder(wide()).encode_bytes("x = 1  # é".as_bytes()).unwrap().names.scopes(), [["x"]]);
}

/// Constants of any 64 bits, in the tree and when it runs; tokens say which of them.
#[test]
fn any_constants() {
    use pyprior_core::EncodeErrorKind as Kind;
    use pyprior_core::exec::{Limits, Machine, Program};

    let config = LanguageConfig { value_range: (0, 2), max_block_stmts: 9, ..LanguageConfig::default() };
    let language = Language::new(config).unwrap();
    let source = format!("a = {}\nprint(a)\nprint({} - 1)\nprint(40000 * a)\nprint(40000)", i64::MIN, i64::MAX);
    let mut encoder = Encoder::new(&language).any_constants();
    // -2^63, 2^63 - 1, 1: one more is too many.
    let error = encoder.encode(&source).unwrap_err();
    assert_eq!((error.line, error.column, error.kind), (4, 7, Kind::Constants { max: 3 }));

    let config = LanguageConfig { value_range: (0, 3), ..language.config().clone() };
    let language = Language::new(config).unwrap();
    let read = Encoder::new(&language).any_constants().encode(&source).unwrap();
    let program = Program::from_module(&read.tree, language.config().comparison_values).unwrap();
    let outcome = Machine::new(Limits::default()).outcome(&program, None);
    let (least, largest) = (i128::from(i64::MIN), i128::from(i64::MAX));
    let printed = [least, largest - 1, 40_000 * least, 40_000].map(|value| format!("{value}\n")).concat();
    assert_eq!((outcome.stdout, outcome.error), (printed, None));
    let places =
        read.tokens.iter().filter_map(|&token| language.vocab().name(token)?.strip_prefix("INT_")).collect::<Vec<_>>();
    assert_eq!(places, ["0", "1", "2", "3", "3"]);

    for beyond in ["9223372036854775808", "-9223372036854775809", &"9".repeat(30)] {
        let error = Encoder::new(&language).any_constants().encode(&format!("print({beyond})")).unwrap_err();
        assert_eq!(error.kind, Kind::Constant { value: beyond.to_owned(), low: i64::MIN, high: i64::MAX });
    }
}
