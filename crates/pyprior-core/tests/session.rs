//! What sessions keep, and what they refuse.

#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::sync::Arc;

use common::running::{configurations, sample};
use common::{Random, env};
use pyprior_core::exec::{ExecError, Limits, Machine, Outcome, Program, Session, SessionError, Value};
use pyprior_core::{Language, LanguageConfig, Profile, Renderer};

/// Everything but the knobs of a program's size.
fn wide(config: &LanguageConfig) -> Arc<Language> {
    let config = LanguageConfig {
        max_block_stmts: 60,
        max_funcs: 40,
        max_vars: 60,
        max_arity: None,
        max_expr_depth: 12,
        max_control_depth: 6,
        exclude: Vec::new(),
        max_len: None,
        ..config.clone()
    };
    Language::new(config).unwrap()
}

struct Repl(Session);

impl Repl {
    fn new(limits: Limits) -> Self {
        let config = LanguageConfig { value_range: (-1024, 1024), ..LanguageConfig::default() };
        Self(Session::new(&wide(&config), limits))
    }

    fn exec(&mut self, source: &str) -> Outcome {
        self.0.exec(source).unwrap_or_else(|error| panic!("{source}: {error}"))
    }

    fn prints(&mut self, source: &str) -> String {
        let outcome = self.exec(source);
        assert_eq!(outcome.error, None, "{source}");
        outcome.stdout
    }

    fn value(&mut self, source: &str) -> String {
        self.exec(source).value.to_string()
    }

    fn get(&self, name: &str) -> Option<String> {
        self.0.get(name).map(ToString::to_string)
    }

    fn state(&self) -> String {
        let vars = self.0.variables().map(|(name, value)| format!("{name} = {value}"));
        let funcs = self.0.functions().map(|(name, parameters)| format!("{name}({})", parameters.join(", ")));
        vars.chain(funcs).collect::<Vec<_>>().join("; ")
    }

    /// An input that is refused, and changes nothing.
    fn refuses(&mut self, source: &str) -> String {
        let (before, last) = (self.state(), format!("{:?}", self.0.last()));
        let error = self.0.exec(source).unwrap_err();
        assert_eq!((self.state(), format!("{:?}", self.0.last())), (before, last), "{source}");
        if let Some(place) = error.place() {
            assert_eq!(error.to_string(), format!("{}:{}: {}", place.line, place.column, error.reason()));
        }
        error.to_string()
    }
}

#[test]
fn later_inputs_see_earlier_ones() {
    let mut repl = Repl::new(Limits::default());
    assert_eq!(repl.prints("x = 3"), "");
    assert_eq!(repl.prints("print(x + 1)"), "4\n");
    repl.exec("def f(n):\n    x = n * 2\n    return x");
    assert_eq!(repl.prints("y = f(x)\nx = y + f(10)\nprint(x)"), "26\n");
    // A def's own names are its own, whatever they are called outside.
    assert_eq!(repl.prints("def g(f, x):\n    return f - x"), "");
    assert_eq!(repl.prints("print(g(9, 4))"), "5\n");
    assert_eq!(repl.prints("def h(x):\n    y = f(x)\n    return g(y, 1)\nprint(h(3))"), "5\n");
    // What loops leave is there, as in Python; what they never came to is not.
    repl.exec("for i in range(4):\n    t = i * i\nfor k in range(0):\n    never = k");
    assert_eq!(
        [repl.get("i"), repl.get("t"), repl.get("k"), repl.get("never")].map(|x| x.unwrap_or_default()),
        ["3", "9", "", ""]
    );
    assert_eq!(repl.prints("if t < i:\n    p = 1\nelse:\n    q = 2"), "");
    assert_eq!(repl.prints("print(q)"), "2\n");
    assert_eq!(repl.refuses("print(p)"), "1:7: `p` is read before it is assigned");
    // Names of before can be read where a branch or a loop assigns them.
    assert_eq!(repl.prints("for i in range(0):\n    t = 100\nprint(t + i)"), "12\n");
    assert_eq!(repl.prints("if 1 < 2:\n    q = 7\n    t = 8\nelse:\n    t = 1\n    q = 2\nprint(q - t)"), "-1\n");
    assert_eq!(repl.0.call("h", &[Value::Int(21)]).unwrap().value, Value::Int(41));
    assert_eq!(repl.state(), "i = 3; q = 7; t = 8; x = 26; y = 6; f(n); g(f, x); h(x)");
}

#[test]
fn values_of_expressions() {
    let mut repl = Repl::new(Limits::default());
    repl.exec("def f(n):\n    return n * n\nx = 7");
    let outcome = repl.exec("f(3) + x");
    assert_eq!((outcome.value, outcome.steps, outcome.stdout.as_str()), (Value::Int(16), 3, ""));
    assert_eq!([repl.value("_ + 1"), repl.value("_ * _"), repl.value("-5"), repl.value("x")], ["17", "289", "-5", "7"]);
    assert_eq!(repl.value("int(x < _)"), "0");
    // It is no variable of the module until something is called so.
    assert_eq!(repl.state(), "x = 7; f(n)");
    repl.exec("_ = 40");
    assert_eq!([repl.value("x + 1"), repl.value("_")], ["8", "40"]);
    repl.exec("def _(a):\n    return a + 1");
    assert_eq!([repl.value("_(4)"), repl.value("_(5)")], ["5", "6"]);
    assert_eq!(repl.refuses("_ + 1"), "1:1: `_` is a def, not a value");
    assert_eq!(repl.refuses("x\nx"), "1:1: not part of the language: a statement that only computes a value");
    assert_eq!(repl.refuses("nowhere"), "1:1: `nowhere` is read before it is assigned");
    assert_eq!(repl.refuses("f"), "1:1: `f` is a def, not a value");
    assert_eq!(repl.refuses("x(1)"), "1:1: `x` is a variable and cannot be called");
    assert_eq!(repl.refuses("print"), "1:1: `print` is no value");
    assert_eq!(repl.refuses("# nothing"), "1:1: the program is empty");

    let language = wide(&LanguageConfig::with_profile(Profile::PyPrior002));
    let mut repl = Repl(Session::new(&language, Limits::default()));
    repl.exec("def f(n):\n    print(n)");
    assert_eq!([repl.value("3 == 3"), repl.value("f(1)"), repl.value("_")], ["True", "None", "True"]);
    // None is a value that variables keep.
    repl.exec("x = f(2)");
    let outcome = repl.exec("print(4)\nprint(x + 1)");
    let message = "unsupported operand type(s) for +: 'NoneType' and 'int'".to_owned();
    assert_eq!(outcome.error, Some(ExecError::TypeError { message, statement: 1 }));
    assert_eq!(repl.value("x == x"), "True");
}

#[test]
fn functions_are_those_of_the_time_of_the_call() {
    let mut repl = Repl::new(Limits::default());
    repl.exec("def f(n):\n    return n + 1");
    repl.exec("def g(n):\n    return f(n) * 10");
    assert_eq!(repl.prints("print(g(1))"), "20\n");
    repl.exec("def f(m):\n    return m + 2");
    assert_eq!(repl.prints("print(g(1))"), "30\n");
    // In one input: what needs the new one stands behind it.
    assert_eq!(repl.prints("x = 5\ndef f(m):\n    return m + 7\nprint(g(1))"), "80\n");
    assert_eq!(
        repl.refuses("print(1)\nprint(g(1))\ndef f(m):\n    return m\nprint(2)"),
        "2:1: `g` calls `f`, which this input defines only below"
    );
    assert_eq!(repl.refuses("print(f(1))\ndef f(m):\n    return m"), "1:7: `f` is called before it is defined");
    // Circles, however long.
    repl.exec("def h(n):\n    return g(n)");
    assert_eq!(
        repl.refuses("x = 1\ndef f(n):\n    return h(n)"),
        "2:1: with this def `f` calls itself: f -> h -> g -> f"
    );
    assert_eq!(repl.refuses("def f(n):\n    return f(n)"), "2:12: `f` calls itself");
    assert_eq!(repl.prints("print(h(1))"), "80\n");
    // Callers must still fit.
    assert_eq!(repl.refuses("def f(a, b):\n    return a"), "1:1: `g` calls `f` with 1 argument, and this def takes 2");
    assert_eq!(
        repl.refuses("def f(a):\n    print(a)"),
        "1:1: `g` calls `f`, and this def does not return a value on every path"
    );
    assert_eq!(repl.refuses("for f in range(3):\n    print(f)"), "1:1: `f` cannot become a variable: `g` calls it");
    repl.exec("def g(n):\n    return n");
    repl.exec("def f(a, b):\n    return a - b");
    assert_eq!(repl.prints("print(h(1) + f(5, 3))"), "3\n");
    // A name changes sides.
    repl.exec("f = 3");
    assert_eq!(repl.prints("print(f)"), "3\n");
    assert_eq!(repl.refuses("print(f(1, 2))"), "1:7: `f` is a variable and cannot be called");
    repl.exec("def f(a):\n    return a * 4");
    assert_eq!(repl.prints("print(f(2))"), "8\n");
    assert_eq!(repl.state(), "x = 5; f(a); g(n); h(n)");
    // A loop that does not run assigns nothing.
    repl.exec("for f in range(0):\n    print(f)");
    assert_eq!(repl.prints("print(f(2))"), "8\n");
}

#[test]
fn places_are_those_of_the_input() {
    let mut repl = Repl::new(Limits { integer_bits: 64, output_bytes: 8, fuel: 1000, ..Limits::default() });
    repl.exec("def f(n):\n    m = n * n\n    return m * m * m * m * m * m");
    repl.exec("a = 1\nb = 1000");
    assert_eq!(repl.refuses("print(a)\nprint(b)\nc = a + zz"), "3:9: `zz` is read before it is assigned");
    let at = |error: Option<ExecError>| match error {
        Some(ExecError::IntegerLimit { statement, .. } | ExecError::OutputLimit { statement, .. }) => statement,
        other => panic!("{other:?}"),
    };
    let input = "a = b\nif a < b:\n    c = 1\nelse:\n    for i in range(3):\n        c = f(b)\nprint(a)";
    let outcome = repl.exec(input);
    assert_eq!(at(outcome.error), 4);
    assert_eq!(repl.0.last().unwrap().place(4).map(|place| (place.line, place.column)), Some((6, 9)));
    assert_eq!(at(repl.exec("print(1)\ndef g(x):\n    y = f(x)\n    return y\nprint(2)\nz = g(b)").error), 5);
    assert_eq!(at(repl.exec("print(1)\nprint(2)\nprint(b)").error), 2);
    // Calls count from the def.
    assert_eq!(at(repl.0.call("f", &[Value::Int(1000)]).unwrap().error), 2);
    assert_eq!(at(repl.0.call("g", &[Value::Int(1000)]).unwrap().error), 1);
    // What is carried takes no fuel.
    assert_eq!(repl.exec("a = a + f(1)").steps, 4);
    assert_eq!(repl.0.call("g", &[Value::Int(1)]).unwrap().steps, 6);
    let tokens = repl.0.last().unwrap().statements().map(|tokens| {
        tokens.iter().filter_map(|&token| repl.0.language().vocab().name(token)).collect::<Vec<_>>().join(" ")
    });
    assert_eq!(tokens.collect::<Vec<_>>(), ["ASSIGN VAR_1 ADD VAR_1 CALL FUNC_1 INT_1"]);
}

#[test]
fn what_ends_early_leaves_what_it_has_come_to() {
    let mut repl = Repl::new(Limits { fuel: 100, ..Limits::default() });
    repl.exec("def h(a):\n    return a + 1\nx = 1");
    let early =
        repl.exec("def g(a):\n    return a\nx = 7\nfor j in range(99):\n    x = j\ndef h(a):\n    return a\nx = 0");
    assert_eq!((early.steps, early.error), (100, Some(ExecError::OutOfFuel { fuel: 100 })));
    assert_eq!(repl.state(), "j = 48; x = 47; g(a); h(a)");
    assert_eq!(repl.value("h(g(x))"), "48");
    // An expression that ends early has no value, and leaves the last one.
    repl.exec("def slow(n):\n    for i in range(n):\n        n = i\n    return n");
    let early = repl.exec("slow(1000)");
    assert_eq!((early.value, early.steps), (Value::None, 100));
    assert_eq!(repl.value("_"), "48");
    assert_eq!(repl.0.call("slow", &[Value::Int(1000)]).unwrap().error, Some(ExecError::OutOfFuel { fuel: 100 }));
    let none = repl.0.call("nothing", &[]).unwrap();
    assert_eq!(none.error, Some(ExecError::NoFunction { name: "nothing".to_owned() }));
    let wrong = repl.0.call("h", &[]).unwrap().error.unwrap();
    assert_eq!(wrong.to_string(), "TypeError: h() takes 1 argument but 0 were given");
}

#[test]
fn sessions_have_no_length() {
    let mut repl = Repl::new(Limits::default());
    repl.exec("def f0(a):\n    return a");
    for nth in 1..1000 {
        repl.exec(&format!("x{nth} = {}\nx{nth} = x{nth} + {}", nth % 90, nth % 9));
        // Chains of 30.
        let callee = if nth % 30 == 0 { 0 } else { nth - 1 };
        repl.exec(&format!("def f{nth}(a):\n    return f{callee}(a + 1)"));
    }
    assert_eq!(repl.value("f29(x999) + f999(x1)"), (9 + 29 + 2 + 10).to_string());
    // How many names an input needs has one: 60 statements.
    let sum = |names: std::ops::Range<u32>| names.map(|nth| format!("y = y + x{nth}\n")).collect::<String>();
    repl.exec("y = 0");
    repl.exec(&sum(1..30));
    let error = repl.refuses(&sum(1..50));
    assert!(error.starts_with("with the variables and functions of before that this needs, it has 99"), "{error}");
    // So has what a function calls.
    for nth in 1..20 {
        repl.exec(&format!(
            "def g{nth}(a):\n    return {}",
            if nth == 1 { "a".into() } else { format!("g{}(a)", nth - 1) }
        ));
    }
    repl.exec("def f0(a):\n    return g19(a)");
    assert!(matches!(
        repl.0.call("f29", &[Value::Int(1)]),
        Err(SessionError::TooMany { knob: "max_funcs", needed: 49, max: 40 })
    ));
    assert!(repl.0.exec("f29(1)").is_err());
    assert_eq!(repl.value("f15(1)"), "16");
}

/// A limit that an input reaches only with what it needs is said to be reached so, and not at the input's own place.
#[test]
fn what_is_needed_counts_too() {
    let config = LanguageConfig {
        max_block_stmts: 60,
        max_funcs: 8,
        max_vars: 6,
        max_expr_depth: 12,
        ..LanguageConfig::default()
    };
    let mut repl = Repl(Session::new(&Language::new(config).unwrap(), Limits::default()));
    repl.exec("def f1(a):\n    return a");
    for nth in 2..=8 {
        repl.exec(&format!("def f{nth}(a):\n    return f{}(a + 1)", nth - 1));
    }
    assert_eq!(repl.value("f8(1)"), "8");
    repl.exec("def g(a):\n    return f7(a)");
    let mut too_many = |source: &str, limit: (&'static str, usize, usize)| {
        let before = repl.state();
        let (knob, needed, max) = limit;
        assert_eq!(repl.0.exec(source).unwrap_err(), SessionError::TooMany { knob, needed, max }, "{source}");
        assert_eq!(repl.state(), before);
        repl.0.exec(source).unwrap_err()
    };
    let error = too_many("def g(a):\n    return f8(a)", ("max_funcs", 9, 8));
    assert_eq!(error.place(), None);
    assert!(error.to_string().ends_with("it has 9 defs; a program has at most 8 (max_funcs)"), "{error}");
    too_many("def g(a):\n    return a\ndef h(a):\n    return f7(a) + g(a)", ("max_funcs", 9, 8));
    // By itself it is too much where it stands.
    let defs = |count: u32| (0..count).map(|nth| format!("def h{nth}(a):\n    return a\n")).collect::<String>();
    assert!(repl.refuses(&defs(9)).ends_with("a program has at most 8 defs (max_funcs)"));

    repl.exec("a = 1\nb = 2\nc = 3");
    repl.exec("d = 4\ne = 5\nf = 6");
    repl.exec("a = a + b + c + d + e + f");
    assert_eq!(repl.get("a").unwrap(), "21");
    let mut too_many = |source: &str, needed: usize| {
        let error = repl.0.exec(source).unwrap_err();
        assert_eq!(error, SessionError::TooMany { knob: "max_vars", needed, max: 6 }, "{source}");
        assert!(error.to_string().contains(&format!("{needed} variables")), "{error}");
    };
    too_many("g = a + b + c + d + e + f", 7);
    too_many("a + b + c + d + e + f", 7);
    // What is bound in blocks goes out of sight again.
    repl.exec("for i in range(2):\n    x = a + b\nfor i in range(2):\n    y = a + c\nfor i in range(2):\n    z = d");
    assert_eq!(repl.value("a + b + c + d + e"), "35");
}

/// The statements of a module.
fn statements(source: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in source.lines() {
        match found.last_mut() {
            Some(last) if line.starts_with(' ') || line == "else:" => {
                last.push('\n');
                last.push_str(line);
            }
            _ => found.push(line.to_owned()),
        }
    }
    found
}

#[test]
fn statement_by_statement_is_the_whole() {
    let (mut several, mut raised) = (0, 0);
    let mut random = Random(77);
    for profile in [Profile::Sound, Profile::PyPrior002] {
        for (nth, config) in configurations(profile).iter().enumerate() {
            let (language, programs) = sample(config, 90 + nth as u64, env("PYPRIOR_SESSIONS", 300));
            let mut renderer = Renderer::new(&language);
            let session_language = wide(&config.0);
            for tokens in programs.iter() {
                let source = renderer.render(tokens).unwrap().to_owned();
                let mut machine = Machine::new(Limits::default());
                let whole = machine.outcome(&Program::from_tokens(&language, tokens).unwrap(), None);
                if !matches!(whole.error, None | Some(ExecError::TypeError { .. })) {
                    continue;
                }
                let mut at_once = Repl(Session::new(&session_language, Limits::default()));
                let outcome = at_once.exec(&source);
                assert_eq!(outcome, whole, "{source}");
                // In pieces of one or more.
                let mut session = Repl(Session::new(&session_language, Limits::default()));
                let (mut stdout, mut steps, mut error) = (String::new(), 0, None);
                let parts = statements(&source);
                several += u64::from(parts.len() > 2);
                let mut rest = parts.as_slice();
                while !rest.is_empty() && error.is_none() {
                    let (now, behind) = rest.split_at((1 + random.index(2)).min(rest.len()));
                    rest = behind;
                    let outcome = session.exec(&now.join("\n"));
                    stdout += &outcome.stdout;
                    steps += outcome.steps;
                    error = outcome.error;
                }
                assert_eq!((stdout, steps), (whole.stdout, whole.steps), "{source}");
                assert_eq!(session.state(), at_once.state(), "{source}");
                assert_eq!(error.is_some(), whole.error.is_some());
                raised += u64::from(error.is_some());
            }
        }
    }
    println!("{several} programs of more than two statements, {raised} raise");
    assert!(several > 500 && raised > 20);
}

#[test]
fn nothing_that_is_typed_goes_wrong() {
    let letters = [
        "x",
        "f",
        "g",
        "_",
        " ",
        "    ",
        "\n",
        "(",
        ")",
        ":",
        "=",
        "1",
        "+",
        "-",
        "*",
        "<",
        "==",
        ",",
        "def ",
        "for ",
        " in range(",
        "if ",
        "else:",
        "print(",
        "return ",
        "int(",
        "#",
        ";",
        "\\",
        "é",
        "\0",
        "\t",
        "elif ",
        "f(x)",
        "f(1)",
        "g()",
    ];
    let mut random = Random(11);
    let (mut ran, mut refused) = (0, 0);
    let mut repl = Repl::new(Limits { fuel: 500, ..Limits::default() });
    let seeds = [
        "x = 1",
        "def f(n):\n    return n",
        "def g():\n    return f(x)",
        "print(f(1))",
        "f(x) + g()",
        "f = 2",
        "_ = x",
        "for x in range(3):\n    print(f(x))\nx",
        "if x < 1:\n    f = 1\nelse:\n    f = 2",
        "def g():\n    return f(3)\nprint(g())",
    ];
    for _ in 0..env("PYPRIOR_TYPED", 30_000) {
        let mut source = random.pick(&seeds).to_owned();
        for _ in 0..random.below(4) {
            let places = source.char_indices().map(|(at, _)| at).collect::<Vec<_>>();
            let at = random.pick(&places);
            match random.below(3) {
                0 => drop(source.remove(at)),
                _ => source.insert_str(at, random.pick(&letters)),
            }
            if source.is_empty() {
                source.push('x');
            }
        }
        let before = repl.state();
        match repl.0.exec(&source) {
            Ok(_) => ran += 1,
            Err(error) => {
                refused += 1;
                assert_eq!(repl.state(), before, "{source}");
                let lines = source.lines().count().max(1) as u32;
                assert!(error.place().is_none_or(|place| place.line <= lines + 1), "{source}: {error}");
                assert!(!error.reason().is_empty() && !error.reason().contains('\n'));
            }
        }
        // Whatever functions there are can be called, and end.
        if random.one_in(50) {
            let functions = repl.0.functions().map(|(name, parameters)| (name.to_owned(), parameters.len()));
            for (name, arity) in functions.collect::<Vec<_>>() {
                let outcome = repl.0.call(&name, &vec![Value::Int(2); arity]).unwrap();
                assert!(outcome.steps <= 500 && !matches!(outcome.error, Some(ExecError::TypeError { .. })));
            }
        }
    }
    println!("{ran} ran, {refused} refused");
    assert!(ran > 1000 && refused > 1000);
}

/// Functions of earlier inputs keep theirs, though tokens only say which constant is meant.
#[test]
fn constants_of_any_size() {
    let config = LanguageConfig { value_range: (0, 9), max_block_stmts: 9, ..LanguageConfig::default() };
    let language = Language::new(config).unwrap();
    let mut session = Session::new(&language, Limits::default()).any_constants();
    assert_eq!(session.exec("def f(n):\n    return n * 1000000007\nx = f(70000)").unwrap().error, None);
    assert_eq!(
        session.exec("print(x, )\nprint(f(-5) + 123456789012)").unwrap().stdout,
        "70000000490000\n118456788977\n"
    );
    assert_eq!(session.exec("def g(n):\n    return f(n) - 1000000007").unwrap().error, None);
    assert_eq!(session.call("g", &[Value::Int(3)]).unwrap().value, Value::Int(2_000_000_014));
    assert_eq!(session.exec("x + 0").unwrap().value, Value::Int(70_000_000_490_000));
}

/// There is room for so many different ones in all inputs, and what is refused takes none of it.
#[test]
fn refused_inputs_leave_no_constants() {
    let language = Language::new(LanguageConfig { value_range: (0, 2), ..LanguageConfig::default() }).unwrap();
    let mut session = Session::new(&language, Limits::default()).any_constants();
    for number in 1000..1100 {
        assert!(session.exec(&format!("print({number})\nprint(unknown)")).is_err());
    }
    assert_eq!(session.exec("x = 500\nprint(x + 600)").unwrap().stdout, "1100\n");
    assert!(
        session.exec("print(700)\nprint(800)").unwrap_err().to_string().contains("more than 3 different constants")
    );
    assert_eq!(session.exec("print(x + 900)").unwrap().stdout, "1400\n");
    assert!(session.exec("print(1)").is_err());
}
