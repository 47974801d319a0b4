//! Tasks as text: what is asked, and an answer that is right.
//!
//! Prompt and answer are one text of Python where they stand one behind the other, of abduction with the answer for `??`.

use std::fmt::Write as _;

use pyprior_core::ProgramNames;
use pyprior_core::exec::Step;

use super::settings::TraceStyle;
use super::{comments, cwm};
use crate::inputs::{Example, arguments};

/// What is asked, and an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) prompt: String,
    pub(super) answer: String,
}

pub(super) fn deduction(source: &str, function: &str, example: &Example) -> Text {
    let prompt = format!("{source}\n\nassert {function}({}) == ", arguments(&example.inputs));
    Text { prompt, answer: example.output.to_string() }
}

pub(super) fn abduction(source: &str, function: &str, example: &Example) -> Text {
    let prompt = format!("{source}\n\nassert {function}(??) == {}", example.output);
    Text { prompt, answer: arguments(&example.inputs) }
}

pub(super) fn induction(source: &str, function: &str, shown: &[Example]) -> Text {
    let mut prompt = format!("# A program with a function {function} for which all of these hold:\n");
    for example in shown {
        // Writing into a string cannot fail.
        let _ = writeln!(prompt, "# assert {function}({}) == {}", arguments(&example.inputs), example.output);
    }
    Text { prompt, answer: source.to_owned() }
}

/// A call as it is written in a trace.
pub(crate) fn call(function: &str, example: &Example) -> String {
    format!("{function}({})", arguments(&example.inputs))
}

pub(super) fn trace(style: TraceStyle, source: &str, call: &str, steps: &[Step], names: &ProgramNames) -> Option<Text> {
    let prompt = match style {
        TraceStyle::Cwm => cwm::prompt(source, call),
        TraceStyle::Comments => comments::prompt(source, call),
    };
    Some(Text { prompt, answer: trace_answer(style, source, call, steps, names)? })
}

/// What a call does, as text; none if that has more than 4 MiB.
pub(crate) fn trace_answer(
    style: TraceStyle,
    source: &str,
    call: &str,
    steps: &[Step],
    names: &ProgramNames,
) -> Option<String> {
    match style {
        TraceStyle::Cwm => cwm::answer(source, call, steps, names),
        TraceStyle::Comments => comments::answer(source, steps, names),
    }
}
