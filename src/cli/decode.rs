//! `pyprior decode`

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use pyprior_core::Renderer;

use super::language::{LanguageArgs, tokens};
use super::output::{Output, read};

/// Turn tokens into source text.
///
/// Reads one program a line, token ids or names separated by spaces: the inverse of `pyprior sample --format tokens` or `--format names`, given the same language.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pyprior sample -n 3 --format names | pyprior decode -
  echo BLK_1 PRINT ADD INT_1 | pyprior decode --partial -")]
pub(crate) struct Decode {
    /// File with one program a line, `-` for standard input
    file: PathBuf,
    /// Render unfinished programs with their holes; a token that does not fit ends the program there
    #[arg(long)]
    partial: bool,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    language: LanguageArgs,
}

impl Decode {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let language = self.language.language(None)?;
        let mut renderer = Renderer::new(&language);
        let text = read(&self.file)?;
        let mut out = self.output.open()?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        for (count, (nth, line)) in lines.enumerate() {
            let place = || format!("{}:{}", self.file.display(), nth + 1);
            let tokens = tokens(language.vocab(), line.split_whitespace()).with_context(place)?;
            if let Some(token) = tokens.iter().find(|&&token| token as usize >= language.vocab().len()) {
                bail!("{}: token {token} is out of range", place());
            }
            let source = match self.partial {
                true => renderer.partial(&tokens),
                false => renderer.render(&tokens).with_context(place)?,
            };
            let gap = if count > 0 { "\n" } else { "" };
            writeln!(out, "{gap}{source}")?;
        }
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}
