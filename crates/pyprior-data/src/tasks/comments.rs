//! Traces as comments in the program.
//!
//! Behind each line stands what it did: `# (2) b=5; (6) b=7`. The number in parentheses counts calls and lines, as they are
//! executed, from 0, which is the call that the trace is of.

use std::fmt::Write as _;

use pyprior_core::ProgramNames;
use pyprior_core::exec::Step;

use super::settings::MAX_TASK_BYTES;
use super::states::name;

/// The prompt of a trace of `call`, as in `f(3)`.
pub(super) fn prompt(source: &str, call: &str) -> String {
    format!("{source}\n\n# {call}, line by line:\n")
}

/// The program with what a call does in it; none if that has more than [`MAX_TASK_BYTES`].
pub(super) fn answer(source: &str, steps: &[Step], names: &ProgramNames) -> Option<String> {
    let lines = source.lines().collect::<Vec<_>>();
    // Of each line its comment, and the step that it was written for last.
    let mut comments = vec![(String::new(), None); lines.len()];
    // Calls that have begun, with the line and the step that they are at.
    let (mut frames, mut next) = (Vec::<(u32, u32)>::new(), 0);
    let mut bytes = source.len();
    for step in steps {
        let happened = match step {
            Step::Enter { line, .. } => {
                frames.push((*line, next));
                next += 1;
                continue;
            }
            Step::Line { line, .. } => {
                if let Some(frame) = frames.last_mut() {
                    *frame = (*line, next);
                }
                next += 1;
                continue;
            }
            Step::Write(event) => format!("{}={}", name(names, event), event.value),
            Step::Print(value) => format!("print {value}"),
            Step::Return(value) => format!("return {value}"),
        };
        let Some(&(line, number)) = frames.last() else { break };
        if matches!(step, Step::Return(_)) {
            frames.pop();
        }
        let Some((comment, last)) = (line as usize).checked_sub(1).and_then(|nth| comments.get_mut(nth)) else {
            continue;
        };
        let before = comment.len();
        // Writing into a string cannot fail.
        let _ = match (last.replace(number), comment.is_empty()) {
            (_, true) => write!(comment, "  # ({number}) {happened}"),
            (Some(known), _) if known == number => write!(comment, ", {happened}"),
            _ => write!(comment, "; ({number}) {happened}"),
        };
        bytes += comment.len() - before;
        if bytes > MAX_TASK_BYTES {
            return None;
        }
    }
    let written = lines.iter().zip(&comments).map(|(line, (comment, _))| format!("{line}{comment}"));
    Some(written.collect::<Vec<_>>().join("\n"))
}
