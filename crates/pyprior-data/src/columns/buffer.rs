//! The values of one column.

use super::Get;
use super::list::Lists;
use super::texts::{TextList, Texts};
use crate::row::Row;

/// The values of one column, in the order of the rows, with how they are read.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Buffer {
    /// Places in the dataset, which rows are given when they are merged.
    Position(Vec<u64>),
    /// Token ids.
    Tokens(for<'a> fn(&Row<'a>) -> &'a [u32], Lists<u32>),
    /// Text, which is UTF-8.
    Text(for<'a> fn(&Row<'a>) -> &'a str, Lists<u8>),
    /// The same, or missing: then the text is empty.
    MaybeText(for<'a> fn(&Row<'a>) -> Option<&'a str>, Lists<u8>, Vec<bool>),
    /// Lists of texts.
    Texts(for<'a> fn(&Row<'a>) -> &'a [String], Texts),
    /// Lists of unsigned integers of 8 bits.
    Bytes(for<'a> fn(&Row<'a>) -> &'a [u8], Lists<u8>),
    /// Lists of unsigned integers of 32 bits.
    Numbers(for<'a> fn(&Row<'a>) -> &'a [u32], Lists<u32>),
    /// Unsigned, 32 bits.
    U32(fn(&Row<'_>) -> u32, Vec<u32>),
    /// The same, or missing.
    MaybeU32(fn(&Row<'_>) -> Option<u32>, Vec<Option<u32>>),
    /// Unsigned, 64 bits.
    U64(fn(&Row<'_>) -> u64, Vec<u64>),
    /// The same, or missing.
    MaybeU64(fn(&Row<'_>) -> Option<u64>, Vec<Option<u64>>),
    /// Numbers, or missing.
    MaybeF64(fn(&Row<'_>) -> Option<f64>, Vec<Option<f64>>),
    /// Yes or no.
    Bool(fn(&Row<'_>) -> bool, Vec<bool>),
}

/// One value of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Missing.
    Null,
    /// Token ids.
    Tokens(&'a [u32]),
    /// Text.
    Text(&'a str),
    /// A list of texts.
    Texts(TextList<'a>),
    /// A list of unsigned integers of 8 bits.
    Bytes(&'a [u8]),
    /// A list of unsigned integers of 32 bits.
    Numbers(&'a [u32]),
    /// An unsigned integer.
    Unsigned(u64),
    /// A number.
    Float(f64),
    /// Yes or no.
    Bool(bool),
}

impl Buffer {
    pub(super) fn new(get: Get) -> Self {
        match get {
            Get::Position => Self::Position(Vec::new()),
            Get::Tokens(get) => Self::Tokens(get, Lists::default()),
            Get::Text(get) => Self::Text(get, Lists::default()),
            Get::MaybeText(get) => Self::MaybeText(get, Lists::default(), Vec::new()),
            Get::Texts(get) => Self::Texts(get, Texts::default()),
            Get::Bytes(get) => Self::Bytes(get, Lists::default()),
            Get::Numbers(get) => Self::Numbers(get, Lists::default()),
            Get::U32(get) => Self::U32(get, Vec::new()),
            Get::MaybeU32(get) => Self::MaybeU32(get, Vec::new()),
            Get::U64(get) => Self::U64(get, Vec::new()),
            Get::MaybeU64(get) => Self::MaybeU64(get, Vec::new()),
            Get::MaybeF64(get) => Self::MaybeF64(get, Vec::new()),
            Get::Bool(get) => Self::Bool(get, Vec::new()),
        }
    }

    /// Reads a row's value, and says how many bytes it has beyond a fixed size.
    pub(super) fn push(&mut self, row: &Row<'_>) -> usize {
        match self {
            Self::Position(_) => {}
            Self::Tokens(get, lists) => return 4 * lists.push(get(row)),
            Self::Text(get, lists) => return lists.push(get(row).as_bytes()),
            Self::MaybeText(get, lists, there) => {
                let text = get(row);
                there.push(text.is_some());
                return lists.push(text.unwrap_or_default().as_bytes());
            }
            Self::Texts(get, texts) => return texts.push(get(row).iter().map(String::as_str)),
            Self::Bytes(get, lists) => return lists.push(get(row)),
            Self::Numbers(get, lists) => return 4 * lists.push(get(row)),
            Self::U32(get, values) => values.push(get(row)),
            Self::MaybeU32(get, values) => values.push(get(row)),
            Self::U64(get, values) => values.push(get(row)),
            Self::MaybeU64(get, values) => values.push(get(row)),
            Self::MaybeF64(get, values) => values.push(get(row)),
            Self::Bool(get, values) => values.push(get(row)),
        }
        0
    }

    /// Adds the values at `picks` of a buffer of the same column; `places` are theirs in the dataset.
    pub(super) fn append(&mut self, other: &Self, picks: &[u32], places: &[u64]) {
        match (self, other) {
            (Self::Position(all), Self::Position(_)) => all.extend_from_slice(places),
            (Self::Tokens(_, lists), Self::Tokens(_, other)) => append_lists(lists, other, picks),
            (Self::Text(_, lists), Self::Text(_, other)) => append_lists(lists, other, picks),
            (Self::MaybeText(_, lists, there), Self::MaybeText(_, other, others)) => {
                append_lists(lists, other, picks);
                append(there, others, picks);
            }
            (Self::Texts(_, texts), Self::Texts(_, other)) => {
                picks.iter().filter_map(|&pick| other.get(pick as usize)).for_each(|list| {
                    texts.push(list.iter());
                });
            }
            (Self::Bytes(_, lists), Self::Bytes(_, other)) => append_lists(lists, other, picks),
            (Self::Numbers(_, lists), Self::Numbers(_, other)) => append_lists(lists, other, picks),
            (Self::U32(_, values), Self::U32(_, other)) => append(values, other, picks),
            (Self::MaybeU32(_, values), Self::MaybeU32(_, other)) => append(values, other, picks),
            (Self::U64(_, values), Self::U64(_, other)) => append(values, other, picks),
            (Self::MaybeU64(_, values), Self::MaybeU64(_, other)) => append(values, other, picks),
            (Self::MaybeF64(_, values), Self::MaybeF64(_, other)) => append(values, other, picks),
            (Self::Bool(_, values), Self::Bool(_, other)) => append(values, other, picks),
            // Buffers of one column are of one kind.
            _ => {}
        }
    }

    pub(super) fn clear(&mut self) {
        match self {
            Self::Position(places) => places.clear(),
            Self::Tokens(_, lists) => lists.clear(),
            Self::Text(_, lists) | Self::Bytes(_, lists) => lists.clear(),
            Self::MaybeText(_, lists, there) => {
                lists.clear();
                there.clear();
            }
            Self::Texts(_, texts) => texts.clear(),
            Self::Numbers(_, lists) => lists.clear(),
            Self::U32(_, values) => values.clear(),
            Self::MaybeU32(_, values) => values.clear(),
            Self::U64(_, values) => values.clear(),
            Self::MaybeU64(_, values) => values.clear(),
            Self::MaybeF64(_, values) => values.clear(),
            Self::Bool(_, values) => values.clear(),
        }
    }

    /// A value; [`Cell::Null`] beyond the last.
    pub fn cell(&self, nth: usize) -> Cell<'_> {
        let unsigned = |value: Option<u64>| value.map_or(Cell::Null, Cell::Unsigned);
        match self {
            Self::Position(places) => unsigned(places.get(nth).copied()),
            Self::Tokens(_, lists) => lists.get(nth).map_or(Cell::Null, Cell::Tokens),
            Self::Text(_, lists) => {
                lists.get(nth).map_or(Cell::Null, |text| Cell::Text(std::str::from_utf8(text).unwrap_or_default()))
            }
            Self::MaybeText(_, lists, there) => match (lists.get(nth), there.get(nth)) {
                (Some(text), Some(true)) => Cell::Text(std::str::from_utf8(text).unwrap_or_default()),
                _ => Cell::Null,
            },
            Self::Texts(_, texts) => texts.get(nth).map_or(Cell::Null, Cell::Texts),
            Self::Bytes(_, lists) => lists.get(nth).map_or(Cell::Null, Cell::Bytes),
            Self::Numbers(_, lists) => lists.get(nth).map_or(Cell::Null, Cell::Numbers),
            Self::U32(_, values) => unsigned(values.get(nth).map(|&value| value.into())),
            Self::MaybeU32(_, values) => unsigned(values.get(nth).and_then(|value| value.map(u64::from))),
            Self::U64(_, values) => unsigned(values.get(nth).copied()),
            Self::MaybeU64(_, values) => unsigned(values.get(nth).copied().flatten()),
            Self::MaybeF64(_, values) => values.get(nth).copied().flatten().map_or(Cell::Null, Cell::Float),
            Self::Bool(_, values) => values.get(nth).map_or(Cell::Null, |&value| Cell::Bool(value)),
        }
    }
}

fn append<T: Copy>(values: &mut Vec<T>, others: &[T], picks: &[u32]) {
    values.extend(picks.iter().filter_map(|&pick| others.get(pick as usize)));
}

fn append_lists<T: Copy>(lists: &mut Lists<T>, others: &Lists<T>, picks: &[u32]) {
    for list in picks.iter().filter_map(|&pick| others.get(pick as usize)) {
        lists.push(list);
    }
}
