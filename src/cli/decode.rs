//! `pyprior decode`

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use pyprior_core::{ProgramNames, Renderer, Vocab};
use serde::Deserialize;

use super::language::{LanguageArgs, tokens};
use super::output::{Output, read};

/// Turn tokens into source text.
///
/// Reads one program a line, token ids or names separated by spaces, or a JSON object with a field `tokens`: the inverse of `pyprior sample` and `pyprior encode` in any format, given the same language.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pyprior sample -n 3 --format names | pyprior decode -
  echo BLK_1 PRINT ADD INT_1 | pyprior decode --partial -
  pyprior encode --format json *.py > programs.jsonl
  pyprior decode programs.jsonl --names programs.jsonl")]
pub(crate) struct Decode {
    /// File with one program a line, `-` for standard input
    file: PathBuf,
    /// Render unfinished programs with their holes; a token that does not fit ends the program there
    #[arg(long)]
    partial: bool,
    /// File with the names of each program: one JSON object a line, `{"funcs": […], "scopes": [[…], …]}` or what `pyprior encode --format json` writes
    #[arg(long, value_name = "FILE", conflicts_with = "partial")]
    names: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    language: LanguageArgs,
}

/// A line of JSON, as `encode` and `sample` write it.
#[derive(Deserialize)]
struct Record {
    tokens: Vec<u32>,
}

/// The tokens of a line.
pub(super) fn parse(vocab: &Vocab, line: &str) -> anyhow::Result<Vec<u32>> {
    if line.trim_start().starts_with('{') {
        let record: Record = serde_json::from_str(line).context("no JSON object with tokens")?;
        return Ok(record.tokens);
    }
    tokens(vocab, line.split_whitespace())
}

/// The names of each program.
fn read_names(path: &std::path::Path) -> anyhow::Result<Vec<ProgramNames>> {
    let text = read(path)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let names = lines.map(|(nth, line)| {
        let place = || format!("{}:{}", path.display(), nth + 1);
        let mut value: serde_json::Value = serde_json::from_str(line).with_context(place)?;
        // What `encode` writes has them in a field.
        let table = value.get_mut("table").map(serde_json::Value::take).unwrap_or(value);
        serde_json::from_value(table).context("no names of a program").with_context(place)
    });
    names.collect()
}

impl Decode {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let language = self.language.language(None)?;
        let mut renderer = Renderer::new(&language);
        let text = read(&self.file)?;
        let names = self.names.as_deref().map(read_names).transpose()?;
        let mut out = self.output.open()?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        for (count, (nth, line)) in lines.enumerate() {
            let place = || format!("{}:{}", self.file.display(), nth + 1);
            let tokens = parse(language.vocab(), line).with_context(place)?;
            if let Some(token) = tokens.iter().find(|&&token| token as usize >= language.vocab().len()) {
                bail!("{}: token {token} is out of range", place());
            }
            let source = match &names {
                Some(names) => {
                    let names = names.get(count).with_context(|| format!("{}: no names are left for it", place()))?;
                    renderer.render_named(&tokens, names).with_context(place)?
                }
                None if self.partial => renderer.partial(&tokens),
                None => renderer.render(&tokens).with_context(place)?,
            };
            let gap = if count > 0 { "\n" } else { "" };
            writeln!(out, "{gap}{source}")?;
        }
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}
