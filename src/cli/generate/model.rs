//! Which model generates, and the language that it generates.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use candle_core::{DType, Device};
use pyprior_candle::{CausalModel, ModelDir, ModelFiles, RandomModel};
use pyprior_core::{Language, LanguageConfig};

use super::super::language::{DEFAULT_MAX_LEN, LanguageArgs};

/// The model that comes with the program.
const SHIPPED: ModelFiles<'_> = ModelFiles {
    language: include_str!("../../../models/pyprior-tiny/language.json"),
    config: include_str!("../../../models/pyprior-tiny/config.json"),
    tokenizer: include_str!("../../../models/pyprior-tiny/tokenizer.json"),
    weights: include_bytes!("../../../models/pyprior-tiny/model.safetensors"),
};

/// A model, as the flag names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ModelArg {
    Shipped,
    Random,
    Dir(PathBuf),
}

impl From<Option<&Path>> for ModelArg {
    fn from(given: Option<&Path>) -> Self {
        match given {
            None => Self::Shipped,
            Some(path) if path == Path::new("random") => Self::Random,
            Some(path) => Self::Dir(path.to_owned()),
        }
    }
}

/// A model and a language in its vocabulary.
pub(super) struct Loaded {
    pub(super) model: Box<dyn CausalModel>,
    pub(super) language: Arc<Language>,
}

impl ModelArg {
    /// Reads the model. What is given of the language stands over what the model was made for; programs are at most as
    /// long as those were, or as the model takes.
    pub(super) fn load(&self, seed: u64, device: &Device, args: &LanguageArgs) -> anyhow::Result<Loaded> {
        let dtype = if device.is_cpu() { DType::F32 } else { device.bf16_default_to_f32() };
        let dir = match self {
            Self::Random => {
                let language = args.language(Some(DEFAULT_MAX_LEN))?;
                let model = RandomModel::new(seed, language.vocab().len(), device.clone());
                return Ok(Loaded { model: Box::new(model), language });
            }
            Self::Shipped => ModelDir::from_files("pyprior-tiny", SHIPPED, device, dtype)?,
            Self::Dir(path) => {
                ModelDir::load(path, device, dtype).with_context(|| format!("model {}", path.display()))?
            }
        };
        let own = dir.language.config().clone();
        let longest = u32::try_from(dir.model.max_positions()).unwrap_or(u32::MAX).saturating_sub(1);
        let max_len = own.max_len.map(|own| own.min(longest));
        let mut config = args.over(LanguageConfig { max_len, ..own });
        config.max_len = config.max_len.or(Some(longest));
        let language = dir.language_of(config)?;
        Ok(Loaded { model: Box::new(dir.model), language })
    }
}
