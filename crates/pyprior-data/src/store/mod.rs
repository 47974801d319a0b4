//! Where the files of a dataset are: names with `/` from the dataset's root on, each of which is there as a whole or not at all.

mod local;
#[cfg(feature = "object-store")]
mod objects;
mod part;
mod place;

pub(crate) use local::{PAUSE, TRIES};
pub(crate) use part::Part;
pub use place::Place;

use crate::error::DataError;

/// A root under which files are. Threads share it.
pub(crate) trait Store: Send + Sync + std::fmt::Debug {
    /// Where a file is, for people to read.
    fn shown(&self, name: &str) -> String;

    /// What is there of a dataset that has no manifest, other than what a process may have left that was killed as it began.
    fn stranger(&self) -> Result<Option<String>, DataError>;

    /// The bytes of files, each small; none of one that is not there.
    fn read(&self, names: &[String]) -> Result<Vec<Option<Vec<u8>>>, DataError>;

    /// The sizes of files; none of one that is not there.
    fn sizes(&self, names: &[String]) -> Result<Vec<Option<u64>>, DataError>;

    /// Begins a file; none if another process is at it, where that can be told.
    fn begin(&self, name: &str) -> Result<Option<Part>, DataError>;

    /// Gives a written file its name, in place of one that has it. It lasts from here on.
    fn end(&self, part: Part) -> Result<(), DataError>;

    /// Writes a small file unless there is one of that name, which then stays as it is.
    fn create(&self, name: &str, bytes: &[u8]) -> Result<(), DataError>;
}
