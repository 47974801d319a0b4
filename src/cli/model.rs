//! Which model generates, the language that it generates, and how many programs at a time.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use candle_core::{DType, Device};
use pyprior_candle::{CausalModel, ModelDir, ModelFiles, RandomModel};
use pyprior_core::{Language, LanguageConfig};

use super::language::{DEFAULT_MAX_LEN, LanguageArgs};
use super::memory;

/// Rows of a batch where memory does not bound them: with more, a CPU has no more to gain, and a GPU little.
const ROWS: [u64; 2] = [256, 1024];
/// Memory that caches take by themselves where the system does not tell how much there is.
const MODEST: u64 = 1 << 30;

/// The model that comes with the program.
pub(crate) const SHIPPED: ModelFiles<'_> = ModelFiles {
    language: include_str!("../../models/pyprior-tiny/language.json"),
    config: include_str!("../../models/pyprior-tiny/config.json"),
    tokenizer: include_str!("../../models/pyprior-tiny/tokenizer.json"),
    weights: include_bytes!("../../models/pyprior-tiny/model.safetensors"),
};

/// A model, as the flag names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ModelArg {
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
pub(crate) struct Loaded {
    pub(crate) model: Box<dyn CausalModel>,
    pub(crate) language: Arc<Language>,
}

impl ModelArg {
    /// Reads the model. What is given of the language stands over what the model was made for; programs are at most as
    /// long as those were, or as the model takes.
    pub(crate) fn load(&self, seed: u64, device: &Device, args: &LanguageArgs) -> anyhow::Result<Loaded> {
        self.load_for(seed, device, |config| Ok(args.over(config)))
    }

    /// Reads the model, for a language that is made of the one that it was made for.
    pub(crate) fn load_for(
        &self,
        seed: u64,
        device: &Device,
        language: impl FnOnce(LanguageConfig) -> anyhow::Result<LanguageConfig>,
    ) -> anyhow::Result<Loaded> {
        let dtype = if device.is_cpu() { DType::F32 } else { device.bf16_default_to_f32() };
        let dir = match self {
            Self::Random => {
                let base = LanguageConfig { max_len: Some(DEFAULT_MAX_LEN), ..LanguageConfig::default() };
                let language = Language::new(language(base)?)?;
                let model = RandomModel::new(seed, language.vocab().len(), device.clone());
                return Ok(Loaded { model: Box::new(model), language });
            }
            Self::Shipped => shipped(device, dtype)?,
            Self::Dir(path) => directory(path, device, dtype)?,
        };
        let mut config = language(own_language(&dir))?;
        config.max_len = config.max_len.or(Some(longest(&dir)));
        let language = dir.language_of(config)?;
        Ok(Loaded { model: Box::new(dir.model), language })
    }
}

/// The model that comes with the program.
pub(crate) fn shipped(device: &Device, dtype: DType) -> anyhow::Result<ModelDir> {
    Ok(ModelDir::from_files("pyprior-tiny", SHIPPED, device, dtype)?)
}

/// The model of a directory.
pub(crate) fn directory(path: &Path, device: &Device, dtype: DType) -> anyhow::Result<ModelDir> {
    ModelDir::load(path, device, dtype).with_context(|| format!("model {}", path.display()))
}

/// The language that a model was made for, with programs that are as long as those were, or as the model takes.
pub(crate) fn own_language(dir: &ModelDir) -> LanguageConfig {
    let (own, longest) = (dir.language.config().clone(), longest(dir));
    LanguageConfig { max_len: Some(own.max_len.map_or(longest, |own| own.min(longest))), ..own }
}

/// The longest program that a model takes: there is a token before it.
fn longest(dir: &ModelDir) -> u32 {
    u32::try_from(dir.model.max_positions()).unwrap_or(u32::MAX).saturating_sub(1)
}

/// Rows of a batch: what is asked for, if there is memory for it; else as many as are worth it, as there are programs, and
/// as fit into half of the memory that is free, for slots of `capacity` positions.
pub(crate) fn rows(
    model: &dyn CausalModel,
    capacity: usize,
    programs: Option<u64>,
    asked: Option<u64>,
) -> anyhow::Result<usize> {
    // Beside the cache, a row has logits, which are masked into others, and a bitmask.
    let vocab = (model.vocab_size() as u64).saturating_mul(2 * size_of::<f32>() as u64 + 1);
    let bytes = (model.bytes_per_slot(capacity) as u64).saturating_add(vocab).max(1);
    let cpu = model.device().is_cpu();
    let free = memory::available().filter(|_| cpu);
    let fit = free.map_or(MODEST, |free| free / 2) / bytes;
    let auto = ROWS[usize::from(!cpu)].min(programs.unwrap_or(u64::MAX)).min(fit).max(1);
    let rows = asked.unwrap_or(auto);
    if rows.checked_mul(bytes).is_none_or(|bytes| free.is_some_and(|free| bytes > free)) {
        let free = free.map_or_else(String::new, |free| format!("; {} MiB are free", free >> 20));
        bail!("no memory for a batch of {rows} rows of {bytes} bytes each{free}");
    }
    Ok(usize::try_from(rows)?)
}
