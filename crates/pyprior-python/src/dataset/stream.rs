//! Rows as they are made.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{RecordBatch, RecordBatchReader};
use arrow_schema::{ArrowError, SchemaRef};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use pyprior_data::{Job, Stream, StreamSettings, stream};

use super::errors;
use super::rows::PyRows;
use crate::watched::PAUSE;

/// Groups that are made before they are asked for.
const AHEAD: usize = 2;

/// Which rows are wanted.
pub(super) struct Asked {
    pub(super) shards: Vec<u64>,
    pub(super) table: String,
    /// None for the one that takes what no other does.
    pub(super) split: Option<String>,
    pub(super) rows: u32,
    pub(super) threads: usize,
}

/// Rows under way, and whose threads make them: a fork has none of its parent's.
struct Begun {
    stream: Option<Stream>,
    process: u32,
}

impl Begun {
    fn is_here(&self) -> bool {
        self.process == std::process::id()
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        if !self.is_here() {
            // As the fork found it, with what its threads held.
            std::mem::forget(self.stream.take());
        }
    }
}

const ELSEWHERE: &str = "these rows were begun in another process: begin them in this one";

/// An iterator over rows, or, by way of `__arrow_c_stream__`, over Arrow's batches.
#[pyclass(frozen, name = "RowStream", module = "pyprior_rs._engine")]
pub struct PyStream {
    /// Empty when it was handed over to Arrow. Not locked in a fork, where one that has it may be missing.
    inner: Mutex<Option<Begun>>,
    process: u32,
}

impl PyStream {
    pub(super) fn begin(py: Python<'_>, job: &Arc<Job>, asked: Asked) -> PyResult<Self> {
        let Asked { shards, table, split, rows, threads } = asked;
        let split = split.or_else(|| job.split_names().first().cloned()).unwrap_or_default();
        let settings = StreamSettings { shards, table, split, group_rows: rows, ahead: AHEAD, threads };
        let inner = py.detach(|| stream(job, settings)).map_err(|error| errors::data(py, &error))?;
        let process = std::process::id();
        Ok(Self { inner: Mutex::new(Some(Begun { stream: Some(inner), process })), process })
    }

    fn check(&self) -> PyResult<()> {
        match self.process == std::process::id() {
            true => Ok(()),
            false => Err(PyRuntimeError::new_err(ELSEWHERE)),
        }
    }
}

#[pymethods]
impl PyStream {
    fn __iter__(this: Py<Self>) -> Py<Self> {
        this
    }

    /// Waits without the interpreter; Ctrl-C is answered. Raises RuntimeError in a fork of the process that began it.
    fn __next__(&self, py: Python<'_>) -> PyResult<Option<PyRows>> {
        self.check()?;
        loop {
            let next = py.detach(|| {
                let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
                let stream = inner.as_mut().and_then(|begun| begun.stream.as_mut());
                stream.map_or(Poll::Ready(None), |stream| stream.next_within(PAUSE))
            });
            match next {
                Poll::Pending => py.check_signals()?,
                Poll::Ready(None) => return Ok(None),
                Poll::Ready(Some(Ok(rows))) => return Ok(Some(PyRows::new(rows))),
                Poll::Ready(Some(Err(error))) => return Err(errors::data(py, &error)),
            }
        }
    }

    /// What is left, as a stream of Arrow's C data interface: `pyarrow.RecordBatchReader.from_stream(rows)`.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        self.check()?;
        // A wish, which one need not grant.
        drop(requested_schema);
        // Without the interpreter: another thread may be waiting for rows.
        let begun = py.detach(|| self.inner.lock().unwrap_or_else(PoisonError::into_inner).take());
        let begun = begun.ok_or_else(|| PyRuntimeError::new_err("the stream was handed over before"))?;
        let Some(schema) = begun.stream.as_ref().map(|stream| Arc::clone(stream.schema())) else {
            return Err(PyRuntimeError::new_err(ELSEWHERE));
        };
        let stream = FFI_ArrowArrayStream::new(Box::new(Batches { begun, schema }));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }
}

/// The same for Arrow, which asks without the interpreter.
struct Batches {
    begun: Begun,
    schema: SchemaRef,
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        if !self.begun.is_here() {
            return Some(Err(ArrowError::InvalidArgumentError(ELSEWHERE.to_owned())));
        }
        let stream = self.begun.stream.as_mut()?;
        let told = loop {
            match stream.next_within(PAUSE) {
                Poll::Ready(told) => break told?,
                // Ctrl-C ends the stream; whoever reads it makes an error of its own of this.
                Poll::Pending => {
                    if let Some(Err(error)) = Python::try_attach(|py| py.check_signals()) {
                        return Some(Err(ArrowError::ExternalError(Box::new(error))));
                    }
                }
            }
        };
        Some(told.map_err(|error| ArrowError::ExternalError(Box::new(error))).and_then(|rows| rows.record_batch()))
    }
}

impl RecordBatchReader for Batches {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
