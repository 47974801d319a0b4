//! Python agrees: programs of eight languages in both profiles print the same, raise the same, and their functions give
//! the same values.
//!
//! `PYPRIOR_PYTHON_RUNS` (2,000) is the number of programs.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../crates/pyprior-core/tests/common/mod.rs"]
mod common;
mod python3;

use std::io::Write;

use common::env;
use common::running::{configurations, sample};
use pyprior_core::exec::{ExecError, Limits, Machine, Outcome, Program, Value};
use pyprior_core::{Profile, Renderer, render_nodes};
use serde_json::json;

/// What Python should say.
fn expected(outcome: &Outcome) -> serde_json::Value {
    let error = outcome.error.as_ref().map(ToString::to_string);
    json!([outcome.value.to_string(), outcome.stdout, error])
}

/// Whether a run ended where Python's would not.
fn is_limited(outcome: &Outcome) -> bool {
    !matches!(outcome.error, None | Some(ExecError::TypeError { .. }))
}

#[test]
fn programs_do_what_they_do_under_python() {
    let driver = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/run_values.py");
    let Some(mut child) = python3::start(&[driver]) else { return };
    let mut input = child.stdin.take().unwrap();
    let count = env("PYPRIOR_PYTHON_RUNS", 2_000);
    let feeder = std::thread::spawn(move || {
        let (mut endless, mut raised, mut big) = (0, 0, 0);
        let mut machine = Machine::new(Limits { output_bytes: 1 << 24, ..Limits::default() });
        for profile in [Profile::Sound, Profile::PyPrior002] {
            for (nth, config) in configurations(profile).iter().enumerate() {
                let (language, programs) = sample(config, 40 + nth as u64, count / 16);
                let mut renderer = Renderer::new(&language);
                for (row, tokens) in programs.iter().enumerate() {
                    let program = Program::from_tokens(&language, tokens).unwrap();
                    let whole = machine.outcome(&program, None);
                    if is_limited(&whole) {
                        endless += 1;
                        continue;
                    }
                    raised += u64::from(whole.error.is_some());
                    big += u64::from(whole.stdout.lines().any(|line| line.len() > 20));
                    let mut outcomes = vec![expected(&whole)];
                    let mut calls = Vec::new();
                    for (func, arity) in program.functions().filter(|_| whole.error.is_none()).collect::<Vec<_>>() {
                        let args = (0..i64::from(arity)).map(|arg| (arg + row as i64) % 9 - 4).collect::<Vec<_>>();
                        machine.reset();
                        let values = args.iter().map(|&arg| Value::Int(arg)).collect::<Vec<_>>();
                        let result = machine.call(&program, func, &values);
                        let outcome = machine.finish(result);
                        if !is_limited(&outcome) {
                            outcomes.push(expected(&outcome));
                            calls.push(json!([format!("func_{func}"), args]));
                        }
                    }
                    // Functions go by their numbers in one of the two ways to write a program.
                    let source = match calls.is_empty() {
                        true => renderer.render(tokens).unwrap().to_owned(),
                        false => render_nodes(&language, tokens).unwrap(),
                    };
                    writeln!(input, "{}", json!({"source": source, "calls": calls, "expected": outcomes})).unwrap();
                }
            }
        }
        (endless, raised, big)
    });
    let output = child.wait_with_output().unwrap();
    let (endless, raised, big) = feeder.join().unwrap();
    let report = String::from_utf8(output.stdout).unwrap();
    println!("{report}{endless} not compared (beyond a limit), {raised} raise, {big} print beyond 64 bits");
    assert!(output.status.success());
    let compared = count / 16 * 16 - endless;
    assert!(report.starts_with(&format!("{compared} programs, ")) && report.ends_with(" 0 different\n"), "{report}");
    assert!(endless < count / 10 && raised > count / 200 && big > count / 200);
}
