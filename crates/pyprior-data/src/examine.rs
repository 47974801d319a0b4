//! Finding out what is known of a program, with memory that is reused.

use pyprior_core::exec::{CompileError, Compiler, Machine};
use pyprior_core::{Analyzer, DecodeError, Language, Renderer, TokenError};
use thiserror::Error;

use crate::columns::Needs;
use crate::job::Job;
use crate::row::{Findings, Row, Status};
use crate::shape::Shape;

/// What is wrong with a program that a source has drawn; sources draw legal programs, so it is the source.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExamineError {
    /// The tokens are no complete program.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// It cannot be run.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// A token is not legal.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// What it does cannot be written as JSON.
    #[error("its states cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// There is more of it than lists have room for.
    #[error("what is known of it and of those beside it takes more than 1 GiB")]
    TooLarge,
}

/// What is to be found out.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted {
    pub(crate) run: bool,
    pub(crate) analysis: bool,
    pub(crate) source: bool,
    pub(crate) prior: bool,
    pub(crate) shape: bool,
    pub(crate) examples: bool,
    pub(crate) trace: bool,
}

impl Wanted {
    pub(crate) fn join(&mut self, other: Self) {
        self.run |= other.run;
        self.analysis |= other.analysis;
        self.source |= other.source;
        self.prior |= other.prior;
        self.shape |= other.shape;
        self.examples |= other.examples;
        self.trace |= other.trace;
    }

    pub(crate) fn add(&mut self, needs: Needs) {
        match needs {
            Needs::Nothing => {}
            Needs::Run => self.run = true,
            Needs::Analysis => self.analysis = true,
            Needs::Source => self.source = true,
            Needs::Prior => self.prior = true,
            Needs::Shape => self.shape = true,
            Needs::Examples => self.examples = true,
            Needs::Trace => self.trace = true,
        }
    }
}

/// Looks at programs, one after the other.
pub(crate) struct Examiner<'a> {
    job: &'a Job,
    compiler: Compiler,
    machine: Machine,
    renderer: Renderer<'a>,
    analyzer: Analyzer,
}

impl<'a> Examiner<'a> {
    pub(crate) fn new(job: &'a Job) -> Self {
        let language: &Language = job.language();
        Self {
            job,
            compiler: Compiler::new(language.config().comparison_values),
            machine: Machine::new(job.description().limits),
            renderer: Renderer::new(language),
            analyzer: Analyzer::default(),
        }
    }

    /// What is known of a program but for examples and a trace, of which the log-probabilities under the prior and the model are known.
    pub(crate) fn examine<'b>(
        &'b mut self,
        row: u64,
        tokens: &'b [u32],
        [log_prior, log_model]: [Option<f64>; 2],
    ) -> Result<Row<'b>, ExamineError> {
        let (job, wanted) = (self.job, self.job.wanted());
        let vocab = job.language().vocab();
        let analysis = match wanted.analysis {
            true => Some(self.analyzer.analyze_tokens(vocab, tokens)?),
            false => None,
        };
        let findings = analysis.map_or(Findings::default(), Findings::of);
        let (mut status, mut stopped_at) = (Status::default(), None);
        if wanted.run {
            let result = self.machine.run(self.compiler.compile(vocab, tokens)?);
            status = Status::of(&result);
            stopped_at = result.err().and_then(|error| error.statement());
        }
        let (seed, source) = (job.description().seed, if wanted.source { self.renderer.render(tokens)? } else { "" });
        Ok(Row {
            seed,
            row,
            tokens,
            source,
            analysis,
            findings,
            shape: if wanted.shape { Shape::of(vocab, tokens) } else { Shape::default() },
            status,
            stopped_at,
            stdout: if wanted.run { self.machine.stdout() } else { "" },
            steps: if wanted.run { self.machine.steps() } else { 0 },
            log_prior,
            log_model,
            examples: None,
            trace: None,
            task: None,
        })
    }
}
