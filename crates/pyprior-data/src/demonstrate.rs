//! What is shown of a program: examples of its function, the steps of its run.

use std::sync::Arc;

use pyprior_core::exec::{Compiler, Limits, Machine, Steps};
use pyprior_core::{Encoder, Language, ProgramNames};

use crate::examine::ExamineError;
use crate::inputs::{ExampleSettings, Examples, Explorer, TraceSettings};
use crate::tasks;

/// The steps of a run, as they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunTrace {
    /// A list in JSON; none if the run takes more steps than a trace may have.
    pub json: Option<String>,
}

impl RunTrace {
    /// Whether there is a trace, as it is called in the files.
    pub fn status(&self) -> &'static str {
        if self.json.is_some() { "whole" } else { "too_long" }
    }
}

/// A program to be looked at, with its number under the seed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program<'a> {
    pub(crate) seed: u64,
    pub(crate) row: u64,
    pub(crate) tokens: &'a [u32],
    pub(crate) source: &'a str,
}

/// Looks at programs, one after the other.
pub(crate) struct Demonstrator {
    language: Arc<Language>,
    encoder: Encoder,
    compiler: Compiler,
    machine: Machine,
    explorer: Explorer,
    max_steps: usize,
    steps: Steps,
    examples: Option<Examples>,
    trace: Option<RunTrace>,
}

impl Demonstrator {
    pub(crate) fn new(
        language: &Arc<Language>,
        limits: Limits,
        examples: ExampleSettings,
        trace: TraceSettings,
    ) -> Self {
        Self {
            language: Arc::clone(language),
            encoder: Encoder::new(language),
            compiler: Compiler::new(language.config().comparison_values),
            machine: Machine::new(limits),
            explorer: Explorer::new(examples, limits),
            max_steps: trace.steps as usize,
            steps: Steps::default(),
            examples: None,
            trace: None,
        }
    }

    /// Finds out what is wanted of a program.
    pub(crate) fn look(&mut self, program: Program<'_>, examples: bool, trace: bool) -> Result<(), ExamineError> {
        let vocab = self.language.vocab();
        let compiled = self.compiler.compile(vocab, program.tokens)?;
        let mut names = None;
        self.examples = None;
        if examples {
            let Program { seed, row, tokens, .. } = program;
            let mut found = self.explorer.explore(vocab, tokens, compiled, seed, row)?;
            if let Some(subject) = found.subject {
                found.names = read_names(&mut self.encoder, program.source)?;
                found.function = tasks::function(&found.names, subject.func).to_owned();
                names = Some(found.names.clone());
            }
            self.examples = Some(found);
        }
        self.trace = None;
        if trace {
            self.steps.steps.clear();
            self.steps.truncated = false;
            let finished = self.machine.run_steps(compiled, &mut self.steps, self.max_steps).is_ok();
            let json = match self.steps.truncated {
                true => None,
                false => {
                    let names = match names {
                        Some(names) => names,
                        None => read_names(&mut self.encoder, program.source)?,
                    };
                    Some(tasks::states(&self.steps.steps, &names, finished)?)
                }
            };
            self.trace = Some(RunTrace { json });
        }
        Ok(())
    }

    /// The examples of the program that was looked at, if they were wanted.
    pub(crate) fn examples(&self) -> Option<&Examples> {
        self.examples.as_ref()
    }

    /// The trace of its run, if that was wanted.
    pub(crate) fn trace(&self) -> Option<&RunTrace> {
        self.trace.as_ref()
    }
}

/// The names of a source: they are read off it, so that they are those that stand in it.
fn read_names(encoder: &mut Encoder, source: &str) -> Result<ProgramNames, ExamineError> {
    Ok(encoder.encode(source)?.names)
}
