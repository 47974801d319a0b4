//! Rows of a table that was written, as they were before.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{ArrowPrimitiveType, Float64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{Array, ListArray, RecordBatch};

use super::list::Lists;
use super::{Buffer, Column, Columns};

impl Columns {
    /// The columns of a batch that are known by their names and have their types; others are left out.
    pub(crate) fn read(batch: &RecordBatch) -> Self {
        let mut rows = Self::new(&[]);
        rows.sizes = vec![0; batch.num_rows()];
        for (field, array) in batch.schema().fields().iter().zip(batch.columns()) {
            let Some(column) = Column::named(field.name()) else { continue };
            let (mut buffer, mut sizes) = (Buffer::new(column.get), vec![0; batch.num_rows()]);
            if read(&mut buffer, array, &mut sizes).is_some() {
                rows.columns.push(column);
                rows.buffers.push(buffer);
                rows.bytes += sizes.iter().sum::<usize>();
                rows.sizes.iter_mut().zip(sizes).for_each(|(sum, size)| *sum += size);
            }
        }
        rows
    }
}

/// Adds all values, and says how many bytes each has beyond a fixed size; nothing if they are of another type.
fn read(buffer: &mut Buffer, array: &dyn Array, sizes: &mut [usize]) -> Option<()> {
    let mut size = sizes.iter_mut();
    let mut sized = |bytes: usize| {
        if let Some(size) = size.next() {
            *size = bytes;
        }
    };
    match buffer {
        Buffer::Position(values) | Buffer::U64(_, values) => {
            values.extend_from_slice(array.as_primitive_opt::<UInt64Type>()?.values());
        }
        Buffer::U32(_, values) => values.extend_from_slice(array.as_primitive_opt::<UInt32Type>()?.values()),
        Buffer::MaybeU32(_, values) => values.extend(array.as_primitive_opt::<UInt32Type>()?.iter()),
        Buffer::MaybeU64(_, values) => values.extend(array.as_primitive_opt::<UInt64Type>()?.iter()),
        Buffer::MaybeF64(_, values) => values.extend(array.as_primitive_opt::<Float64Type>()?.iter()),
        Buffer::Bool(_, values) => values.extend(array.as_boolean_opt()?.values().iter()),
        Buffer::Text(_, texts) => {
            let all = array.as_string_opt::<i32>()?.iter();
            all.for_each(|text| sized(texts.push(text.unwrap_or_default().as_bytes())));
        }
        Buffer::MaybeText(_, texts, there) => array.as_string_opt::<i32>()?.iter().for_each(|text| {
            there.push(text.is_some());
            sized(texts.push(text.unwrap_or_default().as_bytes()));
        }),
        Buffer::Texts(_, lists) => {
            for list in array.as_list_opt::<i32>()?.iter() {
                let texts = list.as_ref().and_then(|list| list.as_string_opt::<i32>());
                sized(lists.push(texts.into_iter().flat_map(|texts| texts.iter()).flatten()));
            }
        }
        Buffer::Bytes(_, lists) => read_lists::<UInt8Type, _>(lists, array.as_list_opt()?, sized)?,
        Buffer::Numbers(_, lists) => {
            read_lists::<UInt32Type, _>(lists, array.as_list_opt()?, |values| sized(4 * values))?;
        }
        Buffer::Tokens(_, lists) => {
            let (array, sized) = (array.as_list_opt()?, |tokens: usize| sized(4 * tokens));
            match array.values().as_primitive_opt::<UInt16Type>() {
                Some(_) => read_lists::<UInt16Type, _>(lists, array, sized)?,
                None => read_lists::<UInt32Type, _>(lists, array, sized)?,
            }
        }
    }
    Some(())
}

fn read_lists<T: ArrowPrimitiveType, U: Copy + From<T::Native>>(
    lists: &mut Lists<U>,
    array: &ListArray,
    mut sized: impl FnMut(usize),
) -> Option<()> {
    let values = array.values().as_primitive_opt::<T>()?.values();
    let mut list = Vec::new();
    for ends in array.offsets().windows(2) {
        let range = values.get(ends[0] as usize..ends[1] as usize)?;
        list.clear();
        list.extend(range.iter().map(|&value| U::from(value)));
        sized(lists.push(&list));
    }
    Some(())
}
