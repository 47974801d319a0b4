//! Programs that are equal up to names have the same tokens: in every program of small languages, and in longer ones whose
//! names are exchanged.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use pyprior_core::{Form, Language, LanguageConfig, Matcher, ProgramSampler, Renderer, TokenBitmask};

use crate::common::Folder;

/// Every program of a language; none if those are more than so many.
fn every(language: &Arc<Language>, most: usize) -> Option<Vec<Vec<u32>>> {
    let mut bitmask = TokenBitmask::new(1, language.vocab().len());
    let mut matcher = Matcher::new(language);
    let (mut programs, mut open) = (Vec::new(), vec![Vec::new()]);
    while let Some(prefix) = open.pop() {
        matcher.rollback(matcher.tokens().len()).unwrap();
        let prefix: Vec<u32> = prefix;
        prefix.iter().for_each(|&token| matcher.accept_token(token).unwrap());
        if matcher.is_terminated() {
            programs.push(prefix);
            if programs.len() > most {
                return None;
            }
            continue;
        }
        matcher.fill_next_token_bitmask(&mut bitmask, 0).unwrap();
        open.extend(bitmask.allowed(0).map(|token| prefix.iter().copied().chain([token]).collect::<Vec<_>>()));
    }
    Some(programs)
}

/// A language without length, small otherwise.
fn small(exclude: &[&str], change: impl Fn(&mut LanguageConfig)) -> LanguageConfig {
    let mut config = LanguageConfig {
        max_vars: 3,
        max_funcs: 2,
        max_arity: Some(2),
        value_range: (0, 0),
        max_block_stmts: 3,
        exclude: exclude.iter().map(|&name| name.to_owned()).collect(),
        ..LanguageConfig::default()
    };
    change(&mut config);
    config
}

/// For each source the number of the first that is equal up to names, by Python's trees; `None` without Python.
fn first_of_each(sources: &[String]) -> Option<Vec<usize>> {
    let folder = Folder::new("equal");
    let path = folder.path().join("programs");
    let lines = sources.iter().map(|source| serde_json::to_string(source).unwrap() + "\n").collect::<String>();
    fs::write(&path, lines).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rename.py");
    let Ok(output) = Command::new("python3").arg(script).arg(&path).output() else {
        println!("skipped: python3 is missing");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let numbers = String::from_utf8(output.stdout).unwrap();
    Some(numbers.split_whitespace().skip(1).map(|number| number.parse().unwrap()).collect())
}

#[test]
fn every_program_of_small_languages_differs_in_more_than_names() {
    // At most so many programs of each language: of as many tokens as that allows.
    let most = std::env::var("PYPRIOR_EQUAL").map_or(1, |times| times.parse().unwrap()) * 6_000;
    let languages = [
        // Variables: assigned, assigned again, in branches, in loops and after them.
        small(&["func", "CALL", "binop", "FOR2", "EQ"], |it| it.max_expr_depth = 0),
        small(&["func", "CALL", "binop", "for", "EQ", "BLK_3"], |it| it.max_expr_depth = 0),
        small(&["func", "CALL", "compare", "if", "FOR", "BLK_3"], |it| it.max_expr_depth = 1),
        // Functions: called, called by each other, never called, with parameters and variables of their own.
        small(&["binop", "compare", "if", "for", "assign"], |it| it.max_expr_depth = 2),
        small(&["binop", "compare", "if", "for"], |it| it.max_expr_depth = 1),
        small(&["binop", "compare", "if", "FOR2", "ARITY_2", "BLK_3", "PRINT"], |it| it.max_expr_depth = 1),
        // The rules of 0.0.2: a bare comparison, calls of what does not return.
        small(&["binop", "for", "EQ", "if"], |it| {
            it.calls = pyprior_core::Calls::Any;
            it.dead_code = pyprior_core::DeadCode::AfterReturn;
            it.comparison_values = pyprior_core::ComparisonValues::Bool;
            it.max_expr_depth = 1;
        }),
    ];
    let mut all = 0;
    for config in languages {
        let of_length = |len| {
            let language = Language::new(LanguageConfig { max_len: Some(len), ..config.clone() }).unwrap();
            every(&language, most).map(|programs| (language, programs))
        };
        let (language, programs) = (8..26).map_while(of_length).last().unwrap();
        let mut renderer = Renderer::new(&language);
        let sources = programs.iter().map(|program| renderer.render(program).unwrap().to_owned()).collect::<Vec<_>>();
        let Some(first) = first_of_each(&sources) else { return };
        for (nth, &first) in first.iter().enumerate() {
            assert_eq!(nth, first, "{}\n\nis\n\n{}", sources[nth], sources[first]);
        }
        assert!(programs.len() > 300, "{} programs: {:?}", programs.len(), language.config());
        let longest = language.config().max_len.unwrap();
        println!("{} programs of at most {longest} tokens, each of its own", programs.len());
        all += programs.len();
    }
    println!("{all} programs in all");
}

#[test]
fn the_renamer_renames() {
    let sources = [
        "a = 1\nprint(a)",
        "b = 1\nprint(b)",
        // Names of a scope are not those of another.
        "def f(a):\n    return a\nb = f(1)",
        "def g(x):\n    return x\nx = g(1)",
        "def f(a):\n    b = a\n    return b",
        "def f(b):\n    a = b\n    return a",
        // The same is done, but by one name instead of two, or in another order of definitions.
        "a = 1\nprint(a)\na = 2\nprint(a)",
        "a = 1\nprint(a)\nb = 2\nprint(b)",
        "def f(a):\n    return a\ndef g(a):\n    return 1\nprint(f(1))",
        "def f(a):\n    return 1\ndef g(a):\n    return a\nprint(g(1))",
    ];
    let Some(first) = first_of_each(&sources.map(str::to_owned)) else { return };
    assert_eq!(first, [0, 0, 2, 2, 4, 4, 6, 7, 8, 9]);
}

#[test]
fn exchanged_names_are_not_legal() {
    // Without parameters, which are not named by tokens.
    let config = LanguageConfig { max_len: Some(60), max_arity: Some(0), ..LanguageConfig::default() };
    let language = Language::new(config).unwrap();
    let (vocab, sampler) = (language.vocab(), ProgramSampler::new(&language, 5));
    let mut exchanged = 0;
    for program in sampler.sample(0..20_000).unwrap().iter() {
        for form in [Form::Var, Form::Func] {
            let first = vocab.ids_of(form).start;
            // Neighbours suffice: every permutation is a product of them, and the others are tried as well.
            for (a, b) in [(0, 1), (1, 2), (0, 2), (2, 3)].map(|(a, b)| (first + a, first + b)) {
                let exchange = |&token: &u32| match token {
                    token if token == a => b,
                    token if token == b => a,
                    token => token,
                };
                let other = program.iter().map(exchange).collect::<Vec<_>>();
                if other != program {
                    exchanged += 1;
                    let mut matcher = Matcher::new(&language);
                    assert!(other.iter().any(|&token| matcher.accept_token(token).is_err()), "{program:?}");
                }
            }
        }
    }
    assert!(exchanged > 10_000, "{exchanged}");
}
