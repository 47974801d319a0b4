//! Operators and functions of expressions, on values as Python has them.
//!
//! Differences from Python: whole numbers have 64 bits, and what leaves them is an error; there are no floats.

use std::cmp::Ordering;

use thiserror::Error;

use crate::Value;

/// The most items that `+` and `*` may make of a text, tuple or list.
const LONGEST: usize = 1 << 20;

/// Why an expression has no value at certain values of its variables.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// The operands are of kinds that the operator does not take.
    #[error("`{operator}` does not take {left} and {right}")]
    Operands {
        /// The operator as it is written.
        operator: &'static str,
        /// Kind of the left operand.
        left: &'static str,
        /// Kind of the right operand.
        right: &'static str,
    },
    /// The argument is of a kind that the function or operator does not take.
    #[error("`{function}` does not take {kind}")]
    Argument {
        /// The function or operator as it is written.
        function: &'static str,
        /// Kind of the argument.
        kind: &'static str,
    },
    /// `//` or `%` by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// An index beyond the items that there are.
    #[error("index {index} is out of range of {len} items")]
    Index {
        /// The index.
        index: i64,
        /// Number of items.
        len: usize,
    },
    /// A key that a map does not have.
    #[error("no key {key}")]
    Key {
        /// The key, as Python spells it.
        key: String,
    },
    /// A number that has no place in 64 bits, or a sequence of more than 2²⁰ items.
    #[error("the result of `{operator}` is too large")]
    TooLarge {
        /// The operator as it is written.
        operator: &'static str,
    },
    /// `min` or `max` of nothing.
    #[error("`{function}` of nothing")]
    Empty {
        /// The function.
        function: &'static str,
    },
    /// A closure of the caller's panicked.
    #[error("the function panicked: {message}")]
    Panicked {
        /// What it said.
        message: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    FloorDivide,
    Modulo,
    Power,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    NotIn,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Abs,
    Min,
    Max,
    Len,
    Sum,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    StartsWith,
    EndsWith,
    Lower,
    Upper,
}

impl Arithmetic {
    fn spelling(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::FloorDivide => "//",
            Self::Modulo => "%",
            Self::Power => "**",
        }
    }
}

impl Comparison {
    fn spelling(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::In => "in",
            Self::NotIn => "not in",
        }
    }
}

impl Function {
    pub(super) fn spelling(self) -> &'static str {
        match self {
            Self::Abs => "abs",
            Self::Min => "min",
            Self::Max => "max",
            Self::Len => "len",
            Self::Sum => "sum",
        }
    }
}

impl Method {
    fn spelling(self) -> &'static str {
        match self {
            Self::StartsWith => "startswith",
            Self::EndsWith => "endswith",
            Self::Lower => "lower",
            Self::Upper => "upper",
        }
    }
}

/// The kind's name in messages.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::None => "None",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Str(_) => "str",
        Value::Tuple(_) => "tuple",
        Value::List(_) => "list",
        Value::Map(_) => "dict",
        Value::Record(_) => "a custom type",
    }
}

/// The number that arithmetic sees: True is 1 there.
pub(super) fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => Some(*number),
        Value::Bool(truth) => Some(i64::from(*truth)),
        _ => None,
    }
}

pub(super) fn truth(value: &Value) -> bool {
    match value {
        Value::None => false,
        Value::Bool(truth) => *truth,
        Value::Int(number) => *number != 0,
        Value::Str(text) => !text.is_empty(),
        Value::Tuple(items) | Value::List(items) => !items.is_empty(),
        Value::Map(pairs) => !pairs.is_empty(),
        Value::Record(_) => true,
    }
}

/// Python's `==`: unlike that of [`Value`] it has `1 == True`.
pub(crate) fn equal(left: &Value, right: &Value) -> bool {
    let all = |a: &[Value], b: &[Value]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b));
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Str(a), Value::Str(b)) => a == b,
        (Value::Tuple(a), Value::Tuple(b)) | (Value::List(a), Value::List(b)) => all(a, b),
        (Value::Map(a), Value::Map(b)) => {
            let has = |key, value| b.iter().any(|(k, v)| equal(k, key) && equal(v, value));
            a.len() == b.len() && a.iter().all(|(key, value)| has(key, value))
        }
        (Value::Bool(_), Value::Int(_)) | (Value::Int(_), Value::Bool(_)) => number(left) == number(right),
        _ => left == right,
    }
}

/// A value whose [`Eq`] and [`Hash`](std::hash::Hash) are Python's `==`.
pub(crate) fn canonical(value: Value) -> Value {
    match &value {
        Value::Bool(truth) => Value::Int(i64::from(*truth)),
        Value::Tuple(items) => Value::Tuple(items.iter().cloned().map(canonical).collect()),
        Value::List(items) => Value::List(items.iter().cloned().map(canonical).collect()),
        Value::Map(pairs) => Value::map(pairs.iter().map(|(k, v)| (canonical(k.clone()), canonical(v.clone())))),
        _ => value,
    }
}

/// Whether a truth value is in it: then [`canonical`] makes another value of it.
pub(crate) fn has_truth(value: &Value) -> bool {
    match value {
        Value::Bool(_) => true,
        Value::Tuple(items) | Value::List(items) => items.iter().any(has_truth),
        Value::Map(pairs) => pairs.iter().any(|(key, value)| has_truth(key) || has_truth(value)),
        _ => false,
    }
}

fn order(comparison: Comparison, left: &Value, right: &Value) -> Result<Ordering, EvaluationError> {
    match (left, right) {
        (Value::Str(a), Value::Str(b)) => Ok(a.cmp(b)),
        (Value::Tuple(a), Value::Tuple(b)) | (Value::List(a), Value::List(b)) => {
            match a.iter().zip(b.iter()).find(|(a, b)| !equal(a, b)) {
                Some((a, b)) => order(comparison, a, b),
                None => Ok(a.len().cmp(&b.len())),
            }
        }
        _ => match (number(left), number(right)) {
            (Some(a), Some(b)) => Ok(a.cmp(&b)),
            _ => {
                Err(EvaluationError::Operands { operator: comparison.spelling(), left: kind(left), right: kind(right) })
            }
        },
    }
}

fn contains(comparison: Comparison, item: &Value, container: &Value) -> Result<bool, EvaluationError> {
    match (item, container) {
        (Value::Str(part), Value::Str(text)) => Ok(text.contains(&**part)),
        (_, Value::Tuple(items) | Value::List(items)) => Ok(items.iter().any(|other| equal(item, other))),
        (_, Value::Map(pairs)) => Ok(pairs.iter().any(|(key, _)| equal(item, key))),
        _ => {
            Err(EvaluationError::Operands { operator: comparison.spelling(), left: kind(item), right: kind(container) })
        }
    }
}

pub(super) fn compare(comparison: Comparison, left: &Value, right: &Value) -> Result<bool, EvaluationError> {
    match comparison {
        Comparison::Equal => Ok(equal(left, right)),
        Comparison::NotEqual => Ok(!equal(left, right)),
        Comparison::Less => Ok(order(comparison, left, right)?.is_lt()),
        Comparison::LessEqual => Ok(order(comparison, left, right)?.is_le()),
        Comparison::Greater => Ok(order(comparison, left, right)?.is_gt()),
        Comparison::GreaterEqual => Ok(order(comparison, left, right)?.is_ge()),
        Comparison::In => contains(comparison, left, right),
        Comparison::NotIn => Ok(!contains(comparison, left, right)?),
    }
}

pub(super) fn arithmetic(operator: Arithmetic, left: &Value, right: &Value) -> Result<Value, EvaluationError> {
    let spelling = operator.spelling();
    let too_large = || EvaluationError::TooLarge { operator: spelling };
    if let (Some(a), Some(b)) = (number(left), number(right)) {
        let result = match operator {
            Arithmetic::Add => a.checked_add(b),
            Arithmetic::Subtract => a.checked_sub(b),
            Arithmetic::Multiply => a.checked_mul(b),
            Arithmetic::FloorDivide | Arithmetic::Modulo if b == 0 => return Err(EvaluationError::DivisionByZero),
            Arithmetic::FloorDivide => {
                a.checked_div(b).map(|quotient| quotient - i64::from(a % b != 0 && (a < 0) != (b < 0)))
            }
            // The remainder by -1 is 0, also of the one number whose quotient does not fit.
            Arithmetic::Modulo => {
                let rest = a.wrapping_rem(b);
                Some(if rest != 0 && (rest < 0) != (b < 0) { rest + b } else { rest })
            }
            Arithmetic::Power if b < 0 => {
                return Err(EvaluationError::Argument { function: "**", kind: "a negative exponent" });
            }
            Arithmetic::Power => power(a, b),
        };
        return result.map(Value::Int).ok_or_else(too_large);
    }
    match (operator, left, right) {
        (Arithmetic::Add, Value::Str(a), Value::Str(b)) if a.len() + b.len() <= LONGEST => {
            Ok(Value::from([&**a, &**b].concat()))
        }
        (Arithmetic::Add, Value::Tuple(a), Value::Tuple(b)) if a.len() + b.len() <= LONGEST => {
            Ok(Value::Tuple(a.iter().chain(b.iter()).cloned().collect()))
        }
        (Arithmetic::Add, Value::List(a), Value::List(b)) if a.len() + b.len() <= LONGEST => {
            Ok(Value::List(a.iter().chain(b.iter()).cloned().collect()))
        }
        (Arithmetic::Add, Value::Str(_), Value::Str(_))
        | (Arithmetic::Add, Value::Tuple(_), Value::Tuple(_))
        | (Arithmetic::Add, Value::List(_), Value::List(_)) => Err(too_large()),
        (Arithmetic::Multiply, sequence, times) | (Arithmetic::Multiply, times, sequence)
            if number(times).is_some() && number(sequence).is_none() && length(sequence).is_some() =>
        {
            repeat(sequence, number(times).unwrap_or(0)).ok_or_else(too_large)?
        }
        _ => Err(EvaluationError::Operands { operator: spelling, left: kind(left), right: kind(right) }),
    }
}

/// `base ** exponent` for an exponent that is not negative.
fn power(base: i64, exponent: i64) -> Option<i64> {
    match (base, u32::try_from(exponent)) {
        (_, Ok(exponent)) => base.checked_pow(exponent),
        (0 | 1, Err(_)) => Some(base),
        (-1, Err(_)) => Some(if exponent % 2 == 0 { 1 } else { -1 }),
        (_, Err(_)) => None,
    }
}

/// The sequence so often; nothing if that is too long.
fn repeat(sequence: &Value, times: i64) -> Option<Result<Value, EvaluationError>> {
    let times = usize::try_from(times.max(0)).ok()?;
    let longest = match sequence {
        Value::Str(text) => text.len(),
        _ => length(sequence)?,
    };
    (longest.checked_mul(times)? <= LONGEST).then(|| {
        let items = |items: &[Value]| std::iter::repeat_n(items, times).flatten().cloned().collect();
        match sequence {
            Value::Str(text) => Ok(Value::from(text.repeat(times))),
            Value::Tuple(parts) => Ok(Value::Tuple(items(parts))),
            Value::List(parts) => Ok(Value::List(items(parts))),
            other => Err(EvaluationError::Argument { function: "*", kind: kind(other) }),
        }
    })
}

pub(super) fn negative(value: &Value) -> Result<Value, EvaluationError> {
    let number = number(value).ok_or(EvaluationError::Argument { function: "-", kind: kind(value) })?;
    number.checked_neg().map(Value::Int).ok_or(EvaluationError::TooLarge { operator: "-" })
}

pub(super) fn positive(value: &Value) -> Result<Value, EvaluationError> {
    let number = number(value).ok_or(EvaluationError::Argument { function: "+", kind: kind(value) })?;
    Ok(Value::Int(number))
}

/// Number of items, of characters for text.
fn length(value: &Value) -> Option<usize> {
    match value {
        Value::Str(text) => Some(if text.is_ascii() { text.len() } else { text.chars().count() }),
        Value::Tuple(items) | Value::List(items) => Some(items.len()),
        Value::Map(pairs) => Some(pairs.len()),
        _ => None,
    }
}

pub(super) fn index(value: &Value, at: &Value) -> Result<Value, EvaluationError> {
    if let Value::Map(pairs) = value {
        let found = pairs.iter().find(|(key, _)| equal(key, at));
        return found.map(|(_, value)| value.clone()).ok_or_else(|| EvaluationError::Key { key: at.to_string() });
    }
    let wrong = || EvaluationError::Operands { operator: "[]", left: kind(value), right: kind(at) };
    let (Some(len), Some(index)) = (length(value), number(at)) else { return Err(wrong()) };
    let out = EvaluationError::Index { index, len };
    let from_start = if index < 0 { index.checked_add_unsigned(len as u64) } else { Some(index) };
    let place = from_start.and_then(|place| usize::try_from(place).ok()).ok_or_else(|| out.clone())?;
    match value {
        Value::Tuple(items) | Value::List(items) => items.get(place).cloned().ok_or(out),
        Value::Str(text) => text.chars().nth(place).map(|c| Value::from(c.to_string())).ok_or(out),
        _ => Err(wrong()),
    }
}

/// `value[from:to]`, where None stands for an end that is left out.
pub(super) fn slice(value: &Value, from: &Value, to: &Value) -> Result<Value, EvaluationError> {
    let len = length(value).ok_or(EvaluationError::Argument { function: "[:]", kind: kind(value) })?;
    let bound = |end: &Value, missing: usize| match (end, number(end)) {
        (Value::None, _) => Ok(missing),
        (_, Some(at)) => {
            let at = if at < 0 { at.saturating_add_unsigned(len as u64).max(0) } else { at };
            Ok(usize::try_from(at).unwrap_or(len).min(len))
        }
        _ => Err(EvaluationError::Argument { function: "[:]", kind: kind(end) }),
    };
    let from = bound(from, 0)?;
    let to = bound(to, len)?.max(from);
    match value {
        Value::Tuple(items) => Ok(Value::Tuple(items[from..to].into())),
        Value::List(items) => Ok(Value::List(items[from..to].into())),
        Value::Str(text) => Ok(Value::from(text.chars().skip(from).take(to - from).collect::<String>())),
        other => Err(EvaluationError::Argument { function: "[:]", kind: kind(other) }),
    }
}

pub(super) fn call(function: Function, arguments: &[Value]) -> Result<Value, EvaluationError> {
    let spelling = function.spelling();
    let wrong = |value: &Value| EvaluationError::Argument { function: spelling, kind: kind(value) };
    let items = match arguments {
        [one] => match one {
            Value::Tuple(items) | Value::List(items) => Some(&items[..]),
            _ => None,
        },
        several => Some(several),
    };
    match (function, arguments) {
        (Function::Abs, [value]) => {
            let number = number(value).ok_or_else(|| wrong(value))?;
            number.checked_abs().map(Value::Int).ok_or(EvaluationError::TooLarge { operator: "abs" })
        }
        (Function::Len, [value]) => {
            let len = length(value).ok_or_else(|| wrong(value))?;
            i64::try_from(len).map(Value::Int).map_err(|_| EvaluationError::TooLarge { operator: "len" })
        }
        (Function::Sum, [value]) => items
            .ok_or_else(|| wrong(value))?
            .iter()
            .try_fold(Value::Int(0), |sum, item| arithmetic(Arithmetic::Add, &sum, item)),
        (Function::Min | Function::Max, [first, ..]) => {
            let items = items.ok_or_else(|| wrong(first))?;
            let (before, rest) = items.split_first().ok_or(EvaluationError::Empty { function: spelling })?;
            let wanted = if function == Function::Min { Comparison::Less } else { Comparison::Greater };
            let mut best = before;
            for item in rest {
                if compare(wanted, item, best)? {
                    best = item;
                }
            }
            Ok(best.clone())
        }
        _ => Err(EvaluationError::Empty { function: spelling }),
    }
}

pub(super) fn method(method: Method, object: &Value, arguments: &[Value]) -> Result<Value, EvaluationError> {
    let spelling = method.spelling();
    let wrong = |value: &Value| EvaluationError::Argument { function: spelling, kind: kind(value) };
    let text = object.as_str().ok_or_else(|| wrong(object))?;
    let fits = |part: &Value| {
        let part = part.as_str().ok_or_else(|| wrong(part))?;
        Ok(if method == Method::StartsWith { text.starts_with(part) } else { text.ends_with(part) })
    };
    match (method, arguments) {
        (Method::Lower, []) => Ok(Value::from(text.to_lowercase())),
        (Method::Upper, []) => Ok(Value::from(text.to_uppercase())),
        (Method::StartsWith | Method::EndsWith, [Value::Tuple(parts)]) => {
            for part in parts.iter() {
                if fits(part)? {
                    return Ok(Value::Bool(true));
                }
            }
            Ok(Value::Bool(false))
        }
        (Method::StartsWith | Method::EndsWith, [part]) => fits(part).map(Value::Bool),
        _ => Err(EvaluationError::Empty { function: spelling }),
    }
}
