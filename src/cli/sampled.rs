//! How sampled programs are written, and what they print when run.

use std::io::Write as _;

use clap::ValueEnum;
use pyprior_core::exec::{CompileError, Compiler, Limits, Machine, Outcome};
use pyprior_core::{Language, ProgramNames, Renderer};
use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Python source, programs separated by an empty line; with --run, what a program prints follows it as comments
    Source,
    /// One program a line, ids separated by spaces
    Tokens,
    /// One program a line, names separated by spaces
    Names,
    /// One JSON object a line: id, tokens, names, source; of generate also prompt, log_probability, entropy; with --run also value, stdout, steps, error
    Jsonl,
}

/// A program to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program<'a> {
    pub(crate) id: u64,
    pub(crate) tokens: &'a [u32],
    /// What is known of one that a model has made.
    pub(crate) drawn: Option<Drawn>,
    /// Whether another is written before it.
    pub(crate) follows: bool,
}

/// How a model's program was drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drawn {
    /// Tokens of its prompt.
    pub(crate) prompt: usize,
    /// Of all draws together, in nats.
    pub(crate) log_probability: f64,
    /// Sum over its draws, in nats.
    pub(crate) entropy: f64,
}

#[derive(Serialize)]
struct Record<'a> {
    id: u64,
    tokens: &'a [u32],
    names: Vec<&'a str>,
    source: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_probability: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entropy: Option<f64>,
}

/// A struct of its own: fields that are flattened take longer to write.
#[derive(Serialize)]
struct Ran<'a> {
    #[serde(flatten)]
    record: Record<'a>,
    #[serde(flatten)]
    outcome: &'a Outcome,
}

/// What each token is written as in formats tokens and names.
pub(crate) fn words(language: &Language, format: Format) -> Vec<String> {
    let vocab = language.vocab();
    let word = |token: u32| match format {
        Format::Names => vocab.name(token).unwrap_or_default().to_owned(),
        _ => token.to_string(),
    };
    (0..vocab.len() as u32).map(word).collect()
}

/// Writes programs one after the other.
pub(crate) struct ProgramWriter<'a> {
    pub(crate) format: Format,
    pub(crate) language: &'a Language,
    pub(crate) renderer: Renderer<'a>,
    /// Those of a prompt.
    pub(crate) names: Option<&'a ProgramNames>,
    /// Of the format.
    pub(crate) words: &'a [String],
    /// Where programs are run, if they are.
    pub(crate) runner: Option<Runner<'a>>,
}

/// Runs programs one after the other.
pub(crate) struct Runner<'a> {
    language: &'a Language,
    compiler: Compiler,
    machine: Machine,
}

impl<'a> Runner<'a> {
    pub(crate) fn new(language: &'a Language, limits: Limits) -> Self {
        let compiler = Compiler::new(language.config().comparison_values);
        Self { language, compiler, machine: Machine::new(limits) }
    }

    fn run(&mut self, tokens: &[u32]) -> Result<Outcome, CompileError> {
        Ok(self.machine.outcome(self.compiler.compile(self.language.vocab(), tokens)?, None))
    }
}

impl ProgramWriter<'_> {
    pub(crate) fn write(&mut self, out: &mut Vec<u8>, program: Program<'_>) -> anyhow::Result<()> {
        let Program { id, tokens, drawn, follows } = program;
        let outcome = self.runner.as_mut().map(|runner| runner.run(tokens)).transpose()?;
        match self.format {
            Format::Source => {
                if follows {
                    out.push(b'\n');
                }
                out.extend_from_slice(self.source(tokens)?.as_bytes());
                if let Some(outcome) = &outcome {
                    write_comments(out, outcome)?;
                }
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
                let record = Record {
                    id,
                    tokens,
                    names,
                    source: self.source(tokens)?,
                    prompt: drawn.map(|drawn| drawn.prompt),
                    log_probability: drawn.map(|drawn| drawn.log_probability),
                    entropy: drawn.map(|drawn| drawn.entropy),
                };
                match &outcome {
                    Some(outcome) => serde_json::to_writer(&mut *out, &Ran { record, outcome })?,
                    None => serde_json::to_writer(&mut *out, &record)?,
                }
            }
        }
        out.push(b'\n');
        Ok(())
    }

    fn source(&mut self, tokens: &[u32]) -> anyhow::Result<&str> {
        if let Some(names) = self.names.filter(|names| self.renderer.render_continued(tokens, names).is_ok()) {
            // Rendered twice, which the borrow checker asks for; prompts are not for bulk.
            return Ok(self.renderer.render_continued(tokens, names)?);
        }
        Ok(self.renderer.render(tokens)?)
    }
}

/// Each line that was printed, and how the run ended early. Programs print no `…`, so the two cannot be mistaken.
fn write_comments(out: &mut Vec<u8>, outcome: &Outcome) -> std::io::Result<()> {
    outcome.stdout.lines().try_for_each(|line| write!(out, "\n# {line}"))?;
    match &outcome.error {
        Some(error) => write!(out, "\n# … {error}"),
        None => Ok(()),
    }
}
