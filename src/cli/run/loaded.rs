//! Programs ready to run, and what is told of how they ran.

use std::sync::Arc;

use pyprior_core::exec::{ExecError, Outcome, Program, Trace, Value};
use pyprior_core::{Encoded, Encoder, Language, Place, ProgramNames};
use serde::Serialize;

/// A program with the names of its source and where its statements start, if it has one.
pub(super) struct Loaded {
    pub(super) program: Program,
    pub(super) names: Option<ProgramNames>,
    pub(super) places: Vec<Place>,
}

impl Loaded {
    pub(super) fn source(language: &Arc<Language>, source: &str, options: Options) -> anyhow::Result<Self> {
        Self::found(language, options.encoder(language).encode(source)?, Vec::new())
    }

    /// Takes longer, and knows where statements start.
    pub(super) fn placed(language: &Arc<Language>, source: &[u8], options: Options) -> anyhow::Result<Self> {
        let (found, places) = options.encoder(language).encode_with_places(source)?;
        Self::found(language, found, places)
    }

    fn found(language: &Language, found: Encoded, places: Vec<Place>) -> anyhow::Result<Self> {
        Ok(Self { program: Program::from_tokens(language, &found.tokens)?, names: Some(found.names), places })
    }

    pub(super) fn tokens(language: &Language, tokens: &[u32]) -> anyhow::Result<Self> {
        Ok(Self { program: Program::from_tokens(language, tokens)?, names: None, places: Vec::new() })
    }

    /// The number of a function that is to be called with so many arguments.
    pub(super) fn function(&self, name: &str, given: usize) -> Result<u8, ExecError> {
        let named = self.names.as_ref().and_then(|names| names.funcs().iter().position(|func| func == name));
        let numbered = |&(number, _): &(u8, u8)| match named {
            Some(nth) => usize::from(number) == nth + 1,
            None => name == format!("FUNC_{number}") || name == format!("func_{number}"),
        };
        let found = self.program.functions().find(numbered);
        let (number, _) = found.ok_or_else(|| ExecError::NoFunction { name: name.to_owned() })?;
        self.program.check_call(number, name, given).map(|()| number)
    }

    /// The line of the file that an error is about, where it is about one.
    pub(super) fn line(&self, error: &ExecError) -> Option<u32> {
        self.places.get(error.statement()? as usize).map(|place| place.line)
    }
}

/// How source is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    pub(super) normalise: bool,
}

impl Options {
    fn encoder(self, language: &Arc<Language>) -> Encoder {
        let options = pyprior_core::EncodeOptions { normalise: self.normalise, ..Default::default() };
        Encoder::with_options(language, options)
    }
}

/// The JSON object for a run.
#[derive(Serialize)]
pub(super) struct Record<'a> {
    value: &'a Value,
    stdout: &'a str,
    steps: u64,
    error: Option<Failed<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<&'a Trace>,
}

#[derive(Serialize)]
struct Failed<'a> {
    #[serde(flatten)]
    error: &'a ExecError,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

impl<'a> Record<'a> {
    pub(super) fn new(outcome: &'a Outcome, line: Option<u32>, trace: Option<&'a Trace>) -> Self {
        let Outcome { value, stdout, steps, error } = outcome;
        Self { value, stdout, steps: *steps, error: error.as_ref().map(|error| Failed { error, line }), trace }
    }
}
