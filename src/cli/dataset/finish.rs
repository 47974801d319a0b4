//! `pyprior dataset finish`

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use clap::Args;
use pyprior_data::{Place, finish};

/// Write README.md and the report of a dataset anew, from its manifest alone.
///
/// Who makes the last shard does it, unless these files are there: with `--shard` on several machines that share no folder, put
/// the shards into one first.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pyprior dataset finish my-dataset
  pyprior dataset finish s3://bucket/my-dataset")]
pub(super) struct Finish {
    /// Folder of the dataset, or its URL
    place: OsString,
}

impl Finish {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let place = Place::parse(&self.place);
        let counts = finish(&place)?;
        writeln!(std::io::stdout(), "{} rows of {} candidates: {place}", counts.rows, counts.candidates)?;
        Ok(ExitCode::SUCCESS)
    }
}
