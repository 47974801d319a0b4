//! Parquet, whatever the table.

use std::sync::Arc;

use arrow_array::{Array as _, BooleanArray, RecordBatch};
use arrow_schema::Schema;
use arrow_select::filter::filter_record_batch;
use parquet::arrow::{ARROW_SCHEMA_META_KEY, ArrowWriter};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::super::error::DedupError;
use super::super::input::{Input, Table};
use crate::error::DataError;
use crate::group::GROUP_BYTES;
use crate::store::Part;

/// What a file says of how it was deduplicated, in its metadata.
const ENTRY: &str = "pyprior-dedup";

/// Writes a table without the rows for which `keep` has false, and tells `stays` of the others. Columns, their encodings and the metadata stay what they are;
/// row groups are filled again.
pub(super) fn rewrite(
    input: &Input,
    table: &Table,
    part: &Part,
    mut keep: impl FnMut(&RecordBatch) -> Result<BooleanArray, DedupError>,
    mut stays: impl FnMut(&RecordBatch),
    stop: &dyn Fn() -> Result<(), DedupError>,
) -> Result<(), DedupError> {
    let failed = |source| DataError::Parquet { path: part.path().to_owned(), source };
    // The entries of the file are not those of its schema.
    let schema = Arc::new(Schema::new(table.metadata.schema().fields().clone()));
    let properties = properties(input, table)?;
    let mut writer = ArrowWriter::try_new(part.writer()?, schema.clone(), Some(properties)).map_err(failed)?;
    let mut bytes = 0;
    for group in 0..table.groups() {
        for batch in table.batches(group, &[])? {
            stop()?;
            let batch = batch?;
            let kept = filter_record_batch(&batch, &keep(&batch)?);
            let kept = kept.and_then(|batch| RecordBatch::try_new(schema.clone(), batch.columns().to_vec()));
            let kept = kept.map_err(|error| failed(ParquetError::from(error)))?;
            stays(&kept);
            writer.write(&kept).map_err(failed)?;
            // As when they were first written: full groups of rows end by themselves, and those of much text here.
            bytes = if writer.in_progress_rows() < kept.num_rows() { 0 } else { bytes };
            bytes +=
                kept.columns().iter().map(|array| array.to_data().get_slice_memory_size().unwrap_or(0)).sum::<usize>();
            if bytes >= GROUP_BYTES {
                writer.flush().map_err(failed)?;
                bytes = 0;
            }
        }
    }
    let out = writer.into_inner().map_err(failed)?;
    out.into_inner().map_err(|error| DataError::io("write", part.path())(error.into_error()))?;
    Ok(())
}

fn properties(input: &Input, table: &Table) -> Result<WriterProperties, DedupError> {
    let (manifest, metadata) = (input.manifest(), table.metadata.metadata());
    let failed = |source| DedupError::Parquet { path: table.path.clone(), source };
    let level = ZstdLevel::try_new(manifest.description.write.zstd_level).map_err(failed)?;
    let entries = metadata.file_metadata().key_value_metadata().cloned().unwrap_or_default();
    // The writer adds the schema itself.
    let mut entries = entries.into_iter().filter(|entry| entry.key != ARROW_SCHEMA_META_KEY).collect::<Vec<_>>();
    entries.retain(|entry| entry.key != ENTRY);
    let passes = serde_json::to_string(input.passes()).map_err(DataError::Describe)?;
    entries.push(KeyValue::new(ENTRY.to_owned(), passes));
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(manifest.description.write.group_rows as usize))
        .set_key_value_metadata(Some(entries));
    for column in metadata.row_groups().first().map_or(&[][..], |group| group.columns()) {
        if column.dictionary_page_offset().is_some() {
            continue;
        }
        let path = column.column_path().clone();
        builder = builder.set_column_dictionary_enabled(path.clone(), false);
        if column.encodings().any(|encoding| encoding == Encoding::DELTA_BINARY_PACKED) {
            builder = builder.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
        }
    }
    Ok(builder.build())
}
