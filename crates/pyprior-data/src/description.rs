//! Everything that the files of a dataset depend on, as one TOML text.

use std::collections::HashSet;

use pyprior_core::exec::Limits;
use pyprior_core::{LanguageConfig, PriorConfig};
use serde::{Deserialize, Serialize};

use crate::columns::{COLUMNS, Column};
use crate::control::ControlDescription;
use crate::error::DescriptionError;
use crate::inputs::{ExampleSettings, TraceSettings};
use crate::source::ModelDescription;
use crate::tasks::TaskSettings;
use crate::write::Format;

/// A dataset: the programs, what is found out of them, which stay, what is written. Plain data; [`Job::new`](crate::Job::new) checks it.
///
/// What it does not say has no influence on a byte of the files: not the number of threads, not the order of shards, not
/// how often the work was interrupted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Description {
    /// Rows of the dataset, 1 or more.
    pub rows: u64,
    /// Rows of each shard but the last, which has what is left; 1 to 2³⁰.
    pub shard_rows: u64,
    /// Seed of the random numbers, below 2⁶³.
    pub seed: u64,
    /// The split of rows that no entry of `splits` takes, in the names of files: lower-case letters, digits and `_`.
    pub split: String,
    /// Other splits. The first whose expression holds for a program has it; shares of what is left go by hash.
    pub splits: Vec<SplitDescription>,
    /// The licence that the dataset's card names, by its identifier: letters, digits, `.` and `-`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// What a program must be to stay: expressions over columns; a program counts against the first that does not hold.
    pub keep: Vec<String>,
    /// Which of several equal programs of a shard stay.
    pub duplicates: Duplicates,
    /// Programs of one shape that stay in a shard, the first ones; 0 for all. A shape is the tokens with the form alone of
    /// every constant, variable and function name. What is left out as a duplicate does not count.
    pub max_per_shape: u64,
    /// Candidates that a shard looks at before it gives up, 1 or more: so many for each row that has come and 1,000 others, and
    /// no more than so many for each row that it is to have.
    pub patience: u64,
    /// Where programs come from.
    pub source: SourceDescription,
    /// What a run may take.
    pub limits: Limits,
    /// Which distributions rows are to have.
    pub control: ControlDescription,
    /// Examples of functions.
    pub examples: ExampleSettings,
    /// What runs and calls do, step by step.
    pub trace: TraceSettings,
    /// Tables of tasks.
    pub tasks: TaskSettings,
    /// What is written.
    pub write: Write,
    /// The language; `max_len` must be set.
    pub language: LanguageConfig,
}

/// Which of several equal programs of a shard stay: the first, or all. Shards know nothing of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duplicates {
    /// All.
    Keep,
    /// One of each: programs are equal if their tokens are, which are the same however variables are called.
    Tokens,
    /// One of each behaviour: programs are equal if they end in the same way and print the same, and if their functions do
    /// so, and give the same, for the [`argument`](crate::argument)s that they are called with.
    Behaviour,
}

/// Where programs come from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum SourceDescription {
    /// Every legal token is as likely at every step.
    Uniform,
    /// Legal tokens are as likely as a symbolic prior says.
    Prior {
        /// The prior.
        #[serde(default)]
        prior: PriorConfig,
    },
    /// A model's logits say how likely legal tokens are.
    Model(ModelDescription),
}

/// A split beside the one that takes what is left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitDescription {
    /// Its name in the names of files: lower-case letters, digits and `_`.
    pub name: String,
    /// What programs are that go there; the first split of which this holds has them.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub holds: Option<String>,
    /// Its share of what no expression takes, by hash of the tokens: more than 0, at most 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
}

/// What is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Write {
    /// Kinds of files, each once.
    pub formats: Vec<Format>,
    /// Columns in this order, by name; none means all of [`COLUMNS`].
    pub columns: Vec<String>,
    /// Level of zstd, 1 to 22.
    pub zstd_level: i32,
    /// Rows that are written together, at most: a row group of Parquet. 1 to 2²⁰.
    pub group_rows: u32,
}

impl Default for Description {
    fn default() -> Self {
        Self {
            rows: 100_000,
            shard_rows: 100_000,
            seed: 0,
            split: "train".to_owned(),
            splits: Vec::new(),
            license: None,
            keep: Vec::new(),
            duplicates: Duplicates::Tokens,
            max_per_shape: 0,
            patience: 10_000,
            source: SourceDescription::Prior { prior: PriorConfig::default() },
            // Integers of more than 4,300 digits are not printed by CPython, unless it is told to.
            limits: Limits { fuel: 1_000, output_bytes: 1 << 16, integer_bits: 1 << 12, integer_work: 1 << 24 },
            control: ControlDescription::default(),
            examples: ExampleSettings::default(),
            trace: TraceSettings::default(),
            tasks: TaskSettings::default(),
            write: Write::default(),
            language: LanguageConfig { max_len: Some(30), ..LanguageConfig::default() },
        }
    }
}

impl Default for Write {
    fn default() -> Self {
        Self { formats: vec![Format::Parquet], columns: Vec::new(), zstd_level: 1, group_rows: 1 << 16 }
    }
}

impl Description {
    /// A commented description with all defaults: what `pyprior dataset init` writes.
    pub const INIT: &str = include_str!("init.toml");

    /// Number of shards; shards are numbered from 0.
    pub fn shards(&self) -> u64 {
        self.rows.div_ceil(self.shard_rows.max(1))
    }

    /// Rows of a shard; 0 beyond the last.
    pub fn rows_of(&self, shard: u64) -> u64 {
        self.rows.saturating_sub(shard.saturating_mul(self.shard_rows)).min(self.shard_rows)
    }

    /// The columns that are written, in their order.
    ///
    /// # Errors
    ///
    /// [`DescriptionError`] names a column that is unknown or listed twice.
    pub fn columns(&self) -> Result<Vec<&'static Column>, DescriptionError> {
        let names = &self.write.columns;
        if names.is_empty() {
            return Ok(COLUMNS.iter().collect());
        }
        twice("write.columns", names.iter().map(String::as_str))?;
        let columns = names.iter().map(|name| Column::named(name).ok_or_else(|| name.clone()));
        columns.collect::<Result<_, _>>().map_err(|name| DescriptionError::UnknownColumn { name })
    }

    /// Whether a column of programs is written that has this name.
    pub(crate) fn writes(&self, column: &str) -> bool {
        match self.write.columns.is_empty() {
            true => COLUMNS.iter().any(|known| known.name == column),
            false => self.write.columns.iter().any(|name| name == column),
        }
    }
}

/// Refuses what is listed twice.
pub(crate) fn twice<'a>(field: &'static str, names: impl Iterator<Item = &'a str>) -> Result<(), DescriptionError> {
    let mut seen = HashSet::new();
    match names.into_iter().find(|name| !seen.insert(*name)) {
        Some(name) => Err(DescriptionError::Twice { field, name: name.to_owned() }),
        None => Ok(()),
    }
}
