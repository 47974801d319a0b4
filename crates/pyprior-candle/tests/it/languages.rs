//! Smaller languages in the vocabulary of a model.

use crate::common;
use std::collections::BTreeSet;
use std::sync::Arc;

use candle_core::{DType, Device};
use pyprior_candle::{DirError, LlamaConfig, ModelDir, ModelFiles};
use pyprior_core::{Calls, Language, LanguageConfig, Matcher, philox4x32_10};

fn model(config: LanguageConfig) -> ModelDir {
    let language = Language::new(config).unwrap();
    let config = LlamaConfig { vocab_size: language.vocab().len(), ..common::small() };
    ModelDir { model: common::model(&config), language }
}

fn own() -> LanguageConfig {
    let (value_range, max_len) = ((-5, 8), Some(40));
    LanguageConfig { value_range, max_len, max_vars: 6, max_funcs: 3, max_block_stmts: 3, ..LanguageConfig::default() }
}

fn legal(matcher: &Matcher) -> BTreeSet<String> {
    let vocab = matcher.language().vocab();
    matcher.legal_tokens().map(|token| vocab.name(token).unwrap().to_owned()).collect()
}

/// Walks both languages at once, at random: at every step the same names must be legal.
fn same(small: &Arc<Language>, large: &Arc<Language>, walks: u32) -> usize {
    let mut steps = 0;
    for walk in 0..walks {
        let (mut a, mut b) = (Matcher::new(small), Matcher::new(large));
        while !a.is_terminated() {
            let names = legal(&a);
            assert_eq!(names, legal(&b), "behind {:?} in {:?}", a.tokens(), small.config());
            let [word, ..] = philox4x32_10([walk, a.tokens().len() as u32, 0, 0], [5, 5]);
            let name = names.iter().nth(word as usize % names.len()).unwrap();
            a.accept_token(small.vocab().id_of(name).unwrap()).unwrap();
            b.accept_token(large.vocab().id_of(name).unwrap()).unwrap();
            steps += 1;
        }
        assert!(b.is_terminated());
    }
    steps
}

#[test]
fn programs_are_those_of_the_smaller_language() {
    let dir = model(own());
    let smaller = [
        own(),
        LanguageConfig { value_range: (0, 3), ..own() },
        LanguageConfig { value_range: (8, 8), max_vars: 1, ..own() },
        LanguageConfig { max_vars: 2, max_funcs: 1, max_block_stmts: 1, ..own() },
        LanguageConfig { max_arity: Some(2), calls: Calls::Any, max_len: Some(25), ..own() },
        LanguageConfig { max_vars: 3, max_arity: Some(1), max_expr_depth: 1, max_control_depth: 0, ..own() },
        LanguageConfig { max_funcs: 0, exclude: vec!["for".to_owned(), "VAR_2".to_owned()], ..own() },
        LanguageConfig { value_range: (1, 0), allow_empty_value_range: true, ..own() },
        LanguageConfig { no_dead_code: false, max_block_stmts: 2, ..own() },
    ];
    for config in smaller {
        let small = Language::new(config.clone()).unwrap();
        let large = dir.language_of(config).unwrap();
        dir.check_language(&large).unwrap();
        assert!(same(&small, &large, 400) > 1000);
    }
}

#[test]
fn what_the_model_does_not_know_is_refused() {
    let dir = model(own());
    let unknown = |config| match dir.language_of(config).unwrap_err() {
        DirError::Unknown { name } => name,
        other => panic!("{other}"),
    };
    assert_eq!(unknown(LanguageConfig { value_range: (-5, 9), ..own() }), "INT_9");
    assert_eq!(unknown(LanguageConfig { max_vars: 7, max_arity: Some(2), ..own() }), "VAR_7");
    assert_eq!(unknown(LanguageConfig { max_funcs: 4, ..own() }), "FUNC_4");
    let none = LanguageConfig { max_len: Some(1), ..own() };
    assert!(matches!(dir.language_of(none), Err(DirError::Refused(_))));
    // Tokens of a base vocabulary come before the model's own, whatever is asked for.
    let based = model(LanguageConfig { base_vocab: 100, ..own() });
    let smaller = LanguageConfig { value_range: (0, 3), ..own() };
    let language = based.language_of(LanguageConfig { base_vocab: 100, ..smaller.clone() }).unwrap();
    assert_eq!(language.vocab().offset(), 100);
    assert!(matches!(based.language_of(smaller), Err(DirError::BaseVocab { found: 0, wanted: 100 })));
}

#[test]
fn a_directory_in_memory_is_the_directory() {
    let path = std::env::temp_dir().join(format!("pyprior-memory-{}", std::process::id()));
    let ModelDir { language, model } = model(own());
    ModelDir::save(&path, &language, model.config(), &model.tensors().unwrap()).unwrap();
    let read = |name: &str| std::fs::read(path.join(name)).unwrap();
    let text = |name: &str| String::from_utf8(read(name)).unwrap();
    let (language, config, tokenizer) = (text("language.json"), text("config.json"), text("tokenizer.json"));
    let mut weights = read("model.safetensors");
    let load = |weights: &[u8]| {
        let files = ModelFiles { language: &language, config: &config, tokenizer: &tokenizer, weights };
        ModelDir::from_files("mine", files, &Device::Cpu, DType::F32)
    };
    let (a, b) = (load(&weights).unwrap(), ModelDir::load(&path, &Device::Cpu, DType::F32).unwrap());
    assert_eq!(a.language.config(), b.language.config());
    for ((name, a), (_, b)) in a.model.tensors().unwrap().into_iter().zip(b.model.tensors().unwrap()) {
        let numbers = |tensor: candle_core::Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(numbers(a), numbers(b), "{name}");
    }
    weights.pop();
    let error = load(&weights).unwrap_err().to_string();
    assert_eq!(error, "mine/model.safetensors: not a whole safetensors file");
    std::fs::remove_dir_all(path).unwrap();
}
