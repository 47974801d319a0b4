//! Traces in the frame format of the Code World Model.
//!
//! Source: the prompting guide of Meta's CWM, section "Trace Prediction". A prompt is `<|trace_context_start|>`, a source with its entry point marked
//! by `<< START_OF_TRACE`, and `<|frame_sep|>`. A frame is what happens (call, line, return), local variables as JSON whose values are all
//! texts, and the source line. A variable that is what it was in the frame before of the same call is `".."`.

use std::fmt::Write as _;

use pyprior_core::ProgramNames;
use pyprior_core::exec::{Step, Value};

use super::settings::MAX_TASK_BYTES;
use super::states::name;

/// What ends a trace.
pub(super) const END: &str = "<|end_of_text|>";

/// A call that has begun.
struct Frame<'a> {
    variables: Vec<(&'a str, &'a Value, bool)>,
    /// Line of the `def`, and, once a line has run, the last one.
    line: u32,
    begun: bool,
}

impl Frame<'_> {
    /// The variables, which from now on are known.
    fn locals(&mut self) -> String {
        let mut out = "{".to_owned();
        for (nth, (name, value, known)) in self.variables.iter_mut().enumerate() {
            let comma = if nth == 0 { "" } else { ", " };
            // Writing into a string cannot fail.
            let _ = match std::mem::replace(known, true) {
                true => write!(out, "{comma}\"{name}\": \"..\""),
                false => write!(out, "{comma}\"{name}\": \"{value}\""),
            };
        }
        out + "}"
    }
}

/// The prompt of a trace of `call`, as in `f(3)`.
pub(super) fn prompt(source: &str, call: &str) -> String {
    format!("<|trace_context_start|>{source}\n\ndef main():  # << START_OF_TRACE\n    return {call}\n<|frame_sep|>")
}

/// The frames of a call that has come to its end; none if they have more than [`MAX_TASK_BYTES`].
pub(super) fn answer(source: &str, call: &str, steps: &[Step], names: &ProgramNames) -> Option<String> {
    let lines = source.lines().collect::<Vec<_>>();
    let text = |line: u32| (line as usize).checked_sub(1).and_then(|nth| lines.get(nth)).copied().unwrap_or_default();
    let own = format!("    return {call}");
    let mut out = format!(
        "<|call_sep|>{{}}<|action_sep|>def main():\n<|frame_sep|><|line_sep|>{{}}<|action_sep|>{own}\n<|frame_sep|>"
    );
    let (mut frames, mut last) = (Vec::<Frame<'_>>::new(), None);
    for step in steps {
        if out.len() > MAX_TASK_BYTES {
            return None;
        }
        if let Step::Enter { line, .. } = step {
            frames.push(Frame { variables: Vec::new(), line: *line, begun: false });
            continue;
        }
        let Some(frame) = frames.last_mut() else { break };
        match step {
            Step::Enter { .. } | Step::Print(_) => {}
            Step::Line { line, .. } => {
                if !std::mem::replace(&mut frame.begun, true) {
                    let (locals, def) = (frame.locals(), text(frame.line));
                    let _ = write!(out, "<|call_sep|>{locals}<|action_sep|>{def}\n<|frame_sep|>");
                }
                frame.line = *line;
                let (locals, line) = (frame.locals(), text(*line));
                let _ = write!(out, "<|line_sep|>{locals}<|action_sep|>{line}\n<|frame_sep|>");
            }
            Step::Write(event) => {
                let name = name(names, event);
                match frame.variables.iter_mut().find(|(known, ..)| *known == name) {
                    Some((_, value, known)) => {
                        *known &= **value == event.value;
                        *value = &event.value;
                    }
                    None => frame.variables.push((name, &event.value, false)),
                }
            }
            Step::Return(value) => {
                let _ = write!(
                    out,
                    "<|return_sep|><|action_sep|>{}\n<|arg_sep|>\"{value}\"<|frame_sep|>",
                    text(frame.line)
                );
                frames.pop();
                last = Some(value);
            }
        }
    }
    if let Some(value) = last {
        let _ = write!(out, "<|return_sep|><|action_sep|>{own}\n<|arg_sep|>\"{value}\"<|frame_sep|>{END}");
    }
    (out.len() <= MAX_TASK_BYTES).then_some(out)
}
