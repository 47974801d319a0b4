//! `pyprior sample --run`: programs with what they print.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod command;
mod python3;

use std::collections::BTreeSet;
use std::io::Write;
use std::process::Command;

use command::{pyprior, pyprior_with_input, stderr, stdout};
use serde_json::Value;

/// A language whose programs end in every way, and limits that they run into.
const LANGUAGE: [&str; 6] = ["--profile", "pyprior-0.0.2", "--max-len", "40", "--max-control-depth", "3"];
const LIMITS: [&str; 6] = ["--fuel", "400", "--output-limit", "100", "--integer-bits", "64"];

fn sample(flags: &[&[&str]]) -> String {
    let output = pyprior(&[&["sample", "--seed", "5"], &flags.concat()[..]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output).to_owned()
}

fn records(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn outcomes_are_those_of_run() {
    let jsonl = ["-n", "20000", "--format", "jsonl", "--w-call", "4"];
    let plain = sample(&[&jsonl, &LANGUAGE]);
    let output = pyprior_with_input(&[&["run", "--jsonl"], &LANGUAGE[..], &LIMITS].concat(), &plain);
    let (plain, run) = (records(&plain), records(stdout(&output)));
    let sampled = records(&sample(&[&jsonl, &LANGUAGE, &["--run"], &LIMITS]));
    assert_eq!((sampled.len(), plain.len(), run.len()), (20_000, 20_000, 20_000));
    let mut kinds = BTreeSet::new();
    for ((sampled, plain), run) in sampled.iter().zip(plain).zip(run) {
        kinds.insert(run["error"]["kind"].as_str().unwrap_or("none").to_owned());
        let mut both = plain.as_object().unwrap().clone();
        both.extend(run.as_object().unwrap().clone());
        assert_eq!(sampled.as_object().unwrap(), &both);
    }
    let kinds = kinds.iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(kinds, ["integer_limit", "none", "out_of_fuel", "output_limit", "type_error"]);
}

#[test]
fn source_is_followed_by_what_it_prints() {
    let with = |format: &str, run: &[&str]| sample(&[&["-n", "3000", "--format", format], &LANGUAGE, run]);
    let run = [&["--run"], &LIMITS[..]].concat();
    let (plain, jsonl, text) = (with("source", &[]), with("jsonl", &run), with("source", &run));
    let expected = plain.trim_end().split("\n\n").zip(records(&jsonl)).map(|(source, record)| {
        let printed = record["stdout"].as_str().unwrap().lines().map(|line| format!("# {line}\n"));
        let error = match record["error"]["kind"].as_str() {
            None => String::new(),
            Some("out_of_fuel") => "# … out of fuel after 400 steps\n".to_owned(),
            Some("output_limit") => "# … the output would be longer than 100 bytes\n".to_owned(),
            Some("integer_limit") => "# … an integer would have more than 64 bits\n".to_owned(),
            Some(_) => format!("# … TypeError: {}\n", record["error"]["message"].as_str().unwrap()),
        };
        format!("{source}\n{}{error}", printed.collect::<String>())
    });
    assert_eq!(text, expected.collect::<Vec<_>>().join("\n"));
    let bare = text.split_inclusive('\n').filter(|line| !line.starts_with("# ")).collect::<String>();
    assert_eq!(bare, plain);
}

/// Reads the whole text as Python, then runs each program that no limit ended and compares its comments.
const PYTHON: &str = r##"
import ast, contextlib, io, sys
text = sys.stdin.buffer.read().decode()
ast.parse(text)
count = 0
for program in text.rstrip("\n").split("\n\n"):
    if "\n# …" not in program:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(program, {})
        comments = [line[2:] for line in program.splitlines() if line.startswith("# ")]
        assert out.getvalue().splitlines() == comments, program
        count += len(comments) > 0
print(count)
"##;

#[test]
fn python_prints_the_comments() {
    let Some(mut child) = python3::start(&["-c", PYTHON]) else { return };
    let text = sample(&[&["-n", "2000", "--run", "--fuel", "5000"]]);
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(stdout(&output).trim().parse::<u32>().unwrap() > 500, "{}", stdout(&output));
}

#[test]
fn any_number_of_threads_writes_the_same() {
    let with = |threads: &str, format: &str| {
        let args = ["sample", "-n", "5000", "--run", "--fuel", "20000", "--format", format];
        Command::new(env!("CARGO_BIN_EXE_pyprior")).args(args).env("RAYON_NUM_THREADS", threads).output().unwrap()
    };
    for format in ["source", "jsonl"] {
        let one = with("1", format);
        assert!(one.status.success() && one.stdout.len() > 100_000);
        for threads in ["2", "3"] {
            assert!(with(threads, format).stdout == one.stdout, "{format} with {threads} threads");
        }
    }
}

#[test]
fn prompts_and_prefixes_run_too() {
    let output = pyprior_with_input(&["sample", "-n", "5", "--run", "--prompt", "-"], "print(6 * 7)\n");
    let programs = stdout(&output).trim_end().split("\n\n").collect::<Vec<_>>();
    assert_eq!(programs.len(), 5);
    assert!(programs.iter().all(|program| program.contains("\n# 42")), "{}", stdout(&output));
    let prefix = ["-n", "2", "--run", "--prefix", "BLK_1", "PRINT", "INT_1"];
    assert_eq!(sample(&[&prefix]), "print(1)\n# 1\n\nprint(1)\n# 1\n");
}

#[test]
fn flags_that_are_at_odds_are_refused() {
    for format in ["tokens", "names"] {
        let output = pyprior(&["sample", "--run", "--format", format]);
        assert_eq!((output.status.code(), stdout(&output)), (Some(2), ""));
        assert_eq!(
            stderr(&output),
            "error: with --run the format is source or jsonl: the others have no place for what is printed\n"
        );
    }
    for limit in ["--fuel", "--output-limit", "--integer-bits"] {
        let output = pyprior(&["sample", limit, "5"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("--run"), "{}", stderr(&output));
    }
}
