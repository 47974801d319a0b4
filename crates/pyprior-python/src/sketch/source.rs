//! A sketch of a language.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyprior_core::{Language, LanguageConfig, PriorConfig};
use pyprior_sketch::{ByPrior, Enumerator, Place, Sampler, SketchError, SketchErrorKind, SketchSource, Uniform};

use super::errors;
use super::fillings::{AnyChooser, Fillings, SketchSampler};
use super::rows::SketchRows;
use crate::language::PyLanguage;
use crate::numbers::{count, maybe_count};
use crate::prior;

/// Most tokens of a program, unless the sketch or the caller says otherwise; as on the command line.
const MAX_LEN: u32 = 60;

/// A sketch, read and compiled. See `pyprior_rs.sketch.Sketch`.
#[pyclass(frozen, subclass, module = "pyprior_rs._engine")]
pub struct Sketch {
    source: SketchSource,
    language: Arc<Language>,
    inner: Arc<pyprior_sketch::Sketch>,
    memory: usize,
}

/// The language of a sketch: as wide as what is written, or that of a vocabulary.
fn language(
    source: &SketchSource,
    given: Option<&Arc<Language>>,
    max_len: Option<u32>,
) -> Result<Option<Arc<Language>>, SketchError> {
    let base = given.map_or_else(LanguageConfig::default, |language| language.config().clone());
    let config = source.config(LanguageConfig { max_len: base.max_len.or(Some(MAX_LEN)), ..base })?;
    let mut config = if given.is_some() { config } else { source.widened(config) };
    config.max_len = max_len.or(config.max_len);
    let language = Language::new(config)
        .map_err(|error| SketchError { place: Place { line: 1, column: 1 }, kind: SketchErrorKind::Language(error) })?;
    let same = |given: &Arc<Language>| {
        given.vocab().len() == language.vocab().len() && given.vocab().names().eq(language.vocab().names())
    };
    Ok(given.is_none_or(same).then_some(language))
}

#[pymethods]
impl Sketch {
    #[new]
    #[pyo3(signature = (text, language, max_len, work, memory))]
    fn new(
        py: Python<'_>,
        text: &str,
        language: Option<&Bound<'_, PyLanguage>>,
        #[pyo3(from_py_with = maybe_count)] max_len: Option<u32>,
        #[pyo3(from_py_with = count)] work: u64,
        #[pyo3(from_py_with = count)] memory: usize,
    ) -> PyResult<Self> {
        let given = language.map(|language| Arc::clone(&language.get().inner));
        let made = py.detach(|| {
            let source = SketchSource::parse(text)?;
            let Some(language) = self::language(&source, given.as_ref(), max_len)? else { return Ok(None) };
            let inner = pyprior_sketch::Sketch::with_limits(&language, &source, work, memory)?;
            Ok(Some(Self { source, language, inner, memory }))
        });
        made.map_err(|error| errors::sketch(py, &error))?.ok_or_else(|| errors::vocabulary(py))
    }

    /// Its language.
    #[getter]
    fn language(&self) -> PyLanguage {
        PyLanguage { inner: Arc::clone(&self.language), sets: Arc::default() }
    }

    /// Whether some program satisfies all but what is said of its behaviour. Raises FillError where that is not known.
    fn can_be_filled(&self, py: Python<'_>) -> PyResult<bool> {
        py.detach(|| self.inner.can_be_filled()).map_err(|error| errors::fill(py, &error))
    }

    /// All fillings, shorter ones first.
    #[pyo3(signature = (nodes, steps))]
    fn _fillings(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = maybe_count)] nodes: Option<u64>,
        #[pyo3(from_py_with = count)] steps: u64,
    ) -> PyResult<Fillings> {
        let all =
            py.detach(|| Enumerator::new(&self.language, &self.source)).map_err(|error| errors::sketch(py, &error))?;
        let mut all = all.with_work(self.inner.work()).with_memory(self.memory).with_steps(steps);
        if let Some(limit) = nodes {
            all = all.with_node_limit(limit);
        }
        Ok(Fillings::new(all))
    }

    /// Draws fillings, by a prior or uniformly.
    #[pyo3(signature = (seed, prior, distinct, tries, steps))]
    fn _sampler(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = count)] seed: u64,
        prior: Option<&Bound<'_, PyDict>>,
        distinct: bool,
        #[pyo3(from_py_with = count)] tries: u64,
        #[pyo3(from_py_with = count)] steps: u64,
    ) -> PyResult<SketchSampler> {
        let prior: Option<PriorConfig> = prior.map(|settings| prior::config(Some(settings))).transpose()?;
        let chooser: AnyChooser = match prior {
            Some(config) => {
                let by_prior = py.detach(|| ByPrior::new(&self.inner, config, seed));
                Box::new(by_prior.map_err(|error| crate::errors::prior(py, &error))?)
            }
            None => Box::new(Uniform::new(seed)),
        };
        let sampler = py.detach(|| Sampler::new(&self.inner, chooser)).map_err(|error| errors::fill(py, &error))?;
        let sampler = sampler.with_tries(tries).with_steps(steps);
        Ok(SketchSampler::new(if distinct { sampler.distinct() } else { sampler }))
    }

    /// Rows before their first tokens.
    fn _rows(&self, py: Python<'_>, #[pyo3(from_py_with = count)] n: usize) -> PyResult<SketchRows> {
        SketchRows::new(py, &self.inner, n)
    }
}
