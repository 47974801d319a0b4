//! `pyprior check`, as a user meets it.
//!
//! `tests/data/check.txt` holds programs and, on lines behind `=>`, what is found in them. With `PYPRIOR_UPDATE=1` the
//! test writes those lines anew, for a person to look at.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod command;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use command::{pyprior, pyprior_with_input, stderr, stdout};

fn check(args: &[&str], input: &str) -> Output {
    pyprior_with_input(&[&["check"], args].concat(), input)
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn programs_and_what_is_found_in_them() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/check.txt");
    let text = std::fs::read_to_string(&path).unwrap();
    let folder = folder("check");
    // A program is what stands between an empty line and the next, its name the remark that it starts with.
    let programs = text.trim_end().split("\n\n").map(|text| {
        let lines = |found: bool| text.lines().filter(move |line| line.starts_with("=>") == found);
        (lines(false).collect::<Vec<_>>().join("\n"), lines(true).collect::<Vec<_>>().join("\n"))
    });
    let programs = programs.collect::<Vec<_>>();
    assert!(programs.len() >= 40);
    let names = (0..programs.len()).map(|nth| format!("{nth}.py")).collect::<Vec<_>>();
    for (name, (source, _)) in names.iter().zip(&programs) {
        std::fs::write(folder.join(name), source).unwrap();
    }
    let output =
        Command::new(env!("CARGO_BIN_EXE_pyprior")).arg("check").args(&names).current_dir(&folder).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let lines = stdout(&output).lines().chain(stderr(&output).lines()).collect::<Vec<_>>();
    let found = names.iter().map(|name| {
        let own = lines.iter().filter_map(|line| line.strip_prefix(&format!("{name}:")));
        own.map(|line| format!("=> {line}")).collect::<Vec<_>>().join("\n")
    });
    let found = found.collect::<Vec<_>>();
    assert_eq!(found.iter().map(|found| found.lines().count()).sum::<usize>(), lines.len());
    if std::env::var("PYPRIOR_UPDATE").is_ok() {
        let texts = programs.iter().zip(&found).map(|((source, _), found)| format!("{source}\n{found}"));
        let text = texts.map(|text| text.trim_end().to_owned()).collect::<Vec<_>>().join("\n\n");
        return std::fs::write(path, text + "\n").unwrap();
    }
    for ((source, expected), found) in programs.iter().zip(found) {
        assert_eq!(&found, expected, "{source}");
    }
}

const UNREAD: &str = "a = 1\nprint(2)\n";

#[test]
fn exit_codes() {
    let code = |args: &[&str], input: &str| check(args, input).status.code();
    assert_eq!(code(&[], "print(1)"), Some(0));
    assert_eq!(code(&[], UNREAD), Some(1));
    assert_eq!(code(&["--exit-zero", "-"], UNREAD), Some(0));
    assert_eq!(code(&["--ignore", "dead-store"], UNREAD), Some(0));
    assert_eq!(code(&["--ignore", "empty-loop,unreachable"], UNREAD), Some(1));
    assert_eq!(code(&["--ignore", "dead"], UNREAD), Some(2));
    // What cannot be looked at does not pass.
    assert_eq!(code(&["--exit-zero"], "x += 1"), Some(1));
    assert_eq!(code(&["--exit-zero", "no/such/file"], ""), Some(1));
    assert_eq!(code(&["--exit-zero", "--tokens"], "BLK_1 PRINT"), Some(1));
    assert_eq!(code(&["--tokens", "--normalise"], ""), Some(2));
}

#[test]
fn every_file_is_looked_at() {
    let folder = folder("check-files");
    let file = |name: &str, text: &str| {
        std::fs::write(folder.join(name), text).unwrap();
        folder.join(name).to_str().unwrap().to_owned()
    };
    let (bad, unread) = (file("bad.py", "x = 1\nx += 1"), file("unread.py", UNREAD));
    let output = check(&[&bad, &unread], "");
    assert_eq!(stdout(&output), format!("{unread}:1:1: dead-store: the value stored in a is never read\n"));
    assert!(stderr(&output).starts_with(&format!("{bad}:2:3: ")), "{}", stderr(&output));
    let written = folder.join("found.txt");
    assert!(stdout(&check(&[&unread, "-o", written.to_str().unwrap()], "")).is_empty());
    assert_eq!(std::fs::read_to_string(written).unwrap(), stdout(&output));
}

#[test]
fn limits_are_wide_unless_given() {
    let long = format!("{}print(12345)\n", "print(1)\n".repeat(200));
    assert_eq!(check(&[], &long).status.code(), Some(0));
    assert!(stderr(&check(&["--max-block-stmts", "5"], &long)).contains("max_block_stmts"));
    assert!(stderr(&check(&["--value-range", "0", "9"], &long)).contains("12345"));
    // What is legal to write is told, not refused, unless it is asked for.
    let dead = "def f(x):\n    return x\n    print(x)\nprint(f(1))";
    assert!(stdout(&check(&[], dead)).starts_with("-:3:5: unreachable: "));
    assert!(stderr(&check(&["--no-dead-code", "true"], dead)).starts_with("-:2:5: "));
    let falls = "def f(x):\n    print(x)\nprint(f(1))";
    assert_eq!(check(&[], falls).status.code(), Some(0));
    assert!(stderr(&check(&["--calls", "returning"], falls)).contains("-:3:7: "));
    let bare = "a = 1 < 2\nprint(a)";
    assert_eq!(check(&[], bare).status.code(), Some(1));
    assert_eq!(check(&["--normalise"], bare).status.code(), Some(0));
    assert_eq!(check(&["--profile", "pyprior-0.0.2"], bare).status.code(), Some(0));
}

#[test]
fn tokens_have_places_of_their_own() {
    let lines = "BLK_1 PRINT INT_1\n\nBLK_1 IF LT INT_1 INT_2 BLK_1 PRINT INT_1 BLK_1 PRINT INT_2\n";
    let output = check(&["--tokens"], lines);
    let expected = "-:3:3: constant-test: the test always holds\n\
                    -:3:10: unreachable: this statement never runs: the test at token 2 always goes the other way\n";
    assert_eq!(stdout(&output), expected);
    let bad = check(&["--tokens"], "BLK_1 PRINT INT_1\nBLK_1 PRNT INT_1\n");
    assert!(stderr(&bad).contains("-:2: unknown token \"PRNT\"; did you mean \"PRINT\"?"), "{}", stderr(&bad));
}

#[test]
fn json_has_the_documented_fields() {
    let source = "def f(a):\n    return 1\nx = f(2)\nfor i in range(3):\n    print(x + i)\n";
    let output = check(&["--json", "-"], source);
    assert_eq!(output.status.code(), Some(1));
    let record: serde_json::Value = serde_json::from_str(stdout(&output)).unwrap();
    let expected = serde_json::json!({
        "file": "-", "line": null,
        "findings": [{
            "line": 1, "column": 1, "message": "what f is given for a is never read",
            "kind": "unused-parameter", "statement": 0, "token": 2, "scope": null,
            "function": 1, "variable": 1, "binding": 0,
        }],
        "functions": [{"function": 1, "statement": 0, "arity": 1, "ends": "returns", "used": true, "steps": 1}],
        "call_value_used": true, "statements": 5, "tokens": 19,
        "forms": {
            "func": 2, "var": 4, "binop": 1, "compare": 0, "const": 3, "arity": 1, "block": 3, "return": 1, "if": 0,
            "assign": 1, "for": 1, "call": 1, "print": 1,
        },
        "expr_depth": 1, "control_depth": 1, "steps": 1 + 3 + 1 + 3 * 2,
    });
    assert_eq!(record, expected);
    // A program a line, whatever is found in it.
    let tokens = "BLK_1 PRINT INT_1\nBLK_1 ASSIGN VAR_1 INT_1\n";
    let output = check(&["--json", "--tokens", "--exit-zero"], tokens);
    let records = stdout(&output).lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let lines = records.map(|record| (record["line"].clone(), record["findings"].as_array().unwrap().len()));
    assert_eq!(lines.collect::<Vec<_>>(), [(1.into(), 0), (2.into(), 1)]);
}

#[test]
fn samples_pass_through() {
    let sample = |format: &str| {
        let args = ["sample", "-n", "200", "--seed", "3", "--format", format];
        pyprior(&args)
    };
    let found = |format: &str| {
        let output = check(&["--tokens"], stdout(&sample(format)));
        assert_eq!(output.status.code(), Some(1));
        stdout(&output).to_owned()
    };
    assert!(found("tokens").lines().count() > 100);
    assert_eq!(found("tokens"), found("names"));
    assert_eq!(found("tokens"), found("jsonl"));
}

#[test]
fn help_has_examples() {
    let help = check(&["--help"], "");
    assert!(stdout(&help).contains("Examples:") && stdout(&help).contains("Exit codes: 0 nothing found"));
    // Every kind is named.
    assert!(stdout(&help).contains("unused-call-value"));
}
