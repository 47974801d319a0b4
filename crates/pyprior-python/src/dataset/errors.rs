//! What goes wrong with datasets.

use std::error::Error;
use std::io;
use std::path::Path;

use pyo3::create_exception;
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyprior_data::{DataError, DescriptionError, LevelError, SourceError};

use crate::errors::{self, PyPriorError, Raised};

create_exception!(
    pyprior_rs,
    DatasetError_,
    PyPriorError,
    "A dataset that is refused, or not made; shards that are done stay done. Attributes: `kind`, and by it `shard`, `shards`, \
     `field value range`, `column`, `name`, `text`, `row`, `rows kept candidates most`, `manifest`, `difference`, `found`, \
     `record`, `path`, `place`, `url reason`."
);
create_exception!(
    pyprior_rs,
    ShardBusyError_,
    DatasetError_,
    "Another process is making the shard. Attributes: `kind` (`busy`), `shard`, `record`."
);

pub(super) fn add(m: &Bound<'_, PyModule>) -> PyResult<()> {
    errors::put(m, "DatasetError", &m.py().get_type::<DatasetError_>())?;
    errors::put(m, "ShardBusyError", &m.py().get_type::<ShardBusyError_>())
}

/// An error with what is behind it, as the command line tells it.
fn told(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut behind = error.source();
    while let Some(error) = behind {
        text = format!("{text}: {error}");
        behind = error.source();
    }
    text
}

fn raised<'py>(py: Python<'py>, error: &dyn Error, kind: &str) -> Raised<'py> {
    // Errors of TOML end in a line break.
    Raised::new::<DatasetError_>(py, told(error).trim_end()).with("kind", kind)
}

/// JSON that is no description, or fields that are none.
pub(super) fn json(py: Python<'_>, error: &serde_json::Error) -> PyErr {
    raised(py, error, "json").err()
}

pub(super) fn level(py: Python<'_>, error: &LevelError) -> PyErr {
    raised(py, error, "level").with("text", &error.text).err()
}

/// A field, or an argument, that is out of range.
pub(super) fn field(py: Python<'_>, field: &str, value: &str, range: &str) -> PyErr {
    Raised::new::<DatasetError_>(py, format!("{field} is {value}; it must be {range}"))
        .with("kind", "range")
        .with("field", field)
        .with("value", value)
        .with("range", range)
        .err()
}

/// More threads than anybody has.
pub(super) fn threads(py: Python<'_>, threads: u32, most: u32) -> PyErr {
    Raised::new::<DatasetError_>(py, format!("threads is {threads}; it must be 0, for all, to {most}"))
        .with("kind", "range")
        .with("field", "threads")
        .with("value", threads)
        .err()
}

/// Rows of a batch that are none, or too many.
pub(super) fn batch_rows(py: Python<'_>, rows: u32, most: u32) -> PyErr {
    Raised::new::<errors::BatchError_>(py, format!("batch_rows is {rows}; it must be 1 to {most}"))
        .with("kind", "out_of_range")
        .with("what", "batch_rows")
        .with("got", rows)
        .with("expected", most)
        .err()
}

/// Lists that are longer than the rows of an array.
pub(super) fn width(py: Python<'_>, width: usize, longest: usize) -> PyErr {
    let message = format!("width is {width}, but the longest list has {longest} numbers");
    Raised::new::<errors::BatchError_>(py, message)
        .with("kind", "wrong_length")
        .with("what", "width")
        .with("got", width)
        .with("expected", longest)
        .err()
}

pub(super) fn description(py: Python<'_>, error: &DescriptionError) -> PyErr {
    match error {
        DescriptionError::Toml(_) => raised(py, error, "toml"),
        DescriptionError::Range { field, value, range } => {
            raised(py, error, "range").with("field", *field).with("value", value).with("range", *range)
        }
        DescriptionError::Shards { rows, shard_rows, shards } => {
            raised(py, error, "shards").with("rows", *rows).with("shard_rows", *shard_rows).with("shards", *shards)
        }
        DescriptionError::NoMaxLen => raised(py, error, "no_max_len").with("field", "language.max_len"),
        DescriptionError::UnknownColumn { name } => {
            raised(py, error, "unknown_column").with("field", "write.columns").with("name", name)
        }
        DescriptionError::Twice { field, name } => raised(py, error, "twice").with("field", *field).with("name", name),
        DescriptionError::Expression { field, text, .. } => {
            raised(py, error, "expression").with("field", field).with("text", text)
        }
        DescriptionError::NotOfProgram { column } => {
            raised(py, error, "not_of_program").with("field", "splits.where").with("column", *column)
        }
        DescriptionError::Stages { .. } => raised(py, error, "stages"),
        DescriptionError::Control(_) => raised(py, error, "control"),
        _ => raised(py, error, "description"),
    }
    .err()
}

pub(super) fn data(py: Python<'_>, error: &DataError) -> PyErr {
    match error {
        DataError::Description(error) => return description(py, error),
        DataError::Language(error) => return errors::config(py, error),
        DataError::Source(source) => return self::source(py, source),
        DataError::Io { path, source, .. } => return io(error, path, source),
        DataError::Program { row, .. } => raised(py, error, "program").with("row", *row),
        DataError::Patience { shard, rows, kept, candidates, most } => raised(py, error, "patience")
            .with("shard", *shard)
            .with("rows", *rows)
            .with("kept", *kept)
            .with("candidates", *candidates)
            .with("most", most),
        DataError::Parquet { path, .. } => raised(py, error, "parquet").with("path", path),
        DataError::Locked { path } => raised(py, error, "locked").with("path", path),
        DataError::Url { url, reason } => raised(py, error, "url").with("url", url).with("reason", reason),
        DataError::Manifest { path, .. } => raised(py, error, "manifest").with("path", path),
        DataError::Foreign { manifest, difference } => {
            raised(py, error, "foreign").with("manifest", manifest).with("difference", difference)
        }
        DataError::NotADataset { found, manifest } => {
            raised(py, error, "not_a_dataset").with("found", found).with("manifest", manifest)
        }
        DataError::Occupied { place } => raised(py, error, "occupied").with("place", place),
        DataError::Misplaced { record, shard } => {
            raised(py, error, "record").with("record", record).with("shard", *shard)
        }
        DataError::Outside { record, file } => raised(py, error, "record").with("record", record).with("path", file),
        DataError::Busy { shard, record } => Raised::new::<ShardBusyError_>(py, told(error))
            .with("kind", "busy")
            .with("shard", *shard)
            .with("record", record),
        DataError::NoShard { shard, shards } => {
            raised(py, error, "no_shard").with("shard", *shard).with("shards", *shards)
        }
        DataError::Missing { shard, shards } => {
            raised(py, error, "missing").with("shard", *shard).with("shards", *shards)
        }
        DataError::NoTable { table, .. } => raised(py, error, "no_table").with("name", table),
        DataError::NoSplit { split, .. } => raised(py, error, "no_split").with("name", split),
        DataError::Interrupted => raised(py, error, "interrupted"),
        _ => raised(py, error, "other"),
    }
    .err()
}

fn source(py: Python<'_>, error: &SourceError) -> PyErr {
    match error {
        SourceError::TooLong(error) => errors::too_long(py, error),
        SourceError::Prior(error) => errors::prior(py, error),
        SourceError::NoModel => Raised::new::<DatasetError_>(
            py,
            "source.kind is \"model\", and this package has no models: `pyprior dataset --model DIR` makes such datasets",
        )
        .with("kind", "model")
        .err(),
        error => raised(py, error, "source").err(),
    }
}

/// What the system refuses is an OSError of its number's kind, with the name of the file.
fn io(error: &DataError, path: &Path, source: &io::Error) -> PyErr {
    match source.raw_os_error() {
        Some(number) => PyOSError::new_err((number, told(error), path.display().to_string())),
        None => PyOSError::new_err(told(error)),
    }
}
