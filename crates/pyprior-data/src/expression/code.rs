//! Compiled expressions: what is evaluated for every candidate.
//!
//! `and`, `or` and `not` are gone: every test says where it goes on if it holds and where if not. Numbers are nodes in one
//! array that name their operands by place.

use std::cmp::Ordering;

use super::syntax::{Arithmetic, Compare};
use crate::row::Row;

/// Where a test goes on.
pub(super) type Target = u32;
/// The whole expression holds.
pub(super) const HOLDS: Target = u32::MAX;
/// It does not.
pub(super) const FAILS: Target = u32::MAX - 1;

/// A number that a row has, or that follows from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value {
    Null,
    /// Arithmetic that leaves 128 bits stays at their end.
    Integer(i128),
    Float(f64),
}

#[derive(Debug, Clone)]
pub(super) enum Number {
    Constant(Value),
    U32(fn(&Row<'_>) -> u32),
    MaybeU32(fn(&Row<'_>) -> Option<u32>),
    U64(fn(&Row<'_>) -> u64),
    MaybeU64(fn(&Row<'_>) -> Option<u64>),
    MaybeF64(fn(&Row<'_>) -> Option<f64>),
    Negate(u32),
    Arithmetic(Arithmetic, u32, u32),
}

#[derive(Debug, Clone)]
pub(super) enum Text {
    Constant(Box<str>),
    Column(for<'a> fn(&Row<'a>) -> &'a str),
    Maybe(for<'a> fn(&Row<'a>) -> Option<&'a str>),
}

#[derive(Debug, Clone)]
pub(super) enum Test {
    Constant(bool),
    Truth(fn(&Row<'_>) -> bool),
    Numbers(Compare, u32, u32),
    Range(u32, Option<u32>, Option<u32>),
    Among(u32, Box<[u32]>),
    IsNull(u32),
    IsNoText(for<'a> fn(&Row<'a>) -> Option<&'a str>),
    Texts(Compare, Text, Text),
    TextAmong(Text, Box<[Text]>),
}

/// A test, and where it goes on: to a test with a smaller place, or to the end.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) test: Test,
    pub(super) yes: Target,
    pub(super) no: Target,
}

/// Whether what starts at a place holds.
pub(super) fn holds(steps: &[Step], numbers: &[Number], mut at: Target, row: &Row<'_>) -> bool {
    while let Some(step) = steps.get(at as usize) {
        at = if step.test.holds(numbers, row) { step.yes } else { step.no };
    }
    at == HOLDS
}

/// The number with a place. Depth is bounded where the text was read.
pub(super) fn number(numbers: &[Number], at: u32, row: &Row<'_>) -> Value {
    let integer = |value: Option<u64>| value.map_or(Value::Null, |value| Value::Integer(value.into()));
    match numbers.get(at as usize) {
        Some(Number::Constant(value)) => *value,
        Some(Number::U32(get)) => Value::Integer(get(row).into()),
        Some(Number::MaybeU32(get)) => integer(get(row).map(u64::from)),
        Some(Number::U64(get)) => Value::Integer(get(row).into()),
        Some(Number::MaybeU64(get)) => integer(get(row)),
        Some(Number::MaybeF64(get)) => get(row).map_or(Value::Null, Value::Float),
        Some(Number::Negate(operand)) => match number(numbers, *operand, row) {
            Value::Null => Value::Null,
            Value::Integer(value) => Value::Integer(value.saturating_neg()),
            Value::Float(value) => Value::Float(-value),
        },
        Some(Number::Arithmetic(op, left, right)) => {
            arithmetic(*op, number(numbers, *left, row), number(numbers, *right, row))
        }
        None => Value::Null,
    }
}

fn arithmetic(op: Arithmetic, left: Value, right: Value) -> Value {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => Value::Null,
        (Value::Integer(left), Value::Integer(right)) => Value::Integer(match op {
            Arithmetic::Add => left.saturating_add(right),
            Arithmetic::Sub => left.saturating_sub(right),
            Arithmetic::Mul => left.saturating_mul(right),
        }),
        (left, right) => {
            let (left, right) = (left.float(), right.float());
            Value::Float(match op {
                Arithmetic::Add => left + right,
                Arithmetic::Sub => left - right,
                Arithmetic::Mul => left * right,
            })
        }
    }
}

impl Value {
    fn float(self) -> f64 {
        match self {
            Self::Null => f64::NAN,
            Self::Integer(value) => value as f64,
            Self::Float(value) => value,
        }
    }

    /// Which is larger; none if one is null.
    pub(crate) fn order(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Null, _) | (_, Self::Null) => None,
            (Self::Integer(left), Self::Integer(right)) => Some(left.cmp(&right)),
            (left, right) => left.float().partial_cmp(&right.float()),
        }
    }
}

impl Test {
    fn holds(&self, numbers: &[Number], row: &Row<'_>) -> bool {
        let number = |at: u32| number(numbers, at, row);
        match self {
            Self::Constant(truth) => *truth,
            Self::Truth(get) => get(row),
            Self::Numbers(compare, left, right) => {
                number(*left).order(number(*right)).is_some_and(|order| compare.allows(order))
            }
            Self::Range(operand, low, high) => {
                let operand = number(*operand);
                let order = |end: u32| operand.order(number(end));
                operand != Value::Null
                    && low.is_none_or(|low| order(low).is_some_and(Ordering::is_ge))
                    && high.is_none_or(|high| order(high).is_some_and(Ordering::is_le))
            }
            Self::Among(operand, values) => {
                let operand = number(*operand);
                values.iter().any(|&value| operand.order(number(value)).is_some_and(Ordering::is_eq))
            }
            Self::IsNull(operand) => number(*operand) == Value::Null,
            Self::IsNoText(get) => get(row).is_none(),
            Self::Texts(compare, left, right) => {
                // As of numbers: no comparison with one that is null holds.
                let (Some(left), Some(right)) = (left.of(row), right.of(row)) else { return false };
                match compare {
                    Compare::Contains => left.contains(right),
                    Compare::StartsWith => left.starts_with(right),
                    Compare::EndsWith => left.ends_with(right),
                    compare => compare.allows(left.cmp(right)),
                }
            }
            Self::TextAmong(operand, values) => {
                let operand = operand.of(row);
                operand.is_some() && values.iter().any(|value| value.of(row) == operand)
            }
        }
    }
}

impl Text {
    /// None if it is null.
    fn of<'a>(&'a self, row: &Row<'a>) -> Option<&'a str> {
        match self {
            Self::Constant(text) => Some(text),
            Self::Column(get) => Some(get(row)),
            Self::Maybe(get) => get(row),
        }
    }
}

impl Compare {
    fn allows(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::LessEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterEqual => order.is_ge(),
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
            // Of texts alone, which do not come here.
            Self::Contains | Self::StartsWith | Self::EndsWith => false,
        }
    }
}
