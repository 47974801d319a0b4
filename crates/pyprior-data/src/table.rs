//! The tables of a dataset: programs, and tasks of each kind.

use crate::columns::{Column, Get};
use crate::description::Description;
use crate::error::DescriptionError;
use crate::tasks::{Kind, Layout, packed_columns, task_columns};
use crate::write::Format;

/// A table: files of its own, in every format that is asked for.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name: `programs`, the name of a kind of tasks, or that with `_packed`.
    pub name: String,
    /// What its rows are.
    pub about: &'static str,
    /// Its columns, in their order.
    pub columns: Vec<&'static Column>,
    /// Number of entries of its lists of numbers, if all rows have as many.
    pub width: Option<u32>,
    /// What a program has rows of, and how they come about.
    pub(crate) rows: Rows,
}

/// What a program has in a table.
#[derive(Debug, Clone)]
pub(crate) enum Rows {
    /// Itself.
    Program,
    /// Tasks of a kind.
    Tasks(Kind),
    /// Streams of a kind's tasks, of which rows are packed. They have these columns.
    Streams(Kind, Vec<&'static Column>),
}

impl Table {
    /// The tables of a description, that of the programs first.
    pub(crate) fn all(description: &Description) -> Result<Vec<Self>, DescriptionError> {
        let programs = description.columns()?;
        let (rows, about) = (Rows::Program, "A row is a program, with what is known of it.");
        let mut tables = vec![Self { name: "programs".to_owned(), about, columns: programs, width: None, rows }];
        let tasks = &description.tasks;
        let packed = tasks.tokens && tasks.layout == Layout::Packed;
        for &kind in &tasks.kinds {
            let about = match kind {
                Kind::Deduction => "A program and an input are given; asked for is the output.",
                Kind::Abduction => "A program and an output are given; asked for is an input.",
                Kind::Induction => "Inputs and outputs are given; asked for is a program.",
                Kind::Trace => "A program and an input are given; asked for are the states of the call.",
            };
            let name = kind.name().to_owned();
            if packed {
                let [columns, streams] = packed_columns();
                let (name, rows) = (format!("{name}_packed"), Rows::Streams(kind, streams));
                tables.push(Self { name, about, columns, width: tasks.width(), rows });
            }
            if tasks.text || !packed {
                let width = if tasks.tokens && !packed { tasks.width() } else { None };
                tables.push(Self { name, about, columns: task_columns(tasks), width, rows: Rows::Tasks(kind) });
            }
        }
        Ok(tables)
    }

    /// Whether it is that of the programs.
    pub fn is_programs(&self) -> bool {
        matches!(self.rows, Rows::Program)
    }

    /// Whether its rows hold tasks of several programs.
    pub(crate) fn is_packed(&self) -> bool {
        matches!(self.rows, Rows::Streams(..))
    }

    /// The folder of its files in a format: that of the format for programs, one of its own for others.
    pub fn folder(&self, format: Format) -> &str {
        if self.is_programs() { format.folder() } else { &self.name }
    }

    /// What the names of its files of a shard end in, in a format.
    pub(crate) fn ends(&self, format: Format) -> Vec<String> {
        match format {
            Format::Parquet => vec!["parquet".to_owned()],
            Format::Jsonl => vec!["jsonl".to_owned()],
            Format::JsonlZst => vec!["jsonl.zst".to_owned()],
            Format::Npy => {
                let mut ends = self.arrays().map(|column| format!("{}.npy", column.name)).collect::<Vec<_>>();
                if self.width.is_none() && !ends.is_empty() {
                    ends.push("offsets.npy".to_owned());
                }
                ends
            }
        }
    }

    /// Columns that are written as arrays of numbers.
    pub(crate) fn arrays(&self) -> impl Iterator<Item = &'static Column> {
        let numbers = |column: &&Column| matches!(column.get, Get::Tokens(_) | Get::Bytes(_) | Get::Numbers(_));
        self.columns.iter().copied().filter(numbers)
    }

    /// The type of a column in words, as documented; `wide` says whether token ids need more than 16 bits.
    pub fn kind(&self, column: &Column, wide: bool) -> String {
        let kind = if wide && matches!(column.get, Get::Tokens(_)) { "list of uint32" } else { column.kind() };
        match (self.width, column.get) {
            (Some(width), Get::Tokens(_) | Get::Bytes(_) | Get::Numbers(_)) => {
                format!("{kind} of length {width}")
            }
            _ => kind.to_owned(),
        }
    }

    /// What a program's rows are buffered in until they are merged.
    pub(crate) fn buffered(&self) -> &[&'static Column] {
        match &self.rows {
            Rows::Streams(_, columns) => columns,
            _ => &self.columns,
        }
    }
}
