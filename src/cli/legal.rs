//! `pyprior legal`

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use pyprior_core::Matcher;

use super::language::{LanguageArgs, token, tokens};
use super::output::Output;

/// List the tokens that are legal after a prefix, or say why one is not.
///
/// Writes a line `id<TAB>name` for each legal token.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pyprior legal BLK_1 PRINT
  pyprior legal BLK_2 PRINT INT_1 --why FUNC_1 --why RETURN")]
pub(crate) struct Legal {
    /// Tokens so far, by name or id
    prefix: Vec<String>,
    /// Say instead whether this token is legal, and if it is not, why
    #[arg(long, value_name = "TOKEN")]
    why: Vec<String>,
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    language: LanguageArgs,
}

impl Legal {
    pub(crate) fn run(self) -> anyhow::Result<ExitCode> {
        let language = self.language.language(None)?;
        let vocab = language.vocab();
        let prefix = tokens(vocab, self.prefix.iter().map(String::as_str))?;
        let matcher = Matcher::with_prefix(&language, &prefix)?;
        let mut out = self.output.open()?;
        for word in &self.why {
            let token = token(vocab, word)?;
            match matcher.why_not(token) {
                None => writeln!(out, "{word} is legal")?,
                Some(reason) => writeln!(out, "{word} is not legal: {reason}")?,
            }
        }
        if self.why.is_empty() {
            for token in matcher.legal_tokens() {
                writeln!(out, "{token}\t{}", vocab.name(token).unwrap_or_default())?;
            }
        }
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}
