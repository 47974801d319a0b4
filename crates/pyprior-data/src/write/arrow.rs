//! Columns as Arrow has them.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, FixedSizeListArray, Float64Array, ListArray, StringArray, UInt8Array, UInt16Array,
    UInt32Array, UInt64Array,
};
use arrow_buffer::{Buffer as Bytes, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};

use crate::columns::{Buffer, Column, Get, Lists};

/// Whether token ids need more than 16 bits.
pub(crate) fn is_wide(vocab: usize) -> bool {
    vocab > 1 << 16
}

/// The schema of columns.
///
/// Lists of numbers have `width` entries, if that is given.
pub(crate) fn schema(columns: &[&'static Column], wide: bool, width: Option<u32>) -> SchemaRef {
    let list = |element: Arc<Field>| match width {
        Some(width) => DataType::FixedSizeList(element, width as i32),
        None => DataType::List(element),
    };
    let field = |column: &&Column| {
        let (kind, nullable) = match column.get {
            Get::Position | Get::U64(_) => (DataType::UInt64, false),
            Get::Tokens(_) => (list(element(token(wide))), false),
            Get::Bytes(_) => (list(element(DataType::UInt8)), false),
            Get::Numbers(_) => (list(element(DataType::UInt32)), false),
            Get::Texts(_) => (DataType::List(element(DataType::Utf8)), false),
            Get::Text(_) => (DataType::Utf8, false),
            Get::MaybeText(_) => (DataType::Utf8, true),
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

fn token(wide: bool) -> DataType {
    if wide { DataType::UInt32 } else { DataType::UInt16 }
}

fn element(kind: DataType) -> Arc<Field> {
    Arc::new(Field::new("element", kind, false))
}

/// The values of a column, as the type of its field says.
pub(crate) fn array(buffer: &Buffer, kind: &DataType) -> Result<ArrayRef, ArrowError> {
    Ok(match buffer {
        Buffer::Position(places) => Arc::new(UInt64Array::from_iter_values(places.iter().copied())),
        Buffer::Tokens(_, lists) => {
            let wide = *kind_of_elements(kind)? == DataType::UInt32;
            let values: ArrayRef = match wide {
                true => Arc::new(UInt32Array::from(lists.values().to_vec())),
                // The vocabulary is not that large.
                false => Arc::new(UInt16Array::from_iter_values(lists.values().iter().map(|&token| token as u16))),
            };
            list(kind, lists, values)?
        }
        Buffer::Text(_, lists) => {
            Arc::new(StringArray::try_new(offsets(lists)?, Bytes::from_slice_ref(lists.values()), None)?)
        }
        Buffer::MaybeText(_, lists, there) => {
            let (bytes, there) = (Bytes::from_slice_ref(lists.values()), NullBuffer::from(there.clone()));
            Arc::new(StringArray::try_new(offsets(lists)?, bytes, Some(there))?)
        }
        Buffer::Texts(_, lists) => {
            let bytes = Bytes::from_slice_ref(lists.texts().values());
            let texts = StringArray::try_new(offsets(lists.texts())?, bytes, None)?;
            let lists = offset_buffer(lists.offsets());
            Arc::new(ListArray::try_new(element(DataType::Utf8), lists, Arc::new(texts), None)?)
        }
        Buffer::Bytes(_, lists) => list(kind, lists, Arc::new(UInt8Array::from(lists.values().to_vec())))?,
        Buffer::Numbers(_, lists) => list(kind, lists, Arc::new(UInt32Array::from(lists.values().to_vec())))?,
        Buffer::U32(_, values) => Arc::new(UInt32Array::from(values.clone())),
        Buffer::MaybeU32(_, values) => Arc::new(UInt32Array::from(values.clone())),
        Buffer::U64(_, values) => Arc::new(UInt64Array::from(values.clone())),
        Buffer::MaybeU64(_, values) => Arc::new(UInt64Array::from(values.clone())),
        Buffer::MaybeF64(_, values) => Arc::new(Float64Array::from(values.clone())),
        Buffer::Bool(_, values) => Arc::new(BooleanArray::from(values.clone())),
    })
}

fn kind_of_elements(kind: &DataType) -> Result<&DataType, ArrowError> {
    match kind {
        DataType::FixedSizeList(element, _) | DataType::List(element) => Ok(element.data_type()),
        other => Err(ArrowError::SchemaError(format!("{other} is no list"))),
    }
}

/// Lists of a type; of one length, if the type says so.
fn list<T: Copy>(kind: &DataType, lists: &Lists<T>, values: ArrayRef) -> Result<ArrayRef, ArrowError> {
    Ok(match kind {
        DataType::FixedSizeList(element, width) => {
            Arc::new(FixedSizeListArray::try_new(Arc::clone(element), *width, values, None)?)
        }
        DataType::List(element) => Arc::new(ListArray::try_new(Arc::clone(element), offsets(lists)?, values, None)?),
        other => return Err(ArrowError::SchemaError(format!("{other} is no list"))),
    })
}

/// Where lists begin and end, if there are fewer values than Arrow can count.
fn offsets<T: Copy>(lists: &Lists<T>) -> Result<OffsetBuffer<i32>, ArrowError> {
    match i32::try_from(lists.values().len()) {
        Ok(_) => Ok(offset_buffer(lists.offsets())),
        Err(_) => Err(ArrowError::OffsetOverflowError(lists.values().len())),
    }
}

fn offset_buffer(offsets: &[i32]) -> OffsetBuffer<i32> {
    OffsetBuffer::new(ScalarBuffer::from(offsets.to_vec()))
}
