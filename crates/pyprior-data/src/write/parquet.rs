//! Parquet.

use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;

use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowRowGroupWriterFactory, compute_leaves};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;
use serde::Serialize;

use super::arrow;
use super::sink::Sink;
use crate::columns::{Column, Columns, Get};
use crate::error::DataError;
use crate::job::Job;
use crate::manifest::Manifest;
use crate::store::Part;
use crate::table::Table;

/// A file of Parquet: a row group for each group of rows.
pub(super) struct Parquet {
    file: SerializedFileWriter<BufWriter<File>>,
    writers: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    path: PathBuf,
}

/// What a file says of where it comes from.
#[derive(Serialize)]
struct Origin {
    shard: u64,
    #[serde(flatten)]
    manifest: Manifest,
}

impl Parquet {
    pub(super) fn create(job: &Job, table: &Table, shard: u64, part: &Part) -> Result<Self, DataError> {
        let wide = job.is_wide();
        let schema = arrow::schema(&table.columns, wide, table.width);
        let origin = serde_json::to_string(&Origin { shard, manifest: Manifest::of(job) });
        let origin = origin.map_err(DataError::Describe)?;
        let path = part.path().to_owned();
        let failed = |source| DataError::Parquet { path: path.clone(), source };
        let properties = properties(job, table, origin).map_err(failed)?;
        let writer = ArrowWriter::try_new(part.writer()?, schema.clone(), Some(properties));
        let (file, writers) = writer.and_then(ArrowWriter::into_serialized_writer).map_err(failed)?;
        Ok(Self { file, writers, schema, path })
    }

    /// Writes a row group, column after column, so that only one of them is in memory once more, and its pages.
    fn write(&mut self, rows: &Columns) -> Result<(), ParquetError> {
        let nth = self.file.flushed_row_groups().len();
        let mut writers = self.writers.create_column_writers(nth)?.into_iter();
        let mut group = self.file.next_row_group()?;
        for (field, (_, buffer)) in self.schema.fields().iter().zip(rows.iter()) {
            let array = arrow::array(buffer, field.data_type())?;
            for (leaf, mut writer) in compute_leaves(field, &array)?.into_iter().zip(&mut writers) {
                writer.write(&leaf)?;
                writer.close()?.append_to_row_group(&mut group)?;
            }
        }
        group.close().map(drop)
    }
}

fn properties(job: &Job, table: &Table, origin: String) -> Result<WriterProperties, ParquetError> {
    let level = ZstdLevel::try_new(job.description().write.zstd_level)?;
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_key_value_metadata(Some(vec![KeyValue::new("pyprior".to_owned(), origin)]));
    for column in &table.columns {
        let path = ColumnPath::from(column.name);
        // Dictionaries are for what occurs again.
        match unlike(column) {
            Some(Encoding::PLAIN) => builder = builder.set_column_dictionary_enabled(path, false),
            Some(encoding) => {
                builder =
                    builder.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path, encoding);
            }
            None => {}
        }
    }
    Ok(builder.build())
}

/// The encoding of columns that do without a dictionary: small numbers take little more room without one, and less time.
fn unlike(column: &Column) -> Option<Encoding> {
    match column.get {
        Get::Position | Get::U32(_) => Some(Encoding::DELTA_BINARY_PACKED),
        _ if column.name == "row" => Some(Encoding::DELTA_BINARY_PACKED),
        _ if matches!(column.name, "source" | "log_prior" | "log_model" | "trace" | "key") => Some(Encoding::PLAIN),
        _ => None,
    }
}

impl Sink for Parquet {
    fn group(&mut self, rows: &Columns) -> Result<(), DataError> {
        self.write(rows).map_err(|source| DataError::Parquet { path: self.path.clone(), source })
    }

    fn finish(self: Box<Self>) -> Result<(), DataError> {
        let Self { file, path, .. } = *self;
        // Dropping a buffered file would not say what goes wrong.
        let inner = file.into_inner().map_err(|source| DataError::Parquet { path: path.clone(), source })?;
        inner.into_inner().map(drop).map_err(|error| DataError::io("write", path)(error.into_error()))
    }
}
