//! A description, checked and compiled, and shards of it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyList;
use pyprior_data::{Inventory, Job, Part, PilotWork, Place, Progress, Summary, Work, Yield};
use pyprior_data::{complete, finish, inventory, make, make_shards};

use super::description::PyDescription;
use super::errors;
use super::stream::{Asked, PyStream};
use crate::numbers::{count_of, counts};
use crate::turns;
use crate::watched::watched;

/// Threads that look at programs, at most: as on the command line.
const MAX_THREADS: u32 = 1024;

fn threads(given: &Bound<'_, PyAny>) -> PyResult<usize> {
    let (py, threads) = (given.py(), count_of("threads", given)?);
    if threads > MAX_THREADS { Err(errors::threads(py, threads, MAX_THREADS)) } else { Ok(threads as usize) }
}

/// Rows of a group, at most: as in a description.
const MAX_ROWS: u32 = 1 << 20;

fn batch_rows(given: &Bound<'_, PyAny>) -> PyResult<u32> {
    let rows = count_of("batch_rows", given)?;
    if (1..=MAX_ROWS).contains(&rows) { Ok(rows) } else { Err(errors::batch_rows(given.py(), rows, MAX_ROWS)) }
}

/// Numbers of shards.
fn shards(given: &Bound<'_, PyAny>) -> PyResult<Vec<u64>> {
    counts("shards", given)
}

fn maybe_shards(given: &Bound<'_, PyAny>) -> PyResult<Option<Vec<u64>>> {
    if given.is_none() { Ok(None) } else { shards(given).map(Some) }
}

/// Counts as JSON, in the words of a shard's record.
fn json(counts: &Yield) -> String {
    serde_json::to_string(counts).unwrap_or_default()
}

/// A description, checked and compiled: what every shard is made from. Threads may share it.
#[pyclass(frozen, name = "Job", module = "pyprior_rs._engine")]
pub struct PyJob {
    pub(super) inner: Arc<Job>,
}

/// Columns of a table: names, types, meanings.
type ColumnFacts = Vec<(&'static str, String, &'static str)>;

#[pymethods]
impl PyJob {
    /// If targets are to be reached by acceptance, threads look at a pilot, which Ctrl-C ends.
    #[new]
    #[pyo3(signature = (description, threads=0))]
    fn new(
        description: &Bound<'_, PyDescription>,
        #[pyo3(from_py_with = self::threads)] threads: usize,
    ) -> PyResult<Self> {
        let (py, stop) = (description.py(), AtomicBool::new(false));
        let (work, described) = (PilotWork { threads, stop: &stop }, description.get());
        let prepare = || Job::prepare(described.inner.clone(), None, &work);
        match watched(py, &stop, |_| Ok(()), prepare)? {
            Ok(job) => Ok(Self { inner: Arc::new(job) }),
            Err(error) => Err(errors::data(py, &error)),
        }
    }

    #[getter]
    fn description(&self) -> PyDescription {
        PyDescription { inner: self.inner.description().clone() }
    }

    #[getter]
    fn fingerprint(&self) -> String {
        self.inner.fingerprint()
    }

    #[getter]
    fn splits(&self) -> Vec<String> {
        self.inner.split_names().to_vec()
    }

    /// The columns of each table.
    fn tables(&self) -> BTreeMap<String, ColumnFacts> {
        let tables = self.inner.tables().iter().map(|table| {
            let columns = table
                .columns
                .iter()
                .map(|column| (column.name, table.kind(column, self.inner.is_wide()), column.about));
            (table.name.clone(), columns.collect())
        });
        tables.collect()
    }

    /// How many of these shards are done, which are missing, and the counts of the former.
    fn inventory<'py>(
        &self,
        py: Python<'py>,
        out: OsString,
        #[pyo3(from_py_with = self::shards)] shards: Vec<u64>,
    ) -> PyResult<(u64, Bound<'py, PyList>, String)> {
        let found = py.detach(|| inventory(&self.inner, Place::parse(&out), &shards));
        let Inventory { found, missing, counts } = found.map_err(|error| errors::data(py, &error))?;
        Ok((found, turns::list(py, missing)?, json(&counts)))
    }

    /// Makes shards: all, with README.md and the report, or these alone. `progress` is called with rows there are to be, rows
    /// there are, rows there were, and candidates.
    #[pyo3(signature = (out, shards=None, threads=0, progress=None))]
    fn make(
        &self,
        py: Python<'_>,
        out: OsString,
        #[pyo3(from_py_with = maybe_shards)] shards: Option<Vec<u64>>,
        #[pyo3(from_py_with = self::threads)] threads: usize,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<(u64, u64, String, bool)> {
        let (stop, latest) = (AtomicBool::new(false), Mutex::new(None));
        let tell = |progress: Progress| *latest.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress);
        let work = Work { threads, stop: &stop, progress: &tell };
        let look = |py: Python<'_>| {
            let news = latest.lock().unwrap_or_else(PoisonError::into_inner).take();
            match (news, &progress) {
                (Some(Progress { rows, done, before, candidates }), Some(progress)) => {
                    progress.call1(py, (rows, done, before, candidates)).map(drop)
                }
                _ => Ok(()),
            }
        };
        let place = Place::parse(&out);
        let made = watched(py, &stop, look, || match &shards {
            Some(shards) => make_shards(&self.inner, place, shards, &work),
            None => make(&self.inner, place, Part::ALL, &work),
        });
        let Summary { found, made, counts, complete } = made?.map_err(|error| errors::data(py, &error))?;
        look(py)?;
        Ok((found, made, json(&counts), complete))
    }

    /// Writes what is missing of README.md and the report, if all shards are done; says whether they are.
    fn complete(&self, py: Python<'_>, out: OsString) -> PyResult<bool> {
        py.detach(|| complete(&self.inner, Place::parse(&out))).map_err(|error| errors::data(py, &error))
    }

    /// Rows as they are made.
    fn stream(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = self::shards)] shards: Vec<u64>,
        table: String,
        split: Option<String>,
        #[pyo3(from_py_with = batch_rows)] rows: u32,
        #[pyo3(from_py_with = self::threads)] threads: usize,
    ) -> PyResult<PyStream> {
        PyStream::begin(py, &self.inner, Asked { shards, table, split, rows, threads })
    }
}

/// Writes README.md and the report anew, from the manifest alone; gives the counts.
#[pyfunction]
pub fn dataset_finish(py: Python<'_>, out: OsString) -> PyResult<String> {
    let found = py.detach(|| finish(Place::parse(&out))).map_err(|error| errors::data(py, &error))?;
    Ok(json(&found))
}
