//! Which programs are compared.

use std::path::Path;
use std::sync::Arc;

use anyhow::bail;
use clap::error::ErrorKind;
use pyprior_compare::{Group, Setting, TextTokenizer, corpus};
use pyprior_core::{EncodeOptions, Encoder, Language, LanguageConfig, PriorConfig};
use serde::Serialize;

use super::super::language::{DEFAULT_MAX_LEN, largest_constant};
use super::super::output::read_bytes;
use super::CompareTokens;

/// Programs, before any tokenizer has seen them.
pub(super) enum Programs {
    Drawn { settings: Vec<Setting>, count: usize, seed: u64 },
    Files { language: Arc<Language>, files: Vec<File>, refused: Vec<Refused> },
}

/// A file that holds a program.
pub(super) struct File {
    source: String,
    tokens: Vec<u32>,
}

/// A file that holds none.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Refused {
    pub(super) file: String,
    pub(super) reason: String,
}

impl Programs {
    pub(super) fn of(args: &CompareTokens) -> anyhow::Result<Self> {
        let prior = args.prior.config();
        let conflict = |message| Err(clap::Error::raw(ErrorKind::ArgumentConflict, message).into());
        if !args.files.is_empty() {
            return match prior == Some(PriorConfig::default()) {
                true => Self::files(args),
                false => conflict("files are not sampled, so that a prior says nothing\n"),
            };
        }
        if args.n == 0 {
            return Err(clap::Error::raw(ErrorKind::ValueValidation, "-n is 0; there is nothing to compare\n").into());
        }
        let language = args.language.config(Some(DEFAULT_MAX_LEN));
        let default = LanguageConfig { max_len: Some(DEFAULT_MAX_LEN), ..LanguageConfig::default() };
        let settings = match args.sampled {
            true => {
                let (name, flags) = ("sampled".to_owned(), "with the flags given".to_owned());
                vec![Setting { name, flags, language, prior, passing: false }]
            }
            false if language != default || prior != Some(PriorConfig::default()) => {
                return conflict(
                    "the corpus has languages and priors of its own; add --sampled for programs of these\n",
                );
            }
            false => corpus(),
        };
        Ok(Self::Drawn { settings, count: args.n as usize, seed: args.seed })
    }

    /// Reads files as programs of a language as wide as they need.
    fn files(args: &CompareTokens) -> anyhow::Result<Self> {
        let options = EncodeOptions { normalise: args.normalise, ..EncodeOptions::default() };
        let (mut sources, mut refused) = (Vec::new(), Vec::new());
        let mut refuse =
            |path: &Path, reason: String| refused.push(Refused { file: path.display().to_string(), reason });
        for path in &args.files {
            let read = read_bytes(path, options.max_source_bytes.saturating_add(1));
            match read.and_then(|bytes| Ok(String::from_utf8(bytes)?)) {
                Ok(source) => sources.push((path, source)),
                Err(error) => refuse(path, format!("{error:#}")),
            }
        }
        // The language of the flags if it has all of them: the size of its vocabulary is what they would take.
        let mut language = Language::new(args.language.config(None))?;
        let encode =
            |language: &Arc<Language>, source: &str| Encoder::with_options(language, options.clone()).encode(source);
        if sources.iter().any(|(_, source)| encode(&language, source).is_err()) {
            language = args.language.widest(largest_constant(sources.iter().map(|(_, source)| source.as_str())))?;
        }
        let mut files = Vec::new();
        for (path, source) in sources {
            match encode(&language, &source) {
                Ok(encoded) => files.push(File { source, tokens: encoded.tokens }),
                Err(error) => refuse(path, error.to_string()),
            }
        }
        if files.is_empty() {
            let first = refused.first().map(|of| format!(": {}: {}", of.file, of.reason)).unwrap_or_default();
            bail!("none of the files is a program{first}");
        }
        Ok(Self::Files { language, files, refused })
    }

    pub(super) fn refused(&self) -> Vec<Refused> {
        match self {
            Self::Drawn { .. } => Vec::new(),
            Self::Files { refused, .. } => refused.clone(),
        }
    }

    /// The programs of all groups, each once: files are measured twice.
    pub(super) fn all(&self, groups: &[Group]) -> Group {
        match (self, groups.first()) {
            (Self::Files { .. }, Some(given)) => given.clone(),
            _ => Group::together("all", groups),
        }
    }

    /// The programs in both vocabularies.
    pub(super) fn measure(&self, tokenizer: &TextTokenizer) -> anyhow::Result<Vec<Group>> {
        match self {
            Self::Drawn { settings, count, seed } => {
                let groups = settings.iter().map(|setting| Ok(Group::sampled(setting, *count, *seed, tokenizer)?));
                groups.collect()
            }
            Self::Files { language, files, .. } => {
                let given = files.iter().map(|file| (&file.tokens[..], &file.source[..])).collect::<Vec<_>>();
                let mut programs = pyprior_core::Programs::default();
                files.iter().for_each(|file| programs.push(&file.tokens));
                let from = "files given";
                Ok(vec![
                    Group::given("as they are", from, language, &given, tokenizer)?,
                    Group::written("as PyPrior writes them", from, language, &programs, tokenizer)?,
                ])
            }
        }
    }
}
