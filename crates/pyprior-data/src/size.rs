//! What rows take in memory.

use arrow_schema::{DataType, Schema};
use parquet::arrow::parquet_to_arrow_schema;
use parquet::basic::{LogicalType, Type};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

/// Bytes that the rows of a file of Parquet take as Arrow's arrays: values, 4 bytes for where each text or list of any length
/// ends, a bit
/// for each value of a column of which some are missing.
pub(crate) fn in_memory(metadata: &ParquetMetaData) -> u64 {
    let file = metadata.file_metadata();
    let schema = parquet_to_arrow_schema(file.schema_descr(), file.key_value_metadata()).unwrap_or(Schema::empty());
    let chunks = metadata.row_groups().iter().flat_map(|group| group.columns());
    chunks.map(|chunk| column(chunk, &schema)).sum()
}

fn column(chunk: &ColumnChunkMetaData, schema: &Schema) -> u64 {
    let kind = chunk.column_descr();
    // Those included that are missing.
    let values = chunk.num_values().unsigned_abs();
    let width = |bits: u64| values.saturating_mul(bits).div_ceil(8);
    let bytes = match kind.physical_type() {
        Type::BOOLEAN => width(1),
        Type::INT32 | Type::FLOAT => match kind.logical_type_ref() {
            Some(LogicalType::Integer(kind)) => width(kind.bit_width.unsigned_abs().into()),
            _ => width(32),
        },
        Type::INT64 | Type::DOUBLE => width(64),
        Type::INT96 => width(96),
        Type::BYTE_ARRAY => {
            width(32).saturating_add(chunk.unencoded_byte_array_data_bytes().unwrap_or(0).unsigned_abs())
        }
        Type::FIXED_LEN_BYTE_ARRAY => width(8 * u64::from(kind.type_length().unsigned_abs())),
    };
    let some_missing = chunk.statistics().and_then(|known| known.null_count_opt()).unwrap_or(0) > 0;
    // Of values, so many begin a list of each level: level 0 begins a row.
    let field = chunk.column_path().parts().first().and_then(|name| schema.field_with_name(name).ok());
    if field.is_some_and(|field| matches!(field.data_type(), DataType::FixedSizeList(..))) {
        return bytes;
    }
    let begun = chunk.repetition_level_histogram().map_or(&[][..], |levels| levels.values());
    let lists = (1..begun.len()).map(|level| begun[..level].iter().sum::<i64>().unsigned_abs()).sum::<u64>();
    bytes.saturating_add(if some_missing { width(1) } else { 0 }).saturating_add(lists.saturating_mul(4))
}
