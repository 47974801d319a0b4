//! What a run does, statement by statement.

use super::code::{Op, Program};
use super::trace::{Event, Tracer, parameter, written};
use super::value::Value;

/// Something that a run does. What a statement does stands behind its [`Line`](Self::Line), what a call does between its
/// [`Enter`](Self::Enter) and its [`Return`](Self::Return).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A statement begins. A loop begins once, and once more after every iteration, for the test whether there is another.
    Line {
        /// Position in preorder, counted from 0.
        statement: u32,
        /// Line in the source as [`Renderer`](crate::Renderer) writes it, counted from 1.
        line: u32,
    },
    /// A function is entered; what its parameters become follows.
    Enter {
        /// Its number.
        func: u8,
        /// Line of its `def`.
        line: u32,
    },
    /// A variable becomes a value.
    Write(Event),
    /// A value is printed.
    Print(Value),
    /// The function that was entered last returns; none where it comes to its end without a `return`.
    Return(Value),
}

/// The first steps of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Steps {
    /// In their order.
    pub steps: Vec<Step>,
    /// Whether there were more than the bound.
    pub truncated: bool,
}

/// Keeps at most `limit` steps.
pub(super) struct StepRecorder<'a> {
    pub(super) steps: &'a mut Steps,
    pub(super) limit: usize,
    /// The instruction before.
    pub(super) before: usize,
}

impl StepRecorder<'_> {
    fn push(&mut self, step: Option<Step>) {
        match self.steps.steps.len() < self.limit {
            true => self.steps.steps.extend(step),
            false => self.steps.truncated = true,
        }
    }
}

impl Tracer for StepRecorder<'_> {
    const ON: bool = true;
    const STEPS: bool = true;

    fn at(&mut self, program: &Program, pc: usize, left: u64) {
        let before = std::mem::replace(&mut self.before, pc);
        // A loop that is set up goes on at its test, which is no line of its own then.
        if program.code.get(pc).is_some_and(|instr| instr.op == Op::ForNext && before + 1 == instr.c as usize) {
            return;
        }
        // Where literals decide a test, no instruction stands between the `if` and what is in it: the instruction takes
        // the fuel of both. A statement begins where those before it are paid for.
        let first = program.marks.partition_point(|mark| (mark.pc as usize) < pc);
        let here = program.marks[first..].iter().take_while(|mark| mark.pc as usize == pc);
        for mark in here.take(usize::try_from(left).unwrap_or(usize::MAX).saturating_add(1)) {
            self.push(Some(Step::Line { statement: mark.statement, line: mark.line }));
        }
    }

    fn entered(&mut self, program: &Program, func: usize) {
        let step = program.funcs.get(func).map(|func| {
            let line = program.marks.get(func.mark as usize).map_or(0, |mark| mark.line);
            Step::Enter { func: func.number, line }
        });
        self.push(step);
    }

    fn wrote(&mut self, program: &Program, pc: usize, scope: u8, slot: u32, value: &Value) {
        self.push(written(program, pc, scope, slot, value).map(Step::Write));
    }

    fn passed(&mut self, program: &Program, func: usize, slot: u32, value: &Value) {
        self.push(parameter(program, func, slot, value).map(Step::Write));
    }

    fn printed(&mut self, value: &Value) {
        self.push(Some(Step::Print(value.clone())));
    }

    fn returned(&mut self, value: &Value) {
        self.push(Some(Step::Return(value.clone())));
    }
}
