//! What is looked at of all shards before anything is written.

use super::error::DedupError;
use super::input::{Content, Input, Source};

/// Checks the kinds of a dataset's files, and the numbers of their rows. Returns the most rows of a shard whose programs are
/// in several tables, for these are read together; 0 if there is none.
pub(super) fn check(input: &Input) -> Result<u64, DedupError> {
    let mut together = 0;
    for shard in 0..input.manifest().shards {
        let record = input.record(shard)?;
        let files = input.files(&record)?;
        let tables = files.iter().filter_map(Source::programs).collect::<Vec<_>>();
        let Some(first) = tables.first() else { return Err(DedupError::NoTokens { shard }) };
        let rows = tables.iter().flat_map(|table| (0..table.groups()).map(|group| table.rows(group))).sum::<u64>();
        if rows != record.counts.rows {
            return Err(DedupError::Rows { path: first.path.clone(), found: rows, wanted: record.counts.rows });
        }
        if tables.len() > 1 {
            together = together.max(rows);
        }
        // Without ids rows have the places in which they come, which are those that tasks name only in a single table that
        // nothing is missing of.
        let comes_as_named = tables.len() == 1 && input.manifest().dedup.is_empty();
        let bare = tables.iter().find(|table| !table.has("id"));
        if let (Some(table), false) = (bare, comes_as_named || !files.iter().any(|file| joined(file, &files))) {
            let wanted = "there: rows of other files name programs by it";
            return Err(DedupError::Column { path: table.path.clone(), column: "id", wanted });
        }
    }
    Ok(together)
}

/// Whether rows of a file name the programs that they are of.
fn joined(file: &Source, files: &[Source]) -> bool {
    match file.content {
        Content::Joined(_) => true,
        // Those of a table of programs have its rows.
        Content::Lines { .. } => !files.iter().any(|other| other.programs().is_some() && other.rows() == file.rows()),
        Content::Programs(_) | Content::Array | Content::Offsets => false,
    }
}
