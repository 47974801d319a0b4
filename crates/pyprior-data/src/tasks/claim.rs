//! What a task says, as data: what its token stream and its text are made from.

use pyprior_core::IoValue;
use pyprior_core::exec::{Step, Value};

use super::{Kind, MAX_TASK_BYTES};

/// What a task says. Booleans are 1 and 0, to which they are equal in Python.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The function of `program` gives `output` for `inputs`; asked for is the output.
    Deduction(Call),
    /// The same; asked for are inputs.
    Abduction(Call),
    /// The function of `program` fits the examples; asked for is a program.
    Induction {
        /// Inputs of each example, as many as the function has parameters, and its output.
        examples: Vec<(Vec<IoValue>, IoValue)>,
        /// Number of parameters.
        arity: u8,
        /// Its tokens.
        program: Vec<u32>,
    },
    /// A call of the function of `program` does `states`; asked for are those.
    Trace {
        /// Its tokens.
        program: Vec<u32>,
        /// The arguments.
        inputs: Vec<IoValue>,
        /// What the call does, from its first statement to its return.
        states: Vec<State>,
    },
}

/// A call and what it gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Tokens of the program.
    pub program: Vec<u32>,
    /// The arguments.
    pub inputs: Vec<IoValue>,
    /// The value.
    pub output: IoValue,
}

/// Something that a call does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Function j is called; its parameters follow.
    Enter(u8),
    /// Variable i of the function that was called last becomes a value.
    Write(u8, IoValue),
    /// A value is printed.
    Print(IoValue),
    /// The function that was called last returns.
    Return(IoValue),
}

impl Claim {
    /// The kind of the task.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Deduction(_) => Kind::Deduction,
            Self::Abduction(_) => Kind::Abduction,
            Self::Induction { .. } => Kind::Induction,
            Self::Trace { .. } => Kind::Trace,
        }
    }
}

/// A value as value tokens have it.
pub(super) fn io_value(value: &Value) -> IoValue {
    match value {
        Value::None => IoValue::None,
        Value::Bool(value) => IoValue::from(i64::from(*value)),
        Value::Int(value) => IoValue::from(*value),
        // Its text is decimal digits.
        Value::Big(value) => IoValue::parse_int(&value.to_string()).unwrap_or(IoValue::None),
    }
}

pub(super) fn io_values(values: &[Value]) -> Vec<IoValue> {
    values.iter().map(io_value).collect()
}

/// The steps of a call of a function with `arity` parameters, without its start: that is given. None where its numbers alone
/// have more than [`MAX_TASK_BYTES`] digits.
pub(super) fn states(steps: &[Step], arity: u8) -> Option<Vec<State>> {
    let mut digits = 0;
    let mut value = |value: &Value| {
        let value = io_value(value);
        if let IoValue::Int(text) = &value {
            digits += text.len();
        }
        (digits <= MAX_TASK_BYTES).then_some(value)
    };
    let mut states = Vec::new();
    for step in steps.iter().skip(1 + usize::from(arity)) {
        states.push(match step {
            Step::Line { .. } => continue,
            Step::Enter { func, .. } => State::Enter(*func),
            Step::Write(event) => State::Write(event.slot, value(&event.value)?),
            Step::Print(printed) => State::Print(value(printed)?),
            Step::Return(returned) => State::Return(value(returned)?),
        });
    }
    Some(states)
}
