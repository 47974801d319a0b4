//! A directory that holds a model, its vocabulary and its language.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use candle_core::{DType, Device};
use pyprior_core::{Language, LanguageConfig};
use serde::Deserialize;

use super::error::DirError;
use super::text::{parse, read};
use super::weights::{WeightFiles, names};
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

/// The files of a model's directory, in memory.
#[derive(Debug, Clone, Copy)]
pub struct ModelFiles<'a> {
    /// `language.json`
    pub language: &'a str,
    /// `config.json`
    pub config: &'a str,
    /// `tokenizer.json`
    pub tokenizer: &'a str,
    /// `model.safetensors`
    pub weights: &'a [u8],
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
        let text = |name| read(&dir.join(name));
        let texts = [text(LANGUAGE)?, text(CONFIG)?, text(TOKENIZER)?];
        Self::read(dir, texts.each_ref().map(String::as_str), || WeightFiles::open(dir), device, dtype)
    }

    /// The names of the files in a directory that a model's numbers are made of: its configuration, and its weights, which
    /// are one file, or an index and the files that it names.
    ///
    /// # Errors
    ///
    /// [`DirError`] or [`WeightsError`](crate::WeightsError) for an index that is none.
    pub fn files(dir: &Path) -> Result<Vec<String>, Error> {
        let mut files = vec![CONFIG.to_owned()];
        files.extend(names(dir)?);
        Ok(files)
    }

    /// Reads a directory's files from memory, such as a program's own; `name` is what errors call it.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn from_files(name: &str, files: ModelFiles<'_>, device: &Device, dtype: DType) -> Result<Self, Error> {
        let ModelFiles { language, config, tokenizer, weights } = files;
        let dir = Path::new(name);
        Self::read(dir, [language, config, tokenizer], || WeightFiles::of_bytes(dir, weights), device, dtype)
    }

    fn read<'w>(
        dir: &Path,
        [language, config, tokenizer]: [&str; 3],
        weights: impl FnOnce() -> Result<WeightFiles<'w>, Error>,
        device: &Device,
        dtype: DType,
    ) -> Result<Self, Error> {
        let path = dir.join(LANGUAGE);
        let language = parse::<LanguageConfig>(&path, language)?;
        let language = Language::new(language).map_err(|source| DirError::Language { path, source })?;
        let config: LlamaConfig = parse(&dir.join(CONFIG), config)?;
        check_size(config.vocab_size, &language)?;
        check_tokenizer(&dir.join(TOKENIZER), tokenizer, &language)?;
        let files = weights()?;
        files.check_names(&config)?;
        let model = Llama::new(config, device, dtype, |name, shape| files.get(name, shape))?;
        Ok(Self { language, model })
    }
}

/// Embeddings may be padded above the vocabulary; a token without one is an error.
pub(super) fn check_size(model: usize, language: &Language) -> Result<(), DirError> {
    let language = language.vocab().len();
    if model < language { Err(DirError::VocabSize { model, language }) } else { Ok(()) }
}

/// The language's own tokens must have the same numbers in the tokenizer, and no other token may be beyond them.
fn check_tokenizer(path: &Path, text: &str, language: &Language) -> Result<(), DirError> {
    let tokenizer: Tokenizer = parse(path, text)?;
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
