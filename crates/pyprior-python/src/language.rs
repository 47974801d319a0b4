//! A language: its configuration, its vocabulary, its compiled tables.

use std::sync::Arc;

use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple, PyType};
use pyprior_core::{Calls, ComparisonValues, DeadCode, IoValue, Language, LanguageConfig, Profile};

use crate::errors::{self, PyPriorError, Raised};
use crate::legal_sets::LegalSets;
use crate::numbers;

/// A language, compiled: immutable, shared by all rows that are decoded in it.
///
/// Arguments are the knobs and switches of `Tokenizer`, and `exclude`, `max_len`, `base_vocab`. Raises ConfigError.
#[pyclass(frozen, name = "Language", module = "pyprior_rs._engine")]
pub struct PyLanguage {
    pub(crate) inner: Arc<Language>,
    pub(crate) sets: Arc<LegalSets>,
}

fn choice<T: Copy>(py: Python<'_>, knob: &str, given: &str, all: &[(&str, T)]) -> PyResult<T> {
    all.iter().find(|(name, _)| *name == given).map(|&(_, value)| value).ok_or_else(|| {
        let known = all.iter().map(|(name, _)| format!("{name:?}")).collect::<Vec<_>>().join(" or ");
        errors::unknown_value(py, knob, given, &known)
    })
}

const PROFILES: [(&str, Profile); 2] = [("sound", Profile::Sound), ("pyprior-0.0.2", Profile::PyPrior002)];
const CALLS: [(&str, Calls); 2] = [("any", Calls::Any), ("returning", Calls::Returning)];
const DEAD_CODE: [(&str, DeadCode); 2] =
    [("after-return", DeadCode::AfterReturn), ("after-returning", DeadCode::AfterReturning)];
const COMPARISONS: [(&str, ComparisonValues); 2] = [("bool", ComparisonValues::Bool), ("int", ComparisonValues::Int)];

fn name_of<T: Copy + PartialEq>(value: T, all: &[(&'static str, T)]) -> Option<&'static str> {
    all.iter().find(|(_, other)| *other == value).map(|&(name, _)| name)
}

/// A number of an argument, with the argument's name where it is none.
fn knob<'py, T: for<'a> FromPyObject<'a, 'py>>(name: &str, value: &Bound<'py, PyAny>) -> PyResult<T> {
    value.extract::<T>().map_err(|error| {
        let py = value.py();
        let shown = value.repr().map(|text| text.to_string()).unwrap_or_default();
        let error: PyErr = error.into();
        if error.is_instance_of::<PyOverflowError>(py) {
            // A number that is out of all range is one that the engine refuses.
            return Raised::new::<errors::ConfigError_>(py, format!("{name} is {shown}, which is out of range"))
                .with("kind", "out_of_range")
                .with("knob", name)
                .with("value", value)
                .with("max", py.None())
                .err();
        }
        // What is raised besides is not ours to tell in other words. A pair of three is a ValueError of PyO3's.
        let is_of_type = error.is_instance_of::<PyTypeError>(py) || error.is_instance_of::<PyValueError>(py);
        if is_of_type { PyTypeError::new_err(format!("{name} is {shown}: {}", error.value(py))) } else { error }
    })
}

fn config(settings: &Bound<'_, PyDict>) -> PyResult<LanguageConfig> {
    let py = settings.py();
    let mut config = LanguageConfig::default();
    // First, whatever the order: switches stand above it.
    if let Some(profile) = settings.get_item("profile")? {
        config.set_profile(choice(py, "profile", &knob::<String>("profile", &profile)?, &PROFILES)?);
    }
    for (key, value) in settings {
        let key: String = key.extract()?;
        let text = || knob::<String>(&key, &value);
        match key.as_str() {
            "profile" => {}
            "max_funcs" => config.max_funcs = knob(&key, &value)?,
            "max_vars" => config.max_vars = knob(&key, &value)?,
            "max_arity" => config.max_arity = knob(&key, &value)?,
            "value_range" => config.value_range = knob(&key, &value)?,
            "max_block_stmts" => config.max_block_stmts = knob(&key, &value)?,
            "max_expr_depth" => config.max_expr_depth = knob(&key, &value)?,
            "max_control_depth" => config.max_control_depth = knob(&key, &value)?,
            "no_dead_code" => config.no_dead_code = knob(&key, &value)?,
            "calls" => config.calls = choice(py, &key, &text()?, &CALLS)?,
            "dead_code" => config.dead_code = choice(py, &key, &text()?, &DEAD_CODE)?,
            "comparison_values" => config.comparison_values = choice(py, &key, &text()?, &COMPARISONS)?,
            "exclude" => config.exclude = knob(&key, &value)?,
            "max_len" => config.max_len = knob(&key, &value)?,
            "allow_empty_value_range" => config.allow_empty_value_range = knob(&key, &value)?,
            "base_vocab" => config.base_vocab = knob(&key, &value)?,
            _ => return Err(pyo3::exceptions::PyTypeError::new_err(format!("unknown setting {key:?} of a language"))),
        }
    }
    Ok(config)
}

/// A class, and what it is called with.
type Made<'py> = (Bound<'py, PyType>, Bound<'py, PyTuple>, Bound<'py, PyDict>);

#[pymethods]
impl PyLanguage {
    #[new]
    #[pyo3(signature = (**settings))]
    fn new(py: Python<'_>, settings: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let config = settings.map_or_else(|| Ok(LanguageConfig::default()), config)?;
        // Large vocabularies take milliseconds.
        let inner = py.detach(|| Language::new(config)).map_err(|error| errors::config(py, &error))?;
        Ok(Self { inner, sets: Arc::default() })
    }

    /// The settings, with their names: what `Language(**settings)` takes, without `profile`.
    #[getter]
    fn settings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let config = self.inner.config();
        let settings = PyDict::new(py);
        settings.set_item("max_funcs", config.max_funcs)?;
        settings.set_item("max_vars", config.max_vars)?;
        settings.set_item("max_arity", config.effective_arity())?;
        settings.set_item("value_range", config.value_range)?;
        settings.set_item("max_block_stmts", config.max_block_stmts)?;
        settings.set_item("max_expr_depth", config.max_expr_depth)?;
        settings.set_item("max_control_depth", config.max_control_depth)?;
        settings.set_item("no_dead_code", config.no_dead_code)?;
        settings.set_item("calls", name_of(config.calls, &CALLS))?;
        settings.set_item("dead_code", name_of(config.dead_code, &DEAD_CODE))?;
        settings.set_item("comparison_values", name_of(config.comparison_values, &COMPARISONS))?;
        settings.set_item("exclude", &config.exclude)?;
        settings.set_item("max_len", config.max_len)?;
        settings.set_item("allow_empty_value_range", config.allow_empty_value_range)?;
        settings.set_item("base_vocab", config.base_vocab)?;
        Ok(settings)
    }

    /// The profile whose switches these are, or None.
    #[getter]
    fn profile(&self) -> Option<&'static str> {
        name_of(self.inner.config().profile()?, &PROFILES)
    }

    /// Number of token ids, those of the base vocabulary included.
    #[getter]
    fn vocab_size(&self) -> usize {
        self.inner.vocab().len()
    }

    /// Length of the shortest program, in tokens.
    #[getter]
    fn min_len(&self) -> u32 {
        self.inner.min_len()
    }

    /// Words of a bitmask row.
    #[getter]
    fn bitmask_words(&self) -> usize {
        self.inner.bitmask_words()
    }

    /// The language's own token names in id order; the first has id `base_vocab`.
    fn names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.inner.vocab().names())
    }

    /// The form of each of them.
    fn forms<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let vocab = self.inner.vocab();
        let ids = vocab.offset()..vocab.len() as u32;
        PyList::new(py, ids.map(|id| vocab.form(id).map_or("", |form| form.name())).collect::<Vec<_>>())
    }

    /// The token name most like this one, or None.
    fn nearest(&self, name: &str) -> Option<&str> {
        self.inner.vocab().nearest(name)
    }

    /// The vocabulary by forms, for people.
    fn dump(&self) -> String {
        self.inner.vocab().dump()
    }

    /// The vocabulary as a `tokenizer.json` of Hugging Face.
    fn tokenizer_json(&self) -> String {
        self.inner.vocab().tokenizer_json()
    }

    /// Tokens of a value: None, or an integer as decimal text.
    fn value_encode<'py>(&self, py: Python<'py>, text: Option<&str>) -> PyResult<Bound<'py, PyTuple>> {
        let value = match text {
            None => IoValue::None,
            Some(text) => {
                IoValue::parse_int(text).ok_or_else(|| Raised::new::<PyPriorError>(py, "an integer is needed").err())?
            }
        };
        PyTuple::new(py, self.inner.vocab().encode_value(&value))
    }

    /// The value of such tokens: None, or decimal text.
    fn value_decode(&self, tokens: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
        Ok(match self.inner.vocab().decode_value(&numbers::any_ids(tokens, "tokens")?) {
            IoValue::None => None,
            IoValue::Int(text) => Some(text),
        })
    }

    /// Compiled anew from its settings, under every protocol of pickle.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyAny>, Made<'py>)> {
        let py = slf.py();
        let make = py.import("copyreg")?.getattr("__newobj_ex__")?;
        Ok((make, (slf.get_type(), PyTuple::empty(py), slf.get().settings(py)?)))
    }

    // Nothing of it changes: a copy is itself.
    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    fn __repr__(&self) -> String {
        format!("Language({} tokens, max_len {:?})", self.inner.vocab().len(), self.inner.config().max_len)
    }
}
