//! A directory that holds a model, its vocabulary and its language.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::{DType, Device};
use pyprior_core::{Language, LanguageConfig};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::DirError;
use super::weights::WeightFiles;
use crate::error::Error;
use crate::llama::{Llama, LlamaConfig};

pub(super) const CONFIG: &str = "config.json";
pub(super) const LANGUAGE: &str = "language.json";
pub(super) const TOKENIZER: &str = "tokenizer.json";

/// A model and the language that it was made for, as one directory holds them: `config.json`, `model.safetensors` (or
/// shards and their index), `tokenizer.json`, `language.json`. `transformers` loads the same directory.
#[derive(Debug, Clone)]
pub struct ModelDir {
    /// The language whose tokens the model knows.
    pub language: Arc<Language>,
    /// The model.
    pub model: Llama,
}

/// What of `tokenizer.json` numbers tokens.
#[derive(Deserialize)]
struct Tokenizer {
    model: TokenizerModel,
    #[serde(default)]
    added_tokens: Vec<AddedToken>,
}

#[derive(Deserialize)]
struct TokenizerModel {
    vocab: BTreeMap<String, u32>,
}

#[derive(Deserialize)]
struct AddedToken {
    id: u32,
    content: String,
}

impl ModelDir {
    /// Reads a directory. Weights may be f32, bf16 or f16; `dtype` is what is computed in.
    ///
    /// # Errors
    ///
    /// [`DirError`] for files that are missing or are something else, and for a vocabulary that is not the language's;
    /// [`LlamaConfigError`](crate::LlamaConfigError) and [`WeightsError`](crate::WeightsError) for models that are not
    /// computed here and for weights that are not the configuration's.
    pub fn load(dir: &Path, device: &Device, dtype: DType) -> Result<Self, Error> {
        let path = dir.join(LANGUAGE);
        let language =
            Language::new(read_json::<LanguageConfig>(&path)?).map_err(|source| DirError::Language { path, source })?;
        let config: LlamaConfig = read_json(&dir.join(CONFIG))?;
        check_size(config.vocab_size, &language)?;
        check_tokenizer(&dir.join(TOKENIZER), &language)?;
        let files = WeightFiles::open(dir)?;
        files.check_names(&config)?;
        let model = Llama::new(config, device, dtype, |name, shape| files.get(name, shape))?;
        Ok(Self { language, model })
    }

    /// Refuses a language that numbers tokens differently than the model's own. Other rules and lengths are no matter:
    /// the same model can be used under any language of the same vocabulary.
    ///
    /// # Errors
    ///
    /// [`DirError::OtherLanguage`] with the first token that differs.
    pub fn check_language(&self, other: &Language) -> Result<(), DirError> {
        let (own, other) = (self.language.vocab(), other.vocab());
        let end = own.len().max(other.len()) as u32;
        // Two base vocabularies of the same size are taken to be the same: their tokens have no names.
        for id in own.offset().min(other.offset())..end {
            if own.name(id) != other.name(id) || own.form(id) != other.form(id) {
                let name = |name: Option<&str>| name.unwrap_or("none").to_owned();
                return Err(DirError::OtherLanguage { id, found: name(other.name(id)), wanted: name(own.name(id)) });
            }
        }
        Ok(())
    }
}

/// Embeddings may be padded above the vocabulary; a token without one is an error.
pub(super) fn check_size(model: usize, language: &Language) -> Result<(), DirError> {
    let language = language.vocab().len();
    if model < language { Err(DirError::VocabSize { model, language }) } else { Ok(()) }
}

/// The language's own tokens must have the same numbers in the tokenizer, and no other token may be beyond them.
fn check_tokenizer(path: &Path, language: &Language) -> Result<(), DirError> {
    let tokenizer: Tokenizer = read_json(path)?;
    let mut found = tokenizer.model.vocab;
    found.extend(tokenizer.added_tokens.into_iter().map(|token| (token.content, token.id)));
    let vocab = language.vocab();
    let differs = |name: &str, found: Option<u32>, wanted: Option<u32>| {
        let say = |id: Option<u32>| id.map_or_else(|| "none".to_owned(), |id| id.to_string());
        DirError::Tokenizer { path: path.to_owned(), name: name.to_owned(), found: say(found), wanted: say(wanted) }
    };
    for (name, id) in vocab.names().zip(vocab.offset()..) {
        match found.get(name) {
            Some(&there) if there == id => {}
            there => return Err(differs(name, there.copied(), Some(id))),
        }
    }
    for (name, &id) in found.iter().filter(|&(_, &id)| id >= vocab.offset()) {
        if vocab.name(id) != Some(name) {
            return Err(differs(name, Some(id), vocab.id_of(name)));
        }
    }
    Ok(())
}

pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, DirError> {
    let path = || PathBuf::from(path);
    let text = std::fs::read_to_string(path()).map_err(|source| DirError::Io { path: path(), source })?;
    serde_json::from_str(&text).map_err(|source| DirError::Json { path: path(), source })
}
