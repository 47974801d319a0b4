//! `pyprior dataset again`

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::Args;
use pyprior_core::Renderer;
use pyprior_data::score::description_of;
use pyprior_data::{ControlDescription, Description, Drawn, Job, SourceDescription};
use serde_json::json;

use super::super::output::Output;

/// Make programs of a dataset again, from its manifest and their column `row` alone.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pyprior dataset again my-programs 0 4294967297")]
pub(super) struct Again {
    /// Folder of the dataset, or a file in it
    folder: PathBuf,
    /// Values of column `row`
    #[arg(required = true)]
    rows: Vec<u64>,
    /// Objects with row, tokens and source, one a line
    #[arg(long)]
    jsonl: bool,
    #[command(flatten)]
    output: Output,
}

impl Again {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let description = description_of(std::slice::from_ref(&self.folder))?;
        ensure!(
            !matches!(description.source, SourceDescription::Model(_)),
            "these are programs of a model: the command that made them makes them again"
        );
        // What is kept, split or asked for has no say in what a row is.
        let (keep, splits, control) = (Vec::new(), Vec::new(), ControlDescription::default());
        let job = Job::new(Description { keep, splits, control, ..description })?;
        let mut renderer = Renderer::new(job.language());
        let mut out = self.output.open()?;
        for (nth, &row) in self.rows.iter().enumerate() {
            let end = row.checked_add(1).with_context(|| format!("row {row} is beyond the last there can be"))?;
            let mut drawn = Drawn::default();
            job.source().draw(row..end, &mut drawn)?;
            let tokens = drawn.programs.get(0).unwrap_or_default();
            let source = renderer.render(tokens)?;
            match self.jsonl {
                true => writeln!(out, "{}", json!({ "row": row, "tokens": tokens, "source": source }))?,
                // An empty line between programs, as `sample` has it.
                false => writeln!(out, "{}{source}", if nth > 0 { "\n" } else { "" })?,
            }
        }
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}
