//! All that is told of a dataset, in numbers.

use std::collections::BTreeMap;

use serde::Serialize;

use super::distribution::Distribution;
use super::statistics::Statistics;
use crate::manifest::{Manifest, ShardRecord, Yield};

/// What a dataset is like: `report.json`. Nothing in it depends on how it was made: no times, no machines.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What it is of.
    #[serde(flatten)]
    pub manifest: Manifest,
    /// What became of the candidates.
    #[serde(rename = "yield")]
    pub counts: Yield,
    /// By folder of Parquet files and by split: sizes.
    pub tables: BTreeMap<String, BTreeMap<String, TableSize>>,
    /// By format of other files, which is what their names end in: bytes.
    pub other_files: BTreeMap<String, u64>,
    /// What was asked for of columns, and what came.
    pub distributions: Vec<Distribution>,
    /// What the rows are like.
    pub statistics: Statistics,
}

/// The rows of a split of a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TableSize {
    /// Rows.
    pub rows: u64,
    /// Files.
    pub files: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// Bytes that the rows take in memory.
    pub memory: u64,
}

impl Report {
    /// Nothing yet.
    pub(crate) fn new(manifest: Manifest) -> Self {
        Self {
            manifest,
            counts: Yield::default(),
            tables: BTreeMap::new(),
            other_files: BTreeMap::new(),
            distributions: Vec::new(),
            statistics: Statistics::default(),
        }
    }

    /// Compares what was asked for with the shards that were added.
    pub(crate) fn compare(&mut self) {
        self.distributions = Distribution::all(&self.manifest, &self.counts);
    }

    /// Adds a shard.
    pub(crate) fn add(&mut self, record: &ShardRecord) {
        self.counts.add(&record.counts);
        self.statistics.merge(&record.statistics);
        for file in &record.files {
            match (file.table(), file.rows) {
                (Some((folder, split)), Some(rows)) => {
                    let size = self.tables.entry(folder.to_owned()).or_default().entry(split.to_owned()).or_default();
                    size.rows = size.rows.saturating_add(rows);
                    size.files += 1;
                    size.bytes = size.bytes.saturating_add(file.bytes);
                    size.memory = size.memory.saturating_add(file.memory.unwrap_or(0));
                }
                _ => {
                    let kind = file.path.split_once('.').map_or("", |(_, end)| end);
                    let bytes = self.other_files.entry(kind.to_owned()).or_default();
                    *bytes = bytes.saturating_add(file.bytes);
                }
            }
        }
    }
}
