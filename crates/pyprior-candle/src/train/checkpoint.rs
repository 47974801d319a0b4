//! A training on disk: one file, so that it is there as a whole or not at all.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use candle_core::safetensors::Load as _;
use candle_core::{DType, Device, Tensor};
use pyprior_core::LanguageConfig;
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::config::{Progress, TrainConfig};
use super::error::TrainError;
use super::learner::LearnerState;
use super::trainer::TrainState;
use crate::error::Error;
use crate::files::{DirError, write_tensors};

/// Version of the format.
const FORMAT: u32 = 1;
/// Where the metadata has the description.
const ABOUT: &str = "training";
/// What names of tensors begin with: weights, first and second moments.
const KINDS: [&str; 3] = ["weight/", "first/", "second/"];

/// A training, and all that must be the same for it to go on.
///
/// On disk it is one safetensors file: weights and both moments of AdamW in f32, and in the metadata, as JSON, the
/// configuration, the language, the data, and where in it the training is.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// How it is trained.
    pub config: TrainConfig,
    /// The language.
    pub language: LanguageConfig,
    /// What describes the data; of no meaning here, but compared.
    pub data: Value,
    /// Where it stands.
    pub state: TrainState,
}

#[derive(Serialize, Deserialize)]
struct About {
    format: u32,
    config: TrainConfig,
    language: LanguageConfig,
    data: Value,
    progress: Progress,
    position: u64,
}

impl Checkpoint {
    /// Writes the file, under another name beside it that gives way to its own when all is on the disk.
    ///
    /// # Errors
    ///
    /// [`DirError`] if it cannot be written; what was there before is still there.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let about = About {
            format: FORMAT,
            config: self.config.clone(),
            language: self.language.clone(),
            data: self.data.clone(),
            progress: self.state.progress,
            position: self.state.position,
        };
        let json = |source| DirError::Json { path: path.to_owned(), source };
        let about = HashMap::from([(ABOUT.to_owned(), serde_json::to_string(&about).map_err(json)?)]);
        let learner = &self.state.learner;
        let tensors = KINDS.into_iter().zip([&learner.weights, &learner.moments[0], &learner.moments[1]]);
        let named = tensors
            .flat_map(|(kind, tensors)| tensors.iter().map(move |(name, tensor)| (format!("{kind}{name}"), tensor)));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let part = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
        let placed = write_tensors(&part, named, about).and_then(|()| {
            Ok(fs::rename(&part, path).map_err(|source| DirError::Io { path: path.to_owned(), source })?)
        });
        placed.inspect_err(|_| {
            // The first error is the one to be told.
            let _ = fs::remove_file(&part);
        })
    }

    /// Reads the file.
    ///
    /// # Errors
    ///
    /// [`DirError`] if it cannot be read; [`TrainError::Checkpoint`] if it is something else, or not all there.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let bytes = fs::read(path).map_err(|source| DirError::Io { path: path.to_owned(), source })?;
        let not_one = |reason: String| TrainError::Checkpoint { path: path.to_owned(), reason };
        let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|error| not_one(error.to_string()))?;
        let file = SafeTensors::deserialize(&bytes).map_err(|error| not_one(error.to_string()))?;
        let text = header.metadata().as_ref().and_then(|metadata| metadata.get(ABOUT));
        let text = text.ok_or_else(|| not_one("it does not say of which training".to_owned()))?;
        let about: About = serde_json::from_str(text).map_err(|error| not_one(error.to_string()))?;
        if about.format != FORMAT {
            return Err(not_one(format!("its format is {}; {FORMAT} is read", about.format)).into());
        }
        let of_kind = |kind: &str| {
            let tensors = about.config.model.tensors().into_iter().map(|(name, shape)| {
                let view = file.tensor(&format!("{kind}{name}")).map_err(|error| not_one(error.to_string()))?;
                if view.dtype() != safetensors::Dtype::F32 || view.shape() != shape {
                    return Err(not_one(format!("{kind}{name} is not f32 of shape {shape:?}")).into());
                }
                Ok((name, view.load(&Device::Cpu)?.to_dtype(DType::F32)?))
            });
            tensors.collect::<Result<Vec<(String, Tensor)>, Error>>()
        };
        let [weights, first, second] = KINDS.map(of_kind);
        let learner = LearnerState { weights: weights?, moments: [first?, second?], steps: about.progress.steps };
        let state = TrainState { learner, progress: about.progress, position: about.position };
        Ok(Self { config: about.config, language: about.language, data: about.data, state })
    }

    /// Refuses to go on with other settings than those that the training began with.
    ///
    /// # Errors
    ///
    /// [`TrainError::OtherTraining`] names the first difference.
    pub fn check(
        &self,
        path: &Path,
        config: &TrainConfig,
        language: &LanguageConfig,
        data: &Value,
    ) -> Result<(), Error> {
        let json = |source| DirError::Json { path: path.to_owned(), source };
        let value = |config: &TrainConfig, language: &LanguageConfig, data: &Value| {
            let (config, language) = (serde_json::to_value(config)?, serde_json::to_value(language)?);
            Ok(serde_json::json!({"config": config, "language": language, "data": data}))
        };
        let before = value(&self.config, &self.language, &self.data).map_err(json)?;
        let now = value(config, language, data).map_err(json)?;
        match difference("", &before, &now) {
            Some((field, before, now)) => {
                let path = PathBuf::from(path);
                Err(TrainError::OtherTraining { path, field, before, now }.into())
            }
            None => Ok(()),
        }
    }
}

/// The first place where two values differ, and both there.
fn difference(path: &str, before: &Value, now: &Value) -> Option<(String, String, String)> {
    if before == now {
        return None;
    }
    if let (Value::Object(a), Value::Object(b)) = (before, now) {
        for key in a.keys().chain(b.keys().filter(|&key| !a.contains_key(key))) {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let (a, b) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
            if let Some(found) = difference(&path, a, b) {
                return Some(found);
            }
        }
    }
    Some((path.to_owned(), before.to_string(), now.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_have_a_place() {
        let (a, b) = (json!({"a": {"b": 1, "c": [2]}}), json!({"a": {"b": 1, "c": [3]}}));
        assert_eq!(difference("", &a, &a), None);
        assert_eq!(difference("", &a, &b), Some(("a.c".into(), "[2]".into(), "[3]".into())));
        assert_eq!(difference("", &json!({}), &b).unwrap().0, "a");
        assert_eq!(difference("", &json!({"a": 1, "d": 2}), &json!({"a": 1})).unwrap().0, "d");
    }
}
