//! Whether a description makes sense, as far as no language is needed to tell.

use crate::description::{Description, twice};
use crate::error::DescriptionError;
use crate::numbering::{CANDIDATES, MAX_SHARDS};
use crate::table::Table;
use crate::write::Format;

/// Rows that a shard may have.
const MAX_SHARD_ROWS: u64 = 1 << 30;
/// Bytes that a program may print: those of one chunk and one group are in memory together.
const MAX_OUTPUT: usize = 1 << 26;

impl Description {
    /// Checks every number against its range. Language and prior are checked where they are compiled.
    pub(crate) fn check(&self) -> Result<(), DescriptionError> {
        let range = |field, value: String, range| Err(DescriptionError::Range { field, value, range });
        if self.rows == 0 {
            return range("rows", self.rows.to_string(), "1 or more");
        }
        if self.shard_rows == 0 || self.shard_rows > MAX_SHARD_ROWS {
            return range("shard_rows", self.shard_rows.to_string(), "1 to 1,073,741,824");
        }
        if self.shards() > MAX_SHARDS {
            let (rows, shard_rows) = (self.rows, self.shard_rows);
            return Err(DescriptionError::Shards { rows, shard_rows, shards: self.shards() });
        }
        if i64::try_from(self.seed).is_err() {
            return range("seed", self.seed.to_string(), "below 2^63");
        }
        if let Some(license) = &self.license {
            let letter = |letter: u8| letter.is_ascii_alphanumeric() || b".-".contains(&letter);
            if license.is_empty() || !license.bytes().all(letter) {
                return range("license", format!("{license:?}"), "an identifier of letters, digits, . and -");
            }
        }
        if self.patience == 0 || self.patience > CANDIDATES {
            return range("patience", self.patience.to_string(), "1 to 4,294,967,296");
        }
        if self.limits.output_bytes > MAX_OUTPUT {
            return range("limits.output_bytes", self.limits.output_bytes.to_string(), "at most 67,108,864");
        }
        if !(1..=22).contains(&self.write.zstd_level) {
            return range("write.zstd_level", self.write.zstd_level.to_string(), "1 to 22");
        }
        if !(1..=1 << 20).contains(&self.write.group_rows) {
            return range("write.group_rows", self.write.group_rows.to_string(), "1 to 1,048,576");
        }
        if self.language.max_len.is_none() {
            return Err(DescriptionError::NoMaxLen);
        }
        if self.write.formats.is_empty() {
            return Err(DescriptionError::NoFormat);
        }
        twice("write.formats", self.write.formats.iter().map(|format| format.name()))?;
        self.examples.check()?;
        self.trace.check()?;
        self.tasks.check()?;
        let columns = self.columns()?;
        if self.write.formats.contains(&Format::Npy) && !columns.iter().any(|column| column.name == "tokens") {
            return Err(DescriptionError::NoTokens);
        }
        let written = |table: &Table| self.write.formats.iter().any(|&format| !table.ends(format).is_empty());
        match Table::all(self)?.into_iter().find(|table| !written(table)) {
            Some(table) => Err(DescriptionError::NoFile { table: table.name }),
            None => Ok(()),
        }
    }
}
