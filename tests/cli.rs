//! The command line, as a user meets it.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod command;

use std::process::{Command, Stdio};

use command::{pyprior, pyprior_with_input, stderr, stdout};

/// Runs a command that must be refused, and returns what it says.
fn refused(args: &[&str]) -> String {
    let output = pyprior(args);
    assert_eq!(output.status.code(), Some(1), "{args:?}");
    assert!(output.stdout.is_empty(), "{args:?} wrote {}", stdout(&output));
    let text = stderr(&output).to_owned();
    assert!(text.starts_with("error: "), "{text}");
    text
}

#[test]
fn samples_the_same_in_every_format() {
    let common = ["sample", "-n", "50", "--seed", "9", "--value-range", "0", "9", "--max-len", "40"];
    let with = |format: &str| {
        let output = pyprior(&[&common[..], &["--format", format]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output).to_owned()
    };
    let (source, tokens, names, jsonl) = (with("source"), with("tokens"), with("names"), with("jsonl"));
    let sources = source.trim_end().split("\n\n").collect::<Vec<_>>();
    assert_eq!(sources.len(), 50);
    let records = jsonl.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    for (nth, record) in records.enumerate() {
        assert_eq!(record["id"], nth);
        assert_eq!(record["source"], sources[nth]);
        let ids = record["tokens"].as_array().unwrap().iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(ids.join(" "), tokens.lines().nth(nth).unwrap());
        let words = record["names"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(words.join(" "), names.lines().nth(nth).unwrap());
    }
    for text in [tokens, names] {
        let decoded = pyprior_with_input(&["decode", "-", "--value-range", "0", "9"], &text);
        assert_eq!(stdout(&decoded), source);
    }
}

#[test]
fn a_program_depends_on_its_number_alone() {
    let sample = |n: &str| stdout(&pyprior(&["sample", "-n", n, "--seed", "4", "--format", "tokens"])).to_owned();
    let (few, many) = (sample("100"), sample("70000"));
    assert_eq!(many.lines().count(), 70_000);
    assert!(many.starts_with(&few));
}

#[test]
fn prefixes_hold_in_every_program() {
    let args = ["sample", "-n", "200", "--format", "names", "--max-block-stmts", "1", "--prefix"];
    let output = pyprior(&[&args[..], &["BLK_1", "FUNC_1", "ARITY_2"]].concat());
    assert_eq!(stdout(&output).lines().count(), 200);
    assert!(stdout(&output).lines().all(|line| line.starts_with("BLK_1 FUNC_1 ARITY_2 BLK_1 ")));
    let whole = pyprior(&["sample", "-n", "2", "--format", "names", "--prefix", "BLK_1", "PRINT", "INT_1"]);
    assert_eq!(stdout(&whole), "BLK_1 PRINT INT_1\nBLK_1 PRINT INT_1\n");
}

#[test]
fn the_prior_is_the_default_and_has_its_flags() {
    let sample = |flags: &[&str]| {
        let output = pyprior(&[&["sample", "-n", "300", "--format", "names"], flags].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output).to_owned()
    };
    let count = |text: &str, name: &str| text.split_whitespace().filter(|word| *word == name).count();
    let default = sample(&[]);
    assert_eq!(default, sample(&["--w-var", "2", "--length-decay", "0.6", "--normalisation", "vocabulary"]));
    assert_ne!(default, sample(&["--uniform"]));
    assert_ne!(default, sample(&["--normalisation", "legal"]));
    assert_eq!(count(&sample(&["--w-if", "0"]), "IF"), 0);
    assert!(count(&sample(&["--w-compare", "50"]), "LT") > 2 * count(&default, "LT"));
    assert!(refused(&["sample", "--w-var=-1"]).contains("w_var is -1; it must be a finite number, 0 or more"));
    assert_eq!(pyprior(&["sample", "--uniform", "--w-var", "2"]).status.code(), Some(2));
}

#[test]
fn programs_go_on_from_a_prompt() {
    let sample = |flags: &[&str], prompt: &str| {
        let output = pyprior_with_input(&[&["sample", "--prompt", "-"], flags].concat(), prompt);
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output).to_owned()
    };
    let text = sample(&["-n", "20"], "def area(width, height)\n");
    let programs = text.trim_end().split("\n\n").collect::<Vec<_>>();
    assert_eq!(programs.len(), 20);
    assert!(programs.iter().all(|program| program.starts_with("def area(width, height):\n    ")), "{text}");
    assert!(text.contains("width"), "{text}");
    // The module may have two to four statements; a program's number alone says which.
    let flags = ["--max-block-stmts", "4", "--format", "names"];
    let many = sample(&[&flags[..], &["-n", "200"]].concat(), "total = 5\n");
    for block in ["BLK_2 ", "BLK_3 ", "BLK_4 "] {
        assert!(many.lines().any(|line| line.starts_with(block)), "{block}");
    }
    assert!(many.lines().all(|line| line[6..].starts_with("ASSIGN VAR_1 INT_5 ")));
    assert!(many.starts_with(&sample(&[&flags[..], &["-n", "50"]].concat(), "total = 5\n")));
    let output = pyprior_with_input(&["sample", "--prompt", "-"], "x = 1\nx += y\n");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("-:2:3: not part of the language: augmented assignments (subset; "));
}

#[test]
fn legal_lists_and_explains() {
    let range = ["--value-range", "0", "1", "--max-vars", "2"];
    let list = |prefix: &[&str]| stdout(&pyprior(&[&["legal"], prefix, &range[..]].concat())).to_owned();
    assert_eq!(list(&["BLK_1", "ASSIGN"]), "5\tVAR_1\n");
    assert_eq!(list(&["BLK_1", "PRINT", "INT_0"]), "44\tPAD\n");
    assert_eq!(list(&["BLK_1", "PRINT", "ADD", "INT_0"]).lines().count(), 7);
    let why = |args: &[&str]| {
        let output = pyprior(&[&["legal"], args].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output).to_owned()
    };
    let cases: [(&[&str], &str); 12] = [
        (&["BLK_2", "PRINT", "INT_1", "--why", "FUNC_1"], "a def must not be the last of several statements"),
        (&["BLK_2", "--why", "FUNC_2"], "functions are defined in order; the next one is FUNC_1"),
        (&["BLK_1", "--why", "RETURN"], "RETURN stands only in functions"),
        (&["BLK_1", "PRINT", "--why", "VAR_3"], "no variable is visible here"),
        (&["BLK_1", "PRINT", "--why", "CALL"], "no function can be called yet"),
        (&["BLK_1", "ASSIGN", "--why", "VAR_2"], "the next new one is VAR_1"),
        (&["BLK_1", "--why", "ADD"], "does not fill a hole of kind 'stmt'"),
        (&["BLK_1", "--exclude", "for", "--why", "FOR2"], "it is excluded"),
        (&["BLK_1", "--max-len", "3", "--why", "ASSIGN"], "1 tokens more than max_len"),
        (&["BLK_1", "--max-control-depth", "0", "--why", "IF"], "max_control_depth"),
        (&["BLK_1", "FUNC_1", "ARITY_0", "BLK_2", "--why", "RETURN"], "nothing may stand behind a RETURN"),
        (&["BLK_1", "PRINT", "INT_1", "--why", "PRINT"], "only PAD may follow"),
    ];
    for (args, reason) in cases {
        let text = why(args);
        assert!(text.contains(" is not legal: ") && text.contains(reason), "{args:?}: {text}");
    }
    assert_eq!(why(&["BLK_1", "--why", "PRINT"]), "PRINT is legal\n");
}

#[test]
fn says_what_is_wrong_and_where() {
    assert!(refused(&["sample", "--exclude", "fro"]).contains("\"fro\"; did you mean \"for\"?"));
    assert!(refused(&["sample", "--max-len", "2"]).contains("max_len is 2, but the shortest program"));
    assert!(refused(&["sample", "--value-range", "9", "0"]).contains("(9, 0) is upside down"));
    assert!(refused(&["sample", "--exclude", "block"]).contains("every BLK token is excluded"));
    assert!(refused(&["sample", "--max-vars", "256"]).contains("max_vars is 256; at most 255"));
    let huge = ["sample", "--value-range", "-9223372036854775808", "9223372036854775807"];
    assert!(refused(&huge).contains("at most 65536"));
    assert!(refused(&["sample", "--prefix", "BLK_1", "PRINT", "VAR_1"]).contains("(VAR_1) at position 2"));
    assert!(refused(&["sample", "--prefix", "BLK_1", "PRNT"]).contains("did you mean \"PRINT\"?"));
    assert!(refused(&["legal", "999999"]).contains("token 999999 at position 0 is out of range"));
    assert!(refused(&["decode", "no/such/file"]).contains("no/such/file"));
    let negative = pyprior(&["sample", "--max-funcs", "-1"]);
    assert_eq!(negative.status.code(), Some(2));
    assert!(stderr(&negative).contains("'-1' for '--max-funcs"), "{}", stderr(&negative));
}

#[test]
fn decode_names_the_line() {
    let output = pyprior_with_input(&["decode", "-"], "BLK_1 PRINT INT_1\nBLK_1 PRINT\n");
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(text.contains("-:2: truncated token stream: 2 tokens, and a hole of kind 'expr' is open"), "{text}");
    let partial = pyprior_with_input(&["decode", "--partial", "-"], "BLK_2 IF LT INT_1\n");
    let expected = "if 1 < <expr>:\n    <block>\nelse:\n    <block>\n<stmt>\n";
    assert_eq!(stdout(&partial), expected);
}

/// The source with its variables `a` called `alpha`.
fn renamed(source: &str) -> String {
    let words = source.split_inclusive(|letter: char| !letter.is_alphanumeric());
    let rename = |word: &str| {
        if word.trim_end_matches(|letter: char| !letter.is_alphanumeric()) == "a" {
            word.replacen('a', "alpha", 1)
        } else {
            word.to_owned()
        }
    };
    words.map(rename).collect()
}

#[test]
fn encode_and_decode_are_inverse() {
    let samples = pyprior(&["sample", "-n", "20", "--seed", "5"]);
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("encode");
    std::fs::create_dir_all(&folder).unwrap();
    let mut args = vec!["encode".to_owned()];
    for (nth, source) in stdout(&samples).trim_end().split("\n\n").enumerate() {
        let path = folder.join(format!("{nth}.py"));
        std::fs::write(&path, renamed(source)).unwrap();
        args.push(path.to_str().unwrap().to_owned());
    }
    assert_eq!(args.len(), 21);
    let encode = |format: &str| {
        let args = args.iter().map(String::as_str).chain(["--format", format]).collect::<Vec<_>>();
        let output = pyprior(&args);
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output).to_owned()
    };
    let (tokens, names, json) = (encode("tokens"), encode("names"), encode("json"));
    let table = folder.join("names.jsonl");
    std::fs::write(&table, &json).unwrap();
    for text in [&tokens, &names, &json] {
        assert_eq!(text.lines().count(), 20);
        let plain = pyprior_with_input(&["decode", "-"], text);
        assert_eq!(stdout(&plain), stdout(&samples), "{}", stderr(&plain));
        let named = pyprior_with_input(&["decode", "-", "--names", table.to_str().unwrap()], text);
        assert_eq!(stdout(&named), renamed(stdout(&samples)), "{}", stderr(&named));
    }
    let record: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert!(record["table"]["scopes"].is_array() && record["names"].is_array(), "{record}");
    // Fewer names than programs, and names that are none.
    let missing = pyprior_with_input(&["decode", "-", "--names", table.to_str().unwrap()], &tokens.repeat(2));
    assert!(stderr(&missing).contains("-:21: no names are left for it"), "{}", stderr(&missing));
    std::fs::write(&table, "{\"funcs\": [], \"scopes\": [[\"print\"]]}\n").unwrap();
    let reserved = pyprior_with_input(&["decode", "-", "--names", table.to_str().unwrap()], &tokens);
    assert!(stderr(&reserved).contains(":1: no names of a program: \"print\" has a meaning"), "{}", stderr(&reserved));
}

#[test]
fn encode_says_what_is_refused_and_where() {
    let names = pyprior_with_input(&["encode", "--format", "names"], "x = 3  # three\nprint((x))\n");
    assert_eq!(stdout(&names), "BLK_2 ASSIGN VAR_1 INT_3 PRINT VAR_1\n");
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = |name: &str, text: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (bad, good) = (file("bad.py", b"x = 1\nwhile x < 2:\n    x += 1\n"), file("good.py", b"print(1)"));
    let worse = file("worse.py", b"x = \xff");
    let output = pyprior(&["encode", &bad, &good, &worse]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stdout(&output).lines().count(), 1);
    let expected = format!(
        "{bad}:2:1: not part of the language: `while` loops (subset; use `for i in range(n):`)\n\
         {worse}:1:5: the source is not UTF-8 (source)\n"
    );
    assert_eq!(stderr(&output), expected);
    let read = |args: &[&str], input: &str| pyprior_with_input(&[&["encode"], args, &["-"]].concat(), input);
    assert!(stderr(&read(&[], "x = 1 < 2")).starts_with("-:1:5: a comparison as a value is written `int(a < b)` here"));
    assert!(read(&["--normalise"], "x = 1 < 2").status.success());
    assert!(read(&["--profile", "pyprior-0.0.2"], "x = 1 < 2").status.success());
    assert!(stderr(&read(&["--max-source-bytes", "3"], "print(1)")).contains("at most 3 are read"));
    assert!(stderr(&read(&["--max-len", "3"], "x = 1")).contains("at most 3 are allowed (max_len)"));
    assert!(refused(&["encode", "no/such/file"]).contains("cannot read no/such/file"));
}

#[test]
fn a_closed_pipe_is_no_error() {
    // JSON is written by another library than lines, and that says in its own way what went wrong.
    let file = std::env::temp_dir().join(format!("pyprior-pipe-{}", std::process::id()));
    std::fs::write(&file, "BLK_1 ASSIGN VAR_1 INT_1\n".repeat(20_000)).unwrap();
    let check = ["check", "--tokens", "--json", "--exit-zero", file.to_str().unwrap()];
    for args in [&["sample", "-n", "1000000"][..], &check] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pyprior"))
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        assert_eq!(stderr(&output), "");
    }
    std::fs::remove_file(file).unwrap();
}

#[test]
fn vocabularies_in_every_format() {
    let args = ["--value-range", "0", "9", "--base-vocab", "100"];
    let show = |format: &str| stdout(&pyprior(&[&["vocab", "--format", format], &args[..]].concat())).to_owned();
    assert!(show("dump").starts_with("PyPrior vocab: 79 tokens (offset 100, total 179)\n  func     [  5]: 100:FUNC_1"));
    assert!(show("list").starts_with("100\tFUNC_1\tfunc\n"));
    assert_eq!(show("list").lines().last(), Some("178\tPAD\tspecial"));
    let tokenizer: serde_json::Value = serde_json::from_str(&show("tokenizer")).unwrap();
    assert_eq!(tokenizer["model"]["vocab"]["PAD"], 178);
}

#[test]
fn help_has_examples() {
    for command in ["sample", "decode", "encode", "legal", "vocab", "conformance"] {
        let output = pyprior(&[command, "--help"]);
        assert!(stdout(&output).contains("Example"), "{command}");
        assert!(!stdout(&output).contains('\u{1b}'), "colour when not a terminal");
    }
    assert!(stdout(&pyprior(&["--help"])).contains("Exit codes"));
}

#[test]
fn runs_source_tokens_and_calls() {
    let run = |args: &[&str], input: &str| pyprior_with_input(&[&["run"], args].concat(), input);
    let source = "def f(n, m):\n    return n * m\nx = f(3, 4)\nprint(x)\n";
    let output = run(&[], source);
    assert_eq!((stdout(&output), output.status.code()), ("12\n", Some(0)));
    let output = run(&["--call", "f", "--args", "100000000000000000000", "-2", "--trace"], source);
    assert_eq!(stdout(&output), "12\n-200000000000000000000\n");
    assert!(stderr(&output).starts_with("line 1: n = 3\nline 1: m = 4\nline 3: x = 12\nline 1: n = 1000"));
    let output = run(&["--tokens", "--json"], "BLK_1 PRINT INT_7\n");
    assert_eq!(stdout(&output), "{\"value\":\"None\",\"stdout\":\"7\\n\",\"steps\":1,\"error\":null}\n");
    let output = run(&["--fuel", "6"], "for i in range(9):\n    print(i)\n");
    assert_eq!((stdout(&output), output.status.code()), ("0\n1\n", Some(1)));
    assert_eq!(stderr(&output), "error: out of fuel after 6 steps (6 steps)\n");
    let output = run(&["--output-limit", "5"], "for i in range(9):\n    print(i)\n");
    assert_eq!((stdout(&output), output.status.code()), ("0\n1\n", Some(1)));
    let output = run(&["--call", "g"], source);
    assert_eq!(
        (output.status.code(), stderr(&output)),
        (Some(1), "error: NameError: name 'g' is not defined (5 steps)\n")
    );
    let output = run(&["--call", "f", "--args", "1"], source);
    assert!(stderr(&output).contains("f() takes 2 arguments but 1 was given"), "{}", stderr(&output));
    assert_eq!(run(&[], "print(y)").status.code(), Some(1));
    assert_eq!(run(&["--args", "1"], source).status.code(), Some(2));
    let none = "def f():\n    x = 1\nprint(f() + 1)\n";
    let output = run(&["--profile", "pyprior-0.0.2"], none);
    let message = "TypeError: unsupported operand type(s) for +: 'NoneType' and 'int'";
    assert!(stderr(&output).contains(message), "{}", stderr(&output));
}

#[test]
fn runs_lines_in_order() {
    let lines = "{\"source\": \"print(1)\"}\n\n{\"tokens\": [200]}\n\
                 {\"source\": \"def f(a):\\n    return a\", \"call\": \"f\", \"args\": [\"99999999999999999999\"]}\n\
                 {\"source\": \"def f(a):\\n    return a\", \"call\": \"h\", \"args\": [1]}\n";
    let output = pyprior_with_input(&["run", "--jsonl"], lines);
    let records = stdout(&output).lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let records = records.collect::<Vec<_>>();
    assert_eq!(records.len(), 4);
    assert_eq!((&records[0]["stdout"], &records[0]["steps"]), (&"1\n".into(), &1.into()));
    assert_eq!(records[1]["error"]["kind"], "refused");
    assert_eq!((&records[2]["value"], &records[2]["steps"]), (&"99999999999999999999".into(), &3.into()));
    assert_eq!(records[3]["error"]["kind"], "no_function");
    let sampled = pyprior(&["sample", "-n", "3000", "--format", "jsonl"]);
    let whole = pyprior_with_input(&["run", "--jsonl"], stdout(&sampled));
    assert_eq!(stdout(&whole).lines().count(), 3000);
}

#[test]
fn traces_and_errors_have_the_lines_of_the_file() {
    let source =
        "# a remark\n\nx = 3  # three\n\nif x < 4: y = x\nelse:\n\n    y = 2\nfor i in range(9):\n    y = y * y\n";
    let output = pyprior_with_input(&["run", "--trace=2", "--integer-bits", "100"], source);
    assert_eq!(output.status.code(), Some(1));
    let expected = "line 3: x = 3\nline 5: y = 3\n… and more\nerror: line 10: an integer would have more than 100 bits";
    assert!(stderr(&output).starts_with(expected), "{}", stderr(&output));
}

#[test]
fn run_jsonl_answers_every_line() {
    let def = r#""source":"def f(a):\n    return a""#;
    let cases = [
        ("garbage".to_owned(), "bad_line"),
        ("{}".to_owned(), "bad_line"),
        (r#"{"source":null,"tokens":null}"#.to_owned(), "bad_line"),
        (r#"{"tokens":[-1]}"#.to_owned(), "bad_line"),
        (format!(r#"{{{def},"args":[1]}}"#), "bad_line"),
        (format!(r#"{{{def},"call":"f","args":[1.5]}}"#), "bad_line"),
        (format!(r#"{{{def},"call":"f","args":[1,2]}}"#), "arguments"),
        (format!(r#"{{{def},"call":"FUNC_01","args":[1]}}"#), "no_function"),
        (format!(r#"{{{def},"call":"f","args":[{}]}}"#, "9".repeat(20_000)), "integer_limit"),
        (r#"{"source":"print(x)"}"#.to_owned(), "refused"),
        (r#"{"tokens":[1]}"#.to_owned(), "refused"),
    ];
    for (line, kind) in cases {
        // What follows is run all the same; empty lines and a byte-order mark are nothing.
        let input = format!("\u{feff}{line}\n\n{{\"source\":\"print(7)\",\"args\":null}}\r\n");
        let output = pyprior_with_input(&["run", "--jsonl"], &input);
        assert!(output.status.success(), "{}", stderr(&output));
        let lines = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap());
        let [first, second]: [serde_json::Value; 2] = lines.collect::<Vec<_>>().try_into().unwrap();
        assert_eq!(first["error"]["kind"], kind, "{line}: {first}");
        if line == "garbage" {
            assert_eq!(first["error"]["message"], "expected value at column 1");
        }
        assert_eq!((&second["stdout"], &second["error"]), (&"7\n".into(), &serde_json::Value::Null));
    }
    let big = "9".repeat(30);
    for (arg, expected) in [("-7", "-7"), (&*big, &*big), ("true", "True"), ("null", "None"), (r#""False""#, "False")] {
        let line = format!(r#"{{{def},"call":"f","args":[{arg}]}}"#);
        let output = pyprior_with_input(&["run", "--jsonl"], &line);
        let found: serde_json::Value = serde_json::from_str(stdout(&output)).unwrap();
        assert_eq!((&found["value"], &found["error"]), (&expected.into(), &serde_json::Value::Null), "{arg}");
    }
    let source = r#"{"source":"x = 2\n\nfor i in range(99):\n    x = x * x"}"#;
    let output = pyprior_with_input(&["run", "--jsonl"], source);
    let found: serde_json::Value = serde_json::from_str(stdout(&output)).unwrap();
    let expected =
        serde_json::json!({"kind": "integer_limit", "of": "bits", "limit": 65536, "statement": 2, "line": 4});
    assert_eq!(found["error"], expected);
}

#[test]
fn run_jsonl_answers_before_the_next_line_comes() {
    use std::io::{BufRead, BufReader, Write};
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_pyprior"))
        .args(["run", "--jsonl"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    // Constants that the language does not have yet, among them.
    for number in [7, 2000, 3, 30_000] {
        writeln!(input, "{{\"source\":\"print({number})\"}}").unwrap();
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert!(line.contains(&format!("\"{number}\\n\"")), "{line}");
    }
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn check_looks_at_every_file_and_line() {
    let clean = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("clean.py");
    std::fs::write(&clean, "x = 1\nx = 2\nprint(x)\n").unwrap();
    let output = pyprior(&["check", "no such file", env!("CARGO_TARGET_TMPDIR"), clean.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("clean.py:1:1: dead-store"), "{}", stdout(&output));
    assert_eq!(stderr(&output).lines().count(), 2, "{}", stderr(&output));
    let lines = "BLK_1 PRINT INT_1\ngarbage\nBLK_2 ASSIGN VAR_1 INT_1 ASSIGN VAR_1 INT_2\n";
    let output = pyprior_with_input(&["check", "--tokens"], lines);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("-:2: "), "{}", stderr(&output));
    assert!(stdout(&output).contains("-:3:"), "{}", stdout(&output));
}

#[test]
fn constants_are_refused_by_all_that_are_possible() {
    for command in ["run", "check"] {
        assert!(pyprior_with_input(&[command], "print(32767 + 0x7f)\n").status.success());
        let output = pyprior_with_input(&[command], "print(100000)\n");
        assert!(stderr(&output).contains("from -32767 to 32767"), "{}", stderr(&output));
    }
}
