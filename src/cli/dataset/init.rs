//! `pyprior dataset init`

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use pyprior_data::Description;

/// Write a commented description of a dataset, with all defaults.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pyprior dataset init my.toml
  pyprior dataset init | grep -A 3 splits")]
pub(super) struct Init {
    /// File to write, which must not exist; `-` or none for standard output
    file: Option<std::path::PathBuf>,
}

impl Init {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        match self.file.as_deref().filter(|path| path.as_os_str() != "-") {
            Some(path) => {
                let written =
                    std::fs::File::create_new(path).and_then(|mut file| file.write_all(Description::INIT.as_bytes()));
                written.with_context(|| format!("cannot write {}", path.display()))?;
            }
            None => {
                std::io::stdout().write_all(Description::INIT.as_bytes()).context("cannot write to standard output")?
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
