//! Tensors out of `model.safetensors`, or out of the shards that `model.safetensors.index.json` lists.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use candle_core::safetensors::{Load, MmapedSafetensors};
use candle_core::{DType, Device, Tensor};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde::Deserialize;

use super::error::WeightsError;
use super::mmap::map;
use super::text::{parse, read};
use crate::error::Error;
use crate::llama::LlamaConfig;

pub(super) const WHOLE: &str = "model.safetensors";
pub(super) const INDEX: &str = "model.safetensors.index.json";

/// The weight files of a directory, mapped or in memory.
pub(super) struct WeightFiles<'a> {
    /// The file or the index that names the tensors.
    path: PathBuf,
    files: Vec<(PathBuf, Tensors<'a>)>,
    /// Which file has a tensor.
    places: HashMap<String, usize>,
}

enum Tensors<'a> {
    Mapped(MmapedSafetensors),
    Bytes(SafeTensors<'a>),
}

impl Tensors<'_> {
    fn names(&self) -> Vec<String> {
        match self {
            Self::Mapped(file) => file.tensors().into_iter().map(|(name, _)| name).collect(),
            Self::Bytes(file) => file.names().into_iter().map(str::to_owned).collect(),
        }
    }

    fn view(&self, name: &str) -> Option<TensorView<'_>> {
        match self {
            Self::Mapped(file) => file.get(name).ok(),
            Self::Bytes(file) => file.tensor(name).ok(),
        }
    }
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// Which file beside an index has a tensor.
fn weight_map(index: &Path) -> Result<BTreeMap<String, String>, Error> {
    let map = parse::<Index>(index, &read(index)?)?.weight_map;
    // What an index says comes from outside: it shall not lead to other places of the disk.
    let strange = |file: &&String| Path::new(file).file_name().is_none_or(|name| name != file.as_str());
    match map.values().find(strange) {
        Some(file) => Err(WeightsError::ShardName { path: index.to_owned(), file: file.clone() }.into()),
        None => Ok(map),
    }
}

/// The names of a directory's weight files, the index first if there is one.
pub(super) fn names(dir: &Path) -> Result<Vec<String>, Error> {
    let index = dir.join(INDEX);
    if dir.join(WHOLE).exists() || !index.exists() {
        return Ok(vec![WHOLE.to_owned()]);
    }
    let shards = weight_map(&index)?.into_values().collect::<BTreeSet<_>>();
    Ok([INDEX.to_owned()].into_iter().chain(shards).collect())
}

impl<'a> WeightFiles<'a> {
    /// Maps `model.safetensors`, or if there is none, the shards of the index.
    pub(super) fn open(dir: &Path) -> Result<Self, Error> {
        let (whole, index) = (dir.join(WHOLE), dir.join(INDEX));
        if whole.exists() || !index.exists() {
            let file = open(&whole)?;
            return Ok(Self::one(whole, file));
        }
        let mut opened = Self { path: index.clone(), files: Vec::new(), places: HashMap::new() };
        let mut shards = HashMap::new();
        for (name, file) in weight_map(&index)? {
            let nth = match shards.get(&file) {
                Some(&nth) => nth,
                None => {
                    let path = dir.join(&file);
                    opened.files.push((path.clone(), open(&path)?));
                    shards.insert(file, opened.files.len() - 1);
                    opened.files.len() - 1
                }
            };
            opened.places.insert(name, nth);
        }
        Ok(opened)
    }

    /// The bytes of a `model.safetensors`.
    pub(super) fn of_bytes(dir: &Path, bytes: &'a [u8]) -> Result<Self, Error> {
        let path = dir.join(WHOLE);
        match SafeTensors::deserialize(bytes) {
            Ok(file) => Ok(Self::one(path, Tensors::Bytes(file))),
            Err(source) => Err(WeightsError::NotSafetensors { path, source: source.into() }.into()),
        }
    }

    fn one(path: PathBuf, file: Tensors<'a>) -> Self {
        let places = file.names().into_iter().map(|name| (name, 0)).collect();
        Self { path: path.clone(), files: vec![(path, file)], places }
    }

    /// Refuses tensors that the model has no place for: they would change what it computes elsewhere.
    pub(super) fn check_names(&self, config: &LlamaConfig) -> Result<(), WeightsError> {
        let known: HashMap<_, _> = config.tensors().into_iter().collect();
        for (path, file) in &self.files {
            // Old checkpoints hold the angles of the positions; tied ones may hold the embedding twice.
            let ignored = |name: &str| {
                name.ends_with(".rotary_emb.inv_freq") || (config.tie_word_embeddings && name == "lm_head.weight")
            };
            if let Some(name) = file.names().into_iter().find(|name| !known.contains_key(name) && !ignored(name)) {
                return Err(WeightsError::Unknown { path: path.clone(), name });
            }
        }
        Ok(())
    }

    /// A tensor as f32 on the CPU: of that shape, every number finite.
    pub(super) fn get(&self, name: &str, wanted: &[usize]) -> Result<Tensor, Error> {
        let (path, file) = match self.places.get(name).and_then(|&nth| self.files.get(nth)) {
            Some((path, file)) => (path.clone(), file),
            None => {
                let path = self.path.clone();
                return Err(WeightsError::Missing { path, name: name.to_owned() }.into());
            }
        };
        let name = name.to_owned();
        let Some(view) = file.view(&name) else { return Err(WeightsError::Missing { path, name }.into()) };
        let kind = DType::try_from(view.dtype()).ok();
        if !matches!(kind, Some(DType::F32 | DType::BF16 | DType::F16)) {
            return Err(WeightsError::Dtype { path, name, found: format!("{:?}", view.dtype()) }.into());
        }
        if view.shape() != wanted {
            let (found, wanted) = (view.shape().to_vec(), wanted.to_vec());
            return Err(WeightsError::Shape { path, name, found, wanted }.into());
        }
        let tensor = view.load(&Device::Cpu)?.to_dtype(DType::F32)?;
        let numbers = tensor.flatten_all()?.to_vec1::<f32>()?;
        if let Some((nth, &value)) = numbers.iter().enumerate().find(|(_, x)| !x.is_finite()) {
            return Err(WeightsError::NotFinite { path, name, at: place(nth, wanted), value }.into());
        }
        Ok(tensor)
    }
}

fn open(path: &Path) -> Result<Tensors<'static>, Error> {
    // Asked first, so that a file that cannot be read is told from one that holds something else.
    std::fs::File::open(path).map_err(|source| super::DirError::Io { path: path.to_owned(), source })?;
    let mapped = map(path).map_err(|source| WeightsError::NotSafetensors { path: path.to_owned(), source })?;
    Ok(Tensors::Mapped(mapped))
}

/// The indices of the nth number of a tensor.
fn place(mut nth: usize, shape: &[usize]) -> Vec<usize> {
    let mut place: Vec<usize> = shape
        .iter()
        .rev()
        .map(|&dim| {
            let index = nth % dim.max(1);
            nth /= dim.max(1);
            index
        })
        .collect();
    place.reverse();
    place
}
