//! A directory saved and loaded again.

use crate::common;
use std::fs;

use candle_core::{DType, Device};
use pyprior_candle::{CausalModel, Error, LlamaConfig, ModelDir, WeightsError};
use pyprior_core::{Language, LanguageConfig};

#[test]
fn a_saved_model_is_the_model() {
    let root = std::env::temp_dir().join(format!("pyprior-saved-{}", std::process::id()));
    let language = Language::new(LanguageConfig { value_range: (0, 9), ..LanguageConfig::default() }).unwrap();
    for (nth, dtype) in [DType::F32, DType::BF16, DType::F16].into_iter().enumerate() {
        for tie_word_embeddings in [false, true] {
            let dir = root.join(format!("{nth}-{tie_word_embeddings}"));
            let config = LlamaConfig { tie_word_embeddings, ..common::small() };
            let weights = common::weights(&config, dtype);
            ModelDir::save(&dir, &language, &config, &weights).unwrap();
            let loaded = ModelDir::load(&dir, &Device::Cpu, DType::F32).unwrap();
            assert_eq!(*loaded.model.config(), config);
            assert_eq!(loaded.language.config(), language.config());
            // Tensors come apart as they were put together.
            for ((name, tensor), (other, again)) in weights.iter().zip(loaded.model.tensors().unwrap()) {
                assert_eq!(*name, other);
                let tensor = tensor.to_dtype(DType::F32).unwrap();
                assert_eq!(tensor.dims(), again.dims(), "{name}");
                let numbers = |t: candle_core::Tensor| t.flatten_all().unwrap().to_vec1::<f32>().unwrap();
                assert_eq!(numbers(tensor), numbers(again), "{name}");
            }
            // Saved again over itself, nothing changes, and nothing is left over.
            let files = |name: &str| fs::read(dir.join(name)).unwrap();
            let before = (files("config.json"), files("language.json"));
            ModelDir::save(&dir, &language, &config, &loaded.model.tensors().unwrap()).unwrap();
            let again = ModelDir::load(&dir, &Device::Cpu, DType::F32).unwrap();
            if dtype == DType::F32 {
                assert_eq!(before, (files("config.json"), files("language.json")));
            }
            let logits = |model: &dyn CausalModel| {
                common::forward(model, &mut model.new_cache(1, 5).unwrap(), &[(0, &[1, 2, 3, 40, 78])])
            };
            assert_eq!(logits(&loaded.model), logits(&again.model));
            let mut names: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            let expected =
                ["config.json", "language.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];
            assert_eq!(names, expected);
            let permissions = |name: &str| fs::metadata(dir.join(name)).unwrap().permissions();
            assert_eq!(permissions("model.safetensors"), permissions("config.json"));
        }
    }
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn what_cannot_be_saved_changes_nothing() {
    let dir = std::env::temp_dir().join(format!("pyprior-unsaved-{}", std::process::id()));
    let language = Language::new(LanguageConfig { value_range: (0, 9), ..LanguageConfig::default() }).unwrap();
    let config = common::small();
    let mut weights = common::weights(&config, DType::F32);
    let last = weights.pop().unwrap();
    let error = ModelDir::save(&dir, &language, &config, &weights).unwrap_err();
    assert!(matches!(error, Error::Weights(WeightsError::Missing { name, .. }) if name == "lm_head.weight"));
    weights.push(("lm_head.weight".to_owned(), weights[1].1.clone()));
    let error = ModelDir::save(&dir, &language, &config, &weights).unwrap_err();
    assert!(matches!(error, Error::Weights(WeightsError::Shape { .. })));
    weights.pop();
    weights.extend([last, ("odd".to_owned(), weights[1].1.clone())]);
    let error = ModelDir::save(&dir, &language, &config, &weights).unwrap_err();
    assert!(matches!(error, Error::Weights(WeightsError::Unknown { name, .. }) if name == "odd"));
    let small = LlamaConfig { vocab_size: 78, ..config };
    assert!(ModelDir::save(&dir, &language, &small, &common::weights(&small, DType::F32)).is_err());
    assert!(!dir.exists());
}

#[test]
fn initial_tensors_are_as_spread_as_they_say() {
    let config = common::small();
    let tensors = common::by_name(&config.initial_tensors(3).unwrap());
    let numbers = |name: &str| tensors[name].flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let deviation = |numbers: &[f32]| (numbers.iter().map(|x| x * x).sum::<f32>() / numbers.len() as f32).sqrt();
    assert!(numbers("model.norm.weight").iter().all(|&x| x == 1.0));
    let embed = numbers("model.embed_tokens.weight");
    // 2,656 even numbers: the standard deviation of their spread is 0.9%.
    assert!((deviation(&embed) / 0.02 - 1.0).abs() < 0.04);
    assert!((deviation(&numbers("model.layers.1.mlp.down_proj.weight")) / 0.01 - 1.0).abs() < 0.04);
    assert!((embed.iter().sum::<f32>() / embed.len() as f32).abs() < 0.002);
    assert_ne!(embed[..64], numbers("lm_head.weight")[..64]);
    assert_ne!(
        embed,
        common::by_name(&config.initial_tensors(4).unwrap())["model.embed_tokens.weight"]
            .flatten_all()
            .unwrap()
            .to_vec1::<f32>()
            .unwrap()
    );
}
