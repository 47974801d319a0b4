//! Writing a model's directory: every file is written beside its place, and renamed when all are complete.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use candle_core::{Device, Tensor};
use pyprior_core::Language;
use serde_json::{Value, json};

use super::dir::{CONFIG, LANGUAGE, ModelDir, TOKENIZER, check_size};
use super::error::{DirError, WeightsError};
use super::weights::{INDEX, WHOLE};
use crate::error::Error;
use crate::llama::LlamaConfig;

const TOKENIZER_CONFIG: &str = "tokenizer_config.json";

impl ModelDir {
    /// Writes a directory that [`load`](Self::load) and `transformers` read: the tensors that
    /// [`LlamaConfig::tensors`] lists, in the dtype that they have. The directory is made if need be; files of another
    /// model in it are replaced, when all new ones are complete.
    ///
    /// # Errors
    ///
    /// [`DirError`]; [`WeightsError`] if a tensor is missing, unknown, or of another shape. What was there before is
    /// then still there, unless renaming itself failed half-way.
    pub fn save(
        dir: &Path,
        language: &Language,
        config: &LlamaConfig,
        tensors: &[(String, Tensor)],
    ) -> Result<(), Error> {
        config.check()?;
        check_size(config.vocab_size, language)?;
        check_tensors(&dir.join(WHOLE), config, tensors)?;
        fs::create_dir_all(dir).map_err(|source| DirError::Io { path: dir.to_owned(), source })?;
        let files = Parts { dir, done: Vec::new() };
        files.write(language, config, tensors)
    }
}

/// Files on their way; those not yet in place are removed when it is dropped.
struct Parts<'a> {
    dir: &'a Path,
    done: Vec<(PathBuf, PathBuf)>,
}

impl Parts<'_> {
    fn write(mut self, language: &Language, config: &LlamaConfig, tensors: &[(String, Tensor)]) -> Result<(), Error> {
        let part = self.part(WHOLE);
        // `transformers` reads only files that say of whose make they are.
        let about = HashMap::from([("format".to_owned(), "pt".to_owned())]);
        write_tensors(&part, tensors.iter().map(|(name, tensor)| (name.clone(), tensor)), about)?;
        let dtype = tensors.first().map_or("float32", |(_, tensor)| torch_name(tensor));
        self.text(CONFIG, &config_json(config, language, dtype)?)?;
        self.text(LANGUAGE, &pretty(language.config(), LANGUAGE)?)?;
        self.text(TOKENIZER, &language.vocab().tokenizer_json())?;
        self.text(TOKENIZER_CONFIG, &pretty(&tokenizer_config(), TOKENIZER_CONFIG)?)?;
        for (part, place) in std::mem::take(&mut self.done) {
            fs::rename(&part, &place).map_err(|source| DirError::Io { path: place, source })?;
        }
        // An index would no longer describe what is there.
        match fs::remove_file(self.dir.join(INDEX)) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(DirError::Io { path: self.dir.join(INDEX), source }.into())
            }
            _ => Ok(()),
        }
    }

    /// A place to write a file to, that will be renamed to `name`.
    fn part(&mut self, name: &str) -> PathBuf {
        let part = self.dir.join(format!(".{name}.{}.part", std::process::id()));
        self.done.push((part.clone(), self.dir.join(name)));
        part
    }

    fn text(&mut self, name: &str, text: &str) -> Result<(), DirError> {
        let path = self.part(name);
        fs::write(&path, text).map_err(|source| DirError::Io { path, source })
    }
}

/// Writes a safetensors file with metadata, and waits until it is on the disk.
///
/// What safetensors' own `serialize_to_file` writes only its owner can read.
pub(crate) fn write_tensors<'t>(
    path: &Path,
    tensors: impl Iterator<Item = (String, &'t Tensor)>,
    about: HashMap<String, String>,
) -> Result<(), Error> {
    let on_cpu = tensors.map(|(name, tensor)| Ok((name, tensor.to_device(&Device::Cpu)?)));
    let on_cpu = on_cpu.collect::<candle_core::Result<Vec<_>>>()?;
    let bytes = safetensors::serialize(on_cpu, Some(about)).map_err(candle_core::Error::from)?;
    let written = fs::File::create(path).and_then(|mut file| {
        file.write_all(&bytes)?;
        file.sync_all()
    });
    Ok(written.map_err(|source| DirError::Io { path: path.to_owned(), source })?)
}

impl Drop for Parts<'_> {
    fn drop(&mut self) {
        for (part, _) in &self.done {
            // Nothing more can be done about a file that cannot be removed.
            let _ = fs::remove_file(part);
        }
    }
}

fn check_tensors(path: &Path, config: &LlamaConfig, tensors: &[(String, Tensor)]) -> Result<(), WeightsError> {
    let path = || path.to_owned();
    let given: HashMap<&str, &Tensor> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    let wanted = config.tensors();
    if let Some((name, _)) = tensors.iter().find(|(name, _)| wanted.iter().all(|(known, _)| known != name)) {
        return Err(WeightsError::Unknown { path: path(), name: name.clone() });
    }
    for (name, wanted) in wanted {
        match given.get(name.as_str()) {
            None => return Err(WeightsError::Missing { path: path(), name }),
            Some(tensor) if tensor.dims() != wanted => {
                return Err(WeightsError::Shape { path: path(), name, found: tensor.dims().to_vec(), wanted });
            }
            Some(_) => {}
        }
    }
    Ok(())
}

fn config_json(config: &LlamaConfig, language: &Language, dtype: &str) -> Result<String, DirError> {
    let json = |source| DirError::Json { path: CONFIG.into(), source };
    let id = |name: &str| language.vocab().id_of(name);
    let mut fields = serde_json::to_value(config).map_err(json)?;
    let rest = json!({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": dtype,
        "hidden_act": "silu", "attention_bias": false, "mlp_bias": false, "rope_scaling": null,
        "bos_token_id": id("BOS"), "eos_token_id": id("EOS"), "pad_token_id": id("PAD"),
    });
    if let (Value::Object(fields), Value::Object(rest)) = (&mut fields, rest) {
        fields.extend(rest);
    }
    pretty(&fields, CONFIG)
}

fn tokenizer_config() -> Value {
    json!({
        "tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": false,
        "bos_token": "BOS", "eos_token": "EOS", "pad_token": "PAD", "unk_token": "PAD",
    })
}

fn pretty(value: &impl serde::Serialize, name: &str) -> Result<String, DirError> {
    let text = serde_json::to_string_pretty(value).map_err(|source| DirError::Json { path: name.into(), source })?;
    Ok(text + "\n")
}

/// What `transformers` calls a tensor's dtype.
fn torch_name(tensor: &Tensor) -> &'static str {
    match tensor.dtype() {
        candle_core::DType::BF16 => "bfloat16",
        candle_core::DType::F16 => "float16",
        _ => "float32",
    }
}
