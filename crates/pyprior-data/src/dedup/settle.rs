//! Who stays of one file of records.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use super::error::DedupError;
use super::lost::Lost;
use super::scatter::Records;
use crate::key::Key;

/// Adds to `lost` the places of a file's records of which `most` before have the same key, and removes the file.
pub(super) fn settle(path: &Path, most: u64, lost: &Lost) -> Result<(), DedupError> {
    let most = u32::try_from(most).unwrap_or(u32::MAX);
    let mut counts = HashMap::<Key, u32>::new();
    for record in Records::open(path)? {
        let (place, key) = record?;
        let count = counts.entry(key).or_default();
        if *count == most {
            lost.add(place);
        } else {
            *count += 1;
        }
    }
    // What stays on the disk goes with its folder.
    let _ = fs::remove_file(path);
    Ok(())
}
