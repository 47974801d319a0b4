//! A training that was written down and gone on with is the training that was not: to the bit.

use std::path::PathBuf;
use std::sync::Arc;

use candle_core::{DType, Device};
use pyprior_candle::train::{
    AdamW, BatchSize, Checkpoint, HeldOut, Schedule, Source, StepReport, TrainBudget, TrainConfig, TrainError, Trainer,
};
use pyprior_candle::{Error, LlamaConfig};
use pyprior_core::{Language, LanguageConfig, PriorConfig, ProgramSampler};
use serde_json::json;

use crate::common::small;

struct Setting {
    config: TrainConfig,
    language: Arc<Language>,
    source: Source,
}

fn setting(batch: BatchSize, accumulate: usize, list: bool) -> Setting {
    let language = LanguageConfig { max_len: Some(24), value_range: (0, 9), ..LanguageConfig::default() };
    let language = Language::new(language).unwrap();
    let sampler = ProgramSampler::with_prior(&language, PriorConfig::default(), 5).unwrap();
    let source = match list {
        true => Source::List { programs: Arc::new(sampler.sample(0..50).unwrap()), seed: 8 },
        false => Source::Sampler { sampler, filtered: true },
    };
    let config = TrainConfig {
        model: LlamaConfig { vocab_size: language.vocab().len(), ..small() },
        seed: 3,
        batch,
        accumulate,
        schedule: Schedule { peak: 1e-2, floor: 0.1, warm_up: 3 },
        clip: Some(1.0),
        adamw: AdamW::default(),
    };
    Setting { config, language, source }
}

const BUDGET: TrainBudget = TrainBudget { steps: Some(8), tokens: None, seconds: None };

impl Setting {
    fn trainer(&self) -> Trainer {
        let Self { config, language, source } = self;
        Trainer::new(config.clone(), language, source, &Device::Cpu, DType::F32).unwrap()
    }

    fn checkpoint(&self, trainer: &Trainer) -> Checkpoint {
        Checkpoint {
            config: self.config.clone(),
            language: self.language.config().clone(),
            data: json!({"seed": 5}),
            state: trainer.state().unwrap(),
        }
    }
}

fn path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("pyprior-train-{name}-{}.safetensors", std::process::id()))
}

/// All bits of weights and moments, and where the source is.
fn bits(trainer: &Trainer) -> (Vec<u32>, u64, u64) {
    let state = trainer.state().unwrap();
    let tensors = state.learner.weights.iter().chain(state.learner.moments.iter().flatten());
    let numbers = tensors.flat_map(|(_, tensor)| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap());
    (numbers.map(f32::to_bits).collect(), state.position, state.progress.tokens)
}

fn steps(trainer: &mut Trainer, count: usize) -> Vec<StepReport> {
    let step = |_| StepReport { seconds: 0.0, ..trainer.step(&BUDGET).unwrap() };
    (0..count).map(step).collect()
}

#[test]
fn going_on_is_not_to_be_told_from_going_through() {
    let batches = [BatchSize::Programs(7), BatchSize::Tokens(100), BatchSize::Tokens(1200)];
    for (nth, batch) in batches.into_iter().enumerate() {
        let setting = setting(batch, nth + 1, nth == 0);
        let mut through = setting.trainer();
        let reports = steps(&mut through, 8);
        assert!(reports[7].loss < reports[0].loss, "{reports:?}");

        let mut first = setting.trainer();
        let mut found = steps(&mut first, 3);
        // What is looked at on the way changes nothing.
        let held_out = setting.source.held_out(20).unwrap();
        let held_out = HeldOut::new(&setting.language, PriorConfig::default(), &held_out, first.start_token()).unwrap();
        let evaluations = [0, 1].map(|_| first.evaluate(&held_out).unwrap());
        assert_eq!(evaluations[0], evaluations[1]);
        found.extend(steps(&mut first, 1));
        let path = path(&format!("resumed-{nth}"));
        setting.checkpoint(&first).save(&path).unwrap();
        let checkpoint = Checkpoint::load(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        checkpoint.check(&path, &setting.config, setting.language.config(), &json!({"seed": 5})).unwrap();
        let Setting { config, language, source } = &setting;
        let mut second =
            Trainer::resume(config.clone(), language, source, &checkpoint.state, &Device::Cpu, DType::F32).unwrap();
        assert_eq!(bits(&second), bits(&first));
        found.extend(steps(&mut second, 4));
        assert_eq!(found, reports);
        assert_eq!(bits(&second), bits(&through));
    }
}

#[test]
fn threads_do_not_change_the_bits() {
    let setting = setting(BatchSize::Tokens(3000), 1, false);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut trainer = setting.trainer();
            let reports = steps(&mut trainer, 2);
            (bits(&trainer), reports)
        })
    };
    let one = with(1);
    assert_eq!(one, with(2));
    assert_eq!(one, with(5));
}

#[test]
fn a_checkpoint_is_whole_or_refused() {
    let setting = setting(BatchSize::Programs(2), 1, false);
    let path = path("whole");
    let checkpoint = setting.checkpoint(&setting.trainer());
    checkpoint.save(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    for len in [0, 7, 100, bytes.len() / 2, bytes.len() - 1] {
        std::fs::write(&path, &bytes[..len]).unwrap();
        let error = Checkpoint::load(&path).unwrap_err();
        assert!(matches!(error, Error::Train(TrainError::Checkpoint { .. })), "{len}: {error}");
    }
    // A model is no training.
    let weights = &checkpoint.state.learner.weights;
    safetensors::serialize_to_file(weights.iter().map(|(name, tensor)| (name, tensor)), None, &path).unwrap();
    let error = Checkpoint::load(&path).unwrap_err().to_string();
    assert!(error.ends_with("it does not say of which training"), "{error}");
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(Checkpoint::load(&path), Err(Error::Dir(_))));
    // A place that cannot be written to keeps what it has: here, a directory.
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("kept"), "").unwrap();
    assert!(checkpoint.save(&path).is_err());
    assert!(path.join("kept").exists());
    std::fs::remove_dir_all(&path).unwrap();
    let beside = std::fs::read_dir(path.parent().unwrap()).unwrap();
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    assert_eq!(beside.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains(&name)).count(), 0);
}

#[test]
fn other_settings_are_refused_by_name() {
    let setting = setting(BatchSize::Programs(2), 1, false);
    let checkpoint = setting.checkpoint(&setting.trainer());
    let language = setting.language.config();
    let refused = |config: &TrainConfig, language: &LanguageConfig, seed: u64| {
        let path = PathBuf::from("a/training");
        checkpoint.check(&path, config, language, &json!({"seed": seed})).unwrap_err().to_string()
    };
    let mut config = setting.config.clone();
    assert_eq!(refused(&config, language, 6), "a/training: data.seed was 5 and is 6");
    config.schedule.peak = 0.5;
    assert_eq!(refused(&config, language, 5), "a/training: config.schedule.peak was 0.01 and is 0.5");
    let other = LanguageConfig { max_vars: 3, ..language.clone() };
    assert_eq!(refused(&setting.config, &other, 5), "a/training: language.max_vars was 15 and is 3");
}
