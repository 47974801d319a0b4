//! What a run writes, line by line.

use serde::{Deserialize, Serialize};

use super::code::Program;
use super::value::Value;
use crate::codec::encode::places::Place;
use crate::codec::program_names::ProgramNames;

/// A variable became a value: an assignment, the next value of a loop, or a parameter at a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Position of the statement in preorder, counted from 0: the assignment, the `for`, or the `def` of the parameter.
    pub statement: u32,
    /// Its line in the source as [`Renderer`](crate::Renderer) writes it, counted from 1; after [`Trace::place`], in
    /// the source that was read.
    pub line: u32,
    /// Scope of the variable: 0 is the module, j is function j.
    pub scope: u8,
    /// Number of the variable in its scope, as in `VAR_1`.
    pub slot: u8,
    /// Which binding of the scope this is, counted from 0 in the order of the source: the place of its name in
    /// [`ProgramNames::scopes`].
    pub binding: u32,
    /// Its name, if names are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it became.
    pub value: Value,
}

/// The first events of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// In the order in which they happened.
    pub events: Vec<Event>,
    /// Whether there were more than the bound.
    pub truncated: bool,
}

impl Trace {
    /// Fills in the names of the program.
    pub fn name(&mut self, names: &ProgramNames) {
        for event in &mut self.events {
            let scope = names.scopes().get(usize::from(event.scope));
            event.name = scope.and_then(|names| names.get(event.binding as usize)).cloned();
        }
    }

    /// Fills in the lines of the source that the program was read from, where its statements are known to
    /// [start](crate::Encoder::encode_with_places).
    pub fn place(&mut self, starts: &[Place]) {
        for event in &mut self.events {
            if let Some(start) = starts.get(event.statement as usize) {
                event.line = start.line;
            }
        }
    }
}

/// Who is told of what is written. Without one, a run does not even ask.
pub(super) trait Tracer {
    /// Whether it is told of variables.
    const ON: bool;
    /// Whether it is told of every instruction, of calls, returns and lines that are printed.
    const STEPS: bool = false;
    /// The instruction at `pc` has written a variable.
    fn wrote(&mut self, program: &Program, pc: usize, scope: u8, slot: u32, value: &Value);
    /// A call has written a parameter of the function with this place in the list.
    fn passed(&mut self, program: &Program, func: usize, slot: u32, value: &Value);
    /// The instruction at `pc` is next, with so much fuel left.
    fn at(&mut self, _: &Program, _: usize, _: u64) {}
    /// The function with this place in the list is called; its parameters follow.
    fn entered(&mut self, _: &Program, _: usize) {}
    /// A value has been printed.
    fn printed(&mut self, _: &Value) {}
    /// The function that was called last returns a value.
    fn returned(&mut self, _: &Value) {}
}

/// The event that the instruction at `pc` has written a variable.
pub(super) fn written(program: &Program, pc: usize, scope: u8, slot: u32, value: &Value) -> Option<Event> {
    let mark = program.mark(pc)?;
    let (slot, value) = (u8::try_from(slot).ok()?, value.clone());
    let (statement, line, binding) = (mark.statement, mark.line, mark.binding);
    Some(Event { statement, line, scope, slot, binding, name: None, value })
}

/// The event that a call has written a parameter.
pub(super) fn parameter(program: &Program, func: usize, slot: u32, value: &Value) -> Option<Event> {
    let func = program.funcs.get(func)?;
    let mark = program.marks.get(func.mark as usize)?;
    let (slot, value) = (u8::try_from(slot).ok()?, value.clone());
    let (statement, line, binding) = (mark.statement, mark.line, u32::from(slot) - 1);
    Some(Event { statement, line, scope: func.number, slot, binding, name: None, value })
}

/// Nobody.
pub(super) struct Untraced;

impl Tracer for Untraced {
    const ON: bool = false;

    #[inline(always)]
    fn wrote(&mut self, _: &Program, _: usize, _: u8, _: u32, _: &Value) {}

    #[inline(always)]
    fn passed(&mut self, _: &Program, _: usize, _: u32, _: &Value) {}
}

/// Keeps at most `limit` events.
pub(super) struct Recorder<'a> {
    pub(super) trace: &'a mut Trace,
    pub(super) limit: usize,
}

impl Recorder<'_> {
    fn push(&mut self, event: impl FnOnce() -> Option<Event>) {
        match self.trace.events.len() < self.limit {
            true => self.trace.events.extend(event()),
            false => self.trace.truncated = true,
        }
    }
}

impl Tracer for Recorder<'_> {
    const ON: bool = true;

    fn wrote(&mut self, program: &Program, pc: usize, scope: u8, slot: u32, value: &Value) {
        self.push(|| written(program, pc, scope, slot, value));
    }

    fn passed(&mut self, program: &Program, func: usize, slot: u32, value: &Value) {
        self.push(|| parameter(program, func, slot, value));
    }
}
