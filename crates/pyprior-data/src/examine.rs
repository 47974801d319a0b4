//! Finding out what is known of a program, with memory that is reused.

use pyprior_core::exec::{Compiler, Machine};
use pyprior_core::{Analyzer, Language, Renderer};

use crate::error::ExamineError;
use crate::job::Job;
use crate::row::{Findings, Row, Status};
use crate::shape::Shape;

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
