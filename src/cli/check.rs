//! `pyprior check`

use std::fmt::Display;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use pyprior_core::{
    Analysis, EncodeOptions, Encoder, Finding, FindingKind, FormCounts, FunctionFacts, Place, ProgramNames,
};
use serde::Serialize;

use super::EXIT_ERROR;
use super::decode::parse;
use super::encode::report;
use super::language::{LanguageArgs, Widening};
use super::output::{Output, read, read_bytes};

/// Tell what in programs never runs, is never read or never called.
///
/// Reads Python source, a program a file, and writes a line `FILE:LINE:COLUMN: kind: message` for each finding, at the statement that it is about. With `--tokens` a file holds a program a line, as `pyprior decode` reads them; then LINE is that of the file and COLUMN the number of the token, both from 1. Source may use the whole language: limits and switches that are not given are as wide as they go.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 0 nothing found; 1 something found, or an input that is refused or cannot be read; 2 wrong usage.

Examples:
  pyprior check program.py
  pyprior check --ignore unused-loop-variable,mixed-returns src/*.py
  echo 'a = 1; a = 2; print(a)' | pyprior check
  pyprior sample -n 1000 --format tokens | pyprior check --tokens --json --exit-zero -")]
pub(crate) struct Check {
    /// Files; `-` for standard input, which is also read where none is given
    files: Vec<PathBuf>,
    /// The files hold tokens, a program a line: ids, names, or JSON objects with a field `tokens`
    #[arg(long)]
    tokens: bool,
    /// Write an object for each program instead: findings, functions, counts, depths, a bound on steps
    #[arg(long)]
    json: bool,
    /// Kinds of findings to leave out, separated by commas
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = FindingKind::NAMES)]
    ignore: Vec<String>,
    /// Exit with 0 whatever is found; an input that is refused or cannot be read is still an error
    #[arg(long)]
    exit_zero: bool,
    /// Take `a < b` as a value for `int(a < b)`
    #[arg(long, conflicts_with = "tokens")]
    normalise: bool,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    language: LanguageArgs,
}

/// A program in JSON.
#[derive(Serialize)]
struct Record<'a> {
    file: &'a str,
    /// Line of the file, where it holds a program a line.
    line: Option<u32>,
    findings: Vec<Shown<'a>>,
    functions: &'a [FunctionFacts],
    call_value_used: bool,
    statements: usize,
    tokens: usize,
    forms: FormCounts,
    expr_depth: usize,
    control_depth: usize,
    steps: Option<u64>,
}

#[derive(Serialize)]
struct Shown<'a> {
    line: u32,
    column: u32,
    message: String,
    #[serde(flatten)]
    finding: &'a Finding,
}

/// Where things stand in what was given.
enum Places {
    /// By statement.
    Source(ProgramNames, Vec<Place>),
    /// On a line.
    Tokens(u32),
}

impl Places {
    fn of(&self, finding: &Finding) -> Place {
        match self {
            Self::Source(_, places) => places.get(finding.statement).copied().unwrap_or(Place { line: 1, column: 1 }),
            Self::Tokens(line) => Place { line: *line, column: number(finding.token) },
        }
    }

    fn message(&self, finding: &Finding) -> String {
        let (by, by_token) = match finding.kind {
            FindingKind::Unreachable { by, by_token, .. } => (by, by_token),
            _ => (finding.statement, finding.token),
        };
        match self {
            Self::Source(names, places) => {
                let line = places.get(by).map_or(1, |place| place.line);
                finding.message(Some(names), &format!("line {line}"))
            }
            Self::Tokens(_) => finding.message(None, &format!("token {}", number(by_token))),
        }
    }
}

/// An index as a number from 1.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1)
}

impl Check {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let mut out = self.output.open()?;
        let input = [PathBuf::from("-")];
        let files = if self.files.is_empty() { &input[..] } else { &self.files };
        let clean = match self.tokens {
            true => self.check_tokens(files, &mut out)?,
            false => self.check_sources(files, &mut out)?,
        };
        out.flush()?;
        Ok(if clean { ExitCode::SUCCESS } else { ExitCode::from(EXIT_ERROR) })
    }

    fn check_sources(&self, files: &[PathBuf], out: &mut dyn Write) -> anyhow::Result<bool> {
        let options = EncodeOptions { normalise: self.normalise, ..EncodeOptions::default() };
        let limit = options.max_source_bytes.saturating_add(1);
        let mut widening = Widening::default();
        let mut clean = true;
        for file in files {
            let source = match read_bytes(file, limit) {
                Ok(source) => source,
                Err(error) => {
                    clean = false;
                    complain(&error)?;
                    continue;
                }
            };
            let text = String::from_utf8_lossy(&source);
            let language = widening.language([&*text], |constant| self.language.widest(constant))?;
            match Encoder::with_options(&language, options.clone()).encode_with_places(&source) {
                Ok((program, places)) => {
                    let analysis = Analysis::of(&program.tree);
                    clean &= self.write(out, file, &analysis, &Places::Source(program.names, places))?;
                }
                Err(error) => {
                    clean = false;
                    report(file, &error).context("cannot write to standard error")?;
                }
            }
        }
        Ok(clean)
    }

    fn check_tokens(&self, files: &[PathBuf], out: &mut dyn Write) -> anyhow::Result<bool> {
        let language = self.language.language(None)?;
        let mut clean = true;
        for file in files {
            let text = match read(file) {
                Ok(text) => text,
                Err(error) => {
                    clean = false;
                    complain(&error)?;
                    continue;
                }
            };
            for (nth, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
                let place = || format!("{}:{}", file.display(), nth + 1);
                let analysis = parse(language.vocab(), line)
                    .and_then(|tokens| Ok(Analysis::of_tokens(language.vocab(), &tokens)?))
                    .with_context(place);
                match analysis {
                    Ok(analysis) => clean &= self.write(out, file, &analysis, &Places::Tokens(number(nth)))?,
                    Err(error) => {
                        clean = false;
                        complain(&error)?;
                    }
                }
            }
        }
        Ok(clean)
    }

    /// Writes what is found; whether the program passes.
    fn write(&self, out: &mut dyn Write, file: &Path, analysis: &Analysis, places: &Places) -> anyhow::Result<bool> {
        let kept = |finding: &&Finding| !self.ignore.iter().any(|name| name == finding.kind.name());
        let shown = analysis.findings.iter().filter(kept).map(|finding| {
            let Place { line, column } = places.of(finding);
            Shown { line, column, message: places.message(finding), finding }
        });
        let findings = shown.collect::<Vec<_>>();
        let clean = self.exit_zero || findings.is_empty();
        let file = file.display();
        match self.json {
            true => {
                let line = match places {
                    Places::Source(..) => None,
                    Places::Tokens(line) => Some(*line),
                };
                write_record(out, &file, line, findings, analysis)?;
            }
            false => {
                for Shown { line, column, message, finding } in findings {
                    writeln!(out, "{file}:{line}:{column}: {}: {message}", finding.kind.name())?;
                }
            }
        }
        Ok(clean)
    }
}

/// Says what is wrong with one input; the others are looked at all the same.
fn complain(error: &anyhow::Error) -> anyhow::Result<()> {
    writeln!(std::io::stderr(), "error: {error:#}").context("cannot write to standard error")
}

fn write_record(
    out: &mut dyn Write,
    file: &dyn Display,
    line: Option<u32>,
    findings: Vec<Shown<'_>>,
    analysis: &Analysis,
) -> anyhow::Result<()> {
    let record = Record {
        file: &file.to_string(),
        line,
        findings,
        functions: &analysis.functions,
        call_value_used: analysis.call_value_used,
        statements: analysis.statements,
        tokens: analysis.tokens,
        forms: analysis.forms,
        expr_depth: analysis.expr_depth,
        control_depth: analysis.control_depth,
        steps: analysis.steps,
    };
    serde_json::to_writer(&mut *out, &record)?;
    writeln!(out)?;
    Ok(())
}
