//! `pyprior sample`

use std::io::Write;
use std::ops::Range;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;

use anyhow::Context as _;
use clap::Args;
use clap::error::ErrorKind;
use pyprior_core::{ProgramNames, ProgramSampler, Programs, Renderer};
use rayon::prelude::*;

use super::language::{DEFAULT_MAX_LEN, LanguageArgs, tokens};
use super::limits::LimitArgs;
use super::output::Output;
use super::prior::PriorArgs;
use super::prompt::Prompts;
use super::sampled::{Format, Program, ProgramWriter, Runner, words};

/// Programs that a thread samples and writes down at a time.
const PART: u64 = 1 << 11;
/// The same where they are run too: some take a million times as long as others, and print a megabyte.
const PART_RUN: u64 = 1 << 6;
/// Parts that are under way together: enough to keep the threads busy, little enough to start at once.
const PARTS: u64 = 32;

/// Sample programs.
///
/// Every program is legal at every token; each token is drawn by the weights of the symbolic prior among the legal ones, or uniformly. Program number i of a seed is the same for every -n and on every machine.
#[derive(Debug, Args)]
// Limits of a run that is none would be a slip.
#[command(mut_group("LimitArgs", |limits| limits.requires("run")))]
#[command(after_help = "\
Examples:
  pyprior sample -n 10
  pyprior sample -n 10 --run
  pyprior sample -n 100000 --run --fuel 10000 --format jsonl -o programs.jsonl
  pyprior sample -n 1000000 --format jsonl -o programs.jsonl
  pyprior sample --value-range 0 9 --exclude for,CALL --max-len 30
  pyprior sample --w-call 8 --normalisation legal --max-len 40
  pyprior sample --uniform --max-block-stmts 1 --prefix BLK_1 FUNC_1 ARITY_2
  echo 'def f(a, b)' | pyprior sample --prompt -")]
pub(crate) struct Sample {
    /// Number of programs
    #[arg(short, long = "count", default_value_t = 10)]
    n: u64,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Tokens that every program starts with, by name or id
    #[arg(long, num_args = 1.., value_name = "TOKEN")]
    prefix: Vec<String>,
    /// Source that every program goes on from, `-` for standard input: statements of the module, or what ends with the opening of a block, such as a signature `def f(a, b)`
    #[arg(long, value_name = "FILE", conflicts_with = "prefix")]
    prompt: Option<PathBuf>,
    /// What to write
    #[arg(long, value_enum, default_value = "source")]
    format: Format,
    /// Run the programs, within the limits below, and write what they print beside them: in source each printed line as a comment `# 42`, then, if a limit ended the run, `# … out of fuel after 1000000 steps`
    #[arg(long)]
    run: bool,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    prior: PriorArgs,
    #[command(flatten)]
    language: LanguageArgs,
}

impl Sample {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        if self.run && matches!(self.format, Format::Tokens | Format::Names) {
            let message = "with --run the format is source or jsonl: the others have no place for what is printed\n";
            return Err(clap::Error::raw(ErrorKind::ArgumentConflict, message).into());
        }
        let language = self.language.language(Some(DEFAULT_MAX_LEN))?;
        let sampler = match self.prior.config() {
            Some(prior) => ProgramSampler::with_prior(&language, prior, self.seed)?,
            None => ProgramSampler::new(&language, self.seed),
        };
        let source = match &self.prompt {
            Some(file) => Source::Prompt(Prompts::read(file, &sampler, self.prior.config(), self.seed)?),
            None => {
                let prefix = tokens(language.vocab(), self.prefix.iter().map(String::as_str))?;
                Source::Prefix(sampler.with_prefix(&prefix)?)
            }
        };
        let mut out = self.output.open()?;
        let words = words(&language, self.format);
        let limits = self.run.then(|| self.limits.limits());
        let size = if self.run { PART_RUN } else { PART };
        let render = |first: u64| {
            let programs = source.sample(first..self.n.min(first.saturating_add(size)))?;
            let mut text = Vec::with_capacity(size as usize * 128);
            let mut writer = ProgramWriter {
                format: self.format,
                language: &language,
                renderer: Renderer::new(&language),
                names: source.names(),
                words: &words,
                runner: limits.map(|limits| Runner::new(&language, limits)),
            };
            for (id, tokens) in (first..).zip(programs.iter()) {
                writer.write(&mut text, Program { id, tokens, drawn: None, follows: id > 0 })?;
            }
            anyhow::Ok(text)
        };
        std::thread::scope(|scope| {
            let (texts, to_write) = mpsc::sync_channel::<Vec<Vec<u8>>>(1);
            // What has been made is written while the next is being made.
            let written = scope.spawn(move || {
                for text in to_write.iter().flatten() {
                    out.write_all(&text)?;
                }
                out.flush()
            });
            let mut made = Ok(());
            for batch in (0..self.n).step_by((PARTS * size) as usize) {
                let starts = (0..PARTS).map(|part| batch.saturating_add(part * size)).filter(|&first| first < self.n);
                let batch = starts.collect::<Vec<_>>().into_par_iter().map(render).collect::<anyhow::Result<Vec<_>>>();
                // A writer that has gone has an error of its own to tell.
                match batch.map(|batch| texts.send(batch)) {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => break,
                    Err(error) => {
                        made = Err(error);
                        break;
                    }
                }
            }
            drop(texts);
            match written.join() {
                Ok(written) => written.with_context(|| self.output.failure())?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
            made
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Where programs come from.
enum Source {
    Prefix(ProgramSampler),
    Prompt(Prompts),
}

impl Source {
    fn sample(&self, rows: Range<u64>) -> anyhow::Result<Programs> {
        match self {
            Source::Prefix(sampler) => {
                let mut programs = Programs::default();
                sampler.sample_into(rows, &mut programs)?;
                Ok(programs)
            }
            Source::Prompt(prompts) => prompts.sample(rows),
        }
    }

    fn names(&self) -> Option<&ProgramNames> {
        match self {
            Source::Prefix(_) => None,
            Source::Prompt(prompts) => Some(prompts.names()),
        }
    }
}
