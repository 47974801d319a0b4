//! Columns as Arrow has them.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, ListArray, StringArray, UInt16Array, UInt32Array, UInt64Array,
};
use arrow_buffer::{Buffer as Bytes, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

use crate::columns::{Buffer, Column, Get, Lists};

/// Whether token ids need more than 16 bits.
pub(crate) fn is_wide(vocab: usize) -> bool {
    vocab > 1 << 16
}

/// The schema of columns.
pub(crate) fn schema(columns: &[&'static Column], wide: bool) -> SchemaRef {
    let field = |column: &&Column| {
        let (kind, nullable) = match column.get {
            Get::Position | Get::U64(_) => (DataType::UInt64, false),
            Get::Tokens(_) => (DataType::List(element(wide)), false),
            Get::Text(_) => (DataType::Utf8, false),
            Get::U32(_) => (DataType::UInt32, false),
            Get::MaybeU32(_) => (DataType::UInt32, true),
            Get::MaybeU64(_) => (DataType::UInt64, true),
            Get::MaybeF64(_) => (DataType::Float64, true),
            Get::Bool(_) => (DataType::Boolean, false),
        };
        Field::new(column.name, kind, nullable)
    };
    Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
}

fn element(wide: bool) -> Arc<Field> {
    Arc::new(Field::new("element", if wide { DataType::UInt32 } else { DataType::UInt16 }, false))
}

/// The values of a column.
pub(super) fn array(buffer: &Buffer, wide: bool) -> Result<ArrayRef, ArrowError> {
    Ok(match buffer {
        Buffer::Position(places) => Arc::new(UInt64Array::from_iter_values(places.iter().copied())),
        Buffer::Tokens(_, lists) => {
            let values: ArrayRef = match wide {
                true => Arc::new(UInt32Array::from(lists.values().to_vec())),
                // The vocabulary is not that large.
                false => Arc::new(UInt16Array::from_iter_values(lists.values().iter().map(|&token| token as u16))),
            };
            Arc::new(ListArray::try_new(element(wide), offsets(lists), values, None)?)
        }
        Buffer::Text(_, lists) => {
            Arc::new(StringArray::try_new(offsets(lists), Bytes::from_slice_ref(lists.values()), None)?)
        }
        Buffer::U32(_, values) => Arc::new(UInt32Array::from(values.clone())),
        Buffer::MaybeU32(_, values) => Arc::new(UInt32Array::from(values.clone())),
        Buffer::U64(_, values) => Arc::new(UInt64Array::from(values.clone())),
        Buffer::MaybeU64(_, values) => Arc::new(UInt64Array::from(values.clone())),
        Buffer::MaybeF64(_, values) => Arc::new(Float64Array::from(values.clone())),
        Buffer::Bool(_, values) => Arc::new(BooleanArray::from(values.clone())),
    })
}

fn offsets<T: Copy>(lists: &Lists<T>) -> OffsetBuffer<i32> {
    OffsetBuffer::new(ScalarBuffer::from(lists.offsets().to_vec()))
}
