//! `pyprior generate`: a model's programs.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod command;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use command::{pyprior, pyprior_with_input, stderr, stdout};
use pyprior_core::{Language, LanguageConfig, Matcher};
use serde_json::Value;

fn generate(flags: &[&str]) -> String {
    let output = pyprior(&[&["generate", "--device", "cpu"], flags].concat());
    assert!(output.status.success(), "{flags:?}: {}", stderr(&output));
    assert_eq!(stderr(&output), "", "{flags:?}");
    stdout(&output).to_owned()
}

fn records(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What a command that fails says, which is one line and nothing else.
fn refused(flags: &[&str]) -> String {
    let output = pyprior(&[&["generate"], flags].concat());
    assert_eq!(output.status.code(), Some(1), "{flags:?}: {}", stderr(&output));
    assert_eq!(stdout(&output), "", "{flags:?}");
    let errors = stderr(&output).lines().filter(|line| !line.starts_with("note: ")).collect::<Vec<_>>();
    let [error] = errors[..] else { panic!("{errors:?}") };
    error.strip_prefix("error: ").unwrap().to_owned()
}

/// A directory of the test's own.
fn scratch(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("pyprior-generate-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}

/// A copy of the model that is shipped.
fn copy_of_model(name: &str) -> PathBuf {
    let dir = scratch(name);
    for file in fs::read_dir("models/pyprior-tiny").unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), dir.join(file.file_name())).unwrap();
    }
    dir
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Whether names are a program of a language.
fn is_program(language: &Arc<Language>, names: &Value) -> bool {
    let names = names.as_array().unwrap().iter().map(|name| language.vocab().id_of(name.as_str().unwrap()));
    let tokens = names.collect::<Option<Vec<_>>>();
    tokens.is_some_and(|tokens| Matcher::with_prefix(language, &tokens).is_ok_and(|matcher| matcher.is_terminated()))
}

#[test]
fn programs_are_whole_and_in_order() {
    let programs = records(&generate(&["-n", "300", "--format", "jsonl"]));
    assert_eq!(programs.len(), 300);
    let language = Language::new(LanguageConfig { max_len: Some(60), ..LanguageConfig::default() }).unwrap();
    for (id, program) in programs.iter().enumerate() {
        assert_eq!((&program["id"], &program["prompt"]), (&id.into(), &0.into()));
        assert!(is_program(&language, &program["names"]), "{program}");
        let (log, entropy) = (program["log_probability"].as_f64().unwrap(), program["entropy"].as_f64().unwrap());
        assert!(log < 0.0 && entropy > 0.0, "{program}");
    }
    let sources = programs.iter().map(|program| program["source"].as_str().unwrap());
    assert!(generate(&["-n", "300"]) == sources.collect::<Vec<_>>().join("\n\n") + "\n");
}

#[test]
fn a_program_is_that_of_its_seed_and_number() {
    let tokens = |flags: &[&str]| generate(&[&["--format", "tokens"], flags].concat());
    let all = tokens(&["-n", "200", "--seed", "3"]);
    for rows in ["1", "7", "64"] {
        let some = tokens(&["-n", "50", "--seed", "3", "--batch-size", rows]);
        assert!(all.starts_with(&some) && some.lines().count() == 50, "{rows}");
    }
    assert_ne!(tokens(&["-n", "200", "--seed", "4"]), all);
    // To the last bit of every number, in every mode, on any number of threads.
    for drawing in [&["--temperature", "0.7", "--top-p", "0.9"][..], &["--apply", "entropy"], &["--apply", "additive"]]
    {
        let record = |rows: &str, threads: &str| {
            let flags = ["generate", "-n", "60", "--device", "cpu", "--format", "jsonl", "--batch-size", rows];
            let mut command = Command::new(env!("CARGO_BIN_EXE_pyprior"));
            let output = command.env("RAYON_NUM_THREADS", threads).args(flags).args(drawing).output().unwrap();
            stdout(&output).to_owned()
        };
        let one = record("1", "1");
        assert_eq!(one.lines().count(), 60);
        assert!(one == record("60", "3") && one == record("7", "2"), "{drawing:?}");
    }
    // The likeliest token at every step: one program, whatever the seed.
    let likeliest = tokens(&["-n", "3", "--temperature", "0"]);
    assert!(likeliest.lines().all(|line| line == likeliest.lines().next().unwrap()));
    assert_eq!(tokens(&["-n", "3", "--temperature", "0", "--seed", "9"]), likeliest);
    assert_eq!(tokens(&["-n", "3", "--top-k", "1", "--seed", "9"]), likeliest);
}

#[test]
fn smaller_languages_in_the_models_vocabulary() {
    let flags = ["--value-range", "0", "9", "--max-vars", "3", "--max-funcs", "1", "--max-block-stmts", "2"];
    let more = ["--exclude", "for", "--max-len", "30", "--max-expr-depth", "1", "--no-dead-code", "false"];
    let programs = records(&generate(&[&["-n", "300", "--format", "jsonl"], &flags[..], &more].concat()));
    let config = LanguageConfig {
        value_range: (0, 9),
        max_vars: 3,
        max_funcs: 1,
        exclude: vec!["for".to_owned()],
        max_len: Some(30),
        max_expr_depth: 1,
        no_dead_code: false,
        ..LanguageConfig::default()
    };
    let language = Language::new(config).unwrap();
    assert!(programs.iter().all(|program| is_program(&language, &program["names"])));
    assert_eq!(
        refused(&["--value-range", "-200", "99"]),
        "token INT_-200 of this language is not in the model's vocabulary"
    );
    assert_eq!(refused(&["--max-vars", "16"]), "token VAR_16 of this language is not in the model's vocabulary");
    assert_eq!(
        refused(&["--base-vocab", "5"]),
        "a base vocabulary of 5 tokens; the model was made for one of 0 (base_vocab)"
    );
    // As long as the model takes.
    let none = generate(&["--max-len", "none", "-n", "5", "--format", "tokens"]);
    assert_eq!(none.lines().count(), 5);
    assert!(refused(&["--max-len", "100000"]).contains("100000"));
}

#[test]
fn prompts_of_every_kind() {
    let dir = scratch("prompts");
    let signature = pyprior_with_input(&["generate", "-n", "20", "--prompt", "-"], "def area(width, height)");
    for program in stdout(&signature).split("\n\n").filter(|text| text.starts_with("def")) {
        assert!(program.starts_with("def area(width, height):\n"), "{program}");
    }
    assert_eq!(stdout(&signature).matches("def area(width, height):").count(), 20);
    let file = dir.join("prompts.txt");
    let lines = [
        "def f(x)",
        "",
        "BLK_1 PRINT",
        "total = 7",
        "{\"source\": \"for i in range(3):\\n    k = i\"}",
        "{\"names\": [\"BLK_1\", \"FUNC_1\", \"ARITY_2\"]}",
        "{\"tokens\": []}",
    ];
    fs::write(&file, lines.join("\n")).unwrap();
    let programs = records(&generate(&["-n", "60", "--format", "jsonl", "--prompts", text(&file)]));
    let starts = ["def f(x):\n", "print(", "total = 7\n", "for i in range(3):\n    k = i\n", "def ", ""];
    for (nth, program) in programs.iter().enumerate() {
        assert!(program["source"].as_str().unwrap().starts_with(starts[nth % 6]), "{program}");
    }
    let named = records(&generate(&["-n", "3", "--format", "jsonl", "--prefix", "BLK_2", "PRINT", "INT_5"]));
    assert!(named.iter().all(|program| program["prompt"] == 3 && program["names"][2] == "INT_5"), "{named:?}");

    let error = |lines: &str| {
        fs::write(&file, lines).unwrap();
        refused(&["--prompts", text(&file)]).replace(text(&file), "FILE")
    };
    assert_eq!(error("\n \n"), "FILE: no prompts");
    assert!(error("BLK_1\nwhile True: pass").starts_with("FILE, line 2: source:1:1: "));
    assert!(error("{\"token\": [1]}").starts_with("FILE, line 1: expected an object with one of tokens"));
    assert!(error("{").starts_with("FILE, line 1: EOF"));
    assert!(error("{\"tokens\": [], \"names\": []}").contains("one of tokens, names and source"));
    let start = "this is no start of a program of the language: ";
    assert!(error("\n\nBLK_1 BLK_1").starts_with(&format!("FILE, line 3: {start}")));
    assert!(error("BLK_1\n\u{feff}99999").starts_with("FILE, line 2: source:1:1: "));
    assert!(error("BLK_1\n99999").starts_with(&format!("FILE, line 2: {start}")));
    assert_eq!(error("BLK_1 PRNT"), "FILE, line 1: unknown token \"PRNT\"; did you mean \"PRINT\"?");
    assert!(
        error("a = 1; a = 2")
            .ends_with("nothing can follow: a block has at most 2 statements (max_block_stmts) (rules)")
    );
    assert!(refused(&["--prefix", "PRINT"]).starts_with(&format!("--prefix: {start}")));
    // Too long for what may follow.
    fs::write(&file, "BLK_2 PRINT ADD INT_1 INT_2 PRINT INT_3").unwrap();
    let long = refused(&["--prompts", text(&file), "--max-len", "6"]);
    assert!(long.contains(start), "{long}");
    fs::write(&file, "\u{feff}BLK_1 PRINT INT_7\r\n  {\"tokens\": []}\r\n").unwrap();
    assert!(generate(&["--prompts", text(&file)]).starts_with("print(7)\n"));
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn budgets_and_what_is_told() {
    let lines = |flags: &[&str]| generate(&[&["--format", "tokens"], flags].concat()).lines().count();
    assert_eq!(lines(&[]), 10);
    assert_eq!(lines(&["-n", "0"]), 0);
    assert!((1..100).contains(&lines(&["--tokens", "500", "--batch-size", "4"])));
    // Prompts that are whole programs bring no tokens, and take no time.
    let whole = ["--prefix", "BLK_1", "PRINT", "INT_7"];
    assert_eq!(lines(&[&["--tokens", "5"], &whole[..]].concat()), 1);
    assert_eq!(lines(&[&["-n", "1000"], &whole[..]].concat()), 1000);
    assert!(lines(&[&["--time", "0.1"], &whole[..]].concat()) > 1);
    assert_eq!(lines(&["--time", "0"]), 0);
    assert!(lines(&["--time", "0.3"]) > 0);
    assert!(lines(&["--time", "60", "-n", "7"]) == 7);
    let told = pyprior(&["generate", "-n", "20", "--progress", "always", "--format", "tokens"]);
    let last = stderr(&told).lines().last().unwrap();
    assert!(last.starts_with("20 programs, ") && last.contains(" tokens/s; model "), "{last}");
    let run = generate(&["-n", "20", "--run", "--format", "jsonl", "--fuel", "500"]);
    assert!(records(&run).iter().all(|program| program["steps"].as_u64().unwrap() <= 500));
}

#[test]
fn models_that_know_nothing() {
    for apply in ["off", "entropy", "fixed", "additive"] {
        let flags = ["--model", "random", "-n", "40", "--format", "jsonl", "--apply", apply, "--max-len", "25"];
        let programs = records(&generate(&[&flags[..], &["--value-range", "0", "3"]].concat()));
        let config = LanguageConfig { value_range: (0, 3), max_len: Some(25), ..LanguageConfig::default() };
        let language = Language::new(config).unwrap();
        assert!(programs.len() == 40 && programs.iter().all(|program| is_program(&language, &program["names"])));
    }
    let weights = ["--model", "random", "-n", "40", "--apply", "additive", "--alpha", "20"];
    let no_prints = generate(&[&weights[..], &["--w-print", "0", "--w-if", "0", "--w-assign", "9"]].concat());
    assert!(!no_prints.contains("if ") && no_prints.contains(" = "), "{no_prints}");
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_written() {
    let dir = copy_of_model("wrong");
    let out = dir.join("out.txt");
    let error = |flags: &[&str]| {
        let error = refused(&[flags, &["-o", text(&out)]].concat());
        assert!(!out.exists(), "{error}");
        error.replace(text(&dir), "DIR")
    };
    let model = ["--model", text(&dir)];
    let none = dir.join("none");
    assert!(error(&["--model", text(&none)]).starts_with("model DIR/none: DIR/none/language.json: No such file"));
    assert!(error(&["--device", "cuda:0"]).contains("cuda"));
    assert_eq!(error(&["--batch-size", "0"]), "no rows to generate with");
    if cfg!(target_os = "linux") {
        let full = pyprior(&["generate", "--device", "cpu", "-o", "/dev/full"]);
        assert_eq!(full.status.code(), Some(1));
        assert!(stderr(&full).starts_with("error: cannot write /dev/full: "), "{}", stderr(&full));
    }
    let huge = error(&["--batch-size", "1000000000000", "-n", "5"]);
    assert!(huge.starts_with("no memory for a batch of 1000000000000 rows of "), "{huge}");
    assert!(error(&["--temperature", "-1"]).contains("temperature is -1"));
    assert!(error(&["--apply", "fixed", "--alpha", "-1"]).contains("alpha is -1"));

    let weights = dir.join("model.safetensors");
    let whole = fs::read(&weights).unwrap();
    let damaged = |bytes: &[u8]| {
        fs::write(&weights, bytes).unwrap();
        error(&model)
    };
    let cut = damaged(&whole[..whole.len() - 1]);
    assert!(cut.starts_with("model DIR: DIR/model.safetensors: not a whole safetensors file"), "{cut}");
    assert!(damaged(b"\x7fELF and so on").contains("not a whole safetensors file"));
    let mut nan = whole.clone();
    let end = nan.len();
    // Whatever the type, a number of ones is none.
    nan[end - 4..].fill(0xff);
    assert!(damaged(&nan).contains("holds NaN at "), "{}", damaged(&nan));
    fs::write(&weights, &whole).unwrap();

    let config = dir.join("config.json");
    let json = fs::read_to_string(&config).unwrap();
    fs::write(&config, json.replace("\"vocab_size\": 268", "\"vocab_size\": 267")).unwrap();
    assert_eq!(error(&model), "model DIR: the model's vocabulary has 267 tokens, the language 268");
    fs::write(&config, &json[..json.len() / 2]).unwrap();
    assert!(error(&model).starts_with("model DIR: DIR/config.json: EOF"));
    fs::write(&config, &json).unwrap();
    let tokenizer = dir.join("tokenizer.json");
    let swapped = fs::read_to_string(&tokenizer).unwrap().replace("\"PRINT\"", "\"PRANT\"");
    fs::write(&tokenizer, swapped).unwrap();
    assert!(error(&model).contains("token \"PRINT\" is none; the language says "));
    fs::remove_dir_all(dir).unwrap();
}

#[test]
fn unknown_devices_are_usage() {
    let output = pyprior(&["generate", "--device", "tpu"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("expected auto, cpu, cuda:N or metal"), "{}", stderr(&output));
    for (flags, says) in [
        (&["--run", "--format", "names"][..], "no place for what is printed"),
        (&["--w-call", "8"], "the prior has no say"),
        (&["--alpha", "1"], "--alpha is for"),
        (&["--time", "-1"], "a time such as 90s, 40m or 2h"),
        (&["--time", "nan"], "a time such as 90s, 40m or 2h"),
        (&["--tokens", "-1"], "invalid value '-1'"),
    ] {
        let output = pyprior(&[&["generate"], flags].concat());
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
    }
}

#[cfg(unix)]
fn interrupted(mut child: Child) -> (Option<i32>, Duration) {
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let begin = Instant::now();
    (child.wait().unwrap().code(), begin.elapsed())
}

/// What is finished when Ctrl-C comes is written, and every line is whole.
#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_is_finished() {
    let dir = scratch("interrupt");
    let language = Language::new(LanguageConfig { max_len: Some(60), ..LanguageConfig::default() }).unwrap();
    let start = |flags: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pyprior"));
        command.args(["generate", "-n", "1000000000", "--device", "cpu"]).args(flags);
        command.stderr(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap()
    };
    let written = |out: &Path| {
        let begin = Instant::now();
        while fs::metadata(out).map_or(0, |file| file.len()) < 1000 {
            assert!(begin.elapsed() < Duration::from_secs(60), "nothing is written");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    for flags in [&["--format", "jsonl"][..], &["--format", "jsonl", "--run"]] {
        let out = dir.join("programs.jsonl");
        let child = start(&[flags, &["-o", text(&out)]].concat());
        written(&out);
        assert_eq!(interrupted(child).0, Some(130));
        let lines = fs::read_to_string(&out).unwrap();
        assert!(lines.ends_with('\n'));
        assert!(records(&lines).iter().all(|program| is_program(&language, &program["names"])));
        fs::remove_file(out).unwrap();
    }
    // A loop without an end to speak of, that is run again and again.
    let slow = dir.join("slow.py");
    fs::write(&slow, "for i in range(99):\n    for j in range(99):").unwrap();
    let out = dir.join("slow.jsonl");
    let run = ["--run", "--format", "jsonl", "--fuel", "20000000", "-o", text(&out), "--prompt", text(&slow)];
    let child = start(&run);
    written(&out);
    let (code, time) = interrupted(child);
    assert!(code == Some(130) && time < Duration::from_secs(10), "{code:?} {time:?}");
    // A reader that does not read, and prompts that ask for no step.
    for flags in [&["--format", "tokens"][..], &["--format", "tokens", "--prefix", "BLK_1", "PRINT", "INT_7"]] {
        let child = start(flags);
        std::thread::sleep(Duration::from_millis(500));
        let (code, time) = interrupted(child);
        assert!(code == Some(130) && time < Duration::from_secs(10), "{code:?} {time:?}");
    }
    fs::remove_dir_all(dir).unwrap();
}
