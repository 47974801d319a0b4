//! Rows of tasks, read from files of Parquet or JSON lines.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray as _;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde::Deserialize;
use thiserror::Error;

use crate::description::Description;
use crate::manifest::Manifest;
use crate::tasks::{Kind, Verification};

/// Rows that are handed out together, fewer where they have more bytes than this.
const BATCH: usize = 1 << 12;
const BATCH_BYTES: usize = 1 << 23;
/// Rows of Parquet that are decoded together: a row may have some MiB.
const DECODED: usize = 1 << 6;
/// Bytes of a line of JSON.
pub(super) const MAX_LINE: u64 = 1 << 26;

/// A task to be graded.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TaskRow {
    /// What it is called.
    #[serde(alias = "id")]
    pub key: String,
    /// An answer that is right.
    pub answer: String,
    /// How answers are graded.
    #[serde(deserialize_with = "from_text")]
    pub verification: Verification,
}

fn from_text<'de, D: serde::Deserializer<'de>>(text: D) -> Result<Verification, D::Error> {
    let text = String::deserialize(text)?;
    serde_json::from_str(&text).map_err(serde::de::Error::custom)
}

/// Why files cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// A file or folder cannot be read.
    #[error("cannot read {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file is no Parquet.
    #[error("cannot read {}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: parquet::errors::ParquetError,
    },
    /// A batch of a file cannot be read.
    #[error("cannot read {}", path.display())]
    Arrow {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: arrow_schema::ArrowError,
    },
    /// A file has no such column, or it is no text: tasks that are graded are written as text.
    #[error("{}: there is no column {column:?} of text", path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
    },
    /// A line or row is not what it should be.
    #[error("{}: line {line} is not {expected}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What it should be.
        expected: &'static str,
        /// Why it is not.
        source: serde_json::Error,
    },
    /// A line is no text.
    #[error("{}: line {line} is not UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// A line is too long.
    #[error("{}: line {line} has more than {MAX_LINE} bytes", path.display())]
    LongLine {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// No folder above has a manifest.
    #[error("{}: no manifest/dataset.json beside it or above it says what language its tasks are of", path.display())]
    NoManifest {
        /// The file or folder.
        path: PathBuf,
    },
    /// Paths are of two datasets, which may call different tasks the same.
    #[error("{} and {} are of two datasets: they are graded one by one", first.display(), second.display())]
    SeveralDatasets {
        /// One of them.
        first: PathBuf,
        /// One of the other.
        second: PathBuf,
    },
    /// Two tasks are called the same, and an answer could be to either.
    #[error("two tasks are called {key:?}: an answer could be to either")]
    SameKey {
        /// What they are called.
        key: String,
    },
    /// A folder has no tasks.
    #[error("{}: no tasks as Parquet or JSON lines", path.display())]
    NoTasks {
        /// The folder.
        path: PathBuf,
    },
}

/// The files of tasks that a path names: itself, or those in the folders of a dataset's tables, or, where there are none, in the
/// folder itself, in the first format that there is.
///
/// # Errors
///
/// [`ScoreError`] if a folder cannot be read or has none.
pub fn task_files(path: &Path) -> Result<Vec<PathBuf>, ScoreError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |source| ScoreError::Io { path, source }
    };
    if !std::fs::metadata(path).map_err(io(path))?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let (mut files, tables) = (Vec::new(), Kind::ALL.map(|kind| path.join(kind.name())));
    let mut folders = tables.into_iter().filter(|folder| folder.is_dir()).collect::<Vec<_>>();
    // Beside tables are other things than tasks.
    if folders.is_empty() {
        folders.push(path.to_owned());
    }
    for folder in folders {
        let entries = std::fs::read_dir(&folder).map_err(io(&folder))?;
        let mut found = entries.filter_map(|entry| Some(entry.ok()?.path())).collect::<Vec<_>>();
        found.sort();
        let ending = |end: &'static str| found.iter().filter(move |path| path.to_string_lossy().ends_with(end));
        let first = [".parquet", ".jsonl", ".jsonl.zst"].into_iter().find(|end| ending(end).next().is_some());
        files.extend(first.into_iter().flat_map(ending).cloned());
    }
    match files.is_empty() {
        true => Err(ScoreError::NoTasks { path: path.to_owned() }),
        false => Ok(files),
    }
}

/// Hands out the tasks of a file, some thousands at a time.
///
/// # Errors
///
/// [`ScoreError`] if it cannot be read, or what `take` fails with.
pub fn read_tasks<E: From<ScoreError>>(
    path: &Path,
    mut take: impl FnMut(&[TaskRow]) -> Result<(), E>,
) -> Result<(), E> {
    if path.extension().is_some_and(|end| end == "parquet") {
        return read_parquet(path, take);
    }
    let mut batch = Batch::default();
    read_lines(path, |line, text| batch.add(parse(path, line, "a task", text)?, text.len(), &mut take))?;
    take(&batch.rows)
}

/// Rows until there are enough of them.
#[derive(Default)]
struct Batch {
    rows: Vec<TaskRow>,
    bytes: usize,
}

impl Batch {
    fn add<E>(
        &mut self,
        row: TaskRow,
        bytes: usize,
        take: &mut impl FnMut(&[TaskRow]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.rows.push(row);
        self.bytes += bytes;
        if self.rows.len() >= BATCH || self.bytes >= BATCH_BYTES {
            take(&self.rows)?;
            *self = Self::default();
        }
        Ok(())
    }
}

fn read_parquet<E: From<ScoreError>>(path: &Path, mut take: impl FnMut(&[TaskRow]) -> Result<(), E>) -> Result<(), E> {
    let failed = |source| ScoreError::Parquet { path: path.to_owned(), source };
    let file = File::open(path).map_err(|source| ScoreError::Io { path: path.to_owned(), source })?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(failed)?;
    let columns = ["key", "answer", "verification"];
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns);
    let reader = builder.with_projection(mask).with_batch_size(DECODED).build().map_err(failed)?;
    let (mut rows, mut line) = (Batch::default(), 0);
    for decoded in reader {
        let decoded = decoded.map_err(|source| ScoreError::Arrow { path: path.to_owned(), source })?;
        let [keys, answers, verifications] = columns.map(|column| texts(path, &decoded, column));
        let (keys, answers, verifications) = (keys?, answers?, verifications?);
        for ((key, answer), verification) in keys.into_iter().zip(answers).zip(verifications) {
            line += 1;
            let bytes = answer.len() + verification.len();
            let verification = parse(path, line, "a verification", &verification)?;
            rows.add(TaskRow { key, answer, verification }, bytes, &mut take)?;
        }
    }
    take(&rows.rows)
}

/// The texts of a column, whatever kind of text it is; of what is missing, the empty one.
fn texts(path: &Path, batch: &RecordBatch, column: &'static str) -> Result<Vec<String>, ScoreError> {
    fn owned<'a>(found: impl Iterator<Item = Option<&'a str>>) -> Vec<String> {
        found.map(|text| text.unwrap_or_default().to_owned()).collect()
    }
    let found = batch.column_by_name(column);
    let short = || Some(owned(found?.as_string_opt::<i32>()?.iter()));
    let long = || Some(owned(found?.as_string_opt::<i64>()?.iter()));
    let view = || Some(owned(found?.as_string_view_opt()?.iter()));
    short().or_else(long).or_else(view).ok_or_else(|| ScoreError::Column { path: path.to_owned(), column })
}

pub(super) fn parse<'t, T: Deserialize<'t>>(
    path: &Path,
    line: usize,
    expected: &'static str,
    text: &'t str,
) -> Result<T, ScoreError> {
    let failed = |source| ScoreError::Line { path: path.to_owned(), line, expected, source };
    serde_json::from_str(text).map_err(failed)
}

/// Hands out the lines of a file that are not empty, with their numbers, counted from 1. None is held that is too long.
pub(super) fn read_lines<E: From<ScoreError>>(
    path: &Path,
    mut take: impl FnMut(usize, &str) -> Result<(), E>,
) -> Result<(), E> {
    let io = |source| ScoreError::Io { path: path.to_owned(), source };
    let reader: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(std::io::stdin()),
        _ => Box::new(File::open(path).map_err(io)?),
    };
    let mut reader: Box<dyn BufRead> = match path.extension().is_some_and(|end| end == "zst") {
        true => Box::new(BufReader::new(zstd::Decoder::new(reader).map_err(io)?)),
        false => Box::new(BufReader::new(reader)),
    };
    let (mut line, mut bytes) = (0, Vec::new());
    loop {
        line += 1;
        bytes.clear();
        let read = reader.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut bytes).map_err(io)?;
        if read == 0 {
            return Ok(());
        }
        if read as u64 > MAX_LINE {
            return Err(ScoreError::LongLine { path: path.to_owned(), line }.into());
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| ScoreError::NotUtf8 { path: path.to_owned(), line })?;
        if !text.trim().is_empty() {
            take(line, text)?;
        }
    }
}

/// The description of the dataset that files or folders are of: that of the manifest beside them or above them.
///
/// # Errors
///
/// [`ScoreError`] if there is none, or it is none, or there are two.
pub fn description_of(paths: &[PathBuf]) -> Result<Description, ScoreError> {
    let mut found: Option<(&Path, PathBuf)> = None;
    for path in paths {
        let manifest = manifest_of(path)?;
        match &found {
            Some((first, known)) if *known != manifest => {
                return Err(ScoreError::SeveralDatasets { first: (*first).to_owned(), second: path.clone() });
            }
            _ => found = Some((path, manifest)),
        }
    }
    let Some((_, found)) = found else { return Err(ScoreError::NoManifest { path: PathBuf::new() }) };
    let text = std::fs::read_to_string(&found).map_err(|source| ScoreError::Io { path: found.clone(), source })?;
    Ok(parse::<Manifest>(&found, 1, "a dataset's manifest", &text)?.description)
}

fn manifest_of(path: &Path) -> Result<PathBuf, ScoreError> {
    // Two ways to one folder are one dataset.
    let absolute = path.canonicalize().map_err(|source| ScoreError::Io { path: path.to_owned(), source })?;
    let mut manifests = absolute.ancestors().map(|folder| folder.join("manifest/dataset.json"));
    manifests.find(|path| path.is_file()).ok_or_else(|| ScoreError::NoManifest { path: path.to_owned() })
}
