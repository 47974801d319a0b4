//! What is shown of a program: examples of its function, the steps of its run.

use pyprior_core::exec::{Compiler, Limits, Machine, Steps};
use pyprior_core::{Language, Renderer};

use crate::error::ExamineError;
use crate::inputs::{ExampleSettings, Examples, Explorer, TraceSettings};
use crate::row::RunTrace;
use crate::tasks;

/// Finds the examples of programs, one after the other.
pub(crate) struct ExampleFinder<'a> {
    language: &'a Language,
    renderer: Renderer<'a>,
    compiler: Compiler,
    explorer: Explorer,
    examples: Examples,
}

impl<'a> ExampleFinder<'a> {
    /// `stdout` says whether it matters what calls print.
    pub(crate) fn new(language: &'a Language, limits: Limits, settings: ExampleSettings, stdout: bool) -> Self {
        Self {
            language,
            renderer: Renderer::new(language),
            compiler: Compiler::new(language.config().comparison_values),
            explorer: Explorer::new(settings, limits, stdout),
            examples: Examples::default(),
        }
    }

    /// The examples of the program with a number under a seed.
    pub(crate) fn find(&mut self, seed: u64, row: u64, tokens: &[u32]) -> Result<&Examples, ExamineError> {
        let vocab = self.language.vocab();
        let compiled = self.compiler.compile(vocab, tokens)?;
        self.examples = self.explorer.explore(vocab, tokens, compiled, seed, row)?;
        if let Some(subject) = self.examples.subject {
            self.examples.names = self.renderer.program_names(tokens)?;
            self.examples.function = tasks::function(&self.examples.names, subject.func).to_owned();
        }
        Ok(&self.examples)
    }
}

/// Follows the runs of programs, one after the other.
pub(crate) struct RunFollower<'a> {
    language: &'a Language,
    renderer: Renderer<'a>,
    compiler: Compiler,
    machine: Machine,
    max_steps: usize,
    steps: Steps,
    trace: RunTrace,
}

impl<'a> RunFollower<'a> {
    pub(crate) fn new(language: &'a Language, limits: Limits, settings: TraceSettings) -> Self {
        Self {
            language,
            renderer: Renderer::new(language),
            compiler: Compiler::new(language.config().comparison_values),
            machine: Machine::new(limits),
            max_steps: settings.steps as usize,
            steps: Steps::default(),
            trace: RunTrace::default(),
        }
    }

    /// The trace of the run of a program.
    pub(crate) fn follow(&mut self, tokens: &[u32]) -> Result<&RunTrace, ExamineError> {
        let program = self.compiler.compile(self.language.vocab(), tokens)?;
        self.steps.steps.clear();
        self.steps.truncated = false;
        let finished = self.machine.run_steps(program, &mut self.steps, self.max_steps).is_ok();
        self.trace.json = match self.steps.truncated {
            true => None,
            false => tasks::states(&self.steps.steps, &self.renderer.program_names(tokens)?, finished)?,
        };
        Ok(&self.trace)
    }
}
