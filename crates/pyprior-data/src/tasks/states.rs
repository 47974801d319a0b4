//! What a run does as JSON: the state after each statement.

use std::collections::BTreeMap;

use pyprior_core::ProgramNames;
use pyprior_core::exec::{Event, Step, Value};
use serde::Serialize;

/// A statement that has been executed, with what is known after it. Values are texts in Python.
#[derive(Serialize)]
struct State<'a> {
    statement: u32,
    line: u32,
    function: Option<&'a str>,
    variables: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    printed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    returned: Option<String>,
}

/// The module, or a function that has been called.
#[derive(Default)]
struct Frame<'a> {
    function: Option<&'a str>,
    variables: BTreeMap<&'a str, &'a Value>,
    /// The statement that is being executed, and its line.
    open: Option<(u32, u32)>,
    printed: Option<&'a Value>,
}

/// Name of what an event writes; empty if the names are those of another program.
pub(super) fn name<'n>(names: &'n ProgramNames, event: &Event) -> &'n str {
    let scope = names.scopes().get(usize::from(event.scope));
    scope.and_then(|scope| scope.get(event.binding as usize)).map_or("", String::as_str)
}

/// Name of a function; empty if the names are those of another program.
pub(crate) fn function(names: &ProgramNames, func: u8) -> &str {
    let name = usize::from(func).checked_sub(1).and_then(|nth| names.funcs().get(nth));
    name.map_or("", String::as_str)
}

impl<'a> Frame<'a> {
    fn complete(&mut self, returned: Option<&Value>) -> Option<State<'a>> {
        let (statement, line) = self.open.take()?;
        Some(State {
            statement,
            line,
            function: self.function,
            variables: self.variables.iter().map(|(name, value)| (*name, value.to_string())).collect(),
            printed: self.printed.take().map(Value::to_string),
            returned: returned.map(Value::to_string),
        })
    }
}

/// The states of a run of a module, a list in JSON, in the order in which statements end. Where the run ended early, what it was
/// at has no state.
pub(crate) fn states(steps: &[Step], names: &ProgramNames, finished: bool) -> serde_json::Result<String> {
    let (mut frames, mut states) = (vec![Frame::default()], Vec::new());
    for step in steps {
        let Some(frame) = frames.last_mut() else { break };
        match step {
            Step::Line { statement, line } => {
                states.extend(frame.complete(None));
                frame.open = Some((*statement, *line));
            }
            Step::Enter { func, .. } => {
                frames.push(Frame { function: Some(function(names, *func)), ..Frame::default() });
            }
            Step::Write(event) => {
                frame.variables.insert(name(names, event), &event.value);
            }
            Step::Print(value) => frame.printed = Some(value),
            Step::Return(value) => {
                states.extend(frame.complete(Some(value)));
                frames.pop();
            }
        }
    }
    if finished {
        states.extend(frames.last_mut().and_then(|module| module.complete(None)));
    }
    serde_json::to_string(&states)
}
