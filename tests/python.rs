//! Python agrees: sampled programs of the sound profile run under CPython without an exception.

mod python3;

use std::io::Write;

use pyprior_core::{Language, LanguageConfig, ProgramSampler, Renderer};

const PROGRAMS: u64 = 5_000;
/// Seconds a program may take; the language is total, but 21 tokens can ask for 9.2e15 iterations.
const SECONDS: &str = "5";

/// Languages, each with the tokens that its programs start with.
fn configs() -> Vec<(LanguageConfig, &'static str)> {
    let base = LanguageConfig { max_len: Some(60), ..LanguageConfig::default() };
    let few =
        LanguageConfig { value_range: (-1, 2), max_vars: 2, max_arity: Some(2), max_block_stmts: 3, ..base.clone() };
    vec![
        (base.clone(), ""),
        (LanguageConfig { value_range: (-3, 9), max_vars: 4, max_arity: Some(2), ..base.clone() }, ""),
        (LanguageConfig { value_range: (-2, 2), max_expr_depth: 6, exclude: vec!["for".into()], ..base.clone() }, ""),
        (
            LanguageConfig { value_range: (0, 3), no_dead_code: false, max_block_stmts: 4, max_len: Some(120), ..base },
            "",
        ),
        // Behind a def that may return, and with little else to choose from, calls are common.
        (few, "BLK_3 FUNC_1 ARITY_1 BLK_1"),
    ]
}

#[test]
fn sampled_programs_run_without_exception() {
    let driver = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/run_programs.py");
    let Some(mut child) = python3::start(&[driver, SECONDS]) else { return };
    let mut input = child.stdin.take().unwrap();
    let feeder = std::thread::spawn(move || {
        let configs = configs();
        let share = PROGRAMS / configs.len() as u64;
        for (nth, (config, prefix)) in configs.into_iter().enumerate() {
            let language = Language::new(config).unwrap();
            let prefix = prefix.split_whitespace().map(|name| language.vocab().id_of(name).unwrap());
            let sampler = ProgramSampler::new(&language, nth as u64).with_prefix(&prefix.collect::<Vec<_>>()).unwrap();
            let programs = sampler.sample(0..share).unwrap();
            let mut renderer = Renderer::new(&language);
            for tokens in programs.iter() {
                let source = serde_json::Value::from(renderer.render(tokens).unwrap());
                writeln!(input, "{source}").unwrap();
            }
        }
    });
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    let report = String::from_utf8(output.stdout).unwrap();
    println!("{report}");
    assert!(output.status.success());
    assert!(report.contains(&format!("{PROGRAMS} programs")), "{report}");
    assert!(report.contains(", 0 failed"), "{report}");
    let count = |what: &str| -> u64 {
        let words = report.split([' ', ',', '\n']).collect::<Vec<_>>();
        let at = words.iter().position(|word| *word == what).unwrap();
        words[at - 1].parse().unwrap()
    };
    // Enough must have run to the end, and calls must have occurred, or the test shows nothing.
    assert!(count("finished") > PROGRAMS * 9 / 10, "{report}");
    assert!(count("calling") > PROGRAMS / 50, "{report}");
}
