//! `pyprior dataset columns`

use std::io::Write as _;
use std::process::ExitCode;

use clap::Args;
use pyprior_data::columns::{COLUMNS, EXAMPLE_COLUMNS};

/// List the columns of datasets: name, type, meaning. The last ones are written where they are named.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pyprior dataset columns")]
pub(super) struct Columns {}

impl Columns {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let mut out = std::io::stdout().lock();
        for column in COLUMNS.iter().chain(&EXAMPLE_COLUMNS) {
            writeln!(out, "{:<22} {:<16} {}", column.name, column.kind(), column.about)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
