//! `pyprior dataset levels`

use std::io::Write as _;
use std::process::ExitCode;

use clap::Args;
use pyprior_data::LEVELS;

/// List the named levels of difficulty, with what each sets in a description.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pyprior dataset levels")]
pub(super) struct Levels {}

impl Levels {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let mut out = std::io::stdout().lock();
        for level in &LEVELS {
            writeln!(out, "# {} {}: {}\n{}", level.number, level.name, level.about, level.sets)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
