//! Programs that go on from source: what a prompt's tokens are, and under which names programs are written.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use pyprior_core::{
    Encoder, HoleKind, Language, LanguageConfig, Matcher, NamedError, PriorConfig, ProgramSampler, Renderer, Stage,
};

fn language() -> Arc<Language> {
    Language::new(LanguageConfig { max_block_stmts: 6, max_len: Some(200), ..LanguageConfig::default() }).unwrap()
}

fn names(language: &Language, tokens: &[u32]) -> String {
    tokens.iter().map(|&token| language.vocab().name(token).unwrap()).collect::<Vec<_>>().join(" ")
}

fn prompts(source: &str) -> Vec<String> {
    let language = language();
    let prompts = Encoder::new(&language).encode_prompts(source).unwrap();
    prompts.iter().map(|prompt| names(&language, &prompt.tokens)).collect()
}

#[test]
fn signatures_and_statements() {
    assert_eq!(prompts("def f(a, b)"), ["BLK_1 FUNC_1 ARITY_2"]);
    assert_eq!(prompts("def f(): # nothing yet\n\n"), ["BLK_1 FUNC_1 ARITY_0"]);
    let sized = |rest: &str| (3..=6).map(|size| format!("BLK_{size} {rest}")).collect::<Vec<_>>();
    assert_eq!(prompts("x = 1\nprint(x)\n"), sized("ASSIGN VAR_1 INT_1 PRINT VAR_1"));
    assert_eq!(prompts("x = 1\nfor i in range(x):"), ["BLK_2 ASSIGN VAR_1 INT_1 FOR VAR_2 VAR_1"]);
    // A def must not be the last of several statements, so there is room for one behind it.
    assert_eq!(prompts("x = 1\ndef f(a):\n"), ["BLK_3 ASSIGN VAR_1 INT_1 FUNC_1 ARITY_1"]);
    assert_eq!(prompts("if 1 < 2:\n    x = 1\nelse:"), ["BLK_1 IF LT INT_1 INT_2 BLK_1 ASSIGN VAR_1 INT_1"]);
    assert_eq!(prompts("if 1 < 2:"), ["BLK_1 IF LT INT_1 INT_2"]);
    assert_eq!(
        prompts("if 1 < 2:\n\tx = 1\nelif 2 < 3:"),
        ["BLK_1 IF LT INT_1 INT_2 BLK_1 ASSIGN VAR_1 INT_1 BLK_1 IF LT INT_2 INT_3"]
    );
    assert_eq!(
        prompts("for i in range(2):\n    y = i\n    if i < y:"),
        ["BLK_1 FOR VAR_1 INT_2 BLK_2 ASSIGN VAR_2 VAR_1 IF LT VAR_1 VAR_2"]
    );
}

#[test]
fn what_starts_no_program_is_refused() {
    let language = language();
    let refuse = |source: &str| {
        let error = Encoder::new(&language).encode_prompts(source).unwrap_err();
        format!("{error} ({})", error.stage())
    };
    assert_eq!(refuse(""), "1:1: the program is empty (subset)");
    assert_eq!(refuse("x = y"), "1:5: `y` is read before it is assigned (names)");
    assert_eq!(refuse("def f(a=1):"), "1:8: not part of the language: default values of parameters (subset)");
    assert_eq!(refuse("while x:").split(": ").next(), Some("1:1"));
    assert_eq!(refuse("def print(a)"), "1:5: `print` cannot be assigned: it has a meaning of its own (names)");
    assert_eq!(Encoder::new(&language).encode_prompts("x = \0").unwrap_err().stage(), Stage::Source);
    let whole = "x = 1\n".repeat(6);
    assert!(Encoder::new(&language).encode_prompts(&whole).is_err(), "there is no room behind six statements");
}

/// The first statements of programs, read as prompts, are their first tokens; programs drawn from there, written under
/// the prompt's names, are read as the same tokens.
#[test]
fn programs_go_on_from_their_first_statements() {
    let language = language();
    let (mut encoder, mut renderer) = (Encoder::new(&language), Renderer::new(&language));
    let prior = PriorConfig { length_decay: 2.0, w_if: 3.0, ..PriorConfig::default() };
    let sampler = ProgramSampler::with_prior(&language, prior, 4).unwrap();
    let (mut compared, mut written, mut nameless) = (0, 0, 0);
    for (nth, tokens) in (0..).zip(sampler.sample(0..2000).unwrap().iter()) {
        let tree = language.vocab().tokens_to_ast(tokens).unwrap();
        let source = renderer.render(tokens).unwrap().replace("foo", "bar_7");
        // Statements of the module begin without indentation; `else` belongs to one.
        let starts = source.match_indices('\n').map(|(at, _)| at + 1);
        let starts = starts.filter(|&at| !source[at..].starts_with([' ', '\n']) && !source[at..].starts_with("else:"));
        let starts = starts.collect::<Vec<_>>();
        assert_eq!(starts.len() + 1, tree.body.len(), "{source}");
        let Some(&end) = starts.get(nth % starts.len().max(1)) else { continue };
        let prompts = encoder.encode_prompts(&source[..end]).unwrap();
        let prompt = prompts.iter().find(|prompt| usize::from(prompt.statements) == tree.body.len()).unwrap();
        assert!(tokens.starts_with(&prompt.tokens), "{}", &source[..end]);
        compared += 1;
        let from_here = sampler.clone().with_prefix(&prompt.tokens).unwrap().sample(0..3).unwrap();
        for tokens in from_here.iter() {
            match renderer.render_continued(tokens, &prompt.names) {
                Ok(text) => {
                    assert!(text.starts_with(source[..end].trim_end()), "{text}\n---\n{}", &source[..end]);
                    assert_eq!(encoder.encode(text).unwrap().tokens, tokens, "{text}");
                    written += 1;
                }
                Err(NamedError::Nameless { .. }) => nameless += 1,
                Err(error) => panic!("{error}\n{}", &source[..end]),
            }
        }
    }
    println!("{compared} prompts; {written} programs written under their names, {nameless} read what has none");
    assert!(compared > 1000 && written > 20 * nameless);
}

#[test]
fn names_go_on_too() {
    let language = language();
    let (mut encoder, mut renderer) = (Encoder::new(&language), Renderer::new(&language));
    let mut write = |source: &str, rest: &str| {
        let prompt = encoder.encode_prompts(source).unwrap().remove(0);
        let ids = rest.split_whitespace().map(|name| language.vocab().id_of(name).unwrap());
        let tokens = prompt.tokens.iter().copied().chain(ids).collect::<Vec<_>>();
        renderer.render_continued(&tokens, &prompt.names).map(str::to_owned)
    };
    // `a` is taken, the loop's variable is out of sight, and its number gets a name of its own.
    let text = write("a = 1\nfor i in range(a):\n    print(i)\n", "ASSIGN VAR_2 VAR_1").unwrap();
    assert_eq!(text, "a = 1\nfor i in range(a):\n    print(i)\nb = a");
    // What is visible keeps its name; functions take theirs from the pool.
    let text = write("func = 1\n", "ASSIGN VAR_1 INT_2").unwrap();
    assert_eq!(text, "func = 1\nfunc = 2");
    let text = write("def g(n)", "BLK_2 ASSIGN VAR_2 VAR_1 RETURN VAR_2").unwrap();
    assert_eq!(text, "def g(n):\n    a = n\n    return a");
    let two = "if 1 < 2:\n    x = 1\nelse:\n    y = 2\n";
    assert_eq!(write(two, "PRINT VAR_1"), Err(NamedError::Nameless { scope: 0, var: 1 }));
    assert_eq!(write(two, "ASSIGN VAR_1 INT_3").unwrap(), two.to_owned() + "a = 3");
}

#[test]
fn open_blocks_are_where_the_next_token_stands() {
    let language = language();
    let (mut encoder, mut renderer) = (Encoder::new(&language), Renderer::new(&language));
    let prior = PriorConfig { length_decay: 2.0, w_if: 3.0, ..PriorConfig::default() };
    let mut compared = 0;
    for tokens in ProgramSampler::with_prior(&language, prior, 5).unwrap().sample(0..1000).unwrap().iter() {
        let source = renderer.render(tokens).unwrap().to_owned();
        for (at, _) in source.match_indices(":\n") {
            let Ok(prompts) = encoder.encode_prompts(&source[..=at]) else {
                // Statements above the open one may need others behind them: a def, or an if that returns.
                continue;
            };
            let [prompt] = &prompts[..] else { panic!("one prompt") };
            let matcher = Matcher::with_prefix(&language, &prompt.tokens).unwrap();
            assert_eq!(matcher.frontier().map(|found| found.kind), Some(HoleKind::Block), "{}", &source[..=at]);
            compared += 1;
        }
    }
    assert!(compared > 1000, "{compared}");
}
