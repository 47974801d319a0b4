//! Where rows go.

use crate::columns::Columns;
use crate::error::DataError;

/// Takes the rows of a shard, group after group.
pub(crate) trait Sink: Send {
    /// Writes rows.
    fn group(&mut self, rows: &Columns) -> Result<(), DataError>;

    /// Writes what is left to be written.
    fn finish(self: Box<Self>) -> Result<(), DataError>;
}

/// Where the rows of a table go that are of one split, by format.
pub(crate) type Sinks = Vec<Box<dyn Sink>>;
