//! The examples of one program.

use std::collections::HashSet;

use pyprior_core::exec::{Coverage, Limits, Machine, Program};
use pyprior_core::{Analyzer, DecodeError, FindingKind, Vocab};

use super::candidates::Candidates;
use super::choose::{Tried, choose};
use super::{Example, ExampleSettings, Examples, ExamplesStatus, Subject};

/// Finds examples, with memory that is reused.
#[derive(Debug)]
pub(crate) struct Explorer {
    settings: ExampleSettings,
    machine: Machine,
    analyzer: Analyzer,
    /// Whether it matters what calls print.
    stdout: bool,
}

impl Explorer {
    /// `limits` are those of runs.
    pub(crate) fn new(settings: ExampleSettings, limits: Limits, stdout: bool) -> Self {
        Self { settings, machine: Machine::new(settings.limits(limits)), analyzer: Analyzer::default(), stdout }
    }

    /// The examples of a program, as values; its texts and the name are left to who knows names.
    pub(crate) fn explore(
        &mut self,
        vocab: &Vocab,
        tokens: &[u32],
        program: &Program,
        seed: u64,
        row: u64,
    ) -> Result<Examples, DecodeError> {
        let without = |status| Ok(Examples { status, ..Examples::default() });
        let Some(subject) = Subject::of(program) else { return without(ExamplesStatus::NoFunction) };
        if self.settings.reject_unused_parameters && self.has_unused_parameter(vocab, tokens, subject.func)? {
            return without(ExamplesStatus::UnusedParameter);
        }
        let mut coverage = Coverage::new(program, subject.func);
        let tried = self.tries(vocab, tokens, program, (seed, row), subject, &mut coverage);
        let Some(first) = tried.first() else { return without(ExamplesStatus::Unfinished) };
        if self.settings.reject_constant && tried.iter().all(|tried| tried.example.output == first.example.output) {
            return without(ExamplesStatus::Constant);
        }
        let (all, gone) = choose(tried, self.settings.count as usize);
        let coverage = if coverage.ways() == 0 { 1.0 } else { f64::from(gone) / f64::from(coverage.ways()) };
        Ok(Examples {
            status: ExamplesStatus::Found,
            subject: Some(subject),
            inputs: all.iter().map(Example::tuple).collect(),
            outputs: all.iter().map(|example| example.output.to_string()).collect(),
            stdout: if self.stdout { self.printed(program, subject, &all) } else { Vec::new() },
            all,
            coverage: Some(coverage),
            ..Examples::default()
        })
    }

    /// The inputs whose calls come to their ends, each once.
    fn tries(
        &mut self,
        vocab: &Vocab,
        tokens: &[u32],
        program: &Program,
        (seed, row): (u64, u64),
        subject: Subject,
        coverage: &mut Coverage,
    ) -> Vec<Tried> {
        let candidates = Candidates::new(vocab, tokens, seed, row, self.settings.range);
        let (mut seen, mut tried) = (HashSet::new(), Vec::new());
        for nth in 0..self.settings.tries {
            let inputs = candidates.input(nth, subject.arity);
            if !seen.insert(inputs.clone()) {
                continue;
            }
            coverage.clear();
            self.machine.reset();
            if let Ok(output) = self.machine.call_covered(program, subject.func, &inputs, coverage) {
                tried.push(Tried { example: Example { inputs, output }, ways: coverage.gone().to_vec() });
            }
        }
        tried
    }

    /// What the calls of examples print: they are made once more, so that nothing is held of those that are not chosen.
    fn printed(&mut self, program: &Program, subject: Subject, examples: &[Example]) -> Vec<String> {
        let print = |example: &Example| {
            self.machine.reset();
            // It came to its end before.
            let _ = self.machine.call(program, subject.func, &example.inputs);
            self.machine.stdout().to_owned()
        };
        examples.iter().map(print).collect()
    }

    fn has_unused_parameter(&mut self, vocab: &Vocab, tokens: &[u32], func: u8) -> Result<bool, DecodeError> {
        let analysis = self.analyzer.analyze_tokens(vocab, tokens)?;
        let unused = |kind| matches!(kind, FindingKind::UnusedParameter { function, .. } if function == func);
        Ok(analysis.findings.iter().any(|finding| unused(finding.kind)))
    }
}
