//! The symbolic prior: its logits, its arrays, its modes on arrays of numpy.

use half::f16;
use numpy::{PyArray1, PyArray2, PyArrayMethods as _, PyReadonlyArray2, PyUntypedArrayMethods as _};
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyprior_core::{
    ApplyMode, Frontier, Logit, LogitsError, LogitsScratch, Normalisation, PRIOR_GROUPS, Prior, PriorConfig,
    TokenBitmask,
};

use crate::batch::Batch;
use crate::errors::{self, Raised};
use crate::language::PyLanguage;
use crate::masks;
use crate::shared::Load;

/// A prior compiled for a vocabulary. Settings are the fields of `PriorConfig`. Raises PriorError.
#[pyclass(frozen, module = "pyprior_rs._engine")]
pub struct SymbolicPrior {
    inner: Prior,
    /// Tokens of its vocabulary.
    vocab: usize,
}

/// Bits and shifts.
type Parts<'py> = (Bound<'py, PyArray2<u32>>, Bound<'py, PyArray2<f32>>);

/// The fields of a `PriorConfig`, those that are not given at their defaults.
pub(crate) fn config(settings: Option<&Bound<'_, PyDict>>) -> PyResult<PriorConfig> {
    let mut config = PriorConfig::default();
    for (key, value) in settings.into_iter().flatten() {
        let py = key.py();
        let key: String = key.extract()?;
        let place = match key.as_str() {
            "w_var" => &mut config.w_var,
            "w_const" => &mut config.w_const,
            "w_binop" => &mut config.w_binop,
            "w_compare" => &mut config.w_compare,
            "w_call" => &mut config.w_call,
            "w_print" => &mut config.w_print,
            "w_assign" => &mut config.w_assign,
            "w_if" => &mut config.w_if,
            "w_return" => &mut config.w_return,
            "binop_depth_decay" => &mut config.binop_depth_decay,
            "if_depth_decay" => &mut config.if_depth_decay,
            "length_decay" => &mut config.length_decay,
            "alpha" => &mut config.alpha,
            "apply" | "normalisation" => {
                word(py, &mut config, &key, &value.extract::<String>()?)?;
                continue;
            }
            _ => return Err(PyTypeError::new_err(format!("unknown field {key:?} of a prior"))),
        };
        *place = value.extract().or_else(|error: PyErr| match error.is_instance_of::<PyOverflowError>(py) {
            // As good as infinite, which is out of every range.
            true => Ok(if value.lt(0)? { f64::NEG_INFINITY } else { f64::INFINITY }),
            false if error.is_instance_of::<PyTypeError>(py) => {
                let kind = value.get_type().name()?;
                Err(PyTypeError::new_err(format!("{key}: a number is needed, not {kind}")))
            }
            false => Err(error),
        })?;
    }
    Ok(config)
}

fn word(py: Python<'_>, config: &mut PriorConfig, key: &str, given: &str) -> PyResult<()> {
    let unknown = |range: &str| {
        let message = format!("{key} is {given:?}; it must be {range}");
        Err(Raised::new::<errors::PriorError_>(py, message)
            .with("field", key)
            .with("value", given)
            .with("range", range)
            .err())
    };
    match (key, given) {
        ("normalisation", "vocabulary") => config.normalisation = Normalisation::Vocabulary,
        ("normalisation", "legal") => config.normalisation = Normalisation::Legal,
        ("normalisation", _) => return unknown("one of vocabulary, legal"),
        _ => match ApplyMode::ALL.into_iter().find(|mode| mode.name() == given) {
            Some(mode) => config.apply = mode,
            None => return unknown("one of off, additive, fixed, entropy"),
        },
    }
    Ok(())
}

/// Bitmask and holes of a batch.
struct Holes {
    bitmask: TokenBitmask,
    frontiers: Vec<Option<Frontier>>,
}

impl SymbolicPrior {
    /// Refuses rows of another vocabulary.
    fn fits(&self, py: Python<'_>, states: &Batch) -> PyResult<()> {
        let (own, given) = (self.vocab, states.shared.vocab);
        match own == given {
            true => Ok(()),
            false => Err(errors::shape(
                py,
                "what is given",
                &format!("rows of a vocabulary of {given} tokens"),
                &format!("one of {own}, that of the prior,"),
            )),
        }
    }

    fn write_shifts(&self, array: &Bound<'_, PyArray2<f32>>, holes: &Holes) -> PyResult<()> {
        let py = array.py();
        let written = masks::write(array, |out| {
            py.detach(|| {
                let rows = out.chunks_exact_mut(PRIOR_GROUPS).zip(&holes.frontiers).enumerate();
                for (row, (out, &frontier)) in rows {
                    out.copy_from_slice(&self.inner.row_shifts(frontier, &holes.bitmask, row)?);
                }
                Ok::<_, LogitsError>(())
            })
        })?;
        written.map_err(|error| errors::logits(py, &error))
    }

    fn holes(&self, py: Python<'_>, states: &Batch) -> PyResult<Holes> {
        let vocab = states.shared.vocab;
        let rows = states.slots(&states.shared.lock(py)).len();
        let read = states.shared.work(py, Load::of(rows, rows * vocab.div_ceil(32)), |batch| {
            let slots = states.slots(batch);
            let mut bitmask = TokenBitmask::new(slots.len(), vocab);
            Batch::words(batch, slots.clone(), bitmask.data_mut())?;
            Ok::<_, pyprior_core::BatchError>(Holes { bitmask, frontiers: Batch::holes(batch, slots) })
        });
        read.map_err(|error| errors::batch(py, &error))
    }

    fn apply_to<'py, T: Logit + numpy::Element + Copy + Send + Sync>(
        &self,
        holes: &Holes,
        logits: &PyReadonlyArray2<'py, T>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = logits.py();
        let shape = logits.shape();
        let out = masks::zeros::<T>(py, shape[0], shape[1])?;
        let view = logits.as_array();
        let applied = masks::write(&out, |out| {
            py.detach(|| {
                out.iter_mut().zip(view.iter()).for_each(|(out, &logit)| *out = logit);
                let mut scratch = LogitsScratch::new(holes.bitmask.vocab());
                self.inner.apply(out, &holes.bitmask, &holes.frontiers, &mut scratch)
            })
        })?;
        applied.map_err(|error| errors::logits(py, &error))?;
        Ok(out.into_any())
    }
}

#[pymethods]
impl SymbolicPrior {
    #[new]
    #[pyo3(signature = (language, **settings))]
    fn new(language: &Bound<'_, PyLanguage>, settings: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let vocab = language.get().inner.vocab();
        let prior = Prior::new(vocab, config(settings)?);
        Ok(Self { inner: prior.map_err(|error| errors::prior(language.py(), &error))?, vocab: vocab.len() })
    }

    /// How prior and model are put together: `off` where alpha leaves the prior no say.
    #[getter]
    fn mode(&self) -> &'static str {
        self.inner.mode().name()
    }

    /// Logit of every token before what a hole adds, float64 `[vocab]`; -inf for weight 0.
    fn base_logits<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_vec(py, self.inner.base_logits().collect())
    }

    /// Group of every token, int64 `[vocab]`: what a hole adds is added to all tokens of a group.
    fn groups<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<i64>> {
        PyArray1::from_vec(py, self.inner.groups().map(i64::from).collect())
    }

    /// Bits of the legal sets, uint32 `[rows, ceil(vocab / 32)]`, and what the holes of a batch add to the logits of each
    /// group, float32 `[rows, groups]`, both as of one moment. New arrays.
    fn parts<'py>(&self, py: Python<'py>, states: &Bound<'py, Batch>) -> PyResult<Parts<'py>> {
        self.fits(py, states.get())?;
        let shape = |columns: usize| (states.get().slots(&states.get().shared.lock(py)).len(), columns);
        let (rows, words) = shape(states.get().shared.vocab.div_ceil(32));
        let (bits, shifts) = (masks::zeros(py, rows, words)?, masks::zeros(py, rows, PRIOR_GROUPS)?);
        let holes = self.holes(py, states.get())?;
        if holes.frontiers.len() != rows {
            return Err(errors::wrong_length(py, "rows", holes.frontiers.len(), rows));
        }
        masks::write(&bits, |out: &mut [u32]| py.detach(|| out.copy_from_slice(holes.bitmask.data())))?;
        self.write_shifts(&shifts, &holes)?;
        Ok((bits, shifts))
    }

    /// What the holes of a batch add to the logits of each group, float32 `[rows, groups]`.
    fn shifts<'py>(&self, py: Python<'py>, states: &Bound<'py, Batch>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        self.fits(py, states.get())?;
        let holes = self.holes(py, states.get())?;
        let array = masks::zeros(py, holes.frontiers.len(), PRIOR_GROUPS)?;
        self.write_shifts(&array, &holes)?;
        Ok(array)
    }

    /// The prior's logits at the holes of a batch, float32 `[rows, vocab]`.
    fn logits<'py>(&self, py: Python<'py>, states: &Bound<'py, Batch>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        self.fits(py, states.get())?;
        // First what takes most: it says so where there is no memory.
        let (rows, vocab) = (states.get().slots(&states.get().shared.lock(py)).len(), states.get().shared.vocab);
        let array = masks::zeros(py, rows, vocab)?;
        let holes = self.holes(py, states.get())?;
        if holes.frontiers.len() != rows {
            return Err(errors::wrong_length(py, "rows", holes.frontiers.len(), rows));
        }
        let written = masks::write(&array, |out| {
            py.detach(|| {
                for (row, (out, &frontier)) in out.chunks_exact_mut(vocab.max(1)).zip(&holes.frontiers).enumerate() {
                    self.inner.logits(frontier, &holes.bitmask, row, out)?;
                }
                Ok::<_, LogitsError>(())
            })
        })?;
        written.map_err(|error| errors::logits(py, &error))?;
        Ok(array)
    }

    /// The prior put together with a model's logits, float32 or float16 `[rows, vocab]`: a new array of the same type.
    /// `mask`, float32 of the same shape, stands in for the legal sets: what it has at 0 is legal.
    #[pyo3(signature = (states, logits, mask=None))]
    fn apply<'py>(
        &self,
        py: Python<'py>,
        states: &Bound<'py, Batch>,
        logits: &Bound<'py, PyAny>,
        mask: Option<&Bound<'py, PyArray2<f32>>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.fits(py, states.get())?;
        let (rows, vocab) = (states.get().slots(&states.get().shared.lock(py)).len(), states.get().shared.vocab);
        let expected = format!("an array of float32 or float16 of shape ({rows}, {vocab})");
        let refuse = |found: String| errors::shape(py, "what is given", &found, &expected);
        let fits = |shape: &[usize]| match shape == [rows, vocab] {
            true => Ok(()),
            false => Err(refuse(format!("of shape {shape:?}"))),
        };
        fits(logits.cast::<numpy::PyUntypedArray>()?.shape())?;
        let mut holes = self.holes(py, states.get())?;
        fits(&[holes.bitmask.rows(), vocab])?;
        if let Some(mask) = mask {
            fits(mask.shape())?;
            let lent = mask.try_readonly().map_err(|error| refuse(error.to_string()))?;
            let words = holes.bitmask.words();
            let (bits, mask) = (holes.bitmask.data_mut(), lent.as_array());
            py.detach(|| {
                bits.fill(0);
                for ((row, token), value) in mask.indexed_iter() {
                    bits[row * words + token / 32] |= u32::from(*value == 0.0) << (token % 32);
                }
            });
        }
        if let Ok(logits) = logits.cast::<PyArray2<f32>>() {
            let lent = logits.try_readonly().map_err(|error| refuse(error.to_string()))?;
            return self.apply_to(&holes, &lent);
        }
        if let Ok(logits) = logits.cast::<PyArray2<f16>>() {
            let lent = logits.try_readonly().map_err(|error| refuse(error.to_string()))?;
            return self.apply_to(&holes, &lent);
        }
        Err(refuse(format!("of type {}", logits.get_type().name()?)))
    }
}
