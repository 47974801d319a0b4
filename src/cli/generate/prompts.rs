//! What generated programs start with.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use pyprior_candle::Prompt;
use pyprior_core::{Encoder, Language, Matcher, ProgramNames};
use serde::Deserialize;

use super::super::encode::refusal;
use super::super::language::tokens;
use super::super::output::read;

/// Prompts, and the names that each one's source gives. Program i starts with prompt i modulo their number.
#[derive(Default)]
pub(super) struct Prompts {
    pub(super) starts: Vec<Prompt>,
    names: Vec<Option<ProgramNames>>,
}

/// A line of a file of prompts: one of the three.
#[derive(Deserialize)]
struct Line {
    tokens: Option<Vec<u32>>,
    names: Option<Vec<String>>,
    source: Option<String>,
}

impl Prompts {
    /// A prompt of tokens by name or id.
    pub(super) fn of_tokens(language: &Arc<Language>, words: &[String]) -> anyhow::Result<Self> {
        let mut prompts = Self::default();
        let tokens = tokens(language.vocab(), words.iter().map(String::as_str))?;
        prompts.push_tokens(language, tokens).context("--prefix")?;
        Ok(prompts)
    }

    /// The prompt that a file of source is.
    pub(super) fn of_source(language: &Arc<Language>, file: &Path) -> anyhow::Result<Self> {
        let mut prompts = Self::default();
        prompts.push_source(&mut Encoder::new(language), file, &read(file)?)?;
        Ok(prompts)
    }

    /// The prompts of a file, one a line; empty lines are passed over.
    pub(super) fn of_lines(language: &Arc<Language>, file: &Path) -> anyhow::Result<Self> {
        let mut prompts = Self::default();
        let mut encoder = Encoder::new(language);
        let text = read(file)?;
        for (nth, line) in (1..).zip(text.strip_prefix('\u{feff}').unwrap_or(&text).lines()) {
            let place = || format!("{}, line {nth}", file.display());
            prompts.push_line(&mut encoder, language, line.trim()).with_context(place)?;
        }
        if prompts.starts.is_empty() {
            bail!("{}: no prompts", file.display());
        }
        Ok(prompts)
    }

    fn push_line(&mut self, encoder: &mut Encoder, language: &Arc<Language>, line: &str) -> anyhow::Result<()> {
        let words = || line.split_whitespace();
        let Some(first) = words().next() else { return Ok(()) };
        let within = Path::new("source");
        if line.starts_with('{') {
            return match serde_json::from_str(line)? {
                Line { tokens: Some(tokens), names: None, source: None } => self.push_tokens(language, tokens),
                Line { tokens: None, names: Some(names), source: None } => {
                    self.push_tokens(language, tokens(language.vocab(), names.iter().map(String::as_str))?)
                }
                Line { tokens: None, names: None, source: Some(source) } => self.push_source(encoder, within, &source),
                _ => bail!("expected an object with one of tokens, names and source"),
            };
        }
        // No source begins with a name of a token or a number that is one.
        if language.vocab().id_of(first).is_some() || first.parse::<u32>().is_ok() {
            return self.push_tokens(language, tokens(language.vocab(), words())?);
        }
        self.push_source(encoder, within, line)
    }

    fn push_tokens(&mut self, language: &Arc<Language>, tokens: Vec<u32>) -> anyhow::Result<()> {
        // Looked at here, where the place is known.
        Matcher::with_prefix(language, &tokens).context("this is no start of a program of the language")?;
        self.starts.push(tokens.into());
        self.names.push(None);
        Ok(())
    }

    fn push_source(&mut self, encoder: &mut Encoder, file: &Path, source: &str) -> anyhow::Result<()> {
        let prompts = encoder.encode_prompts(source).map_err(|error| anyhow!(refusal(file, &error)))?;
        let names = prompts.first().map(|prompt| prompt.names.clone());
        self.starts.push(Prompt::any_of(prompts.into_iter().map(|prompt| prompt.tokens)));
        self.names.push(names);
        Ok(())
    }

    /// The names of the source that a program starts with.
    pub(super) fn names(&self, program: u64) -> Option<&ProgramNames> {
        let nth = program.checked_rem(self.names.len() as u64)?;
        self.names.get(nth as usize)?.as_ref()
    }
}
