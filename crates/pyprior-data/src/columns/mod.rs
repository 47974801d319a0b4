//! The columns: their names, types and meanings, and buffers for many rows.
//!
//! A column is written down once, in [`COLUMNS`] or, where it is written by choice, [`EXAMPLE_COLUMNS`]: what it is called, what it means, and how it is read off a [`Row`]. The
//! schema of Parquet, the keys of JSON and the documentation follow from there.

mod buffer;
mod examples;
mod list;
mod read;
mod table;
mod texts;

pub use buffer::{Buffer, Cell};
pub use examples::EXAMPLE_COLUMNS;
pub use list::Lists;
pub use table::COLUMNS;
pub use texts::{TextList, Texts};

use crate::row::Row;

/// What must be found out of a program for a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: tokens, seed and row.
    Nothing,
    /// A run.
    Run,
    /// An analysis.
    Analysis,
    /// Source text.
    Source,
    /// The log-probability under the prior.
    Prior,
    /// A pass over the tokens.
    Shape,
    /// Examples of a function.
    Examples,
    /// The steps of a run.
    Trace,
}

/// How a column is read off a row, which fixes its type.
#[derive(Debug, Clone, Copy)]
pub enum Get {
    /// The row's place in the dataset, counted from 0: unsigned, 64 bits.
    Position,
    /// Token ids: a list of unsigned integers of 16 bits, or 32 where the vocabulary is larger than that.
    Tokens(for<'a> fn(&Row<'a>) -> &'a [u32]),
    /// Text in UTF-8.
    Text(for<'a> fn(&Row<'a>) -> &'a str),
    /// Text in UTF-8, may be missing.
    MaybeText(for<'a> fn(&Row<'a>) -> Option<&'a str>),
    /// A list of texts.
    Texts(for<'a> fn(&Row<'a>) -> &'a [String]),
    /// A list of unsigned integers of 8 bits.
    Bytes(for<'a> fn(&Row<'a>) -> &'a [u8]),
    /// A list of unsigned integers of 32 bits.
    Numbers(for<'a> fn(&Row<'a>) -> &'a [u32]),
    /// Unsigned, 32 bits.
    U32(fn(&Row<'_>) -> u32),
    /// Unsigned, 32 bits, may be missing.
    MaybeU32(fn(&Row<'_>) -> Option<u32>),
    /// Unsigned, 64 bits.
    U64(fn(&Row<'_>) -> u64),
    /// Unsigned, 64 bits, may be missing.
    MaybeU64(fn(&Row<'_>) -> Option<u64>),
    /// A number of 64 bits, may be missing.
    MaybeF64(fn(&Row<'_>) -> Option<f64>),
    /// Yes or no.
    Bool(fn(&Row<'_>) -> bool),
}

impl Get {
    /// Bytes of a value, texts and lists without what they hold.
    const fn width(&self) -> usize {
        match self {
            Self::Bool(_) => 1,
            Self::Tokens(_) | Self::Text(_) | Self::Texts(_) | Self::Bytes(_) | Self::Numbers(_) | Self::U32(_) => 4,
            Self::MaybeText(_) => 5,
            Self::Position | Self::U64(_) | Self::MaybeU32(_) => 8,
            Self::MaybeU64(_) | Self::MaybeF64(_) => 16,
        }
    }
}

/// A column.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it means, with its unit.
    pub about: &'static str,
    /// What must be found out for it.
    pub needs: Needs,
    /// How it is read off a row.
    pub get: Get,
}

impl Column {
    /// The column of a program that has this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        COLUMNS.iter().chain(&EXAMPLE_COLUMNS).find(|column| column.name == name)
    }

    /// Whether it follows from the program and the description alone: not from the program's place, its random numbers or
    /// the model that drew it. What is not known here to be so, is not.
    pub fn is_of_program(&self) -> bool {
        match self.needs {
            Needs::Run | Needs::Analysis | Needs::Source | Needs::Prior | Needs::Shape | Needs::Trace => true,
            // Inputs are drawn by seed and row.
            Needs::Examples => false,
            Needs::Nothing => matches!(self.name, "tokens" | "length"),
        }
    }

    /// Its type in words, as documented.
    pub const fn kind(&self) -> &'static str {
        match self.get {
            Get::Position | Get::U64(_) => "uint64",
            Get::Tokens(_) => "list of uint16",
            Get::Text(_) => "string",
            Get::MaybeText(_) => "string or null",
            Get::Texts(_) => "list of string",
            Get::Bytes(_) => "list of uint8",
            Get::Numbers(_) => "list of uint32",
            Get::U32(_) => "uint32",
            Get::MaybeU32(_) => "uint32 or null",
            Get::MaybeU64(_) => "uint64 or null",
            Get::MaybeF64(_) => "float64 or null",
            Get::Bool(_) => "bool",
        }
    }
}

/// Rows, column by column.
#[derive(Debug, Clone)]
pub struct Columns {
    columns: Vec<&'static Column>,
    buffers: Vec<Buffer>,
    /// Bytes of each row.
    sizes: Vec<usize>,
    bytes: usize,
    /// Bytes that every row takes, whatever its texts and lists have.
    width: usize,
}

impl Columns {
    /// No rows yet.
    pub fn new(columns: &[&'static Column]) -> Self {
        let buffers = columns.iter().map(|column| Buffer::new(column.get)).collect();
        let width = columns.iter().map(|column| column.get.width()).sum();
        Self { columns: columns.to_vec(), buffers, sizes: Vec::new(), bytes: 0, width }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.sizes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.sizes.is_empty()
    }

    /// Bytes of all rows.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether there is 1 GiB of data at most. Then a group of rows, which ends with the row that fills it, stays
    /// below 2³¹ values, as Arrow counts.
    pub fn fits(&self) -> bool {
        self.bytes <= 1 << 30
    }

    /// Bytes of a row; 0 beyond the last.
    pub fn size(&self, nth: usize) -> usize {
        self.sizes.get(nth).copied().unwrap_or(0)
    }

    /// The columns with their buffers.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'static Column, &Buffer)> {
        self.columns.iter().copied().zip(&self.buffers)
    }

    /// The buffer of a column.
    pub fn buffer(&self, name: &str) -> Option<&Buffer> {
        self.iter().find(|(column, _)| column.name == name).map(|(_, buffer)| buffer)
    }

    /// Adds a row.
    pub fn push(&mut self, row: &Row<'_>) {
        let size = self.width + self.buffers.iter_mut().map(|buffer| buffer.push(row)).sum::<usize>();
        self.sizes.push(size);
        self.bytes += size;
    }

    /// Adds the rows `picks`, ascending, of others, which must have the same columns; those beyond their end are left out.
    /// `places` are theirs in the dataset, as many as there are picks.
    pub fn append(&mut self, others: &Self, picks: &[u32], places: &[u64]) {
        let picks = &picks[..picks.partition_point(|&pick| (pick as usize) < others.len())];
        let places = places.get(..picks.len()).unwrap_or(places);
        for (buffer, other) in self.buffers.iter_mut().zip(&others.buffers) {
            buffer.append(other, picks, places);
        }
        for &pick in picks {
            self.sizes.push(others.size(pick as usize));
            self.bytes += others.size(pick as usize);
        }
    }

    /// Forgets the rows and keeps the memory.
    pub fn clear(&mut self) {
        self.buffers.iter_mut().for_each(Buffer::clear);
        self.sizes.clear();
        self.bytes = 0;
    }
}
