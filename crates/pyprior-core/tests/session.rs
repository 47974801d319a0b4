//! What sessions keep.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;

use pyprior_core::exec::{ExecError, Limits, Outcome, Program, Session, Value, run_batch};
use pyprior_core::{Encoder, Language, LanguageConfig, ProgramSampler};

struct Repl {
    language: Arc<Language>,
    session: Session,
}

impl Repl {
    fn exec(&mut self, source: &str) -> Outcome {
        let found = Encoder::new(&self.language).encode(source).unwrap();
        let program = Program::from_tokens(&self.language, &found.tokens).unwrap();
        self.session.exec(Arc::new(program), &found.names)
    }

    fn get(&self, name: &str) -> Option<String> {
        self.session.get(name).map(ToString::to_string)
    }
}

#[test]
fn sessions_keep_names() {
    let config = LanguageConfig { max_block_stmts: 9, ..LanguageConfig::default() };
    let limits = Limits { fuel: 100, ..Limits::default() };
    let mut repl = Repl { language: Language::new(config).unwrap(), session: Session::new(limits) };
    let first =
        repl.exec("def f(n):\n    y = n * 2\n    return y\nx = f(4)\nfor i in range(3):\n    x = x + i\nprint(x)");
    assert_eq!((first.stdout.as_str(), first.error), ("11\n", None));
    assert_eq!([repl.get("x"), repl.get("i")], [Some("11".to_owned()), Some("2".to_owned())]);
    // A function's own variables are not the module's.
    assert_eq!([repl.get("y"), repl.get("n"), repl.get("f")], [None, None, None]);
    assert_eq!(repl.session.call("f", &[Value::Int(21)]).value, Value::Int(42));
    // Later programs bind names again; a name is a variable or a function.
    repl.exec("def x(a):\n    return a\ni = 50\nf = 1");
    assert_eq!([repl.get("x"), repl.get("i"), repl.get("f")], [None, Some("50".to_owned()), Some("1".to_owned())]);
    assert_eq!(repl.session.functions().collect::<Vec<_>>(), ["x"]);
    let gone = repl.session.call("f", &[Value::Int(1)]);
    assert_eq!(gone.error, Some(ExecError::NoFunction { name: "f".to_owned() }));
    // What ends early leaves what it has come to.
    let early =
        repl.exec("def g(a):\n    return a\nx = 7\nfor j in range(99):\n    x = j\ndef h(a):\n    return a\nx = 0");
    assert_eq!((early.steps, early.error), (100, Some(ExecError::OutOfFuel { fuel: 100 })));
    assert_eq!(repl.get("x"), Some("47".to_owned()));
    let mut functions = repl.session.functions().collect::<Vec<_>>();
    functions.sort_unstable();
    assert_eq!(functions, ["g"]);
}

#[test]
fn batches_are_in_order_for_any_threads() {
    let language = Language::new(LanguageConfig { max_len: Some(40), ..LanguageConfig::default() }).unwrap();
    let sampled = ProgramSampler::new(&language, 3).sample(0..3000).unwrap();
    let programs = sampled.iter().map(|tokens| Program::from_tokens(&language, tokens).unwrap()).collect::<Vec<_>>();
    let limits = Limits { fuel: 500, ..Limits::default() };
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let one = pool(1).install(|| run_batch(&programs, limits));
    assert_eq!(one, pool(4).install(|| run_batch(&programs, limits)));
    let mut machine = pyprior_core::exec::Machine::new(limits);
    assert!(one.iter().zip(&programs).all(|(outcome, program)| *outcome == machine.outcome(program, None)));
    let text = serde_json::to_string(&one).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Outcome>>(&text).unwrap(), one);
}
