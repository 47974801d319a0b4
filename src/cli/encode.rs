//! `pyprior encode`

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use pyprior_core::{EncodeError, EncodeOptions, Encoded, Encoder, Language, ProgramNames};
use serde::Serialize;

use super::EXIT_ERROR;
use super::language::LanguageArgs;
use super::output::{Output, read_bytes};

/// Turn Python source into tokens.
///
/// Each file is one program; its names, remarks, blank lines and parentheses are free. What is not of the language is refused, each file on a line `FILE:LINE:COLUMN: reason (stage; hint)` of standard error; columns count characters from 1. Exits with 1 if any file is refused.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pyprior encode program.py
  echo 'print(1 + 2)' | pyprior encode --format names -
  pyprior encode --format json program.py > program.json
  pyprior decode program.json --names program.json")]
pub(crate) struct Encode {
    /// Files, one program each; `-` for standard input, which is also read where none is given
    files: Vec<PathBuf>,
    /// What to write, one line a program
    #[arg(long, value_enum, default_value = "tokens")]
    format: Format,
    /// Take `a < b` as a value for `int(a < b)`; what is printed changes from True to 1
    #[arg(long)]
    normalise: bool,
    /// Largest source in bytes
    #[arg(long, value_name = "BYTES", default_value_t = EncodeOptions::default().max_source_bytes)]
    max_source_bytes: usize,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    language: LanguageArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Ids separated by spaces
    Tokens,
    /// Token names separated by spaces
    Names,
    /// A JSON object: tokens, names (of the tokens), table (of the source's names)
    Json,
}

#[derive(Serialize)]
struct Record<'a> {
    tokens: &'a [u32],
    names: Vec<&'a str>,
    table: &'a ProgramNames,
}

impl Encode {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let language = self.language.language(None)?;
        let options = EncodeOptions { normalise: self.normalise, max_source_bytes: self.max_source_bytes };
        let mut encoder = Encoder::with_options(&language, options);
        let mut out = self.output.open()?;
        let mut refused = false;
        let input = [PathBuf::from("-")];
        for file in if self.files.is_empty() { &input[..] } else { &self.files } {
            // One byte more than are taken is enough to be refused; a huge file is not read to its end.
            let source = read_bytes(file, self.max_source_bytes.saturating_add(1))?;
            match encoder.encode_bytes(&source) {
                Ok(program) => self.write(&mut out, &language, &program)?,
                Err(error) => {
                    refused = true;
                    report(file, &error).context("cannot write to standard error")?;
                }
            }
        }
        out.flush()?;
        Ok(if refused { ExitCode::from(EXIT_ERROR) } else { ExitCode::SUCCESS })
    }

    fn write(&self, out: &mut dyn Write, language: &Language, program: &Encoded) -> anyhow::Result<()> {
        let tokens = &program.tokens;
        let names = || tokens.iter().map(|&token| language.vocab().name(token).unwrap_or_default());
        match self.format {
            Format::Tokens => {
                let ids = tokens.iter().map(ToString::to_string).collect::<Vec<_>>();
                writeln!(out, "{}", ids.join(" "))?;
            }
            Format::Names => writeln!(out, "{}", names().collect::<Vec<_>>().join(" "))?,
            Format::Json => {
                let record = Record { tokens, names: names().collect(), table: &program.names };
                writeln!(out, "{}", serde_json::to_string(&record)?)?;
            }
        }
        Ok(())
    }
}

/// Says on standard error what is refused, and where.
pub(super) fn report(file: &Path, error: &EncodeError) -> std::io::Result<()> {
    writeln!(std::io::stderr(), "{}", refusal(file, error))
}

/// What is refused, and where.
pub(super) fn refusal(file: &Path, error: &EncodeError) -> String {
    let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("{}:{error} ({}{hint})", file.display(), error.stage())
}
