//! What goes wrong, and what is said about it.

use crate::common;
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::{DType, Device, Tensor};
use pyprior_candle::{Batch, CacheError, CausalModel, Error, Llama, LlamaConfig, ModelDir};
use pyprior_core::{Language, LanguageConfig};
use serde_json::{Value, json};

/// A directory of its own, removed at the end.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("pyprior-failures-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    /// A saved model.
    fn saved(name: &str) -> Self {
        let dir = Self::new(name);
        let config = common::small();
        ModelDir::save(&dir.0, &language(), &config, &common::weights(&config, DType::F32)).unwrap();
        dir
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Changes a JSON file.
    fn edit(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let mut json = serde_json::from_str(&fs::read_to_string(self.file(name)).unwrap()).unwrap();
        change(&mut json);
        fs::write(self.file(name), json.to_string()).unwrap();
    }

    /// Replaces one tensor of the weights; `None` takes it out.
    fn replace(&self, name: &str, tensor: Option<Tensor>) {
        let mut tensors = common::by_name(&common::weights(&common::small(), DType::F32));
        match tensor {
            Some(tensor) => tensors.insert(name.to_owned(), tensor),
            None => tensors.remove(name),
        };
        let tensors = tensors.into_iter().collect();
        candle_core::safetensors::save(&tensors, self.file("model.safetensors")).unwrap();
    }

    /// What loading says, causes and all, without the directory's name.
    fn says(&self) -> String {
        let error = load(&self.0).unwrap_err();
        let mut said = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            said += &format!(": {inner}");
            cause = inner.source();
        }
        said.replace(&format!("{}/", self.0.display()), "")
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn load(dir: &Path) -> Result<ModelDir, Error> {
    ModelDir::load(dir, &Device::Cpu, DType::F32)
}

/// 79 tokens.
fn language() -> std::sync::Arc<Language> {
    Language::new(LanguageConfig { value_range: (0, 9), ..LanguageConfig::default() }).unwrap()
}

#[track_caller]
fn assert_says(dir: &Dir, expected: &str) {
    let said = dir.says();
    assert!(said.starts_with(expected), "{said:?} instead of {expected:?}");
}

#[test]
fn nothing_there() {
    assert_says(&Dir::new("nothing"), "language.json: No such file");
    let dir = Dir::saved("no-weights");
    fs::remove_file(dir.file("model.safetensors")).unwrap();
    assert_says(&dir, "model.safetensors: No such file");
}

#[test]
fn weights_cut_off_anywhere() {
    let dir = Dir::saved("cut");
    let whole = fs::read(dir.file("model.safetensors")).unwrap();
    for len in [0, 1, 7, 8, 100, whole.len() / 2, whole.len() - 1] {
        fs::write(dir.file("model.safetensors"), &whole[..len]).unwrap();
        assert_says(&dir, "model.safetensors: not a whole safetensors file: ");
    }
    fs::write(dir.file("model.safetensors"), [&whole[..], b"x"].concat()).unwrap();
    assert_says(&dir, "model.safetensors: not a whole safetensors file: ");
}

#[test]
fn foreign_weights() {
    let dir = Dir::saved("foreign");
    fs::write(dir.file("model.safetensors"), [0x80_u8; 4096]).unwrap();
    assert_says(&dir, "model.safetensors: not a whole safetensors file: ");
    fs::write(dir.file("model.safetensors"), "GGUF is another format entirely").unwrap();
    assert_says(&dir, "model.safetensors: not a whole safetensors file: ");
}

#[test]
fn odd_tensors() {
    let dir = Dir::saved("odd");
    let name = "model.layers.1.self_attn.k_proj.weight";
    let zeros = |shape: &[usize], dtype| Tensor::zeros(shape, dtype, &Device::Cpu).unwrap();
    dir.replace(name, None);
    assert_says(&dir, "model.safetensors: no tensor \"model.layers.1.self_attn.k_proj.weight\"");
    dir.replace("model.layers.1.self_attn.k_proj.bias", Some(zeros(&[16], DType::F32)));
    assert_says(&dir, "model.safetensors: tensor \"model.layers.1.self_attn.k_proj.bias\" has no place in this model");
    dir.replace(name, Some(zeros(&[32, 16], DType::F32)));
    assert_says(
        &dir,
        "model.safetensors: tensor \"model.layers.1.self_attn.k_proj.weight\" has shape [32, 16]; \
         the configuration asks for [16, 32]",
    );
    dir.replace(name, Some(zeros(&[16, 32], DType::I64)));
    assert_says(
        &dir,
        "model.safetensors: tensor \"model.layers.1.self_attn.k_proj.weight\" is I64; f32, bf16 and f16 are read",
    );
}

#[test]
fn weights_that_are_not_numbers() {
    let dir = Dir::saved("nan");
    let name = "model.layers.0.mlp.up_proj.weight";
    for (dtype, bad, said) in
        [(DType::F32, f32::NAN, "NaN"), (DType::BF16, f32::INFINITY, "inf"), (DType::F16, f32::NEG_INFINITY, "-inf")]
    {
        let mut numbers = vec![0.5_f32; 56 * 32];
        numbers[3 * 32 + 7] = bad;
        let tensor = Tensor::from_vec(numbers, (56, 32), &Device::Cpu).unwrap().to_dtype(dtype).unwrap();
        dir.replace(name, Some(tensor));
        assert_says(
            &dir,
            &format!("model.safetensors: tensor \"model.layers.0.mlp.up_proj.weight\" holds {said} at [3, 7]"),
        );
    }
}

#[test]
fn models_that_are_not_computed_here() {
    let cases = [
        ("architectures", json!(["MistralForCausalLM"]), "architecture MistralForCausalLM: only LlamaForCausalLM"),
        ("model_type", json!("gpt2"), "architecture gpt2: only"),
        ("hidden_act", json!("gelu"), "hidden_act is \"gelu\": only \"silu\" is computed here"),
        ("attention_bias", json!(true), "attention_bias is true: only false is computed here"),
        ("mlp_bias", json!(true), "mlp_bias is true: only false is computed here"),
        ("rope_scaling", json!({"factor": 2.0}), "rope_scaling is {\"factor\":2.0}: only null is computed here"),
        ("rope_parameters", json!({"rope_type": "yarn"}), "rope_parameters.rope_type is \"yarn\": only \"default\""),
        ("quantization_config", json!({"bits": 4}), "quantization_config is {\"bits\":4}: only null"),
        ("head_dim", json!(7), "head_dim is 7; it must be even: its halves are turned together"),
        ("num_key_value_heads", json!(3), "num_key_value_heads is 3; it must be a divisor of num_attention_heads, 4"),
        ("num_hidden_layers", json!(0), "num_hidden_layers is 0; it must be from 1 to 33554432"),
        ("hidden_size", json!(1_u64 << 60), "hidden_size is 1152921504606846976; it must be from 1 to 33554432"),
        ("rms_norm_eps", json!(-1.0), "rms_norm_eps is -1; it must be a positive number"),
        ("vocab_size", json!(78), "the model's vocabulary has 78 tokens, the language 79"),
    ];
    for (nth, (field, value, expected)) in cases.into_iter().enumerate() {
        let dir = Dir::saved(&format!("config-{nth}"));
        dir.edit("config.json", |json| json[field] = value);
        let expected = if field == "vocab_size" { expected.to_owned() } else { format!("config.json: {expected}") };
        assert_says(&dir, &expected);
    }
    let dir = Dir::saved("config-missing");
    dir.edit("config.json", |json| drop(json.as_object_mut().unwrap().remove("hidden_size")));
    assert_says(&dir, "config.json: missing field `hidden_size`");
    fs::write(dir.file("config.json"), "{").unwrap();
    assert_says(&dir, "config.json: EOF while parsing");
}

#[test]
fn vocabularies_that_differ() {
    let dir = Dir::saved("vocab");
    dir.edit("language.json", |json| json["max_vars"] = json!(10));
    assert_says(&dir, "tokenizer.json: token \"ADD\" is 20; the language says 15");
    dir.edit("language.json", |json| json["max_vars"] = json!(16));
    assert_says(&dir, "tokenizer.json: token \"VAR_16\" is none; the language says 20");
    dir.edit("language.json", |json| json["value_range"] = json!([5, 1]));
    assert_says(&dir, "language.json: value_range (5, 1) is upside down");

    let dir = Dir::saved("vocab-more");
    dir.edit("tokenizer.json", |json| json["model"]["vocab"]["MORE"] = json!(79));
    assert_says(&dir, "tokenizer.json: token \"MORE\" is 79; the language says none");

    let dir = Dir::saved("vocab-other");
    let loaded = load(&dir.0).unwrap();
    let shorter = LanguageConfig { value_range: (0, 9), max_len: Some(20), ..LanguageConfig::default() };
    loaded.check_language(&Language::new(shorter).unwrap()).unwrap();
    let other = Language::new(LanguageConfig { value_range: (1, 10), ..LanguageConfig::default() }).unwrap();
    let said = loaded.check_language(&other).unwrap_err().to_string();
    assert_eq!(said, "token 25 is INT_1 in this language, and INT_0 in the one that the model was made for");
}

#[test]
fn shards() {
    let dir = Dir::saved("shards");
    let weights = common::weights(&common::small(), DType::F32);
    let before = logits(&dir);
    fs::remove_file(dir.file("model.safetensors")).unwrap();
    let (first, second) = weights.split_at(7);
    let mut map = serde_json::Map::new();
    for (file, part) in [("a.safetensors", first), ("b.safetensors", second)] {
        let tensors = part.iter().cloned().collect();
        candle_core::safetensors::save(&tensors, dir.file(file)).unwrap();
        map.extend(part.iter().map(|(name, _)| (name.clone(), json!(file))));
    }
    let index = |map: &serde_json::Map<String, Value>| json!({ "metadata": {}, "weight_map": map }).to_string();
    fs::write(dir.file("model.safetensors.index.json"), index(&map)).unwrap();
    let after = logits(&dir);
    assert_eq!(before, after);

    map["lm_head.weight"] = json!("a.safetensors");
    fs::write(dir.file("model.safetensors.index.json"), index(&map)).unwrap();
    assert_says(&dir, "a.safetensors: no tensor \"lm_head.weight\"");
    map["lm_head.weight"] = json!("../a.safetensors");
    fs::write(dir.file("model.safetensors.index.json"), index(&map)).unwrap();
    assert_says(&dir, "model.safetensors.index.json: \"../a.safetensors\" is not the name of a file beside it");
    map.remove("lm_head.weight");
    fs::write(dir.file("model.safetensors.index.json"), index(&map)).unwrap();
    assert_says(&dir, "model.safetensors.index.json: no tensor \"lm_head.weight\"");
}

fn logits(dir: &Dir) -> Vec<Vec<f32>> {
    let model = load(&dir.0).unwrap().model;
    common::forward(&model, &mut model.new_cache(1, 3).unwrap(), &[(0, &[1, 2, 3])])
}

#[test]
fn caches_used_wrongly() {
    let model = common::model(&common::small());
    for model in [&model, &model.composed().unwrap()] {
        let mut cache = model.new_cache(3, 10).unwrap();
        common::forward(model, &mut cache, &[(0, &[1, 2, 3]), (2, &[4])]);
        let before = common::forward(model, &mut model.new_cache(1, 5).unwrap(), &[(0, &[1, 2, 3, 9])]);
        let mut fails = |rows: &[(usize, &[u32])], expected: &str| {
            let mut batch = Batch::new();
            rows.iter().for_each(|(slot, tokens)| batch.push(*slot, tokens));
            assert_eq!(model.forward(&mut cache, &batch).unwrap_err().to_string(), expected);
            let lens: Vec<usize> = (0..3).map(|slot| cache.len(slot).unwrap()).collect();
            assert_eq!(lens, [3, 0, 1]);
        };
        fails(&[(1, &[1]), (3, &[1])], "there is no slot 3: the cache has 3");
        fails(&[(1, &[1]), (0, &[1]), (1, &[2])], "row 2 names slot 1, as does a row before it");
        fails(&[(1, &[1]), (0, &[])], "row 1 has no new token");
        fails(&[(1, &[1]), (0, &[1, 83])], "row 1 has token 83, but the model's vocabulary ends at 83");
        fails(&[(1, &[1]), (0, &[1; 8])], "row 1 brings 8 tokens to slot 0, which holds 3 of at most 10");
        assert_eq!(cache.truncate(0, 4), Err(CacheError::Longer { slot: 0, held: 3, len: 4 }));
        assert_eq!(cache.reset(3), Err(CacheError::NoSlot { slot: 3, slots: 3 }));
        let after = common::forward(model, &mut cache, &[(0, &[9])]);
        assert!(common::distance(&before[0], &after[0]) < 1e-4);
        // No rows, no logits.
        assert_eq!(model.forward(&mut cache, &Batch::new()).unwrap().dims(), [0, 83]);
    }
    let said = model.forward(&mut model.composed().unwrap().new_cache(1, 5).unwrap(), &Batch::new()).unwrap_err();
    assert_eq!(said.to_string(), "this cache was made by another model");
    let said = model.new_cache(1, 65).unwrap_err().to_string();
    assert_eq!(said, "slots of 65 positions: the model takes sequences of at most 64");
    let bytes = model.bytes_per_slot(64);
    let said = model.new_cache(1 << 50, 64).unwrap_err().to_string();
    assert_eq!(said, format!("no memory for 1125899906842624 slots of {bytes} bytes"));
}

#[test]
fn a_format_that_is_not_computed_in() {
    let config: LlamaConfig = common::small();
    let get = |name: &str, shape: &[usize]| Ok(common::weight(name, shape));
    let said = Llama::new(config, &Device::Cpu, DType::BF16, get).unwrap_err().to_string();
    assert_eq!(said, "Cpu does not compute in bf16; a CPU computes in f32, other devices in f32, bf16 or f16");
}
