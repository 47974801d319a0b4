//! The directory of a training.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use candle_core::DType;
use pyprior_candle::ModelDir;
use pyprior_candle::train::{TrainState, Trainer, curve_svg};

use super::course::Course;
use crate::cli::output::write_whole;

/// Where a training is written.
pub(super) struct Place(PathBuf);

impl Place {
    /// A directory that a new training may have, or that has one to go on with.
    pub(super) fn new(dir: &Path, resume: bool) -> anyhow::Result<Self> {
        let (place, shown) = (Self(dir.to_owned()), dir.display());
        let there = place.checkpoint().exists();
        if resume {
            if !there {
                bail!("{shown} has no checkpoint to go on from");
            }
            return Ok(place);
        }
        if there {
            bail!("{shown} has a training; --resume goes on with it");
        }
        match fs::read_dir(dir) {
            Ok(mut entries) => match entries.next() {
                Some(_) => bail!("{shown} is not empty, and what is in it is no training"),
                None => Ok(place),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(place),
            Err(error) => Err(error).with_context(|| format!("cannot write to {shown}")),
        }
    }

    pub(super) fn make(&self) -> anyhow::Result<()> {
        fs::create_dir_all(&self.0).with_context(|| format!("cannot write to {}", self.0.display()))
    }

    pub(super) fn dir(&self) -> &Path {
        &self.0
    }

    pub(super) fn checkpoint(&self) -> PathBuf {
        self.0.join("training.safetensors")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.0.join("log.jsonl")
    }

    pub(super) fn save_model(&self, trainer: &Trainer, state: &TrainState, dtype: DType) -> anyhow::Result<()> {
        let weights = state.learner.weights.iter();
        let tensors = weights.map(|(name, tensor)| Ok((name.clone(), tensor.to_dtype(dtype)?)));
        let tensors = tensors.collect::<candle_core::Result<Vec<_>>>()?;
        Ok(ModelDir::save(&self.0, trainer.language(), &trainer.config().model, &tensors)?)
    }

    pub(super) fn save_curve(&self, course: &Course) -> anyhow::Result<()> {
        let evaluated: Vec<_> = course.evaluations().map(|line| line.evaluated).collect();
        let baselines = course.first().map(|start| start.baselines);
        let svg = curve_svg(course.steps(), &evaluated, baselines);
        let path = self.0.join("curve.svg");
        write_whole(&path, |out| Ok(std::io::Write::write_all(out, svg.as_bytes())?))
            .with_context(|| format!("cannot write {}", path.display()))
    }
}
