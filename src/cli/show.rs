//! `pyprior show`

use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use pyprior_core::{Encoder, ProgramSampler};
use pyprior_show::{ExportOptions, FontSize, Format, Replay, Size, Timing, export, play, write_plain};

use super::language::{DEFAULT_MAX_LEN, LanguageArgs, largest_constant, tokens};
use super::limits::LimitArgs;
use super::output::{read, write_whole};
use super::prior::PriorArgs;

/// Watch a program assemble, one legal token at a time.
///
/// Every step shows the source with its holes, what is legal at the next of them by form, the token that is taken and what it writes; the end shows what the program prints. Samples a program, or replays one of a file; for source that needs it, limits that are not given are as wide as for `run`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pyprior show                                     a program of seed 0, on the terminal
  pyprior show --seed 7 --row 3 --max-len 40
  pyprior show program.py                          how that source decodes
  pyprior show --seed 7 -o decode.gif              or .png .apng .webp .svg .cast
  echo BLK_1 PRINT INT_7 | pyprior show --tokens - --plain

Keys: space pauses and goes on, left and right step, home and end go to the ends, + and - change the speed, r starts again, q ends.")]
pub(crate) struct Show {
    /// File with a program as source, `-` for standard input; without one a program is sampled
    file: Option<PathBuf>,
    /// The file holds tokens, ids or names separated by spaces; also of an unfinished program
    #[arg(long, requires = "file")]
    tokens: bool,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 0, conflicts_with = "file")]
    seed: u64,
    /// Which program of the seed, as `sample` numbers them
    #[arg(long, default_value_t = 0, conflicts_with = "file")]
    row: u64,
    /// Write an animation, in the format that the file's ending names: .gif .png .apng .webp .svg .cast
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write plain text, as where standard output is no terminal
    #[arg(long, conflicts_with = "output")]
    plain: bool,
    /// How long a token stands
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 700, value_parser = clap::value_parser!(u64).range(20..=60_000))]
    delay: u64,
    /// How long the end stands in an animation
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 5000, value_parser = clap::value_parser!(u64).range(20..=600_000))]
    hold: u64,
    /// Columns and rows of an animation
    #[arg(long, value_name = "COLSxROWS", default_value = "92x24", requires = "output")]
    size: ScreenSize,
    /// Height of a row in images, in pixels
    #[arg(long, value_enum, default_value = "20", requires = "output")]
    font_size: FontArg,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    prior: PriorArgs,
    #[command(flatten)]
    language: LanguageArgs,
}

#[derive(Debug, Clone, Copy)]
struct ScreenSize(Size);

impl FromStr for ScreenSize {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let size = text
            .split_once('x')
            .and_then(|(cols, rows)| Some(Size { cols: cols.parse().ok()?, rows: rows.parse().ok()? }));
        size.map(Self).ok_or_else(|| "expected columns x rows, such as 92x24".to_owned())
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FontArg {
    #[value(name = "16")]
    Small,
    #[value(name = "20")]
    Medium,
    #[value(name = "24")]
    Large,
}

impl Show {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let format = self.output.as_deref().map(Format::from_path).transpose()?;
        let replay = self.replay()?.run(self.limits.limits());
        let timing = Timing { token: Duration::from_millis(self.delay), end: Duration::from_millis(self.hold) };
        if let (Some(path), Some(format)) = (&self.output, format) {
            let font = match self.font_size {
                FontArg::Small => FontSize::Small,
                FontArg::Medium => FontSize::Medium,
                FontArg::Large => FontSize::Large,
            };
            let options = ExportOptions { size: self.size.0, font, timing };
            options.check()?;
            write_whole(path, |file| Ok(export(&replay, format, &options, file)?))
                .with_context(|| format!("cannot write {}", path.display()))?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut out = io::stdout().lock();
        if self.plain || !out.is_terminal() {
            let mut out = BufWriter::new(out);
            write_plain(&replay, &mut out)?;
            out.flush()?;
        } else {
            play(&replay, &timing, &mut out)?;
            // What was on the alternate screen is gone; the program and what it printed stay.
            writeln!(out, "{}", replay.source(replay.tokens().len()))?;
            if let Some(outcome) = replay.outcome() {
                write!(out, "\n{}", outcome.stdout)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn replay(&self) -> anyhow::Result<Replay> {
        let Some(file) = &self.file else {
            let language = self.language.language(Some(DEFAULT_MAX_LEN))?;
            let sampler = match self.prior.config() {
                Some(prior) => ProgramSampler::with_prior(&language, prior, self.seed)?,
                None => ProgramSampler::new(&language, self.seed),
            };
            let Some(behind) = self.row.checked_add(1) else { bail!("there is no row {}", self.row) };
            let programs = sampler.sample(self.row..behind)?;
            return Ok(Replay::new(&language, programs.get(0).unwrap_or_default())?);
        };
        let text = read(file)?;
        let place = || file.display().to_string();
        if self.tokens {
            let language = self.language.language(None)?;
            let tokens = tokens(language.vocab(), text.split_whitespace()).with_context(place)?;
            return Replay::new(&language, &tokens).with_context(place);
        }
        // Under the limits of what is sampled, if they allow, so that the menu is that of sampling.
        let mut language = self.language.language(None)?;
        let mut found = Encoder::new(&language).encode(&text);
        if found.is_err() {
            language = self.language.wide(largest_constant([&*text]))?;
            found = Encoder::new(&language).encode(&text);
        }
        let found = found.with_context(place)?;
        Ok(Replay::new(&language, &found.tokens)?.with_names(found.names)?)
    }
}
