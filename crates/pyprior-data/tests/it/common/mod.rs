//! Folders that go away, and datasets made in them.

pub(crate) mod dedup;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use arrow_array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use pyprior_core::exec::Limits;
use pyprior_core::{LanguageConfig, PriorConfig};
use pyprior_data::{DataError, Description, Job, Part, SourceDescription, Summary, Work, make};

/// A folder of its own that is removed at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("pyprior-data-{name}-{}-{nth}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Every file below, with its bytes.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let (mut files, mut folders) = (BTreeMap::new(), vec![self.0.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&self.0).unwrap().to_string_lossy().into_owned();
                    files.insert(name, fs::read(&path).unwrap());
                }
            }
        }
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Limits that programs of 30 tokens come to, each of them, now and then.
pub(crate) const NARROW: Limits = Limits { fuel: 200, output_bytes: 60, integer_bits: 64, integer_work: 1 << 20 };

/// A small dataset of several shards, with everything in it.
pub(crate) fn small(rows: u64, shard_rows: u64) -> Description {
    Description {
        rows,
        shard_rows,
        seed: 11,
        limits: NARROW,
        language: LanguageConfig { max_len: Some(30), ..LanguageConfig::default() },
        ..Description::default()
    }
}

/// Makes a part of a dataset.
pub(crate) fn part(description: &Description, folder: &Path, threads: usize, part: &str) -> Result<Summary, DataError> {
    let job = Job::new(description.clone())?;
    let stop = AtomicBool::new(false);
    let part = part.parse::<Part>().unwrap();
    make(&job, folder, part, &Work { threads, stop: &stop, progress: &|_| {} })
}

/// Makes all of a dataset on two threads.
pub(crate) fn all(description: &Description, folder: &Path) -> Result<Summary, DataError> {
    part(description, folder, 2, "0/1")
}

/// The rows of a file of Parquet, and its entry `pyprior`.
pub(crate) fn read(path: &Path) -> (Vec<RecordBatch>, serde_json::Value) {
    let file = fs::File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let entries = reader.metadata().file_metadata().key_value_metadata().unwrap();
    let origin = entries.iter().find(|entry| entry.key == "pyprior").unwrap().value.as_ref().unwrap();
    let origin = serde_json::from_str(origin).unwrap();
    (reader.build().unwrap().collect::<Result<_, _>>().unwrap(), origin)
}

/// A dataset of programs with examples; their functions call others, print, loop, and do not all come to their ends.
pub(crate) fn with_functions(rows: u64, shard_rows: u64) -> Description {
    let prior = PriorConfig {
        w_const: 0.4,
        w_var: 4.0,
        w_print: 0.5,
        w_assign: 1.0,
        w_if: 0.8,
        w_call: 2.0,
        length_decay: 1.0,
        ..PriorConfig::default()
    };
    let mut description = small(rows, shard_rows);
    description.keep = vec!["has_examples".to_owned()];
    description.source = SourceDescription::Prior { prior };
    description.limits = Limits { fuel: 500, output_bytes: 1000, integer_bits: 128, integer_work: 1 << 20 };
    description.examples.fuel = 60;
    description.language = LanguageConfig {
        max_len: Some(40),
        max_vars: 4,
        max_arity: Some(2),
        max_funcs: 3,
        max_block_stmts: 3,
        exclude: vec!["ARITY_0".to_owned()],
        ..LanguageConfig::default()
    };
    description
}

/// The lines of all files of JSON lines in a folder of a dataset, in the order of their names.
pub(crate) fn lines(folder: &Folder, place: &str) -> Vec<serde_json::Value> {
    let files = folder
        .files()
        .into_iter()
        .filter(|(name, _)| name.starts_with(&format!("{place}/")) && name.ends_with(".jsonl"));
    let text = files.map(|(_, bytes)| String::from_utf8(bytes).unwrap()).collect::<String>();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// All that an error says, as the command line shows it.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
