//! What a dataset is.

use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};
use pyprior_data::{Description, Level, Place, Stage, places, stages};

use super::{errors, fields};
use crate::numbers::count_of;

/// A description of a dataset: all that its files depend on. Immutable; equal to one that says the same.
///
/// `Description(**fields)` is the default one with what `fields` say instead, which are those of a description in TOML;
/// tables are dicts. Raises DatasetError.
#[pyclass(frozen, name = "Description", module = "pyprior_rs._engine")]
pub struct PyDescription {
    pub(super) inner: Description,
}

/// As JSON, which both sides know.
fn json(inner: &Description) -> String {
    // It holds numbers, texts and lists: nothing that JSON lacks.
    serde_json::to_string(inner).unwrap_or_default()
}

fn dict<'py>(py: Python<'py>, json: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("json")?.call_method1("loads", (json,))
}

#[pymethods]
impl PyDescription {
    #[new]
    #[pyo3(signature = (**fields))]
    fn new(py: Python<'_>, fields: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        Self { inner: Description::default() }.replace(py, fields)
    }

    /// A commented description in TOML, with all defaults.
    #[classattr]
    const INIT: &'static str = Description::INIT;

    /// Reads what `json` writes.
    #[classmethod]
    fn from_json(cls: &Bound<'_, PyType>, text: &str) -> PyResult<Self> {
        let inner = serde_json::from_str::<Description>(text).map_err(|error| errors::json(cls.py(), &error))?;
        match i64::try_from(inner.seed) {
            Ok(_) => Ok(Self { inner }),
            Err(_) => Err(errors::field(cls.py(), "seed", &inner.seed.to_string(), "below 2^63")),
        }
    }

    /// This one with what `fields` say instead: tables, which are dicts, field by field; a list, or a table of another `kind`, as a
    /// whole. Raises DatasetError for what is not known, TypeError for what TOML does not have.
    #[pyo3(signature = (**fields))]
    fn replace(&self, py: Python<'_>, fields: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let Some(fields) = fields else { return Ok(Self { inner: self.inner.clone() }) };
        let fields = fields::table(fields)?;
        let inner = self.inner.with(fields).map_err(|error| errors::description(py, &error))?;
        Ok(Self { inner })
    }

    /// All of it as JSON: the text that a dataset's fingerprint is of.
    fn json(&self) -> String {
        json(&self.inner)
    }

    /// The same as a dict.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        dict(py, &self.json())
    }

    /// Rows of the dataset.
    #[getter]
    fn rows(&self) -> u64 {
        self.inner.rows
    }

    /// Number of shards; shards are numbered from 0.
    #[getter]
    fn shards(&self) -> u64 {
        self.inner.shards()
    }

    /// Rows of a shard; 0 beyond the last.
    fn rows_of(&self, shard: &Bound<'_, PyAny>) -> PyResult<u64> {
        Ok(self.inner.rows_of(count_of("shard", shard)?))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().inner == self.inner)
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.json().hash(&mut hasher);
        hasher.finish()
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        Ok((py.get_type::<Self>().getattr("from_json")?, (self.json(),)))
    }

    fn __repr__(&self) -> String {
        format!("Description({})", self.json())
    }
}

/// A seed, refused as that of a description is.
fn seed_of(given: &Bound<'_, PyAny>) -> PyResult<u64> {
    let fields = PyDict::new(given.py());
    fields.set_item("seed", given)?;
    Ok(PyDescription::new(given.py(), Some(&fields))?.inner.seed)
}

/// The datasets of a text in TOML, with their names; that without a name is alone. Raises DatasetError.
#[pyfunction]
#[pyo3(signature = (text, level=None, seed=None))]
pub fn dataset_stages(
    py: Python<'_>,
    text: &str,
    level: Option<&str>,
    seed: Option<&Bound<'_, PyAny>>,
) -> PyResult<Vec<(Option<String>, PyDescription)>> {
    let level = level.map(str::parse::<&'static Level>).transpose().map_err(|error| errors::level(py, &error))?;
    let seed = seed.map(seed_of).transpose()?;
    let stages = stages(text, level, seed).map_err(|error| errors::description(py, &error))?;
    Ok(stages.into_iter().map(|stage| (stage.name, PyDescription { inner: stage.description })).collect())
}

/// Where the datasets of these names go: None at the place itself, a name in a folder of its own below it. Paths are absolute, so
/// that workers elsewhere find them. Raises DatasetError, OSError.
#[pyfunction]
pub fn dataset_places(py: Python<'_>, out: OsString, names: Vec<Option<String>>) -> PyResult<Vec<OsString>> {
    let stage = |name| Stage { name, description: Description::default() };
    let stages = names.into_iter().map(stage).collect::<Vec<_>>();
    let places = py.detach(|| places(&Place::parse(&out), &stages)).map_err(|error| errors::data(py, &error))?;
    places.into_iter().map(absolute).collect()
}

fn absolute(place: Place) -> PyResult<OsString> {
    match place {
        Place::Url(url) => Ok(url.into()),
        // What is empty is the folder that one is in.
        Place::Folder(path) if path.as_os_str().is_empty() => Ok(std::path::absolute(".")?.into_os_string()),
        Place::Folder(path) => Ok(std::path::absolute(path)?.into_os_string()),
        other => Ok(other.to_string().into()),
    }
}
