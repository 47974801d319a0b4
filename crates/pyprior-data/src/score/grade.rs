//! Grading an answer by execution.

use std::sync::Arc;

use pyprior_core::exec::{CompileError, Compiler, ExecError, Limits, Machine, Program, Steps, Value};
use pyprior_core::{EncodeError, Encoder, Language, ProgramNames};
use thiserror::Error;

use super::answer::{self, Call, MAX_BYTES, equal};
use crate::description::Description;
use crate::inputs::{Example, arguments};
use crate::tasks::{Kind, MAX_TASK_BYTES, TraceStyle, Verification, call, trace_answer};

/// Characters of a call or a value in messages.
const SHOWN: usize = 200;

/// Why an answer is not right. Texts of calls and values are cut at 200 characters.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Wrong {
    /// It has more than 1 MiB; of a trace, also twice as much as the right one.
    #[error("the answer has {bytes} bytes; at most {most} are read")]
    TooLong {
        /// Its size.
        bytes: usize,
        /// What it may have.
        most: usize,
    },
    /// It is no value, or no arguments.
    #[error("the answer is not {expected}")]
    Unparsable {
        /// What it should be.
        expected: &'static str,
    },
    /// It is no program of the language.
    #[error("the answer is no program of the language: {0}")]
    Refused(#[from] EncodeError),
    /// It is a program of the language that cannot be run, which there is none of.
    #[error("the answer cannot be run: {0}")]
    Compile(#[from] CompileError),
    /// It is a program without the function asked for.
    #[error("the answer has no function {name}")]
    NoFunction {
        /// Its name.
        name: String,
    },
    /// A call does not come to its end within the limits, or takes another number of arguments.
    #[error("{call}: {source}")]
    Call {
        /// The call.
        call: String,
        /// How it ended.
        source: ExecError,
    },
    /// The answer says that a call gives something else.
    #[error("{call} is said to be {said}, not {expected}")]
    Said {
        /// The call.
        call: String,
        /// What the answer says.
        said: String,
        /// What it gives, or is asked to give.
        expected: String,
    },
    /// A call gives something else.
    #[error("{call} is {found}, not {expected}")]
    Different {
        /// The call.
        call: String,
        /// What it gives.
        found: String,
        /// What it should.
        expected: String,
    },
    /// The text is another one, from this line on.
    #[error("line {line} is another one")]
    Text {
        /// Counted from 1.
        line: usize,
    },
}

impl Wrong {
    /// A name for counting.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "too_long",
            Self::Unparsable { .. } => "unparsable",
            Self::Refused(_) | Self::Compile(_) => "refused",
            Self::NoFunction { .. } => "no_function",
            Self::Call { source: ExecError::Arguments { .. }, .. } => "arguments",
            Self::Call { .. } => "unfinished",
            Self::Said { .. } | Self::Different { .. } | Self::Text { .. } => "different",
        }
    }
}

/// What is wrong with a task itself: it is not of the dataset that it is said to be of. Texts are cut as those of [`Wrong`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TaskError {
    /// Its program is none of the language.
    #[error("the task's program is none of the language: {0}")]
    Refused(#[from] EncodeError),
    /// Its program cannot be run.
    #[error("the task's program cannot be run: {0}")]
    Compile(#[from] CompileError),
    /// Its program lacks the function.
    #[error("the task's program has no function {name}")]
    NoFunction {
        /// The name.
        name: String,
    },
    /// Its input or output is none.
    #[error("the task's {text:?} is no value")]
    Value {
        /// The text.
        text: String,
    },
    /// Its program does not give what the task says.
    #[error("the task's program gives {found}, and the task says {expected}")]
    Different {
        /// What it gives, or how it ends.
        found: String,
        /// What it should.
        expected: String,
    },
}

/// Grades answers, with memory that is reused.
pub struct Grader {
    language: Arc<Language>,
    encoder: Encoder,
    compiler: Compiler,
    machine: Machine,
    trace_steps: usize,
}

impl std::fmt::Debug for Grader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grader").field("limits", self.machine.limits()).finish_non_exhaustive()
    }
}

impl Grader {
    /// Grades answers to the tasks of a description. A call may take what calls of its examples may, and as many steps as its
    /// runs may, if those are more: other programs that fit may take longer.
    pub fn new(description: &Description, language: &Arc<Language>) -> Self {
        let limits = Limits { fuel: description.limits.fuel.max(description.examples.fuel), ..description.limits };
        Self {
            language: Arc::clone(language),
            encoder: Encoder::new(language),
            compiler: Compiler::new(language.config().comparison_values),
            machine: Machine::new(limits),
            trace_steps: description.trace.steps as usize,
        }
    }

    /// Whether an answer is right; `Err(Wrong)` inside says why not.
    ///
    /// # Errors
    ///
    /// [`TaskError`] where there is something wrong with the task.
    pub fn grade(&mut self, task: &Verification, answer: &str) -> Result<Result<(), Wrong>, TaskError> {
        let too_long = |most: usize| (answer.len() > most).then_some(Wrong::TooLong { bytes: answer.len(), most });
        if let Some(wrong) = too_long(MAX_BYTES).filter(|_| task.kind() != Kind::Trace) {
            return Ok(Err(wrong));
        }
        match task {
            Verification::Deduction { source, function, input, output } => {
                let (program, func, _) = self.program(source, function)?;
                let (inputs, expected) = (task_inputs(input, function)?, task_value(output)?);
                self.check(&program, func, function, &inputs, &expected)?;
                Ok(match answer::value(answer, function) {
                    Some((None, found)) => said(function, &inputs, &found, &expected),
                    Some((Some(of), found)) if of == inputs => said(function, &inputs, &found, &expected),
                    Some(_) => Err(Wrong::Unparsable { expected: "about the call that was asked for" }),
                    None => Err(Wrong::Unparsable { expected: "a value" }),
                })
            }
            Verification::Abduction { source, function, output } => {
                let (program, func, _) = self.program(source, function)?;
                let expected = task_value(output)?;
                let Some(Call { arguments, value }) = answer::arguments(answer, function) else {
                    return Ok(Err(Wrong::Unparsable { expected: "arguments" }));
                };
                // Who says what the call gives must not be wrong there.
                let value = value.map_or(Ok(()), |value| said(function, &arguments, &value, &expected));
                Ok(value.and_then(|()| self.fits(&program, func, function, &arguments, &expected)))
            }
            Verification::Induction { function, shown, held_out } => self.induction(function, shown, held_out, answer),
            Verification::Trace { source, function, input, style } => {
                let (program, func, names) = self.program(source, function)?;
                let expected = self.trace(&program, func, &names, (source, function, input), *style)?;
                Ok(match too_long(MAX_BYTES.max(2 * expected.len())) {
                    Some(wrong) => Err(wrong),
                    None => same_text(answer, &expected),
                })
            }
        }
    }

    fn induction(
        &mut self,
        function: &str,
        shown: &[(String, String)],
        held_out: &[(String, String)],
        answer: &str,
    ) -> Result<Result<(), Wrong>, TaskError> {
        let examples = shown.iter().chain(held_out).map(|(input, output)| {
            let inputs = task_inputs(input, function)?;
            Ok((inputs, task_value(output)?))
        });
        let examples = examples.collect::<Result<Vec<_>, TaskError>>()?;
        Ok(self.induced(function, &examples, answer))
    }

    fn induced(&mut self, function: &str, examples: &[(Vec<Value>, Value)], answer: &str) -> Result<(), Wrong> {
        let encoded = self.encoder.encode(answer)?;
        let func = number(&encoded.names, function).ok_or_else(|| Wrong::NoFunction { name: function.to_owned() })?;
        let program = self.compiler.compile(self.language.vocab(), &encoded.tokens)?.clone();
        examples.iter().try_for_each(|(inputs, expected)| self.fits(&program, func, function, inputs, expected))
    }

    /// The program of a task, with the number of its function and all of its names.
    fn program(&mut self, source: &str, function: &str) -> Result<(Program, u8, ProgramNames), TaskError> {
        let encoded = self.encoder.encode(source)?;
        let func =
            number(&encoded.names, function).ok_or_else(|| TaskError::NoFunction { name: function.to_owned() })?;
        let program = self.compiler.compile(self.language.vocab(), &encoded.tokens)?.clone();
        Ok((program, func, encoded.names))
    }

    /// Whether a call gives what it should.
    fn fits(
        &mut self,
        program: &Program,
        func: u8,
        function: &str,
        inputs: &[Value],
        expected: &Value,
    ) -> Result<(), Wrong> {
        self.machine.reset();
        let fits = program.check_call(func, function, inputs.len());
        let found = fits.and_then(|()| self.machine.call(program, func, inputs));
        let call = || written(function, inputs);
        let found = found.map_err(|source| Wrong::Call { call: call(), source })?;
        match equal(&found, expected) {
            true => Ok(()),
            false => Err(Wrong::Different { call: call(), found: shown(&found), expected: shown(expected) }),
        }
    }

    /// Whether the task's own call gives what the task says.
    fn check(
        &mut self,
        program: &Program,
        func: u8,
        function: &str,
        inputs: &[Value],
        expected: &Value,
    ) -> Result<(), TaskError> {
        let fits = self.fits(program, func, function, inputs, expected);
        fits.map_err(|wrong| TaskError::Different { found: cut(wrong.to_string()), expected: shown(expected) })
    }

    fn trace(
        &mut self,
        program: &Program,
        func: u8,
        names: &ProgramNames,
        (source, function, input): (&str, &str, &str),
        style: TraceStyle,
    ) -> Result<String, TaskError> {
        let (inputs, mut steps) = (task_inputs(input, function)?, Steps::default());
        self.machine.reset();
        let called = self.machine.call_steps(program, func, &inputs, &mut steps, self.trace_steps);
        let different = |found| TaskError::Different { found, expected: "a trace".to_owned() };
        let output = called.map_err(|error| different(error.to_string()))?;
        if steps.truncated {
            return Err(different(format!("more than {} steps", self.trace_steps)));
        }
        let call = call(function, &Example { inputs, output });
        let text = trace_answer(style, source, &call, &steps.steps, names);
        text.ok_or_else(|| different(format!("more than {MAX_TASK_BYTES} bytes")))
    }
}

/// Number of a function.
fn number(names: &ProgramNames, function: &str) -> Option<u8> {
    let place = names.funcs().iter().position(|name| name == function)?;
    u8::try_from(place + 1).ok()
}

fn task_value(text: &str) -> Result<Value, TaskError> {
    let value = answer::value(text, "").filter(|(call, _)| call.is_none());
    value.map(|(_, value)| value).ok_or_else(|| TaskError::Value { text: cut(text.to_owned()) })
}

fn task_inputs(text: &str, function: &str) -> Result<Vec<Value>, TaskError> {
    let call = answer::arguments(text, function).map(|call| call.arguments);
    call.ok_or_else(|| TaskError::Value { text: cut(text.to_owned()) })
}

/// The start of a text that is long.
fn cut(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(SHOWN) {
        text.truncate(end);
        text.push('…');
    }
    text
}

fn written(function: &str, inputs: &[Value]) -> String {
    cut(format!("{function}({})", arguments(inputs)))
}

fn shown(value: &Value) -> String {
    cut(value.to_string())
}

/// Whether what an answer says that a call gives is as it should be.
fn said(function: &str, inputs: &[Value], value: &Value, expected: &Value) -> Result<(), Wrong> {
    match equal(value, expected) {
        true => Ok(()),
        false => Err(Wrong::Said { call: written(function, inputs), said: shown(value), expected: shown(expected) }),
    }
}

/// Texts are the same if their lines are, up to blanks at their ends; what ends a trace of the Code World Model may be missing.
fn same_text(answer: &str, expected: &str) -> Result<(), Wrong> {
    let end = |text: &str| text.trim().trim_end_matches("<|end_of_text|>").trim().to_owned();
    let (answer, expected) = (end(answer), end(expected));
    let (mut answers, mut lines, mut line) = (answer.lines(), expected.lines(), 0);
    loop {
        line += 1;
        match (answers.next(), lines.next()) {
            (None, None) => return Ok(()),
            (Some(answer), Some(expected)) if answer.trim_end() == expected.trim_end() => {}
            _ => return Err(Wrong::Text { line }),
        }
    }
}
