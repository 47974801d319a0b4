//! `pyprior vocab`

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::language::LanguageArgs;
use super::output::Output;

/// Show the vocabulary of a language.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pyprior vocab --value-range 0 9
  pyprior vocab --format tokenizer -o tokenizer.json")]
pub(crate) struct Vocab {
    /// What to write
    #[arg(long, value_enum, default_value = "dump")]
    format: Format,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    language: LanguageArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// A table of forms
    Dump,
    /// A line `id<TAB>name<TAB>form` for each token
    List,
    /// A tokenizer.json for Hugging Face tokenizers: word level, names separated by spaces
    Tokenizer,
}

impl Vocab {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let vocab = pyprior_core::Vocab::new(&self.language.config(None))?;
        let mut out = self.output.open()?;
        match self.format {
            Format::Dump => writeln!(out, "{}", vocab.dump())?,
            Format::List => {
                for (name, id) in vocab.names().zip(vocab.offset()..) {
                    writeln!(out, "{id}\t{name}\t{}", vocab.form(id).map_or("", |form| form.name()))?;
                }
            }
            Format::Tokenizer => writeln!(out, "{}", vocab.tokenizer_json())?,
        }
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}
