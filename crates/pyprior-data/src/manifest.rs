//! What a folder is of, and what of it is done.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::control::ControlRecord;
use crate::description::{Description, Duplicates};
use crate::job::Job;
use crate::report::Statistics;
use crate::table::Table;
use crate::tally::Tally;

/// What a folder is of: written before any shard, the same for everybody who makes some of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Program and version: another one may make other bytes.
    pub made_by: String,
    /// SHA-256 of the description's JSON.
    pub fingerprint: String,
    /// Number of shards.
    pub shards: u64,
    /// The description.
    pub description: Description,
    /// What is controlled, with what a pilot has told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<ControlRecord>,
    /// How the rows were deduplicated over the whole of the dataset, first to last; empty for one as it was made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dedup: Vec<DedupRecord>,
}

/// A pass that rows have gone through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DedupRecord {
    /// What was left out.
    #[serde(flatten)]
    pub pass: Dedup,
    /// Program and version: another one may make other bytes.
    #[serde(default)]
    pub made_by: String,
}

/// A pass over a dataset that leaves out duplicates: of equal programs the one with the lowest (shard, row) stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dedup {
    /// Which programs are equal.
    pub by: Duplicates,
    /// Programs of one shape that stay, of those that are no duplicates; 0 for all.
    pub max_per_shape: u64,
}

impl Manifest {
    /// This program with its version.
    pub(crate) fn program() -> String {
        concat!("pyprior ", env!("CARGO_PKG_VERSION")).to_owned()
    }

    /// That of a job.
    pub fn of(job: &Job) -> Self {
        Self {
            made_by: Self::program(),
            fingerprint: job.fingerprint(),
            shards: job.description().shards(),
            description: job.description().clone(),
            dedup: Vec::new(),
            control: job.control().map(|control| control.record()),
        }
    }

    /// What is different in another one, in words; none if nothing is.
    pub fn difference(&self, other: &Self) -> Option<String> {
        if self.made_by != other.made_by {
            return Some(format!("it was made by {}, and this is {}", self.made_by, other.made_by));
        }
        if self == other {
            return None;
        }
        if self.dedup != other.dedup {
            let passes = |manifest: &Self| serde_json::to_string(&manifest.dedup).unwrap_or_default();
            return Some(format!("deduplicated by {} there, by {} here", passes(self), passes(other)));
        }
        let value = |manifest: &Self| serde_json::to_value(&manifest.description).unwrap_or_default();
        let difference = first_difference(String::new(), &value(self), &value(other)).or_else(|| {
            let shards = (self.shards, other.shards);
            let prints = (&self.fingerprint, &other.fingerprint);
            let said = |field: &str, there: String, here: String| Some((field.to_owned(), there, here));
            match (shards.0 != shards.1, prints.0 != prints.1) {
                (true, _) => said("the number of shards", shards.0.to_string(), shards.1.to_string()),
                (_, true) => said("fingerprint", prints.0.clone(), prints.1.clone()),
                _ => None,
            }
        });
        Some(match difference {
            Some((field, there, here)) => format!("{field} is {there} there, {here} here"),
            None => "what the pilot of control has told is another thing there".to_owned(),
        })
    }
}

/// The first field in which two descriptions differ, and what it is.
fn first_difference(field: String, there: &Value, here: &Value) -> Option<(String, String, String)> {
    match (there, here) {
        (Value::Object(there), Value::Object(here)) => {
            let none = Value::Null;
            let mut names = there.keys().chain(here.keys()).collect::<Vec<_>>();
            names.sort_unstable();
            names.dedup();
            names.into_iter().find_map(|name| {
                let below = if field.is_empty() { name.clone() } else { format!("{field}.{name}") };
                first_difference(below, there.get(name).unwrap_or(&none), here.get(name).unwrap_or(&none))
            })
        }
        _ => (there != here).then(|| (field, there.to_string(), here.to_string())),
    }
}

/// A shard that is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShardRecord {
    /// Its number.
    pub shard: u64,
    /// What became of its candidates.
    #[serde(flatten)]
    pub counts: Yield,
    /// Its files.
    pub files: Vec<FileRecord>,
    /// What its rows are like.
    #[serde(default)]
    pub statistics: Statistics,
}

/// What became of candidates: they are rejected, declined, duplicates, one too many of a shape, or rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Yield {
    /// Programs looked at.
    pub candidates: u64,
    /// Those that are not what they must be to stay, by the first expression that does not hold, in their order.
    pub rejected: Tally,
    /// Those that were left out so that rows have the distributions that were asked for.
    #[serde(default)]
    pub declined: u64,
    /// Those that are equal to one before.
    pub duplicates: u64,
    /// Those of a shape that has as many as it may.
    #[serde(default)]
    pub crowded: u64,
    /// Those that stay.
    pub rows: u64,
    /// The same by split.
    #[serde(default)]
    pub splits: Tally,
    /// The same by bin, of every column that is controlled, in the order of [`Manifest::control`]; empty where rows were
    /// deduplicated as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bins: Vec<Vec<u64>>,
    /// Of each table of tasks, what they have there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tables: BTreeMap<String, TaskYield>,
}

/// Tasks in a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskYield {
    /// Tasks that are there.
    pub tasks: u64,
    /// Tasks that were left out, since their streams or traces would be too long; after a deduplication still those of programs
    /// that it has left out.
    pub too_long: u64,
}

impl Yield {
    /// Nothing yet of a job.
    pub(crate) fn new(job: &Job) -> Self {
        let bins = job.control().map_or_else(Vec::new, |control| control.empty_bins());
        let (rejected, splits) = (Tally::new(job.filters().names()), Tally::new(job.splits().names()));
        Self { rejected, splits, bins, ..Self::default() }
    }

    /// Counts tasks of a table; programs are counted elsewhere.
    pub(crate) fn tasks(&mut self, table: &Table, tasks: u64, too_long: u64) {
        if !table.is_programs() {
            self.add_tasks(&table.name, TaskYield { tasks, too_long });
        }
    }

    fn add_tasks(&mut self, table: &str, more: TaskYield) {
        let counts = self.tables.entry(table.to_owned()).or_default();
        counts.tasks = counts.tasks.saturating_add(more.tasks);
        counts.too_long = counts.too_long.saturating_add(more.too_long);
    }

    /// What became of the candidates, in words, the rows last; together they are all candidates. `whole`: duplicates were
    /// looked for in the whole dataset, and not in each shard alone.
    pub(crate) fn parts(&self, whole: bool) -> Vec<(String, u64)> {
        let rejected = self.rejected.iter().map(|(name, count)| (format!("not ({name})"), count));
        let duplicates = if whole { "duplicates" } else { "duplicates in a shard" };
        let others = [
            ("declined for the distributions asked for", self.declined),
            (duplicates, self.duplicates),
            ("of a shape that has enough", self.crowded),
        ];
        let others = others.into_iter().filter(|&(_, count)| count > 0);
        let others = others.chain([("rows", self.rows)]).map(|(name, count)| (name.to_owned(), count));
        rejected.chain(others).collect()
    }

    /// Adds another shard's. Numbers that no dataset has, which a damaged record may have, stay the largest there is.
    pub fn add(&mut self, other: &Self) {
        let add = |sum: &mut u64, more: u64| *sum = sum.saturating_add(more);
        add(&mut self.candidates, other.candidates);
        add(&mut self.declined, other.declined);
        add(&mut self.duplicates, other.duplicates);
        add(&mut self.crowded, other.crowded);
        add(&mut self.rows, other.rows);
        self.rejected.add(&other.rejected);
        self.splits.add(&other.splits);
        for (table, &counts) in &other.tables {
            self.add_tasks(table, counts);
        }
        if self.bins.is_empty() {
            self.bins.clone_from(&other.bins);
            return;
        }
        for (sums, counts) in self.bins.iter_mut().zip(&other.bins) {
            sums.iter_mut().zip(counts).for_each(|(sum, &count)| add(sum, count));
        }
    }
}

/// A file of a shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Its path from the folder on, with `/`.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Rows in it, if it is Parquet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Bytes that its rows take in memory, if it is Parquet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
}

impl FileRecord {
    /// The folder that it is in, and the split that it is of, by its name: `data/train-00000-of-00010.parquet`.
    pub fn table(&self) -> Option<(&str, &str)> {
        Self::split_of(&self.path)
    }

    pub(crate) fn split_of(path: &str) -> Option<(&str, &str)> {
        let (folder, name) = path.rsplit_once('/')?;
        let (split, _) = name.split_once('-')?;
        Some((folder, split))
    }
}
