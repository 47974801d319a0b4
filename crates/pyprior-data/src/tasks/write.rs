//! The tasks of one program.

use pyprior_core::Vocab;
use pyprior_core::exec::{Compiler, Limits, Machine, Program, Steps};

use super::claim::{Call, Claim, io_value, io_values, states};
use super::stream::Stream;
use super::task::Task;
use super::text::{self, Text};
use super::verification::Verification;
use super::{Kind, Layout, TaskSettings};
use crate::examine::ExamineError;
use crate::inputs::{Example, Examples, Subject, TraceSettings};
use crate::row::Row;

/// Writes tasks, with memory that is reused.
#[derive(Debug)]
pub(crate) struct TaskWriter<'a> {
    vocab: &'a Vocab,
    settings: &'a TaskSettings,
    trace: TraceSettings,
    compiler: Compiler,
    machine: Machine,
    steps: Steps,
}

/// What all tasks of a program are about.
struct About<'r> {
    row: &'r Row<'r>,
    examples: &'r Examples,
    subject: Subject,
}

/// A task before it is known whether it fits.
struct Draft {
    claim: Claim,
    text: Text,
    verification: Verification,
}

impl<'a> TaskWriter<'a> {
    /// `limits` are those of the calls of examples.
    pub(crate) fn new(
        vocab: &'a Vocab,
        settings: &'a TaskSettings,
        trace: TraceSettings,
        compiler: Compiler,
        limits: Limits,
    ) -> Self {
        Self { vocab, settings, trace, compiler, machine: Machine::new(limits), steps: Steps::default() }
    }

    /// Hands out the tasks of a kind of a program, and says how many were left out because they are too long.
    pub(crate) fn write(
        &mut self,
        row: &Row<'_>,
        kind: Kind,
        mut take: impl FnMut(&Task),
    ) -> Result<u32, ExamineError> {
        let Some(examples) = row.examples else { return Ok(0) };
        let Some(subject) = examples.subject else { return Ok(0) };
        let (about, mut too_long) = (About { row, examples, subject }, 0);
        let rows = if kind == Kind::Induction { 1 } else { self.settings.rows as usize };
        for (nth, example) in (0..).zip(examples.all.iter().take(rows)) {
            let draft = match kind {
                Kind::Deduction => about.deduction(example),
                Kind::Abduction => about.abduction(example),
                Kind::Induction => match about.induction(self.settings.shown as usize) {
                    Some(draft) => draft,
                    None => continue,
                },
                Kind::Trace => match self.trace(&about, example)? {
                    Some(draft) => draft,
                    None => {
                        too_long += 1;
                        continue;
                    }
                },
            };
            match self.finish(&about, kind, nth, draft) {
                Some(task) => take(&task),
                None => too_long += 1,
            }
        }
        Ok(too_long)
    }

    fn trace(&mut self, about: &About<'_>, example: &Example) -> Result<Option<Draft>, ExamineError> {
        let program: &Program = self.compiler.compile(self.vocab, about.row.tokens)?;
        self.machine.reset();
        self.steps.steps.clear();
        self.steps.truncated = false;
        let limit = self.trace.steps as usize;
        let called = self.machine.call_steps(program, about.subject.func, &example.inputs, &mut self.steps, limit);
        // It came to its end before.
        if called.is_err() || self.steps.truncated {
            return Ok(None);
        }
        let (source, style) = (about.row.source, self.settings.trace_style);
        let call = text::call(&about.examples.function, example);
        let claim = Claim::Trace {
            program: about.row.tokens.to_vec(),
            inputs: io_values(&example.inputs),
            states: states(&self.steps.steps, about.subject.arity),
        };
        let text = text::trace(style, source, &call, &self.steps.steps, &about.examples.names);
        let (source, function) = about.source();
        Ok(Some(Draft {
            claim,
            text,
            verification: Verification::Trace { source, function, input: example.tuple(), style },
        }))
    }

    /// The row of a task, if its stream is not longer than a row may be.
    fn finish(&self, about: &About<'_>, kind: Kind, nth: u32, draft: Draft) -> Option<Task> {
        let mut task = Task {
            key: Task::key(kind, about.row.row, nth),
            nth,
            function: about.examples.function.clone(),
            ..Task::default()
        };
        if self.settings.tokens {
            let mut stream = Stream::of(self.vocab, &draft.claim);
            task.length = u32::try_from(stream.tokens.len()).unwrap_or(u32::MAX);
            let length = self.settings.length as usize;
            let fits = match self.settings.layout {
                Layout::Plain => true,
                Layout::Padded => stream.pad(self.vocab, length),
                Layout::Packed => stream.tokens.len() <= length,
            };
            if !fits {
                return None;
            }
            (task.tokens, task.loss_mask) = (stream.tokens, stream.loss_mask);
        }
        if self.settings.text {
            (task.prompt, task.answer) = (draft.text.prompt, draft.text.answer);
            // Texts are always JSON.
            task.verification = serde_json::to_string(&draft.verification).unwrap_or_default();
        }
        Some(task)
    }
}

impl About<'_> {
    fn source(&self) -> (String, String) {
        (self.row.source.to_owned(), self.examples.function.clone())
    }

    fn call(&self, example: &Example) -> Call {
        let (inputs, output) = (io_values(&example.inputs), io_value(&example.output));
        Call { program: self.row.tokens.to_vec(), inputs, output }
    }

    fn deduction(&self, example: &Example) -> Draft {
        let (source, function) = self.source();
        Draft {
            claim: Claim::Deduction(self.call(example)),
            text: text::deduction(&source, &function, example),
            verification: Verification::Deduction {
                source,
                function,
                input: example.tuple(),
                output: example.output.to_string(),
            },
        }
    }

    fn abduction(&self, example: &Example) -> Draft {
        let (source, function) = self.source();
        Draft {
            claim: Claim::Abduction(self.call(example)),
            text: text::abduction(&source, &function, example),
            verification: Verification::Abduction { source, function, output: example.output.to_string() },
        }
    }

    /// One example at least is shown and one held out.
    fn induction(&self, shown: usize) -> Option<Draft> {
        let all = &self.examples.all;
        let shown = shown.min(all.len().checked_sub(1).filter(|&most| most > 0)?);
        let (shown, held_out) = all.split_at(shown);
        let pairs = |examples: &[Example]| -> Vec<(String, String)> {
            examples.iter().map(|example| (example.tuple(), example.output.to_string())).collect()
        };
        let (source, function) = self.source();
        let examples = shown.iter().map(|example| (io_values(&example.inputs), io_value(&example.output)));
        Some(Draft {
            claim: Claim::Induction {
                examples: examples.collect(),
                arity: self.subject.arity,
                program: self.row.tokens.to_vec(),
            },
            text: text::induction(&source, &function, shown),
            verification: Verification::Induction { function, shown: pairs(shown), held_out: pairs(held_out) },
        })
    }
}
