//! Python agrees: sessions put together from statements of several programs, whose names get in each other's way, print,
//! raise and leave what they do at its prompt. What a session refuses is not run there, so it must have changed nothing.
//!
//! `PYPRIOR_PYTHON_SESSIONS` (3,008) is the number of sessions.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../crates/pyprior-core/tests/common/mod.rs"]
mod common;

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use common::running::{configurations, sample};
use common::{Random, env};
use pyprior_core::exec::{ExecError, Limits, Session, SessionError, Value};
use pyprior_core::{Language, LanguageConfig, Profile, Renderer};
use serde_json::json;

/// What has come about.
#[derive(Debug, Default)]
struct Counts {
    inputs: u64,
    values: u64,
    raised: u64,
    redefined: u64,
    refused: u64,
    /// By the rules of sessions alone.
    circles: u64,
    callers: u64,
}

/// The statements of a module; some that print a value as the value alone.
fn statements(source: &str, random: &mut Random) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for line in source.lines() {
        match found.last_mut() {
            Some(last) if line.starts_with(' ') || line == "else:" => {
                last.push('\n');
                last.push_str(line);
            }
            _ => {
                let value = line.strip_prefix("print(").and_then(|rest| rest.strip_suffix(')'));
                found.push(value.filter(|_| random.one_in(2)).unwrap_or(line).to_owned());
            }
        }
    }
    found
}

/// Statements of both in turn, each in its order.
fn merged(mut left: Vec<String>, mut right: Vec<String>, random: &mut Random) -> Vec<String> {
    let mut found = Vec::new();
    while !left.is_empty() || !right.is_empty() {
        let from = if right.is_empty() || (!left.is_empty() && random.one_in(2)) { &mut left } else { &mut right };
        found.push(from.remove(0));
    }
    found
}

fn session_of(
    session: &mut Session,
    inputs: Vec<String>,
    random: &mut Random,
    counts: &mut Counts,
) -> serde_json::Value {
    let (mut given, mut expected) = (Vec::new(), Vec::new());
    let mut names = BTreeMap::new();
    let mut rest = inputs.as_slice();
    while !rest.is_empty() {
        let (now, behind) = rest.split_at((1 + random.index(3) / 2).min(rest.len()));
        rest = behind;
        let source = now.join("\n");
        match session.exec(&source) {
            Ok(outcome) => {
                if !matches!(outcome.error, None | Some(ExecError::TypeError { .. })) {
                    // Python would go on: the session is compared up to here.
                    break;
                }
                let value = Some(&outcome.value).filter(|value| **value != Value::None);
                counts.values += u64::from(value.is_some());
                counts.raised += u64::from(outcome.error.is_some());
                counts.redefined += u64::from(source.split("def ").skip(1).any(|def| {
                    let name = def.split('(').next().unwrap_or_default();
                    names.get(name).is_some_and(|found| found == "def")
                }));
                let stdout = outcome.stdout + &value.map(|value| format!("{value}\n")).unwrap_or_default();
                expected.push(json!([stdout, outcome.error.map(|error| error.to_string())]));
                given.push(source);
            }
            Err(error) => {
                counts.refused += 1;
                counts.circles += u64::from(matches!(error, SessionError::Recursion { .. }));
                let callers = SessionError::place(&error).is_some() && !matches!(error, SessionError::Encode(_));
                counts.callers += u64::from(callers);
            }
        }
        let values = session.variables().map(|(name, value)| (name.to_owned(), value.to_string()));
        let defs = session.functions().map(|(name, _)| (name.to_owned(), "def".to_owned()));
        names = values.chain(defs).collect::<BTreeMap<_, _>>();
    }
    counts.inputs += given.len() as u64;
    json!({"inputs": given, "expected": expected, "names": names})
}

#[test]
fn sessions_do_what_they_do_at_the_prompt_of_python() {
    if Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: python3 is missing");
        return;
    }
    let driver = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/run_sessions.py");
    let mut child = Command::new("python3").arg(driver).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let count = env("PYPRIOR_PYTHON_SESSIONS", 3_008);
    let feeder = std::thread::spawn(move || {
        let (mut counts, mut random) = (Counts::default(), Random(5));
        for profile in [Profile::Sound, Profile::PyPrior002] {
            let config = LanguageConfig {
                max_block_stmts: 40,
                max_funcs: 40,
                max_vars: 60,
                max_expr_depth: 12,
                max_control_depth: 6,
                ..LanguageConfig::with_profile(profile)
            };
            let wide = Language::new(config).unwrap();
            for (nth, config) in configurations(profile).iter().enumerate() {
                let (language, programs) = sample(config, 700 + nth as u64, count / 16 * 4);
                let mut renderer = Renderer::new(&language);
                let programs = programs.iter().map(|tokens| renderer.render(tokens).unwrap().to_owned());
                for four in programs.collect::<Vec<_>>().chunks_exact(4) {
                    let inputs = four.iter().fold(Vec::new(), |before, source| {
                        let mut now = statements(source, &mut random);
                        if random.one_in(4) {
                            // Calls of what another program has defined, and defs that call back.
                            for (from, to) in [("func", "f"), ("g", "func")] {
                                let text = now.join("\0").replace(&format!("{from}("), &format!("{to}("));
                                now = text.split('\0').map(str::to_owned).collect();
                            }
                        }
                        merged(before, now, &mut random)
                    });
                    let limits = Limits { fuel: 50_000, ..Limits::default() };
                    let task = session_of(&mut Session::new(&wide, limits), inputs, &mut random, &mut counts);
                    // The inputs of a session that was cut short have left what Python does not know.
                    writeln!(input, "{task}").unwrap();
                }
            }
        }
        counts
    });
    let output = child.wait_with_output().unwrap();
    let counts = feeder.join().unwrap();
    let report = String::from_utf8(output.stdout).unwrap();
    println!("{report}{counts:?}");
    assert!(output.status.success());
    let sessions = count / 16 * 16;
    assert!(report.starts_with(&format!("{sessions} sessions, {} inputs, 0 different", counts.inputs)), "{report}");
    assert!(counts.inputs > 3 * sessions && counts.values > sessions / 4 && counts.raised > sessions / 50);
    assert!(counts.redefined > sessions / 4 && counts.circles > 0 && counts.callers > sessions / 200);
}
