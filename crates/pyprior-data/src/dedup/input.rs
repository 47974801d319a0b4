//! The dataset that is read.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::UInt64Type;
use arrow_array::{RecordBatch, UInt64Array};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use pyprior_core::Language;

use super::error::DedupError;
use crate::error::DataError;
use crate::folder::{Folder, MANIFEST};
use crate::manifest::{Dedup, DedupRecord, Manifest, ShardRecord};
use crate::table;
use crate::write::Format;

/// Rows that are read at a time.
const BATCH: usize = 4096;

/// A dataset, all of whose shards are there.
#[derive(Debug)]
pub(super) struct Input {
    folder: Folder,
    root: PathBuf,
    manifest: Manifest,
    language: Arc<Language>,
    rows: u64,
    /// What has been done to it, with what is being done.
    passes: Vec<DedupRecord>,
}

/// A file of a shard.
#[derive(Debug)]
pub(super) struct Source {
    /// From the folder on.
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) content: Content,
}

/// What a file is, which shows how rows are left out of it.
#[derive(Debug)]
pub(super) enum Content {
    /// A row for each program.
    Programs(Table),
    /// Rows of a program each, by column `program`.
    Joined(Table),
    /// JSON, an object a line: as a table of programs has its rows, or of a program each, by `program`.
    Lines { zstd: bool },
    /// An array of NumPy: lists one after the other, or lines of one length.
    Array,
    /// Where the lists of the arrays beside it begin.
    Offsets,
}

/// A file of Parquet whose end has been read.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) path: PathBuf,
    pub(super) metadata: ArrowReaderMetadata,
}

/// The ids that rows of a shard may have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub(super) shard: u64,
    pub(super) first: u64,
    pub(super) end: u64,
}

impl Input {
    /// Opens a dataset, which must be complete, for a pass.
    pub(super) fn open(root: &Path, pass: Dedup) -> Result<Self, DedupError> {
        let Some((folder, manifest)) = Folder::local(root)? else {
            return Err(DedupError::NoDataset { path: root.to_owned(), manifest: MANIFEST.into() });
        };
        manifest.description.check().map_err(DataError::from)?;
        let tables = table::Table::all(&manifest.description).map_err(DataError::from)?;
        if let Some(table) = tables.iter().find(|table| table.is_packed()) {
            return Err(DedupError::Packed { path: root.join(table.folder(Format::Parquet)) });
        }
        let language = Language::new(manifest.description.language.clone()).map_err(DataError::from)?;
        let pass = DedupRecord { pass, made_by: Manifest::program() };
        let passes = manifest.dedup.iter().cloned().chain([pass]).collect();
        let mut input = Self { folder, root: root.to_owned(), manifest, language, rows: 0, passes };
        for shard in 0..input.manifest.shards {
            input.rows = input.rows.saturating_add(input.record(shard)?.counts.rows);
        }
        Ok(input)
    }

    pub(super) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The passes that files to be written have gone through, first to last.
    pub(super) fn passes(&self) -> &[DedupRecord] {
        &self.passes
    }

    pub(super) fn language(&self) -> &Arc<Language> {
        &self.language
    }

    /// Rows of all shards.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn record(&self, shard: u64) -> Result<ShardRecord, DedupError> {
        let shards = self.manifest.shards;
        let missing = || DedupError::Incomplete { path: self.root.clone(), shard, shards };
        self.folder.record(shard)?.ok_or_else(missing)
    }

    pub(super) fn range(&self, shard: u64) -> Range {
        let description = &self.manifest.description;
        let first = shard.saturating_mul(description.shard_rows);
        Range { shard, first, end: first + description.rows_of(shard) }
    }

    /// The files of a shard, in the order of its record.
    pub(super) fn files(&self, record: &ShardRecord) -> Result<Vec<Source>, DedupError> {
        let source = |name: &String| {
            let path = self.root.join(name);
            let content = content(&path)?;
            Ok(Source { name: name.clone(), path, content })
        };
        record.files.iter().map(|file| source(&file.path)).collect()
    }
}

/// What a file is, by its name, and by its columns if it is a table.
fn content(path: &Path) -> Result<Content, DedupError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.ends_with(".parquet") {
        let table = Table::open(path)?;
        if table.has("program") {
            return Ok(Content::Joined(table));
        }
        if table.has("tokens") {
            return Ok(Content::Programs(table));
        }
    }
    match &*name {
        name if name.ends_with(".jsonl") => Ok(Content::Lines { zstd: false }),
        name if name.ends_with(".jsonl.zst") => Ok(Content::Lines { zstd: true }),
        name if name.ends_with(".offsets.npy") => Ok(Content::Offsets),
        name if name.ends_with(".npy") => Ok(Content::Array),
        _ => Err(DedupError::UnknownFile { path: path.to_owned() }),
    }
}

impl Source {
    /// Its table, if it is one of programs.
    pub(super) fn programs(&self) -> Option<&Table> {
        match &self.content {
            Content::Programs(table) => Some(table),
            _ => None,
        }
    }

    /// What files of the same rows share: the name without its ending, and without the folder too where that is told by the
    /// format and not by the table.
    pub(super) fn rows(&self) -> &str {
        let (folder, name) = self.name.rsplit_once('/').unwrap_or(("", &self.name));
        let programs = [Format::Parquet, Format::Jsonl, Format::Npy].iter().any(|format| format.folder() == folder);
        let whole = if programs { name } else { &self.name };
        whole.split('.').next().unwrap_or(whole)
    }
}

impl Table {
    fn open(path: &Path) -> Result<Self, DedupError> {
        let file = File::open(path).map_err(DataError::io("read", path))?;
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new());
        let metadata = metadata.map_err(|source| DedupError::Parquet { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), metadata })
    }

    pub(super) fn has(&self, column: &str) -> bool {
        self.metadata.schema().index_of(column).is_ok()
    }

    /// Number of row groups.
    pub(super) fn groups(&self) -> usize {
        self.metadata.metadata().num_row_groups()
    }

    /// Rows of a row group.
    pub(super) fn rows(&self, group: usize) -> u64 {
        let rows = self.metadata.metadata().row_groups().get(group).map_or(0, |group| group.num_rows());
        u64::try_from(rows).unwrap_or(0)
    }

    /// Reads a row group: the columns named that there are, or all if none is. What is read at a time is of one row group,
    /// which bounds it.
    pub(super) fn batches(&self, group: usize, columns: &[&str]) -> Result<Batches, DedupError> {
        let file = File::open(&self.path).map_err(DataError::io("read", &self.path))?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone());
        let places = columns.iter().filter_map(|column| self.metadata.schema().index_of(column).ok());
        let mask = match columns.is_empty() {
            true => ProjectionMask::all(),
            false => ProjectionMask::roots(builder.parquet_schema(), places.collect::<Vec<_>>()),
        };
        let reader = builder.with_row_groups(vec![group]).with_projection(mask).with_batch_size(BATCH).build();
        let reader = reader.map_err(|source| DedupError::Parquet { path: self.path.clone(), source })?;
        Ok(Batches { reader, path: self.path.clone() })
    }

    /// A column of unsigned integers of 64 bits.
    pub(super) fn unsigned<'a>(
        &self,
        batch: &'a RecordBatch,
        column: &'static str,
    ) -> Result<&'a UInt64Array, DedupError> {
        let array = batch.column_by_name(column).and_then(|array| array.as_primitive_opt::<UInt64Type>());
        let array = array.filter(|array| arrow_array::Array::null_count(array) == 0);
        array.ok_or_else(|| DedupError::Column { path: self.path.clone(), column, wanted: "uint64, none missing" })
    }
}

/// Rows of a row group, some at a time.
pub(super) struct Batches {
    reader: ParquetRecordBatchReader,
    path: PathBuf,
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, DedupError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.reader.next()?;
        Some(batch.map_err(|source| DedupError::Parquet { path: self.path.clone(), source: source.into() }))
    }
}

/// Gives rows of a shard's tables of programs their places: their ids, or, without such a column, the order in which they
/// come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    pub(super) range: Range,
    /// Rows before.
    pub(super) rows: u64,
}

impl Places {
    /// The places of a batch's rows, each checked to be one of the shard.
    pub(super) fn of(&mut self, table: &Table, batch: &RecordBatch) -> Result<Vec<u64>, DedupError> {
        let before = self.rows;
        let rows = batch.num_rows() as u64;
        self.rows += rows;
        let Range { shard, first, end } = self.range;
        let places = match table.has("id") {
            true => table.unsigned(batch, "id")?.values().to_vec(),
            false => (first + before..first + before + rows).collect(),
        };
        match places.iter().zip(before..).find(|(place, _)| !(first..end).contains(*place)) {
            Some((&id, row)) => Err(DedupError::Id { path: table.path.clone(), row, id, shard, first, end }),
            None => Ok(places),
        }
    }
}
