//! The tables of a dataset, as readers are told of them.

use arrow_schema::SchemaRef;

use crate::description::Description;
use crate::error::DescriptionError;
use crate::table;
use crate::write::{Format, schema};

/// A kind of files, with what readers are told of it.
#[derive(Debug)]
pub(crate) struct Table {
    /// The folder of its files.
    pub(crate) folder: String,
    /// That of its JSON lines.
    pub(crate) lines: String,
    /// What `load_dataset(folder, config)` calls it.
    pub(crate) config: String,
    pub(crate) title: String,
    /// What a row is.
    pub(crate) about: &'static str,
    pub(crate) schema: SchemaRef,
    /// Names, types and meanings of its columns.
    pub(crate) columns: Vec<(&'static str, String, &'static str)>,
}

/// The tables of a dataset; `wide` says whether token ids need more than 16 bits.
pub(crate) fn tables(description: &Description, wide: bool) -> Result<Vec<Table>, DescriptionError> {
    let told = |table: &table::Table| Table {
        folder: table.folder(Format::Parquet).to_owned(),
        lines: table.folder(Format::Jsonl).to_owned(),
        config: if table.is_programs() { "default".to_owned() } else { table.name.clone() },
        title: title(&table.name),
        about: table.about,
        schema: schema(&table.columns, wide, table.width),
        columns: table.columns.iter().map(|column| (column.name, table.kind(column, wide), column.about)).collect(),
    };
    Ok(table::Table::all(description)?.iter().map(told).collect())
}

/// A name as a heading: `deduction_packed` is `Deduction packed`.
fn title(name: &str) -> String {
    let name = name.replace('_', " ");
    let (first, rest) = name.split_at(name.len().min(1));
    first.to_ascii_uppercase() + rest
}
