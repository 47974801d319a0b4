//! Whole programs in bulk.

use std::sync::Arc;

use numpy::{PyArray1, PyArray2};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};
use pyprior_core::{Language, ProgramSampler, Renderer};
use rayon::prelude::*;

use crate::language::PyLanguage;
use crate::{errors, masks, numbers, prior, turns};

/// Draws programs: number i of a seed is the same whatever else is asked for.
#[pyclass(frozen, module = "pyprior_rs._engine")]
pub struct Sampler {
    pub(crate) inner: ProgramSampler,
    /// Tokens of the prefix.
    pub(crate) prefix: usize,
}

#[pymethods]
impl Sampler {
    #[new]
    #[pyo3(signature = (language, seed=0, prior=None, prefix=None, token_limit=None))]
    fn new(
        py: Python<'_>,
        language: &Bound<'_, PyLanguage>,
        seed: u64,
        prior: Option<&Bound<'_, PyDict>>,
        prefix: Option<&Bound<'_, PyAny>>,
        token_limit: Option<u32>,
    ) -> PyResult<Self> {
        let language = &language.get().inner;
        let mut inner = match prior {
            Some(settings) => ProgramSampler::with_prior(language, prior::config(Some(settings))?, seed)
                .map_err(|error| errors::prior(py, &error))?,
            None => ProgramSampler::new(language, seed),
        };
        let prefix = prefix.map(|given| numbers::ids(given, "prefix")).transpose()?.unwrap_or_default();
        if !prefix.is_empty() {
            inner = inner.with_prefix(&prefix).map_err(|error| errors::token(py, &error, None))?;
        }
        if let Some(limit) = token_limit {
            inner = inner.with_token_limit(limit);
        }
        Ok(Self { inner, prefix: prefix.len() })
    }

    /// The programs with the numbers `start` to `start + n`, on all cores, without the interpreter.
    #[pyo3(signature = (n, start=0))]
    fn sample(&self, py: Python<'_>, n: u64, start: u64) -> PyResult<Programs> {
        let end = start.checked_add(n).filter(|_| n <= 1 << 27);
        let end = end.ok_or_else(|| errors::wrong_length(py, "n", n as usize, 1 << 27))?;
        let inner = py.detach(|| self.inner.sample(start..end)).map_err(|error| errors::too_long(py, &error))?;
        Ok(Programs { language: Arc::clone(self.inner.language()), inner })
    }
}

/// Programs one after the other in one piece of memory.
#[pyclass(frozen, module = "pyprior_rs._engine")]
pub struct Programs {
    language: Arc<Language>,
    inner: pyprior_core::Programs,
}

#[pymethods]
impl Programs {
    fn __len__(&self) -> usize {
        self.inner.len()
    }

    /// The tokens of a program, a tuple. Negative numbers count from the end.
    fn __getitem__<'py>(&self, py: Python<'py>, i: isize) -> PyResult<Bound<'py, PyTuple>> {
        let index = if i < 0 { self.inner.len().checked_add_signed(i) } else { usize::try_from(i).ok() };
        match index.and_then(|index| self.inner.get(index)) {
            Some(tokens) => PyTuple::new(py, tokens),
            None => Err(pyo3::exceptions::PyIndexError::new_err(format!("there are {} programs", self.inner.len()))),
        }
    }

    /// All tokens, program after program, uint32.
    fn tokens<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<u32>> {
        let tokens = py.detach(|| self.inner.tokens().to_vec());
        PyArray1::from_vec(py, tokens)
    }

    /// Number of tokens of each program, int64.
    fn lengths<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        let lengths = py.detach(|| self.inner.iter().map(|tokens| tokens.len() as i64).collect());
        PyArray1::from_vec(py, lengths)
    }

    /// Tokens as int64 `[programs, longest]`, filled up with `PAD`.
    fn padded<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<i64>>> {
        let longest = py.detach(|| self.inner.iter().map(<[u32]>::len).max().unwrap_or(0));
        let array = masks::zeros(py, self.inner.len(), longest)?;
        let pad = i64::from(self.language.vocab().pad());
        masks::write(&array, |out| {
            py.detach(|| {
                out.fill(pad);
                for (tokens, out) in self.inner.iter().zip(out.chunks_mut(longest.max(1))) {
                    tokens.iter().zip(out).for_each(|(&token, out)| *out = i64::from(token));
                }
            });
        })?;
        Ok(array)
    }

    /// The source of each program, written on all cores, without the interpreter.
    fn sources<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let write = |renderer: &mut Renderer<'_>, nth: usize| {
            renderer.render(self.inner.get(nth).unwrap_or_default()).map(str::to_owned)
        };
        let sources = py.detach(|| {
            (0..self.inner.len())
                .into_par_iter()
                .map_init(|| Renderer::new(&self.language), |renderer, nth| write(renderer, nth))
                .collect::<Result<Vec<_>, _>>()
        });
        turns::list(py, sources.map_err(|error| errors::decode(py, &error))?)
    }
}
