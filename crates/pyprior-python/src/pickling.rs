//! What pickle writes of rows and programs, and the way back: arrays of numbers, and the languages that they are of.

use std::collections::HashMap;
use std::sync::Arc;

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;
use pyo3::types::PyList;
use pyprior_core::{BatchError, BatchMatcher, Language};

use crate::batch::{Batch, MAX_ROWS};
use crate::language::PyLanguage;
use crate::masks::LONG;
use crate::shared::{Load, Shared};
use crate::{errors, masks, turns};

/// The language of an empty slot.
const EMPTY: u32 = u32::MAX;

/// Languages; for each slot which of them its row is of, and how many tokens it has; all tokens, row after row.
type PackedRows<'py> = (Bound<'py, PyList>, Array<'py>, Array<'py>, Array<'py>);
/// A function, and what makes programs when it is called with it.
pub(crate) type PackedPrograms<'py> = (Bound<'py, PyAny>, (PyLanguage, Array<'py>, Array<'py>));
type Array<'py> = Bound<'py, PyArray1<u32>>;

/// What is in the slots of a batch. A row's state follows from its language and its tokens.
struct Rows {
    /// Each once; the first is the batch's own.
    languages: Vec<Arc<Language>>,
    of: Vec<u32>,
    lens: Vec<u32>,
    tokens: Vec<u32>,
}

impl Rows {
    fn of(states: &Batch, batch: &BatchMatcher, own: &Arc<Language>) -> Result<Self, BatchError> {
        let mut rows = Self { languages: vec![Arc::clone(own)], of: vec![], lens: vec![], tokens: vec![] };
        let mut known = HashMap::from([(Arc::as_ptr(own), 0)]);
        for slot in states.slots(batch) {
            if !batch.is_occupied(slot) {
                rows.of.push(EMPTY);
                rows.lens.push(0);
                continue;
            }
            let (language, tokens) = (batch.language(slot)?, batch.tokens(slot)?);
            rows.of.push(*known.entry(Arc::as_ptr(language)).or_insert_with(|| {
                rows.languages.push(Arc::clone(language));
                rows.languages.len() as u32 - 1
            }));
            rows.lens.push(tokens.len() as u32);
            rows.tokens.extend_from_slice(tokens);
        }
        Ok(rows)
    }

    /// The slots again; `own` has the vocabulary of all.
    fn batch(&self, own: &Arc<Language>) -> Result<BatchMatcher, BatchError> {
        let mut batch = BatchMatcher::empty(own, self.of.len());
        for (slot, (&of, tokens)) in self.of.iter().zip(each(&self.lens, &self.tokens)?).enumerate() {
            if of != EMPTY {
                let (got, expected) = (self.languages.len(), (of as usize).saturating_add(1));
                let none = BatchError::WrongLength { what: "languages", got, expected };
                batch.set(slot, self.languages.get(of as usize).ok_or(none)?, tokens)?;
            }
        }
        Ok(batch)
    }
}

/// The tokens of each row or program.
fn each<'a>(lens: &[u32], tokens: &'a [u32]) -> Result<Vec<&'a [u32]>, BatchError> {
    let expected = lens.iter().map(|&len| len as usize).sum();
    let (mut parts, mut rest) = (Vec::with_capacity(lens.len()), tokens);
    for &len in lens {
        let (part, behind) = rest.split_at_checked(len as usize).unwrap_or_default();
        parts.push(part);
        rest = behind;
    }
    match tokens.len() == expected {
        true => Ok(parts),
        false => Err(BatchError::WrongLength { what: "tokens", got: tokens.len(), expected }),
    }
}

/// What the slots of a batch or a view hold, for `unpack`: as of one moment.
#[pyfunction]
pub fn pack<'py>(states: &Bound<'py, Batch>) -> PyResult<PackedRows<'py>> {
    let (py, states) = (states.py(), states.get());
    let own = states.language.bind(py);
    let inner = &own.get().inner;
    let rows = states.shared.work(py, Load::Long, |batch| Rows::of(states, batch, inner));
    let rows = rows.map_err(|error| errors::batch(py, &error))?;
    let languages = PyList::new(py, [own])?;
    for language in turns::in_turns(py, rows.languages.iter().skip(1)) {
        languages.append(PyLanguage { inner: Arc::clone(language), sets: Arc::default() })?;
    }
    Ok((
        languages,
        masks::numbers(py, rows.of.iter().copied())?,
        masks::numbers(py, rows.lens.iter().copied())?,
        masks::numbers(py, rows.tokens.iter().copied())?,
    ))
}

/// The batch again. Raises BatchError, TokenError for what is none.
#[pyfunction]
pub fn unpack<'py>(
    tok: &Bound<'py, PyAny>,
    languages: Vec<Bound<'py, PyLanguage>>,
    of: PyReadonlyArray1<'py, u32>,
    lens: PyReadonlyArray1<'py, u32>,
    tokens: PyReadonlyArray1<'py, u32>,
) -> PyResult<Batch> {
    let py = tok.py();
    let rows = Rows {
        languages: languages.iter().map(|language| Arc::clone(&language.get().inner)).collect(),
        of: numbers(&of),
        lens: numbers(&lens),
        tokens: numbers(&tokens),
    };
    let slots = rows.of.len();
    if slots > MAX_ROWS {
        return Err(errors::too_many(py, "n", slots as u64, MAX_ROWS as u64));
    }
    let Some(own) = languages.first().filter(|_| rows.lens.len() == slots) else {
        return Err(errors::wrong_length(py, "lens", rows.lens.len(), slots));
    };
    let (language, sets) = (&own.get().inner, Arc::clone(&own.get().sets));
    let make = || rows.batch(language);
    let batch = if slots + rows.tokens.len() >= LONG { py.detach(make) } else { make() };
    let batch = batch.map_err(|error| errors::batch(py, &error))?;
    Ok(Batch::of_rows(tok, own, Shared::new(batch, sets, language.vocab().len())))
}

/// What makes programs again: `unpack_programs`, and the arguments of it.
pub(crate) fn pack_programs<'py>(
    py: Python<'py>,
    language: &Arc<Language>,
    programs: &pyprior_core::Programs,
) -> PyResult<PackedPrograms<'py>> {
    let make = py.import("pyprior_rs._engine")?.getattr("unpack_programs")?;
    let language = PyLanguage { inner: Arc::clone(language), sets: Arc::default() };
    Ok((
        make,
        (
            language,
            masks::numbers(py, programs.iter().map(|tokens| tokens.len() as u32))?,
            masks::numbers(py, programs.tokens().iter().copied())?,
        ),
    ))
}

/// The programs again. Raises BatchError if there are not as many tokens as they have.
pub(crate) fn programs(
    py: Python<'_>,
    lens: &PyReadonlyArray1<'_, u32>,
    tokens: &PyReadonlyArray1<'_, u32>,
) -> PyResult<pyprior_core::Programs> {
    let (lens, tokens) = (numbers(lens), numbers(tokens));
    let made = py.detach(|| {
        let mut programs = pyprior_core::Programs::default();
        each(&lens, &tokens)?.into_iter().for_each(|tokens| programs.push(tokens));
        Ok::<_, BatchError>(programs)
    });
    made.map_err(|error| errors::batch(py, &error))
}

fn numbers(array: &PyReadonlyArray1<'_, u32>) -> Vec<u32> {
    array.as_array().iter().copied().collect()
}
