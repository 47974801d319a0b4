//! The tables that a dataset may have: the one place to add to.

use arrow_schema::SchemaRef;

use crate::description::{Description, DescriptionError};
use crate::write::schema;

/// A kind of Parquet files, with what readers are told of it.
#[derive(Debug)]
pub(crate) struct Table {
    /// The folder of its files.
    pub(crate) folder: &'static str,
    /// What `load_dataset(folder, config)` calls it.
    pub(crate) config: &'static str,
    pub(crate) title: &'static str,
    /// What a row is.
    pub(crate) about: &'static str,
    pub(crate) schema: SchemaRef,
    /// Names, types and meanings of its columns.
    pub(crate) columns: Vec<(&'static str, &'static str, &'static str)>,
}

/// The tables of a dataset; `wide` says whether token ids need more than 16 bits.
pub(crate) fn tables(description: &Description, wide: bool) -> Result<Vec<Table>, DescriptionError> {
    let columns = description.columns()?;
    let programs = Table {
        folder: "data",
        config: "default",
        title: "Programs",
        about: "A row is a program.",
        schema: schema(&columns, wide),
        columns: columns.iter().map(|column| (column.name, column.kind(), column.about)).collect(),
    };
    Ok(vec![programs])
}
