//! What a run does as JSON: the state after each statement.

use std::collections::BTreeMap;

use pyprior_core::ProgramNames;
use pyprior_core::exec::{Event, Step, Value};
use serde::Serialize;

use super::settings::MAX_TASK_BYTES;

/// A statement that has been executed, with what is known after it. Values are texts in Python.
#[derive(Serialize)]
struct State<'a, 'f> {
    statement: u32,
    line: u32,
    function: Option<&'a str>,
    variables: &'f BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    printed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    returned: Option<String>,
}

/// The module, or a function that has been called.
#[derive(Default)]
struct Frame<'a> {
    function: Option<&'a str>,
    /// As text, which a value is made once.
    variables: BTreeMap<&'a str, String>,
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

impl Frame<'_> {
    fn complete(&mut self, returned: Option<&Value>, list: &mut Vec<u8>) -> serde_json::Result<()> {
        let Some((statement, line)) = self.open.take() else { return Ok(()) };
        let (function, variables) = (self.function, &self.variables);
        let (printed, returned) = (self.printed.take().map(Value::to_string), returned.map(Value::to_string));
        list.push(if list.is_empty() { b'[' } else { b',' });
        serde_json::to_writer(list, &State { statement, line, function, variables, printed, returned })
    }
}

/// The states of a run of a module, a list in JSON, in the order in which statements end; none if there are more than
/// [`MAX_TASK_BYTES`] of it. Where the run ended early, what it was at has no state.
pub(crate) fn states(steps: &[Step], names: &ProgramNames, finished: bool) -> serde_json::Result<Option<String>> {
    let (mut frames, mut list) = (vec![Frame::default()], Vec::new());
    for step in steps {
        let Some(frame) = frames.last_mut() else { break };
        match step {
            Step::Line { statement, line } => {
                frame.complete(None, &mut list)?;
                frame.open = Some((*statement, *line));
            }
            Step::Enter { func, .. } => {
                frames.push(Frame { function: Some(function(names, *func)), ..Frame::default() });
            }
            Step::Write(event) => {
                frame.variables.insert(name(names, event), event.value.to_string());
            }
            Step::Print(value) => frame.printed = Some(value),
            Step::Return(value) => {
                frame.complete(Some(value), &mut list)?;
                frames.pop();
            }
        }
        if list.len() > MAX_TASK_BYTES {
            return Ok(None);
        }
    }
    if let Some(module) = frames.last_mut().filter(|_| finished) {
        module.complete(None, &mut list)?;
    }
    list.extend_from_slice(if list.is_empty() { b"[]" } else { b"]" });
    Ok(String::from_utf8(list).ok().filter(|list| list.len() <= MAX_TASK_BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_whole_or_none() -> Result<(), Box<dyn std::error::Error>> {
        let names = ProgramNames::new(Vec::new(), vec![vec!["a".to_owned()]])?;
        let write = Event { statement: 0, line: 1, scope: 0, slot: 1, binding: 0, name: None, value: 123_456.into() };
        let of = |count: usize| {
            let mut steps = vec![Step::Line { statement: 0, line: 1 }; count];
            steps.insert(1, Step::Write(write.clone()));
            states(&steps, &names, true)
        };
        let list = of(50_000)?.ok_or("none")?;
        assert_eq!(serde_json::from_str::<Vec<serde_json::Value>>(&list)?.len(), 50_000);
        assert!(list.len() > MAX_TASK_BYTES / 2);
        assert_eq!(of(70_000)?, None);
        assert_eq!(states(&[], &names, true)?.as_deref(), Some("[]"));
        Ok(())
    }
}
