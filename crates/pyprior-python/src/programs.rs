//! Whole programs in bulk.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use numpy::{PyArray1, PyArray2, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyType};
use pyprior_core::{Language, ProgramSampler, Renderer};
use rayon::prelude::*;

use crate::language::PyLanguage;
use crate::numbers::{count, maybe_count};
use crate::places::{self, Places};
use crate::turns::{self, Turns};
use crate::watched::watched;
use crate::{errors, masks, numbers, pickling, pool, prior};

/// Programs at once, at most: what does not fit into memory would end the process.
const MAX_PROGRAMS: u64 = 1 << 25;

/// Programs from which on Python can interrupt that they are made: tens of milliseconds.
const MANY: u64 = 1 << 18;

/// Draws programs: number i of a seed is the same whatever else is asked for.
#[pyclass(frozen, module = "pyprior_rs._engine")]
pub struct Sampler {
    pub(crate) inner: ProgramSampler,
    pub(crate) prefix: Vec<u32>,
    seed: u64,
    /// Settings of its prior.
    prior: Option<Py<PyDict>>,
    token_limit: Option<u32>,
}

/// What a sampler is made of.
type SamplerArguments = (PyLanguage, u64, Option<Py<PyDict>>, Vec<u32>, Option<u32>);

#[pymethods]
impl Sampler {
    #[new]
    #[pyo3(signature = (language, seed=0, prior=None, prefix=None, token_limit=None))]
    fn new(
        py: Python<'_>,
        language: &Bound<'_, PyLanguage>,
        #[pyo3(from_py_with = count)] seed: u64,
        prior: Option<&Bound<'_, PyDict>>,
        prefix: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = maybe_count)] token_limit: Option<u32>,
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
        let prior = prior.map(|settings| settings.copy().map(Bound::unbind)).transpose()?;
        Ok(Self { inner, prefix, seed, prior, token_limit })
    }

    /// Made anew from what it was made of.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> (Bound<'py, PyType>, SamplerArguments) {
        let (py, own) = (slf.py(), slf.get());
        let language = PyLanguage { inner: Arc::clone(own.inner.language()), sets: Arc::default() };
        let prior = own.prior.as_ref().map(|settings| settings.clone_ref(py));
        (slf.get_type(), (language, own.seed, prior, own.prefix.clone(), own.token_limit))
    }

    // Nothing of it changes: a copy is itself.
    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    /// The programs with the numbers `start` to `start + n`, on all cores, without the interpreter.
    #[pyo3(signature = (n, start=0))]
    fn sample(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = count)] n: u64,
        #[pyo3(from_py_with = count)] start: u64,
    ) -> PyResult<Programs> {
        let end = numbers::range(py, "n", n, MAX_PROGRAMS, start)?;
        let (stop, threads) = (AtomicBool::new(false), pool::threads(py));
        let sample = || pool::on(threads.as_deref(), || self.inner.sample_unless(start..end, &stop));
        let sampled = if n < MANY { py.detach(sample) } else { watched(py, &stop, |_| Ok(()), sample)? };
        // What is stopped is not looked at: that it was has been raised.
        let inner = sampled.map_err(|error| errors::too_long(py, &error))?.unwrap_or_default();
        Ok(Programs { language: Arc::clone(self.inner.language()), inner })
    }
}

/// Programs one after the other in one piece of memory.
#[pyclass(frozen, module = "pyprior_rs._engine")]
pub struct Programs {
    pub(crate) language: Arc<Language>,
    pub(crate) inner: pyprior_core::Programs,
}

impl Drop for Programs {
    fn drop(&mut self) {
        if self.inner.tokens().len() >= masks::LONG {
            turns::free(std::mem::take(&mut self.inner));
        }
    }
}

#[pymethods]
impl Programs {
    fn __len__(&self) -> usize {
        self.inner.len()
    }

    /// The tokens of a program, a tuple; of a slice, a list of them. Negative numbers count from the end.
    fn __getitem__<'py>(&self, i: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let mut turns = Turns::new(i.py());
        let mut tuple = |nth: usize| turns.tuple(self.inner.get(nth).unwrap_or_default().iter().copied());
        match Places::read(i, self.inner.len(), "programs")? {
            Places::One(nth) => Ok(tuple(nth)?.into_any()),
            Places::Several { start, step, len } => {
                let list = PyList::empty(i.py());
                places::each(start, step, len).try_for_each(|nth| list.append(tuple(nth)?))?;
                Ok(list.into_any())
            }
        }
    }

    /// The programs from the last to the first, each made as it is asked for.
    fn __reversed__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let builtins = slf.py().import("builtins")?;
        let numbers = builtins.getattr("range")?.call1((slf.get().__len__(),))?;
        let numbers = builtins.getattr("reversed")?.call1((numbers,))?;
        builtins.getattr("map")?.call1((slf.getattr("__getitem__")?, numbers))
    }

    /// Tokens and lengths, and the settings of the language.
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<pickling::PackedPrograms<'py>> {
        pickling::pack_programs(py, &self.language, &self.inner)
    }

    // Nothing of them changes: a copy is themselves.
    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    /// All tokens, program after program, uint32.
    fn tokens<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<u32>>> {
        masks::numbers(py, self.inner.tokens().iter().copied())
    }

    /// Number of tokens of each program, int64.
    fn lengths<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<i64>>> {
        masks::numbers(py, self.inner.iter().map(|tokens| tokens.len() as i64))
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
        let sources = pool::spread(py, || {
            (0..self.inner.len())
                .into_par_iter()
                .map_init(|| Renderer::new(&self.language), |renderer, nth| write(renderer, nth))
                .collect::<Result<Vec<_>, _>>()
        });
        let sources = sources.map_err(|error| errors::decode(py, &error))?;
        let (list, mut turns) = (PyList::empty(py), Turns::new(py));
        let list = sources.iter().try_for_each(|source| list.append(turns.text(source))).map(|()| list);
        // Freed behind: what an allocator tidies up then takes milliseconds.
        py.detach(|| drop(sources));
        list
    }
}

/// Programs again. Raises BatchError if there are not as many tokens as they have.
#[pyfunction]
pub fn unpack_programs(
    language: &Bound<'_, PyLanguage>,
    lens: PyReadonlyArray1<'_, u32>,
    tokens: PyReadonlyArray1<'_, u32>,
) -> PyResult<Programs> {
    let inner = pickling::programs(language.py(), &lens, &tokens)?;
    Ok(Programs { language: Arc::clone(&language.get().inner), inner })
}
