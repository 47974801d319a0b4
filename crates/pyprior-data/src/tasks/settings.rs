//! What a description says of tasks.

use serde::{Deserialize, Serialize};

use crate::error::DescriptionError;

/// Bytes of a task or a trace, tokens counted as five each: one that has more is left out, as too long.
pub const MAX_TASK_BYTES: usize = 1 << 22;

/// A kind of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A program and an input are given: what does its function give?
    Deduction,
    /// A program and an output are given: for which input does its function give that? Any such input is right.
    Abduction,
    /// Examples are given: which program has a function that fits them? Any program is right whose function fits those that
    /// are shown and those that are held out.
    Induction,
    /// A program and an input are given: what does the call do, step by step?
    Trace,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Deduction, Self::Abduction, Self::Induction, Self::Trace];

    /// Its name in descriptions and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deduction => "deduction",
            Self::Abduction => "abduction",
            Self::Induction => "induction",
            Self::Trace => "trace",
        }
    }
}

/// How token streams lie in rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// As long as they are.
    Plain,
    /// Filled up with `PAD` to a length; tasks whose streams are longer are left out.
    Padded,
    /// One after the other in rows of a length, in a table of their own; a stream that does not fit into what is left of a row begins
    /// the next one, and one that is longer than a row is left out.
    Packed,
}

/// How a trace is written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TraceStyle {
    /// Frames of variables and source lines, as the Code World Model has them.
    Cwm,
    /// The program with what each line did in a comment behind it.
    Comments,
}

/// Tasks made of examples.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TaskSettings {
    /// Kinds, each once and each a table of its own.
    pub kinds: Vec<Kind>,
    /// Rows that a program has in a table of deduction, abduction or trace: its first examples, of abduction those with
    /// different outputs; 1 to 256. Of induction it has one.
    pub rows: u32,
    /// Examples that an induction shows at most, 1 to 255; the others are held out, one at least.
    pub shown: u32,
    /// Whether tasks are written as tokens.
    pub tokens: bool,
    /// Whether tasks are written as text: prompt, answer, and how it is verified.
    pub text: bool,
    /// How token streams lie in rows.
    pub layout: Layout,
    /// Tokens of a row that is padded or packed, 8 to 1,048,576.
    pub length: u32,
    /// How a trace is written as text.
    pub trace_style: TraceStyle,
}

impl Default for TaskSettings {
    fn default() -> Self {
        Self {
            kinds: Vec::new(),
            rows: 4,
            shown: 4,
            tokens: true,
            text: true,
            layout: Layout::Plain,
            length: 256,
            trace_style: TraceStyle::Cwm,
        }
    }
}

impl TaskSettings {
    /// Tokens of a row, if all have as many.
    pub fn width(&self) -> Option<u32> {
        (self.layout != Layout::Plain).then_some(self.length)
    }

    pub(crate) fn check(&self) -> Result<(), DescriptionError> {
        let range = |field, value: u32, range| Err(DescriptionError::Range { field, value: value.to_string(), range });
        for (nth, kind) in self.kinds.iter().enumerate() {
            if self.kinds[..nth].contains(kind) {
                return Err(DescriptionError::Twice { field: "tasks.kinds", name: kind.name().to_owned() });
            }
        }
        if !(1..=256).contains(&self.rows) {
            return range("tasks.rows", self.rows, "1 to 256");
        }
        if !(1..=255).contains(&self.shown) {
            return range("tasks.shown", self.shown, "1 to 255");
        }
        if !(8..=1 << 20).contains(&self.length) {
            return range("tasks.length", self.length, "8 to 1,048,576");
        }
        match !self.kinds.is_empty() && !self.tokens && !self.text {
            true => Err(DescriptionError::NoTaskForm),
            false => Ok(()),
        }
    }
}
