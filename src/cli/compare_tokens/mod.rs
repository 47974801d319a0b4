//! `pyprior compare-tokens`
//!
//! ```text
//! sources.rs    which programs
//! cost.rs       what a transformer takes for them, in either vocabulary
//! ```

mod cost;
mod sources;

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::Args;
use pyprior_compare::{Group, Summary, TextTokenizer, lengths_svg, ratios_svg, shares, table};
use serde::Serialize;

use self::cost::{CostArgs, Costs};
use self::sources::Programs;
use super::EXIT_ERROR;
use super::language::LanguageArgs;
use super::output::{Output, read_bytes, write_whole};
use super::prior::PriorArgs;

/// GPT-2's tokenizer.
const GPT2: &[u8] = include_bytes!("../../../models/gpt2/tokenizer.json");
/// The largest tokenizer.json that is read; known ones have some 30 MB.
const MOST_BYTES: usize = 1 << 28;
/// The most programs of a configuration, which are in memory together.
const MOST_PROGRAMS: i64 = 1_000_000;

/// Compare how many tokens programs take here and in text vocabularies.
///
/// Without files the programs are a fixed corpus, made from the seed in eight configurations; with --sampled they are those of the one configuration that the flags describe, as `pyprior sample` draws them. With files each is a program; its text is measured as it is written and as PyPrior writes it.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 done; 1 a file that is no program, or an error; 2 wrong usage.

Examples:
  pyprior compare-tokens
  pyprior compare-tokens -n 4000 --sampled --value-range 0 9
  pyprior compare-tokens --tokenizer models/gpt2/tokenizer.json --tokenizer other/tokenizer.json
  pyprior compare-tokens --cost --plots docs
  pyprior compare-tokens --json program.py | jq '.comparisons[0].all.ratio'")]
pub(crate) struct CompareTokens {
    /// Python source, a program a file
    #[arg(conflicts_with = "sampled")]
    files: Vec<PathBuf>,
    /// Programs of each configuration
    #[arg(short, long = "count", value_name = "N", default_value_t = 500, conflicts_with = "files", value_parser = clap::value_parser!(u32).range(..=MOST_PROGRAMS))]
    n: u32,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 0, conflicts_with = "files")]
    seed: u64,
    /// Sample the language and the prior that the flags below describe, instead of the corpus
    #[arg(long)]
    sampled: bool,
    /// Take `a < b` as a value for `int(a < b)`
    #[arg(long, requires = "files")]
    normalise: bool,
    /// A tokenizer.json to compare with; may be given several times [default: GPT-2's, which is part of this program]
    #[arg(long, value_name = "FILE")]
    tokenizer: Vec<PathBuf>,
    /// Write an object with all numbers instead of tables
    #[arg(long)]
    json: bool,
    /// Write pictures to this folder: ratios.svg and lengths.svg, for the first tokenizer
    #[arg(long, value_name = "DIR")]
    plots: Option<PathBuf>,
    #[command(flatten)]
    cost: CostArgs,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    prior: PriorArgs,
    #[command(flatten)]
    language: LanguageArgs,
}

/// Everything, as JSON has it.
#[derive(Serialize)]
struct Report {
    comparisons: Vec<Comparison>,
    /// Files that are no programs.
    refused: Vec<sources::Refused>,
}

/// One text vocabulary.
#[derive(Serialize)]
struct Comparison {
    tokenizer: String,
    text_vocab: usize,
    groups: Vec<Summary>,
    all: Summary,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<Costs>,
}

impl CompareTokens {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let tokenizers = self.tokenizers()?;
        let programs = Programs::of(&self)?;
        let mut report = Report { comparisons: Vec::new(), refused: programs.refused() };
        for refused in &report.refused {
            writeln!(std::io::stderr(), "{}: {}", refused.file, refused.reason)?;
        }
        for tokenizer in &tokenizers {
            let groups = programs.measure(tokenizer)?;
            let (comparison, all) = self.comparison(tokenizer, &groups, programs.all(&groups))?;
            if let Some(folder) = self.plots.as_ref().filter(|_| report.comparisons.is_empty()) {
                plot(folder, "ratios.svg", &ratios_svg(tokenizer.name(), &comparison.groups))?;
                plot(folder, "lengths.svg", &lengths_svg(tokenizer.name(), &all))?;
            }
            report.comparisons.push(comparison);
        }
        let mut out = self.output.open()?;
        match self.json {
            true => {
                serde_json::to_writer(&mut out, &report)?;
                writeln!(out)?;
            }
            false => report.write(&mut out)?,
        }
        out.flush()?;
        Ok(if report.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_ERROR) })
    }

    fn comparison(
        &self,
        tokenizer: &TextTokenizer,
        groups: &[Group],
        all: Group,
    ) -> anyhow::Result<(Comparison, Group)> {
        let Some(summary) = Summary::of(&all) else { bail!("there is no program to compare") };
        let cost = self.cost.costs(&all, tokenizer)?;
        let groups = groups.iter().filter_map(Summary::of).collect();
        let (name, text_vocab) = (tokenizer.name().to_owned(), tokenizer.vocab_len());
        Ok((Comparison { tokenizer: name, text_vocab, groups, all: summary, cost }, all))
    }

    /// The tokenizers, each under a name of its own.
    fn tokenizers(&self) -> anyhow::Result<Vec<TextTokenizer>> {
        if self.tokenizer.is_empty() {
            return Ok(vec![TextTokenizer::from_bytes("gpt2", GPT2)?]);
        }
        let mut names = BTreeSet::new();
        let read = |path: &PathBuf| {
            let bytes = read_bytes(path, MOST_BYTES)?;
            let mut name = named(path);
            if !names.insert(name.clone()) {
                name = path.display().to_string();
            }
            Ok(TextTokenizer::from_bytes(&name, &bytes)?)
        };
        self.tokenizer.iter().map(read).collect()
    }
}

/// What a tokenizer is called: `gpt2/tokenizer.json` by its folder, other files by their name.
fn named(path: &Path) -> String {
    let folder = path.parent().and_then(Path::file_name).filter(|_| path.ends_with("tokenizer.json"));
    folder.or(path.file_stem()).unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn plot(folder: &Path, name: &str, svg: &str) -> anyhow::Result<()> {
    let path = folder.join(name);
    let failure = || format!("cannot write {}", path.display());
    std::fs::create_dir_all(folder).with_context(failure)?;
    write_whole(&path, |out| Ok(out.write_all(svg.as_bytes())?)).with_context(failure)
}

impl Report {
    fn write(&self, out: &mut dyn Write) -> anyhow::Result<()> {
        for (nth, of) in self.comparisons.iter().enumerate() {
            if nth > 0 {
                writeln!(out)?;
            }
            let vocab = of.all.vocab.map(|vocab| format!("; ours has {vocab}")).unwrap_or_default();
            writeln!(out, "{}: {} tokens in the vocabulary{vocab}\n", of.tokenizer, of.text_vocab)?;
            let rows = if of.groups.iter().all(|group| group.name != of.all.name) && of.groups.len() > 1 {
                [&of.groups[..], std::slice::from_ref(&of.all)].concat()
            } else {
                of.groups.clone()
            };
            writeln!(out, "{}\n{}", table(&of.tokenizer, &rows), shares(&of.tokenizer, &of.all).trim_end())?;
            if let Some(cost) = &of.cost {
                writeln!(out, "\n{cost}")?;
            }
        }
        Ok(())
    }
}
