//! Python agrees: what is read from source and written again means what the source means, under its own names and
//! under others.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../crates/pyprior-core/tests/common/mod.rs"]
mod common;
mod python3;

use std::io::{BufRead, BufReader, Write};
use std::sync::Arc;

use common::Random;
use common::disguise::disguise;
use pyprior_core::{ComparisonValues, Encoder, Language, LanguageConfig, Profile, ProgramSampler, Renderer};
use serde_json::Value;

const PROGRAMS: u64 = 5_000;
/// Seconds that the three runs of a program may take; some programs take 9e15 iterations.
const SECONDS: &str = "2";

fn configs() -> Vec<LanguageConfig> {
    let of = |profile| LanguageConfig { max_len: Some(60), ..LanguageConfig::with_profile(profile) };
    let few = |profile| LanguageConfig {
        value_range: (-1, 3),
        max_vars: 4,
        max_arity: Some(2),
        max_block_stmts: 4,
        max_control_depth: 3,
        max_len: Some(90),
        ..of(profile)
    };
    vec![of(Profile::Sound), few(Profile::Sound), of(Profile::PyPrior002), few(Profile::PyPrior002)]
}

/// The source, and the program under its names and under the usual ones; `None` if it is refused.
fn three(language: &Arc<Language>, source: &str) -> Option<Value> {
    let found = Encoder::new(language).encode(source).ok()?;
    let mut renderer = Renderer::new(language);
    let named = renderer.render_named(&found.tokens, &found.names).unwrap().to_owned();
    Some(Value::from(vec![source, &named, renderer.render(&found.tokens).unwrap()]))
}

/// The recorded sources that are read under a configuration of their own, those that the package refuses included.
fn recorded() -> Vec<Value> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/traces.jsonl.gz");
    let lines = BufReader::new(flate2::read::GzDecoder::new(std::fs::File::open(file).unwrap())).lines();
    let mut language = None;
    let mut numbers = (Value::Null, Value::Null);
    let mut found = Vec::new();
    for line in lines {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        if line["t"] == "config" {
            let base =
                LanguageConfig { allow_empty_value_range: true, ..LanguageConfig::with_profile(Profile::PyPrior002) };
            let mut config = serde_json::to_value(base).unwrap();
            config.as_object_mut().unwrap().extend(line["tok"].as_object().unwrap().clone());
            let config = serde_json::from_value::<LanguageConfig>(config);
            language = config.ok().and_then(|config| Language::new(config).ok());
            numbers.0 = line["c"].clone();
        }
        numbers.1 = line["c"].clone();
        if line["t"] == "encode" && numbers.0 == numbers.1 {
            let source = line["src"].as_str().unwrap_or("?");
            found.extend(language.as_ref().and_then(|language| three(language, source)));
        }
    }
    found
}

#[test]
fn sources_read_and_written_again_mean_the_same() {
    let recorded = recorded();
    println!("{} recorded sources", recorded.len());
    assert!(recorded.len() > 100);
    let count = PROGRAMS + recorded.len() as u64;
    let driver = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/run_same.py");
    let Some(mut child) = python3::start(&[driver, SECONDS]) else { return };
    let mut input = child.stdin.take().unwrap();
    let feeder = std::thread::spawn(move || {
        recorded.iter().for_each(|line| writeln!(input, "{line}").unwrap());
        let configs = configs();
        let share = PROGRAMS / configs.len() as u64;
        for (nth, config) in configs.into_iter().enumerate() {
            let language = Language::new(config).unwrap();
            let int = language.config().comparison_values == ComparisonValues::Int;
            let programs = ProgramSampler::new(&language, nth as u64).sample(0..share).unwrap();
            for (number, tokens) in programs.iter().enumerate() {
                let tree = language.vocab().tokens_to_ast(tokens).unwrap();
                let source = disguise(&tree, int, &mut Random(number as u64));
                writeln!(input, "{}", three(&language, &source).unwrap()).unwrap();
            }
        }
    });
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    let report = String::from_utf8(output.stdout).unwrap();
    println!("{report}");
    assert!(report.contains(", 0 different,"), "{report}");
    let same: u64 = report.split(' ').next().unwrap().parse().unwrap();
    assert!(same > count * 9 / 10, "{report}");
}
