//! What can be wrong with files.

use std::path::PathBuf;

use pyprior_core::ConfigError;
use thiserror::Error;

/// What is wrong with weights.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// A file is not safetensors, or not all of it is there.
    #[error("{}: not a whole safetensors file", path.display())]
    NotSafetensors {
        /// The file.
        path: PathBuf,
        /// What was found instead.
        source: candle_core::Error,
    },
    /// `model.safetensors.index.json` names what cannot be a shard.
    #[error("{}: {file:?} is not the name of a file beside it", path.display())]
    ShardName {
        /// The index.
        path: PathBuf,
        /// What it names.
        file: String,
    },
    /// The model has a tensor that the files lack.
    #[error("{}: no tensor {name:?}", path.display())]
    Missing {
        /// The file that should have it.
        path: PathBuf,
        /// The tensor.
        name: String,
    },
    /// The files have a tensor that the model lacks.
    #[error("{}: tensor {name:?} has no place in this model", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
    },
    /// A tensor's numbers are of a kind that weights are not.
    #[error("{}: tensor {name:?} is {found}; f32, bf16 and f16 are read", path.display())]
    Dtype {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// What it holds.
        found: String,
    },
    /// A tensor does not have the shape that the configuration asks for.
    #[error("{}: tensor {name:?} has shape {found:?}; the configuration asks for {wanted:?}", path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Its shape.
        found: Vec<usize>,
        /// What it should be.
        wanted: Vec<usize>,
    },
    /// A tensor holds a number that is not one.
    #[error("{}: tensor {name:?} holds {value} at {at:?}", path.display())]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Where in the tensor.
        at: Vec<usize>,
        /// NaN or an infinity.
        value: f32,
    },
    /// There is not enough memory.
    #[error("no memory for tensor {name:?}")]
    Memory {
        /// The tensor.
        name: String,
    },
    /// A device does not compute in a number format.
    #[error("{device} does not compute in {dtype}; a CPU computes in f32, other devices in f32, bf16 or f16")]
    Compute {
        /// The format.
        dtype: &'static str,
        /// The device.
        device: String,
    },
}

/// What is wrong with a model's directory.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DirError {
    /// A file cannot be read or written.
    #[error("{}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not the JSON that it should be.
    #[error("{}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// The directory's language is not one.
    #[error("{}", path.display())]
    Language {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ConfigError,
    },
    /// The model lacks tokens of the language.
    #[error("the model's vocabulary has {model} tokens, the language {language}")]
    VocabSize {
        /// Tokens of the model.
        model: usize,
        /// Tokens of the language.
        language: usize,
    },
    /// The tokenizer and the language number tokens differently.
    #[error("{}: token {name:?} is {found}; the language says {wanted}", path.display())]
    Tokenizer {
        /// The file.
        path: PathBuf,
        /// Name of the token.
        name: String,
        /// Its number in the tokenizer, or `none`.
        found: String,
        /// Its number in the language, or `none`.
        wanted: String,
    },
    /// A language numbers its tokens differently than the one that the model was made for.
    #[error("token {id} is {found} in this language, and {wanted} in the one that the model was made for")]
    OtherLanguage {
        /// The first token that differs.
        id: u32,
        /// Its name, or `none`.
        found: String,
        /// Its name for the model, or `none`.
        wanted: String,
    },
    /// A language whose tokens come behind another number of others than the model's.
    #[error("a base vocabulary of {found} tokens; the model was made for one of {wanted} (base_vocab)")]
    BaseVocab {
        /// Of the language.
        found: u32,
        /// Of the model.
        wanted: u32,
    },
    /// A configuration is no language.
    #[error("language")]
    Refused(#[source] ConfigError),
    /// A language has a token that the model was not made for.
    #[error("token {name} of this language is not in the model's vocabulary")]
    Unknown {
        /// Its name.
        name: String,
    },
}
