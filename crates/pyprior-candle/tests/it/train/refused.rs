//! What cannot be trained is refused, and changes nothing.

use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use pyprior_candle::train::{
    AdamW, BatchSize, HeldOut, Learner, Schedule, Sequences, Source, TrainBudget, TrainConfig, TrainError, Trainer,
};
use pyprior_candle::{Error, LlamaConfig, WeightsError};
use pyprior_core::{Language, LanguageConfig, PriorConfig, ProgramSampler, Programs};

use super::{learner, programs};
use crate::common::{small, weights};

#[test]
fn programs_that_do_not_fit() {
    let config = small();
    let mut learner = learner(&config, AdamW::default());
    let refused = |learner: &mut Learner, tokens: &[u32]| {
        let mut sequences = Sequences::new();
        sequences.push(0, tokens);
        learner.add_gradients(&sequences).unwrap_err().to_string()
    };
    assert_eq!(refused(&mut learner, &[1; 65]), "a program of 65 tokens: the model takes 64");
    assert_eq!(refused(&mut learner, &[1, 83, 2]), "token 83: the model's vocabulary ends at 83");
    assert_eq!(refused(&mut learner, &[83]), "token 83: the model's vocabulary ends at 83");
    let gradients = learner.gradients().unwrap();
    assert!(
        gradients.iter().all(|(_, tensor)| tensor.abs().unwrap().sum_all().unwrap().to_scalar::<f32>().unwrap() == 0.0)
    );
}

#[test]
fn tensors_that_are_others() {
    let config = small();
    let all = weights(&config, DType::F32);
    let new = |weights: &[(String, Tensor)], dtype| {
        Learner::new(&config, weights, AdamW::default(), &Device::Cpu, dtype).map(drop).unwrap_err()
    };
    let mut swapped = all.clone();
    swapped.swap(2, 3);
    let mut turned = all.clone();
    turned[0].1 = turned[0].1.t().unwrap();
    for (tensors, at) in [(&all[..5], 5), (&swapped, 2), (&turned, 0)] {
        match new(tensors, DType::F32) {
            Error::Train(TrainError::Tensor { name }) => assert_eq!(name, all[at].0),
            other => panic!("{other}"),
        }
    }
    for dtype in [DType::BF16, DType::F16, DType::F64] {
        assert!(matches!(new(&all, dtype), Error::Weights(WeightsError::Compute { .. })), "{dtype:?}");
    }
}

#[test]
fn what_has_diverged_is_not_learnt() {
    let config = small();
    let mut all = weights(&config, DType::F32);
    all[4].1 = (&all[4].1 * f64::NAN).unwrap();
    let mut learner = Learner::new(&config, &all, AdamW::default(), &Device::Cpu, DType::F32).unwrap();
    let before = learner.state().unwrap();
    let loss = learner.add_gradients(&programs(&config, &[5, 9])).unwrap();
    assert!(loss.is_nan());
    assert!(matches!(learner.update(1e-3, None), Err(Error::Train(TrainError::NotFinite { step: 1 }))));
    let after = learner.state().unwrap();
    assert_eq!(after.steps, 0);
    let numbers = |tensor: &Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let bits = |tensor: &Tensor| numbers(tensor).into_iter().map(f32::to_bits).collect::<Vec<_>>();
    for ((name, a), (_, b)) in before.weights.iter().zip(&after.weights) {
        assert_eq!(bits(a), bits(b), "{name}");
    }
}

fn language(max_len: Option<u32>) -> Arc<Language> {
    Language::new(LanguageConfig { max_len, value_range: (0, 9), ..LanguageConfig::default() }).unwrap()
}

fn config(language: &Language) -> TrainConfig {
    TrainConfig {
        model: LlamaConfig { vocab_size: language.vocab().len(), ..small() },
        seed: 0,
        batch: BatchSize::Programs(4),
        accumulate: 1,
        schedule: Schedule::default(),
        clip: None,
        adamw: AdamW::default(),
    }
}

fn trainer(config: TrainConfig, language: &Arc<Language>) -> Result<Trainer, Error> {
    let source = Source::Sampler { sampler: ProgramSampler::new(language, 0), filtered: false };
    Trainer::new(config, language, &source, &Device::Cpu, DType::F32)
}

#[test]
fn models_and_languages_that_do_not_fit() {
    let fits = language(Some(63));
    assert!(trainer(config(&fits), &fits).is_ok());
    for (max_len, wanted) in [
        (Some(64), "programs of up to 64 tokens, and a model of 64 positions"),
        (None, "programs of up to any number of tokens, and a model of 64 positions"),
    ] {
        let language = language(max_len);
        assert_eq!(trainer(config(&language), &language).unwrap_err().to_string(), wanted);
    }
    let mut few = config(&fits);
    few.model.vocab_size -= 1;
    assert!(matches!(trainer(few, &fits), Err(Error::Train(TrainError::Vocab { .. }))));
    type Change = (&'static str, fn(&mut TrainConfig));
    let changes: [Change; 8] = [
        ("batch", |config| config.batch = BatchSize::Tokens(0)),
        ("accumulate", |config| config.accumulate = 0),
        ("learning rate", |config| config.schedule.peak = f64::NAN),
        ("learning rate floor", |config| config.schedule.floor = 1.5),
        ("beta_1", |config| config.adamw.beta_1 = 1.0),
        ("eps", |config| config.adamw.eps = 0.0),
        ("weight decay", |config| config.adamw.weight_decay = -0.1),
        ("clip", |config| config.clip = Some(0.0)),
    ];
    for (wanted, change) in changes {
        let mut config = config(&fits);
        change(&mut config);
        match trainer(config, &fits) {
            Err(Error::Train(TrainError::OutOfRange { field, .. })) => assert_eq!(field, wanted),
            other => panic!("{wanted}: {other:?}"),
        }
    }
}

#[test]
fn a_rate_that_is_too_high_ends_in_an_error() {
    let language = language(Some(24));
    let mut config = config(&language);
    config.schedule.peak = 1e30;
    config.schedule.warm_up = 0;
    let mut trainer = trainer(config, &language).unwrap();
    let budget = TrainBudget { steps: Some(20), ..TrainBudget::default() };
    let error = (0..20).find_map(|_| trainer.step(&budget).err()).unwrap();
    assert!(matches!(error, Error::Train(TrainError::NotFinite { .. })), "{error}");
}

#[test]
fn programs_that_are_not_legal_are_not_held_out() {
    let language = language(Some(24));
    let whole = ProgramSampler::new(&language, 1).sample(0..2).unwrap();
    let (mut illegal, mut unfinished) = (whole.clone(), whole.clone());
    illegal.push(&[0]);
    unfinished.push(&whole.get(0).unwrap()[..1]);
    let new = |programs: &Programs| HeldOut::new(&language, PriorConfig::default(), programs, 0).map(drop);
    assert!(new(&whole).is_ok());
    assert!(matches!(new(&illegal), Err(TrainError::Illegal { program: 2, .. })));
    assert!(matches!(new(&unfinished), Err(TrainError::Unfinished { program: 2 })));
}
