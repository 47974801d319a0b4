//! `pyprior conformance`

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::EXIT_ERROR;
use crate::conformance::{Report, replay_file};

/// Replay recorded traces and compare every step.
///
/// The file records what the PyPI package pyprior 0.0.2 does. Prints for every field of every kind of line how many were compared, equal, allowed to differ (a token that
/// the recording calls legal and that has no completion, confirmed by an exhaustive search), different, or not
/// compared and why. Exits with 1 on any difference.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  pyprior conformance tests/data/traces.jsonl.gz")]
pub(crate) struct Conformance {
    /// Trace file, gzipped or plain, one JSON object a line
    file: PathBuf,
    /// Differences to print in full
    #[arg(long, value_name = "N", default_value_t = 20)]
    show: usize,
}

impl Conformance {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let report: Report = replay_file(&self.file)?;
        let mut out = std::io::stdout().lock();
        write!(out, "{}", report.display(self.show))?;
        Ok(if report.differences() == 0 { ExitCode::SUCCESS } else { ExitCode::from(EXIT_ERROR) })
    }
}
