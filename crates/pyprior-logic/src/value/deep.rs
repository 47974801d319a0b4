//! Dropping, comparing and hashing values that may be deeper than the stack, and share more parts than can be counted.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::{Record, Value};

/// Values are compared by recursion down to this depth, the usual case, ...
const QUICK_DEPTH: usize = 32;
/// ... and up to so many pairs; beyond either by a loop that remembers pairs.
const QUICK_PAIRS: usize = 1 << 10;
/// A hash takes in so many parts, and none that lie deeper than `QUICK_DEPTH`. Equal values have equal beginnings.
const HASHED: usize = 1 << 10;

impl Value {
    #[inline]
    fn is_compound(&self) -> bool {
        matches!(self, Value::Tuple(_) | Value::List(_) | Value::Map(_) | Value::Record(_))
    }

    /// Where the parts of a compound value lie: the same place, the same value.
    pub(crate) fn place(&self) -> Option<*const ()> {
        match self {
            Value::Tuple(items) | Value::List(items) => Some(Arc::as_ptr(items).cast()),
            Value::Map(pairs) => Some(Arc::as_ptr(pairs).cast()),
            Value::Record(record) => Some(Arc::as_ptr(record).cast()),
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Str(_) => None,
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Value::None => 0,
            Value::Bool(_) => 1,
            Value::Int(_) => 2,
            Value::Str(_) => 3,
            Value::Tuple(_) => 4,
            Value::List(_) => 5,
            Value::Map(_) => 6,
            Value::Record(_) => 7,
        }
    }

    fn release_all(&mut self) {
        let mut left = Vec::new();
        self.release(&mut left);
        while let Some(mut part) = left.pop() {
            part.release(&mut left);
        }
    }

    /// Moves the compound parts out, if nobody else has them.
    fn release(&mut self, left: &mut Vec<Value>) {
        let mut take = |part: &mut Value| {
            if part.is_compound() {
                left.push(std::mem::take(part));
            }
        };
        match self {
            Value::Tuple(items) | Value::List(items) => {
                Arc::get_mut(items).into_iter().flatten().for_each(take);
            }
            Value::Map(pairs) => {
                for (key, value) in Arc::get_mut(pairs).into_iter().flatten() {
                    take(key);
                    take(value);
                }
            }
            Value::Record(record) => {
                for (_, value) in Arc::get_mut(record).into_iter().flat_map(|record| &mut record.fields) {
                    take(value);
                }
            }
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Str(_) => {}
        }
    }
}

impl Drop for Value {
    #[inline]
    fn drop(&mut self) {
        if self.is_compound() {
            self.release_all();
        }
    }
}

/// What two values of a kind differ in before their parts are looked at; `None` if their parts decide.
fn heads(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::None, Value::None) => Some(Ordering::Equal),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Str(a), Value::Str(b)) => Some(a.cmp(b)),
        _ if a.kind() != b.kind() => Some(a.kind().cmp(&b.kind())),
        _ if a.place() == b.place() && lengths(a) == lengths(b) => Some(Ordering::Equal),
        _ => None,
    }
}

/// Empty slices may lie anywhere.
fn lengths(value: &Value) -> usize {
    match value {
        Value::Tuple(items) | Value::List(items) => items.len(),
        Value::Map(pairs) => pairs.len(),
        Value::Record(record) => record.fields.len(),
        Value::None | Value::Bool(_) | Value::Int(_) | Value::Str(_) => 0,
    }
}

/// One comparison of two compound values of a kind: of parts, or one that is known.
enum Step<'a> {
    Parts(&'a Value, &'a Value),
    Known(Ordering),
}

/// The comparisons in their order; the first that is not equal decides.
fn steps<'a>(a: &'a Value, b: &'a Value, mut step: impl FnMut(Step<'a>) -> bool) {
    let whole = match (a, b) {
        (Value::Tuple(a), Value::Tuple(b)) | (Value::List(a), Value::List(b)) => {
            a.iter().zip(b.iter()).all(|(a, b)| step(Step::Parts(a, b)))
        }
        (Value::Map(a), Value::Map(b)) => {
            a.iter().zip(b.iter()).all(|(a, b)| step(Step::Parts(&a.0, &b.0)) && step(Step::Parts(&a.1, &b.1)))
        }
        (Value::Record(a), Value::Record(b)) => {
            let (a, b): (&'a Record, &'a Record) = (a, b);
            step(Step::Known(a.name.cmp(&b.name)))
                && a.fields
                    .iter()
                    .zip(b.fields.iter())
                    .all(|(a, b)| step(Step::Known(a.0.cmp(&b.0))) && step(Step::Parts(&a.1, &b.1)))
        }
        _ => true,
    };
    if whole {
        step(Step::Known(lengths(a).cmp(&lengths(b))));
    }
}

/// `None` if the values are too deep, or too large, for this.
fn quick(a: &Value, b: &Value, depth: usize, pairs: &mut usize) -> Option<Ordering> {
    if let Some(known) = heads(a, b) {
        return Some(known);
    }
    *pairs = pairs.checked_sub(1)?;
    let depth = depth.checked_sub(1)?;
    let mut outcome = Some(Ordering::Equal);
    steps(a, b, |step| {
        outcome = match step {
            Step::Known(known) => Some(known),
            Step::Parts(a, b) => quick(a, b, depth, pairs),
        };
        outcome == Some(Ordering::Equal)
    });
    outcome
}

fn thorough(a: &Value, b: &Value) -> Ordering {
    let mut left = vec![Step::Parts(a, b)];
    // A pair that was met before is equal, or its parts are yet to be compared: either way it needs no second look.
    let mut met = HashSet::new();
    while let Some(step) = left.pop() {
        let (a, b) = match step {
            Step::Known(Ordering::Equal) => continue,
            Step::Known(known) => return known,
            Step::Parts(a, b) => (a, b),
        };
        match heads(a, b) {
            Some(Ordering::Equal) => {}
            Some(known) => return known,
            None if lengths(a) > 0 && lengths(b) > 0 && !met.insert((a.place(), b.place())) => {}
            None => {
                let first = left.len();
                steps(a, b, |step| {
                    left.push(step);
                    true
                });
                left[first..].reverse();
            }
        }
    }
    Ordering::Equal
}

impl Ord for Value {
    fn cmp(&self, other: &Value) -> Ordering {
        quick(self, other, QUICK_DEPTH, &mut { QUICK_PAIRS }).unwrap_or_else(|| thorough(self, other))
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Value) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    #[inline]
    fn eq(&self, other: &Value) -> bool {
        // Most values, without a call.
        match (self, other) {
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::Str(a), Value::Str(b)) => a == b,
            _ => self.cmp(other) == Ordering::Equal,
        }
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        beginning(self, QUICK_DEPTH, &mut { HASHED }, state);
    }
}

fn beginning<H: Hasher>(value: &Value, depth: usize, left: &mut usize, state: &mut H) {
    state.write_u8(value.kind());
    match value {
        Value::None => {}
        Value::Bool(truth) => truth.hash(state),
        Value::Int(number) => number.hash(state),
        Value::Str(text) => text.hash(state),
        Value::Tuple(_) | Value::List(_) | Value::Map(_) | Value::Record(_) => lengths(value).hash(state),
    }
    let Some(depth) = depth.checked_sub(1) else { return };
    let mut part = |value: &Value| {
        if let Some(fewer) = left.checked_sub(1) {
            *left = fewer;
            beginning(value, depth, left, state);
        }
    };
    match value {
        Value::Tuple(items) | Value::List(items) => items.iter().take(HASHED).for_each(part),
        Value::Map(pairs) => pairs.iter().take(HASHED).for_each(|(key, value)| {
            part(key);
            part(value);
        }),
        Value::Record(record) => {
            record.fields.iter().take(HASHED).for_each(|(_, value)| part(value));
            record.name.hash(state);
        }
        Value::None | Value::Bool(_) | Value::Int(_) | Value::Str(_) => {}
    }
}
