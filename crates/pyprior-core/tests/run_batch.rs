//! Batches of runs.

#![allow(clippy::unwrap_used, clippy::panic)]

use pyprior_core::exec::{Limits, Outcome, Program, run_batch};
use pyprior_core::{Language, LanguageConfig, ProgramSampler};

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
