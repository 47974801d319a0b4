//! The description: a file, and flags that have the last word.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use pyprior_data::{By, Description, Duplicates, Format, Level, SplitDescription, Stage, Target, stages};

use super::super::output::read;

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FormatArg {
    Parquet,
    Jsonl,
    JsonlZst,
    /// Two arrays of NumPy: all tokens, and where programs begin
    Npy,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DuplicatesArg {
    /// All stay
    Keep,
    /// The first of equal programs stays
    Tokens,
    /// The first that does what it does stays: its output, and what its functions do on eight lists of arguments
    Behaviour,
}

/// What the dataset is.
#[derive(Debug, Args)]
#[command(next_help_heading = "Dataset")]
pub(super) struct Settings {
    /// Description in TOML, `-` for standard input; `pyprior dataset init` writes one [default: that one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Named difficulty: trivial, easy, medium, hard, extreme, or 1 to 5; `pyprior dataset levels` lists what they set
    #[arg(long, value_name = "LEVEL")]
    level: Option<&'static Level>,
    /// Rows
    #[arg(long, value_name = "N")]
    rows: Option<u64>,
    /// Rows of a shard
    #[arg(long, value_name = "N")]
    shard_rows: Option<u64>,
    /// Seed of the random numbers; the nth stage, from 0, has the seed plus n, unless it names one
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
    /// What a program must be to stay: expressions over columns, such as `steps < 1000 and prints`
    #[arg(long, num_args = 1.., value_name = "EXPRESSION")]
    keep: Vec<String>,
    /// Splits beside `train`: a share by hash, or what programs are that go there [examples: test=0.05 'long=length > 24']
    #[arg(long, num_args = 1.., value_name = "NAME=WHAT", value_parser = split)]
    split: Vec<SplitDescription>,
    /// Columns with the range of their values, both ends included, or with a uniform distribution over it in BINS bins
    #[arg(long, num_args = 1.., value_name = "COLUMN=LOW..HIGH[/BINS]", value_parser = target)]
    target: Vec<Target>,
    /// Columns that keep the distribution that they have without targets, ranges included; without any, none [default: if a target has BINS, seven columns that `pyprior dataset init` lists, as far as that can be, else none]
    #[arg(long, num_args = 0.., value_name = "COLUMN")]
    hold: Option<Vec<String>>,
    /// Which of equal programs of a shard stay
    #[arg(long, value_enum)]
    duplicates: Option<DuplicatesArg>,
    /// Programs of one shape that stay in a shard: those with the same tokens but for constants, variables and function names; 0 for all
    #[arg(long, value_name = "N")]
    max_per_shape: Option<u64>,
    /// Kinds of files
    #[arg(long, value_enum, num_args = 1.., value_name = "FORMAT")]
    format: Vec<FormatArg>,
    /// Columns by name, in this order
    #[arg(long, num_args = 1.., value_name = "COLUMN")]
    columns: Vec<String>,
    /// Longest program in tokens
    #[arg(long, value_name = "TOKENS")]
    max_len: Option<u32>,
}

fn split(text: &str) -> Result<SplitDescription, String> {
    let (name, what) = text.split_once('=').ok_or("it is NAME=SHARE or NAME=EXPRESSION")?;
    let (name, share) = (name.trim().to_owned(), what.trim().parse().ok());
    Ok(SplitDescription { name, share, holds: share.is_none().then(|| what.trim().to_owned()) })
}

fn target(text: &str) -> Result<Target, String> {
    let parts = || {
        let (of, what) = text.rsplit_once('=')?;
        let (range, bins) = what.split_once('/').map_or((what, None), |(range, bins)| (range, Some(bins)));
        let (low, high) = range.split_once("..")?;
        let range = Some([low.trim().parse().ok()?, high.trim().parse().ok()?]);
        let bins = bins.map(|bins| bins.trim().parse().ok().ok_or(())).transpose().ok()?;
        let of = of.trim().to_owned();
        Some(Target { of, range, bins, edges: Vec::new(), shares: Vec::new(), by: By::Acceptance })
    };
    parts().ok_or_else(|| "it is COLUMN=LOW..HIGH or COLUMN=LOW..HIGH/BINS".to_owned())
}

impl Settings {
    /// The datasets that are described: one, unless the file has stages.
    pub(super) fn stages(&self) -> anyhow::Result<Vec<Stage>> {
        let mut read = match &self.config {
            Some(path) => stages(&read(path)?, self.level, self.seed).with_context(|| format!("{}", path.display()))?,
            None => stages("", self.level, self.seed)?,
        };
        read.iter_mut().for_each(|stage| self.change(&mut stage.description));
        Ok(read)
    }

    fn change(&self, description: &mut Description) {
        let set = |field: &mut u64, given: Option<u64>| *field = given.unwrap_or(*field);
        set(&mut description.rows, self.rows);
        set(&mut description.shard_rows, self.shard_rows);
        set(&mut description.max_per_shape, self.max_per_shape);
        if !self.keep.is_empty() {
            description.keep.clone_from(&self.keep);
        }
        if !self.split.is_empty() {
            description.splits.clone_from(&self.split);
        }
        if !self.target.is_empty() {
            description.control.targets.clone_from(&self.target);
        }
        if self.hold.is_some() {
            description.control.hold.clone_from(&self.hold);
        }
        if let Some(duplicates) = self.duplicates {
            description.duplicates = match duplicates {
                DuplicatesArg::Keep => Duplicates::Keep,
                DuplicatesArg::Tokens => Duplicates::Tokens,
                DuplicatesArg::Behaviour => Duplicates::Behaviour,
            };
        }
        if !self.format.is_empty() {
            let format = |format: &FormatArg| match format {
                FormatArg::Parquet => Format::Parquet,
                FormatArg::Jsonl => Format::Jsonl,
                FormatArg::JsonlZst => Format::JsonlZst,
                FormatArg::Npy => Format::Npy,
            };
            description.write.formats = self.format.iter().map(format).collect();
        }
        if !self.columns.is_empty() {
            description.write.columns.clone_from(&self.columns);
        }
        if self.max_len.is_some() {
            description.language.max_len = self.max_len;
        }
    }

    /// Whether nothing but flags says what the dataset is.
    pub(super) fn has_no_file(&self) -> bool {
        self.config.is_none()
    }

    /// Whether a level was asked for by flag.
    pub(super) fn has_level(&self) -> bool {
        self.level.is_some()
    }

    /// The flag for the longest program.
    pub(super) fn max_len(&self) -> Option<u32> {
        self.max_len
    }
}
