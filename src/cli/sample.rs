//! `pyprior sample`

use std::io::Write;
use std::ops::Range;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;

use clap::{Args, ValueEnum};
use pyprior_core::{Language, ProgramNames, ProgramSampler, Programs, Renderer};
use rayon::prelude::*;
use serde::Serialize;

use super::language::{DEFAULT_MAX_LEN, LanguageArgs, tokens};
use super::output::Output;
use super::prior::PriorArgs;
use super::prompt::Prompts;

/// Programs that a thread samples and writes down at a time.
const PART: u64 = 1 << 11;
/// Parts that are under way together: enough to keep the threads busy, little enough to start at once.
const PARTS: u64 = 32;

/// Sample programs.
///
/// Every program is legal at every token; each token is drawn by the weights of the symbolic prior among the legal ones, or uniformly. Program number i of a seed is the same for every -n and on every machine.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pyprior sample -n 10
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
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    prior: PriorArgs,
    #[command(flatten)]
    language: LanguageArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Python source, programs separated by an empty line
    Source,
    /// One program a line, ids separated by spaces
    Tokens,
    /// One program a line, names separated by spaces
    Names,
    /// One JSON object a line: id, tokens, names, source
    Jsonl,
}

impl Sample {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
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
        let vocab = language.vocab();
        let words = (0..vocab.len() as u32).map(|token| match self.format {
            Format::Names => vocab.name(token).unwrap_or_default().to_owned(),
            _ => token.to_string(),
        });
        let words = words.collect::<Vec<_>>();
        let render = |first: u64| {
            let programs = source.sample(first..self.n.min(first.saturating_add(PART)))?;
            let mut text = Vec::with_capacity(PART as usize * 128);
            let renderer = Renderer::new(&language);
            let mut writer = ProgramWriter { language: &language, renderer, names: source.names(), words: &words };
            for nth in 0..programs.len() {
                writer.write(&mut text, self.format, first + nth as u64, &programs, nth)?;
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
            for batch in (0..self.n).step_by((PARTS * PART) as usize) {
                let starts = (0..PARTS).map(|part| batch.saturating_add(part * PART)).filter(|&first| first < self.n);
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
                Ok(written) => written?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
            made
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Serialize)]
struct Record<'a> {
    id: u64,
    tokens: &'a [u32],
    names: Vec<&'a str>,
    source: &'a str,
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

struct ProgramWriter<'a> {
    language: &'a Language,
    renderer: Renderer<'a>,
    /// Those of a prompt.
    names: Option<&'a ProgramNames>,
    /// What each token is written as in formats tokens and names.
    words: &'a [String],
}

impl ProgramWriter<'_> {
    fn source(&mut self, tokens: &[u32]) -> anyhow::Result<&str> {
        if let Some(names) = self.names.filter(|names| self.renderer.render_continued(tokens, names).is_ok()) {
            // Rendered twice, which the borrow checker asks for; prompts are not for bulk.
            return Ok(self.renderer.render_continued(tokens, names)?);
        }
        Ok(self.renderer.render(tokens)?)
    }

    fn write(
        &mut self,
        out: &mut Vec<u8>,
        format: Format,
        id: u64,
        programs: &Programs,
        nth: usize,
    ) -> anyhow::Result<()> {
        let tokens = programs.get(nth).unwrap_or_default();
        match format {
            Format::Source => {
                if id > 0 {
                    out.push(b'\n');
                }
                out.extend_from_slice(self.source(tokens)?.as_bytes());
            }
            Format::Tokens | Format::Names => {
                for (nth, &token) in tokens.iter().enumerate() {
                    if nth > 0 {
                        out.push(b' ');
                    }
                    out.extend_from_slice(self.words.get(token as usize).map_or(&[], |word| word.as_bytes()));
                }
            }
            Format::Jsonl => {
                let names = tokens.iter().map(|&token| self.language.vocab().name(token).unwrap_or_default()).collect();
                let record = Record { id, tokens, names, source: self.source(tokens)? };
                serde_json::to_writer(&mut *out, &record)?;
            }
        }
        out.push(b'\n');
        Ok(())
    }
}
