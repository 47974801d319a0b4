//! The model that comes with the project: it is small, it loads, and it does what its card says.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use candle_core::{DType, Device};
use pyprior_candle::train::{AdamW, HeldOut, Learner, Source};
use pyprior_candle::{Budget, GenerateConfig, Generator, ModelDir};
use pyprior_core::{LanguageConfig, PriorConfig, ProgramFilter, ProgramSampler};

const PROGRAMS: u64 = 1000;

fn dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../models/pyprior-tiny")
}

#[test]
fn four_megabytes_at_most() {
    let files = std::fs::read_dir(dir()).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len());
    let bytes: u64 = files.sum();
    println!("{bytes} bytes");
    assert!(bytes <= 4_000_000, "{bytes} bytes");
}

#[test]
fn it_is_for_the_language_that_is_sampled_unless_told_otherwise() {
    let shipped = ModelDir::load(&dir(), &Device::Cpu, DType::F32).unwrap();
    assert_eq!(*shipped.language.config(), LanguageConfig { max_len: Some(60), ..LanguageConfig::default() });
}

/// Its weights are rounded: what was measured when it was trained has to hold for what is shipped.
#[test]
fn it_knows_the_rules_and_passes_the_filter() {
    let ModelDir { language, model } = ModelDir::load(&dir(), &Device::Cpu, DType::F32).unwrap();
    let sampler = ProgramSampler::with_prior(&language, PriorConfig::default(), 0).unwrap();
    let source = Source::Sampler { sampler, filtered: true };
    let bos = language.vocab().id_of("BOS").unwrap();
    let held_out =
        HeldOut::new(&language, PriorConfig::default(), &source.held_out(PROGRAMS as usize).unwrap(), bos).unwrap();
    let weights = model.tensors().unwrap();
    let learner = Learner::new(model.config(), &weights, AdamW::default(), &Device::Cpu, DType::F32).unwrap();
    let (found, baselines) = (held_out.evaluate(&learner).unwrap(), held_out.baselines());

    let prior = source.passing(PROGRAMS).unwrap().unwrap() as f64 / PROGRAMS as f64;
    let config = GenerateConfig { prior: None, seed: 1, ..GenerateConfig::default() };
    let mut generator = Generator::new(&model, &language, &[], config).unwrap();
    let mut filter = ProgramFilter::new(&language);
    let mut passing = 0;
    let budget = Budget { programs: Some(PROGRAMS), ..Budget::default() };
    generator
        .run(0, &budget, &AtomicBool::new(false), &mut |program| {
            passing += u64::from(filter.check(program.tokens).is_ok());
            ControlFlow::Continue(())
        })
        .unwrap();
    let passing = passing as f64 / PROGRAMS as f64;

    println!("{found:?}\n{baselines:?}\npasses the filter: {passing}, of the prior {prior}");
    assert!(found.legal_mass >= 0.95, "{found:?}");
    assert!(found.masked_loss < baselines.prior && baselines.prior < baselines.uniform, "{found:?} {baselines:?}");
    assert!(passing >= 2.0 * prior, "{passing} {prior}");
}
