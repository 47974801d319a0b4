//! Against brute force: all programs of a small language, and which of them fit a sketch by the definition.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;
#[path = "common/random.rs"]
mod random;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use common::{Asked, Case, Op, PBlock, PExpr, PStmt, Random, programs};
use pyprior_core::ast::Module;
use pyprior_core::{Language, LanguageConfig};
use pyprior_sketch::{Enumerator, FillError, Sketch, SketchErrorKind, SketchMatcher, SketchSource};

fn languages() -> Vec<LanguageConfig> {
    let base = LanguageConfig {
        value_range: (0, 1),
        max_vars: 2,
        max_funcs: 0,
        max_block_stmts: 2,
        max_expr_depth: 1,
        max_control_depth: 1,
        max_len: Some(8),
        exclude: vec!["SUB".into(), "MUL".into(), "EQ".into()],
        ..LanguageConfig::default()
    };
    let functions = LanguageConfig {
        max_funcs: 1,
        max_arity: Some(2),
        max_len: Some(10),
        value_range: (0, 0),
        exclude: ["SUB", "MUL", "EQ", "for", "if"].map(String::from).to_vec(),
        ..base.clone()
    };
    let branches = LanguageConfig {
        value_range: (0, 0),
        max_len: Some(12),
        max_expr_depth: 0,
        exclude: ["EQ", "for", "binop"].map(String::from).to_vec(),
        ..base.clone()
    };
    let returning = LanguageConfig {
        max_funcs: 1,
        max_arity: Some(1),
        max_len: Some(14),
        value_range: (0, 0),
        max_expr_depth: 0,
        exclude: ["EQ", "for", "assign"].map(String::from).to_vec(),
        ..base.clone()
    };
    let loops = LanguageConfig {
        max_len: Some(11),
        value_range: (0, 0),
        max_vars: 3,
        max_expr_depth: 0,
        max_control_depth: 1,
        exclude: ["LT", "if", "FOR2"].map(String::from).to_vec(),
        ..base.clone()
    };
    let mut old = LanguageConfig { max_len: Some(12), ..returning.clone() };
    old.set_profile(pyprior_core::Profile::PyPrior002);
    let loose = LanguageConfig { no_dead_code: false, max_len: Some(11), ..returning.clone() };
    vec![base, functions, branches, returning, loops, old, loose]
}

struct World {
    language: Arc<Language>,
    programs: Vec<(Vec<u32>, Module)>,
}

fn worlds() -> Vec<World> {
    languages().into_iter().map(world).collect()
}

/// Holds one sketch against the definition; how many programs fit it, or `None` if it is refused.
fn check(world: &World, case: &Case) -> Option<usize> {
    let text = case.text();
    let source = SketchSource::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let sketch = match Sketch::new(&world.language, &source) {
        Ok(sketch) => sketch,
        Err(error) => {
            let fits = |(tokens, module): &&(Vec<u32>, Module)| {
                case.fits(module, tokens.len(), world.language.config().max_vars as u8)
            };
            match error.kind {
                // What these say is that there is nothing.
                SketchErrorKind::EmptyDomain { .. }
                | SketchErrorKind::EmptyBounds { .. }
                | SketchErrorKind::NoSolution { .. } => {
                    assert!(!world.programs.iter().any(|program| fits(&program)), "{error}\n{text}");
                }
                SketchErrorKind::NotInLanguage { .. } | SketchErrorKind::Unbound { .. } => {
                    assert!(!world.programs.iter().any(|program| fits(&program)), "{error}\n{text}");
                }
                SketchErrorKind::Kinds { .. }
                | SketchErrorKind::Unsupported { .. }
                | SketchErrorKind::TooMany { .. } => {}
                kind => panic!("{kind}\n{text}"),
            }
            return None;
        }
    };
    let max_vars = world.language.config().max_vars as u8;
    let fitting = world.programs.iter().filter(|(tokens, module)| case.fits(module, tokens.len(), max_vars));
    let expected = fitting.map(|(tokens, _)| tokens.clone()).collect::<BTreeSet<_>>();
    // Sizes in one go or a few at a time, with all answers kept, some, or none.
    let nth = text.len();
    let found = Enumerator::new(&world.language, &source).unwrap();
    let found = found.with_first_sizes([1, 4, 9, 64][nth % 4]).with_memory([0, 4_000, usize::MAX][nth % 3]);
    let found = found
        .map(|found| {
            found.unwrap_or_else(|error| panic!("{error}\n{text}{:?}", world.language.config())).tokens().to_vec()
        })
        .collect::<Vec<_>>();
    let order = found.iter().map(|tokens| (tokens.len(), tokens.clone())).collect::<Vec<_>>();
    assert!(order.is_sorted_by(|a, b| a < b), "order or duplicates\n{text}");
    let names = |tokens: &Vec<u32>| {
        tokens.iter().map(|&t| world.language.vocab().name(t).unwrap()).collect::<Vec<_>>().join(" ")
    };
    let set = found.into_iter().collect::<BTreeSet<_>>();
    if let Some(extra) = set.difference(&expected).next() {
        panic!("does not fit: {}\n{text}{case:?}", names(extra));
    }
    if let Some(missing) = expected.difference(&set).next() {
        panic!("is missing: {}\n{text}{case:?}", names(missing));
    }
    prefixes(&sketch, &expected, &text);
    if nth.is_multiple_of(5) {
        let forgetful = Sketch::with_limits(&world.language, &source, pyprior_sketch::DEFAULT_WORK, 2_000).unwrap();
        prefixes(&forgetful, &expected, &text);
    }
    Some(expected.len())
}

/// At every prefix, a token is legal if and only if some program goes on with it.
fn prefixes(sketch: &Arc<Sketch>, expected: &BTreeSet<Vec<u32>>, text: &str) {
    let start = match SketchMatcher::new(sketch) {
        Ok(start) => start,
        Err(error) => {
            assert_eq!(error, FillError::NoFilling, "{text}");
            assert!(expected.is_empty(), "{text}");
            return;
        }
    };
    assert!(!expected.is_empty(), "{text}");
    let mut next: BTreeMap<&[u32], BTreeSet<u32>> = BTreeMap::new();
    for program in expected {
        for at in 0..program.len() {
            next.entry(&program[..at]).or_default().insert(program[at]);
        }
    }
    // Parents come before their children.
    let mut rows: HashMap<Vec<u32>, SketchMatcher> = HashMap::from([(Vec::new(), start)]);
    for (prefix, legal) in &next {
        let row = rows.remove(*prefix).unwrap();
        assert_eq!(row.legal_tokens().unwrap(), legal.iter().copied().collect::<Vec<_>>(), "at {prefix:?}\n{text}");
        for &token in legal {
            let mut below = row.clone();
            below.accept_token(token).unwrap();
            rows.insert([prefix, &[token][..]].concat(), below);
        }
    }
}

#[test]
fn random_sketches_are_filled_by_exactly_what_fits() {
    let worlds = worlds();
    let cases = std::env::var("SKETCH_CASES").map_or(1500, |cases| cases.parse().unwrap());
    let seed = std::env::var("SKETCH_SEED").map_or(1, |seed| seed.parse().unwrap());
    let (mut held, mut filled, mut empty) = (0, 0, 0);
    for nth in 0..cases {
        let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ (seed * 1_000_003 + nth as u64));
        random.below(2);
        let world = &worlds[random.below(worlds.len())];
        let (_, module) = &world.programs[random.below(world.programs.len())];
        let case = random::case(&mut random, module);
        match check(world, &case) {
            Some(0) => empty += 1,
            Some(count) => {
                held += 1;
                filled += count;
            }
            None => {}
        }
    }
    eprintln!("{cases} sketches: {held} with fillings, {filled} in all, {empty} proved to have none");
    // Most sketches say something, and not only that there is nothing.
    assert!(held * 3 > cases, "{held} of {cases}");
    assert!(empty > 0);
}

fn world(config: LanguageConfig) -> World {
    let language = Language::new(config).unwrap();
    let programs = programs(&language).into_iter().map(|tokens| {
        let module = language.vocab().tokens_to_ast(&tokens).unwrap();
        (tokens, module)
    });
    World { programs: programs.collect(), language }
}

/// What random sketches seldom come to: numbers that hang on holes before them.
#[test]
fn numbers_that_hang_on_holes() {
    let base = languages().swap_remove(0);
    let name = |name: &str| PExpr::Name(name.to_owned());
    let hole = |name: &str| Some(name.to_owned());
    let zero = || PExpr::Const(0);
    // Whether the second E may read VAR_1 hangs on S.
    let functions = world(LanguageConfig {
        max_funcs: 1,
        max_arity: Some(2),
        max_block_stmts: 3,
        max_expr_depth: 0,
        max_len: Some(12),
        value_range: (0, 0),
        exclude: ["for", "if", "EQ"].map(String::from).to_vec(),
        ..base.clone()
    });
    let body = || PBlock::Stmts(vec![PStmt::Return(PExpr::Hole(hole("E")))]);
    let last = || PStmt::Print(PExpr::Hole(hole("E")));
    let def = || PStmt::Def("f".to_owned(), vec!["a".to_owned(), "b".to_owned()], body());
    let two = Case { body: PBlock::Stmts(vec![def(), PStmt::Hole(hole("S")), last()]), asked: Vec::new() };
    // S prints 0, and E is 0; or S assigns 0, and E is 0 or VAR_1.
    assert_eq!(check(&functions, &two), Some(3));
    let renamed = Case { asked: vec![Asked::Renamed("E".to_owned())], ..two };
    assert_eq!(check(&functions, &renamed), Some(1 + 1 + 2));
    // Which variable x is hangs on S and T, and it can be read behind the branches if it is the same in both.
    let branches = world(LanguageConfig {
        max_block_stmts: 2,
        max_expr_depth: 0,
        max_len: Some(21),
        value_range: (0, 0),
        exclude: ["for", "EQ"].map(String::from).to_vec(),
        ..base
    });
    let branch =
        |hole_name: &str| PBlock::Stmts(vec![PStmt::Hole(hole(hole_name)), PStmt::Assign("x".to_owned(), zero())]);
    let condition = PExpr::Op(Op::Cmp(pyprior_core::Compare::Lt), Box::new(zero()), Box::new(zero()));
    let either = PStmt::If(condition, branch("S"), branch("T"));
    let case = Case { body: PBlock::Stmts(vec![either, PStmt::Print(name("x"))]), asked: Vec::new() };
    // Both print, or both assign.
    assert_eq!(check(&branches, &case), Some(2));
}
