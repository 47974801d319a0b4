//! What is written when all shards are done: the card and the report.

use pyprior_core::Language;

use crate::card;
use crate::error::DataError;
use crate::folder::Folder;
use crate::manifest::{Manifest, Yield};
use crate::report::{Report, page};
use crate::store::{PAUSE, Place, TRIES};
use crate::write::is_wide;

/// Its files.
const NAMES: [&str; 3] = ["README.md", "report.html", "report.json"];

/// Shards whose records are gone through at a time.
const TOGETHER: usize = 1024;

/// Writes README.md and the report of a dataset anew, from the records of its shards alone, and says what became of the
/// candidates.
///
/// # Errors
///
/// [`DataError::Missing`] if a shard is not done, [`DataError::Foreign`] if another version began the dataset, or that something
/// cannot be read or written.
pub fn finish(place: impl Into<Place>) -> Result<Yield, DataError> {
    let (folder, manifest) = Folder::find(&place.into())?;
    manifest.description.check()?;
    let shards = manifest.description.shards();
    let here = Manifest { made_by: Manifest::program(), shards, ..manifest.clone() };
    if let Some(difference) = manifest.difference(&here) {
        return Err(DataError::Foreign { manifest: folder.shown_manifest(), difference });
    }
    let wide = is_wide(Language::new(manifest.description.language.clone())?.vocab().len());
    let report = report(&folder, manifest)?;
    for (name, text) in NAMES.iter().zip(texts(&report, wide)?) {
        // Somebody else who is at it writes the same.
        let mut tries = 0;
        while folder.write(name, text.as_bytes())?.is_none() {
            tries += 1;
            if tries == TRIES {
                return Err(DataError::Locked { path: folder.shown(name).into() });
            }
            std::thread::sleep(PAUSE);
        }
    }
    Ok(report.counts)
}

/// Writes what is missing of README.md and the report, if all shards are done; says whether they are. What is there stays, for
/// it may have been added to. `seen`: all shards are known to be done.
pub(crate) fn complete(folder: &Folder, manifest: Manifest, wide: bool, seen: bool) -> Result<bool, DataError> {
    let there = folder.has(&NAMES.map(str::to_owned))?;
    if seen && there.iter().all(|&there| there) {
        return Ok(true);
    }
    let report = match report(folder, manifest) {
        Ok(report) => report,
        Err(DataError::Missing { .. }) => return Ok(false),
        Err(error) => return Err(error),
    };
    for (name, text) in NAMES.iter().zip(texts(&report, wide)?) {
        folder.create(name, text.as_bytes())?;
    }
    Ok(true)
}

/// Reads the records of all shards.
fn report(folder: &Folder, manifest: Manifest) -> Result<Report, DataError> {
    let shards = manifest.shards;
    let (mut report, mut missing) = (Report::new(manifest), None);
    for first in (0..shards).step_by(TOGETHER) {
        let some = (first..shards.min(first + TOGETHER as u64)).collect::<Vec<_>>();
        folder.records(&some, |shard, record| {
            match record {
                Some(record) => report.add(&record),
                None => missing = Some(shard),
            }
            missing.is_none()
        })?;
        if missing.is_some() {
            break;
        }
    }
    report.compare();
    missing.map_or(Ok(report), |shard| Err(DataError::Missing { shard, shards }))
}

/// In the order of their names.
fn texts(report: &Report, wide: bool) -> Result<[String; 3], DataError> {
    let tables = card::tables(&report.manifest.description, wide)?;
    let mut json = serde_json::to_string(report).map_err(DataError::Describe)?;
    json.push('\n');
    Ok([card::readme(report, &tables), page(report), json])
}
