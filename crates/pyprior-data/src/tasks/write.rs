//! The tasks of one program.

use std::collections::HashSet;

use pyprior_core::exec::{Compiler, Limits, Machine, Program, Steps};
use pyprior_core::{EncodeOptions, Vocab};

use super::claim::{Call, Claim, io_value, io_values, states};
use super::stream::Stream;
use super::task::Task;
use super::text::{self, Text};
use super::verification::Verification;
use super::{Kind, Layout, MAX_TASK_BYTES, TaskSettings};
use crate::error::ExamineError;
use crate::inputs::{Example, Examples, Subject, TraceSettings};
use crate::row::Row;

/// Bytes of all tasks of one kind of a program; those beyond are left out, as too long.
const MAX_BYTES: usize = 1 << 26;

/// Writes tasks, with memory that is reused.
#[derive(Debug)]
pub(crate) struct TaskWriter<'a> {
    vocab: &'a Vocab,
    settings: &'a TaskSettings,
    trace: TraceSettings,
    compiler: Compiler,
    machine: Machine,
    steps: Steps,
    made: Made,
}

/// The tasks of a kind of a program: two tables may ask for them, one after the other.
#[derive(Debug, Default)]
struct Made {
    of: Option<(u64, Kind)>,
    tasks: Vec<Task>,
    bytes: usize,
    /// How many were left out.
    too_long: u32,
}

/// What all tasks of a program are about.
struct About<'r> {
    row: &'r Row<'r>,
    examples: &'r Examples,
    subject: Subject,
    settings: &'r TaskSettings,
}

/// A task before it is known whether it fits, in the forms that are written.
struct Draft {
    claim: Option<Claim>,
    text: Option<(Text, Verification)>,
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
        let (machine, steps, made) = (Machine::new(limits), Steps::default(), Made::default());
        Self { vocab, settings, trace, compiler, machine, steps, made }
    }

    /// Hands out the tasks of a kind of a program, and says how many were left out because they are too long.
    pub(crate) fn write(&mut self, row: &Row<'_>, kind: Kind, take: impl FnMut(&Task)) -> Result<u32, ExamineError> {
        if self.made.of != Some((row.row, kind)) {
            self.make(row, kind)?;
        }
        self.made.tasks.iter().for_each(take);
        Ok(self.made.too_long)
    }

    fn make(&mut self, row: &Row<'_>, kind: Kind) -> Result<(), ExamineError> {
        self.made.of = None;
        self.made.tasks.clear();
        (self.made.bytes, self.made.too_long) = (0, 0);
        if let Some((examples, subject)) = row.examples.and_then(|examples| Some((examples, examples.subject?))) {
            let (about, rows) =
                (About { row, examples, subject, settings: self.settings }, self.settings.rows as usize);
            match kind {
                Kind::Deduction => {
                    (0..).zip(examples.all.iter().take(rows)).for_each(|(nth, example)| {
                        self.add(&about, kind, nth, Some(about.deduction(example)));
                    });
                }
                Kind::Abduction => {
                    // Examples of equal outputs would ask the same.
                    let mut outputs = HashSet::new();
                    let asked = (0..).zip(&examples.all).filter(|(_, one)| outputs.insert(io_value(&one.output)));
                    asked.take(rows).for_each(|(nth, example)| {
                        self.add(&about, kind, nth, Some(about.abduction(example)));
                    });
                }
                Kind::Induction => {
                    if let Some(draft) = about.induction() {
                        self.add(&about, kind, 0, Some(draft));
                    }
                }
                Kind::Trace => {
                    for (nth, example) in (0..).zip(examples.all.iter().take(rows)) {
                        let draft = self.trace(&about, example)?;
                        self.add(&about, kind, nth, draft);
                    }
                }
            }
        }
        self.made.of = Some((row.row, kind));
        Ok(())
    }

    /// Adds a task, unless it is too long.
    fn add(&mut self, about: &About<'_>, kind: Kind, nth: u32, draft: Option<Draft>) {
        let task = draft.and_then(|draft| self.finish(about, kind, nth, draft));
        match task.filter(|(_, bytes)| self.made.bytes + bytes <= MAX_BYTES) {
            Some((task, bytes)) => {
                self.made.bytes += bytes;
                self.made.tasks.push(task);
            }
            None => self.made.too_long += 1,
        }
    }

    /// What a call does, unless that is too long.
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
        Ok(about.trace(example, &self.steps))
    }

    /// The row of a task, and its bytes before any filling, if its stream is not longer than a row may be.
    fn finish(&self, about: &About<'_>, kind: Kind, nth: u32, draft: Draft) -> Option<(Task, usize)> {
        let (mut task, mut bytes) = (about.task(kind, nth), 0);
        if let Some(claim) = &draft.claim {
            let mut stream = Stream::of(self.vocab, claim);
            bytes += 5 * stream.tokens.len();
            task.length = u32::try_from(stream.tokens.len()).unwrap_or(u32::MAX);
            let length = self.settings.length as usize;
            let fits = match self.settings.layout {
                _ if bytes > MAX_TASK_BYTES => false,
                Layout::Plain => true,
                Layout::Padded => stream.pad(self.vocab, length),
                Layout::Packed => stream.tokens.len() <= length,
            };
            if !fits {
                return None;
            }
            (task.tokens, task.loss_mask) = (stream.tokens, stream.loss_mask);
        }
        if let Some((text, verification)) = draft.text {
            (task.prompt, task.answer) = (text.prompt, text.answer);
            // Texts are always JSON.
            task.verification = serde_json::to_string(&verification).unwrap_or_default();
            bytes += task.prompt.len() + task.answer.len() + task.verification.len();
            // A source that is not read again could not be graded.
            if about.row.source.len() > EncodeOptions::default().max_source_bytes {
                return None;
            }
        }
        (bytes <= MAX_TASK_BYTES).then_some((task, bytes))
    }
}

impl About<'_> {
    fn task(&self, kind: Kind, nth: u32) -> Task {
        let function = self.examples.function.clone();
        Task { key: Task::key(kind, self.row.row, nth), nth, function, ..Task::default() }
    }

    fn source(&self) -> (String, String) {
        (self.row.source.to_owned(), self.examples.function.clone())
    }

    fn call(&self, example: &Example) -> Call {
        let (inputs, output) = (io_values(&example.inputs), io_value(&example.output));
        Call { program: self.row.tokens.to_vec(), inputs, output }
    }

    fn deduction(&self, example: &Example) -> Draft {
        let text = || {
            let (source, function) = self.source();
            let (input, output) = (example.tuple(), example.output.to_string());
            let text = text::deduction(&source, &function, example);
            (text, Verification::Deduction { source, function, input, output })
        };
        let claim = self.settings.tokens.then(|| Claim::Deduction(self.call(example)));
        Draft { claim, text: self.settings.text.then(text) }
    }

    fn abduction(&self, example: &Example) -> Draft {
        let text = || {
            let (source, function) = self.source();
            let text = text::abduction(&source, &function, example);
            (text, Verification::Abduction { source, function, output: example.output.to_string() })
        };
        let claim = self.settings.tokens.then(|| Claim::Abduction(self.call(example)));
        Draft { claim, text: self.settings.text.then(text) }
    }

    /// One example at least is shown and one held out.
    fn induction(&self) -> Option<Draft> {
        let all = &self.examples.all;
        let shown = (self.settings.shown as usize).min(all.len().checked_sub(1).filter(|&most| most > 0)?);
        let (shown, held_out) = all.split_at(shown);
        let pairs = |examples: &[Example]| -> Vec<(String, String)> {
            examples.iter().map(|example| (example.tuple(), example.output.to_string())).collect()
        };
        let text = || {
            let (source, function) = self.source();
            let text = text::induction(&source, &function, shown);
            (text, Verification::Induction { function, shown: pairs(shown), held_out: pairs(held_out) })
        };
        let claim = || {
            let examples = shown.iter().map(|example| (io_values(&example.inputs), io_value(&example.output)));
            let (examples, program) = (examples.collect(), self.row.tokens.to_vec());
            Claim::Induction { examples, arity: self.subject.arity, program }
        };
        Some(Draft { claim: self.settings.tokens.then(claim), text: self.settings.text.then(text) })
    }

    /// Nothing if it is too long.
    fn trace(&self, example: &Example, steps: &Steps) -> Option<Draft> {
        let style = self.settings.trace_style;
        let mut draft = Draft { claim: None, text: None };
        if self.settings.tokens {
            let states = states(&steps.steps, self.subject.arity)?;
            let (program, inputs) = (self.row.tokens.to_vec(), io_values(&example.inputs));
            draft.claim = Some(Claim::Trace { program, inputs, states });
        }
        if self.settings.text {
            let (source, function) = self.source();
            let call = text::call(&function, example);
            let text = text::trace(style, &source, &call, &steps.steps, &self.examples.names)?;
            draft.text = Some((text, Verification::Trace { source, function, input: example.tuple(), style }));
        }
        Some(draft)
    }
}
