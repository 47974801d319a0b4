//! Everything that the files of a dataset depend on, as one TOML text.

use std::collections::HashSet;

use pyprior_core::exec::Limits;
use pyprior_core::{LanguageConfig, PriorConfig};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::columns::{COLUMNS, Column};
use crate::control::ControlDescription;
use crate::expression::ExpressionError;
use crate::inputs::{ExampleSettings, TraceSettings};
use crate::shard::CANDIDATES;
use crate::source::ModelDescription;
use crate::splits::SplitDescription;
use crate::table::Table;
use crate::tasks::TaskSettings;
use crate::write::Format;

/// Shards that a dataset may have: rows are numbered below 2⁵³, which is what JSON readers take for sure.
pub(crate) const MAX_SHARDS: u64 = 1 << 21;
/// Rows that a shard may have.
const MAX_SHARD_ROWS: u64 = 1 << 30;
/// Bytes that a program may print: those of one chunk and one group are in memory together.
const MAX_OUTPUT: usize = 1 << 26;

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
    /// Candidates that a shard looks at for each of its rows before it gives up, 1 or more: it does as soon as there are more
    /// than that for each row that has come and 1,000 others.
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

/// Why a description is refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DescriptionError {
    /// The text is not TOML, or says what is not known.
    #[error(transparent)]
    Toml(#[from] toml::de::Error),
    /// A number is beyond what TOML has.
    #[error(transparent)]
    NotToml(#[from] toml::ser::Error),
    /// A number is out of range.
    #[error("{field} is {value}; it must be {range}")]
    Range {
        /// The field, with its table.
        field: &'static str,
        /// What was asked for.
        value: String,
        /// What is possible, in words.
        range: &'static str,
    },
    /// More shards than rows have numbers for.
    #[error("{rows} rows in shards of {shard_rows} are {shards} shards; at most {MAX_SHARDS} are supported")]
    Shards {
        /// Rows of the dataset.
        rows: u64,
        /// Rows of a shard.
        shard_rows: u64,
        /// How many shards that is.
        shards: u64,
    },
    /// No bound on the length of programs.
    #[error("language.max_len is missing: programs of a dataset are bounded")]
    NoMaxLen,
    /// No column has this name.
    #[error("write.columns: there is no column {name:?}")]
    UnknownColumn {
        /// The name.
        name: String,
    },
    /// Something is listed twice.
    #[error("{field} lists {name:?} twice")]
    Twice {
        /// The field.
        field: &'static str,
        /// What is listed.
        name: String,
    },
    /// A text is no expression.
    #[error("{field}: {text:?}: {error}")]
    Expression {
        /// The field.
        field: String,
        /// The text.
        text: String,
        /// What is wrong with it: part of the message, and so no source to be told again.
        error: Box<ExpressionError>,
    },
    /// A split asks for what does not follow from the program.
    #[error(
        "splits.where: column {column:?} does not follow from the program alone: equal programs could be in two splits"
    )]
    NotOfProgram {
        /// The column.
        column: &'static str,
    },
    /// Shares of splits do not add up.
    #[error(
        "splits.share: shares add up to {sum}; they may make 1 together, and must where {split:?}, which has what is left, is one of them"
    )]
    Shares {
        /// The split that has what is left.
        split: String,
        /// What they add up to.
        sum: f64,
    },
    /// Stages make no sense.
    #[error("stages: {what}")]
    Stages {
        /// What is wrong with them.
        what: String,
    },
    /// What is asked for in `control` makes no sense.
    #[error("control")]
    Control(#[from] crate::control::ControlError),
    /// No kind of file is asked for.
    #[error("write.formats is empty: nothing would be written")]
    NoFormat,
    /// The token arrays ask for a column that is not there.
    #[error("write.formats: npy is made of column tokens, which write.columns leaves out")]
    NoTokens,
    /// A table would be in no file.
    #[error(
        "table {table} has text alone, and write.formats is npy alone, which takes numbers: nothing of it would be written"
    )]
    NoFile {
        /// The table.
        table: String,
    },
    /// Tasks are neither tokens nor text.
    #[error("tasks.tokens and tasks.text are both false: nothing of the tasks would be written")]
    NoTaskForm,
}

impl DescriptionError {
    pub(crate) fn expression(field: &str, text: &str, source: ExpressionError) -> Self {
        Self::Expression { field: field.to_owned(), text: text.to_owned(), error: Box::new(source) }
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

    /// Checks every number against its range. Language and prior are checked where they are compiled.
    pub(crate) fn check(&self) -> Result<(), DescriptionError> {
        let range = |field, value: String, range| Err(DescriptionError::Range { field, value, range });
        if self.rows == 0 {
            return range("rows", self.rows.to_string(), "1 or more");
        }
        if self.shard_rows == 0 || self.shard_rows > MAX_SHARD_ROWS {
            return range("shard_rows", self.shard_rows.to_string(), "1 to 1,073,741,824");
        }
        if self.shards() > MAX_SHARDS {
            let (rows, shard_rows) = (self.rows, self.shard_rows);
            return Err(DescriptionError::Shards { rows, shard_rows, shards: self.shards() });
        }
        if i64::try_from(self.seed).is_err() {
            return range("seed", self.seed.to_string(), "below 2^63");
        }
        if let Some(license) = &self.license {
            let letter = |letter: u8| letter.is_ascii_alphanumeric() || b".-".contains(&letter);
            if license.is_empty() || !license.bytes().all(letter) {
                return range("license", format!("{license:?}"), "an identifier of letters, digits, . and -");
            }
        }
        if self.patience == 0 || self.patience > CANDIDATES {
            return range("patience", self.patience.to_string(), "1 to 4,294,967,296");
        }
        if self.limits.output_bytes > MAX_OUTPUT {
            return range("limits.output_bytes", self.limits.output_bytes.to_string(), "at most 67,108,864");
        }
        if !(1..=22).contains(&self.write.zstd_level) {
            return range("write.zstd_level", self.write.zstd_level.to_string(), "1 to 22");
        }
        if !(1..=1 << 20).contains(&self.write.group_rows) {
            return range("write.group_rows", self.write.group_rows.to_string(), "1 to 1,048,576");
        }
        if self.language.max_len.is_none() {
            return Err(DescriptionError::NoMaxLen);
        }
        if self.write.formats.is_empty() {
            return Err(DescriptionError::NoFormat);
        }
        twice("write.formats", self.write.formats.iter().map(|format| format.name()))?;
        self.examples.check()?;
        self.trace.check()?;
        self.tasks.check()?;
        let columns = self.columns()?;
        if self.write.formats.contains(&Format::Npy) && !columns.iter().any(|column| column.name == "tokens") {
            return Err(DescriptionError::NoTokens);
        }
        let written = |table: &Table| self.write.formats.iter().any(|&format| !table.ends(format).is_empty());
        match Table::all(self)?.into_iter().find(|table| !written(table)) {
            Some(table) => Err(DescriptionError::NoFile { table: table.name }),
            None => Ok(()),
        }
    }
}

fn twice<'a>(field: &'static str, names: impl Iterator<Item = &'a str>) -> Result<(), DescriptionError> {
    let mut seen = HashSet::new();
    match names.into_iter().find(|name| !seen.insert(*name)) {
        Some(name) => Err(DescriptionError::Twice { field, name: name.to_owned() }),
        None => Ok(()),
    }
}
