//! Values at run time, and what Python's operators make of them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use num_bigint::BigInt;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::fault::{Fault, IntegerBound, Limits};
use crate::vocab::{BinOp, Compare};

/// A value of a program: an integer of any size, a truth value, or none.
///
/// Written and read as Python writes it (`-7`, `True`, `None`), in JSON as that text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Value {
    /// `None`, which a call gives whose function has come to its end without a `return`.
    #[default]
    None,
    /// `True` or `False`: comparisons under [`ComparisonValues::Bool`](crate::ComparisonValues::Bool).
    Bool(bool),
    /// An integer of 64 bits.
    Int(i64),
    /// An integer that needs more.
    Big(Big),
}

/// An integer of more than 64 bits. It is shared, not copied.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Big(Arc<BigInt>);

/// Most digits of an integer that is read: reading takes quadratic time.
const MAX_DIGITS: usize = 100_000;

/// Text that is no value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is no value; expected True, False, None or an integer of at most {MAX_DIGITS} digits")]
pub struct ValueError {
    /// The text, or its start.
    pub text: String,
}

impl Big {
    /// Bits of the magnitude.
    pub fn bits(&self) -> u64 {
        self.0.bits()
    }

    /// The integer in two's complement, the lowest byte first, in as few bytes as hold it.
    pub fn to_signed_bytes_le(&self) -> Vec<u8> {
        self.0.to_signed_bytes_le()
    }
}

impl fmt::Display for Big {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::None => f.write_str("None"),
            Value::Bool(true) => f.write_str("True"),
            Value::Bool(false) => f.write_str("False"),
            Value::Int(value) => value.fmt(f),
            Value::Big(value) => value.fmt(f),
        }
    }
}

impl From<Value> for String {
    fn from(value: Value) -> Self {
        value.to_string()
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

impl TryFrom<String> for Value {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl FromStr for Value {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let error = || ValueError { text: text.chars().take(40).collect() };
        let digits = text.strip_prefix('-').unwrap_or(text);
        match text {
            "None" => Ok(Value::None),
            "True" => Ok(Value::Bool(true)),
            "False" => Ok(Value::Bool(false)),
            _ if digits.is_empty() || digits.len() > MAX_DIGITS => Err(error()),
            _ if !digits.bytes().all(|byte| byte.is_ascii_digit()) => Err(error()),
            _ => match text.parse() {
                Ok(value) => Ok(Value::Int(value)),
                Err(_) => text.parse().map(Value::from_big).map_err(|_| error()),
            },
        }
    }
}

impl Value {
    /// An integer in two's complement, the lowest byte first. Of any size: this takes linear time.
    pub fn from_signed_bytes_le(bytes: &[u8]) -> Self {
        Self::from_big(BigInt::from_signed_bytes_le(bytes))
    }

    /// An integer of 64 bits where it is one, so that equal values are one variant.
    fn from_big(value: BigInt) -> Self {
        match i64::try_from(&value) {
            Ok(value) => Value::Int(value),
            Err(_) => Value::Big(Big(Arc::new(value))),
        }
    }

    /// What Python's `type` calls it in messages.
    fn type_name(&self) -> &'static str {
        match self {
            Value::None => "NoneType",
            Value::Bool(_) => "bool",
            Value::Int(_) | Value::Big(_) => "int",
        }
    }

    /// The integer that this is in arithmetic.
    fn integer(&self) -> Option<Integer<'_>> {
        match self {
            Value::None => None,
            Value::Bool(value) => Some(Integer::Small(i64::from(*value))),
            Value::Int(value) => Some(Integer::Small(*value)),
            Value::Big(value) => Some(Integer::Big(&value.0)),
        }
    }

    /// `range` takes integers.
    pub(super) fn as_bound(&self) -> Result<Value, Fault> {
        match self {
            Value::None => Err(Fault::type_error("'NoneType' object cannot be interpreted as an integer".to_owned())),
            Value::Bool(value) => Ok(Value::Int(i64::from(*value))),
            other => Ok(other.clone()),
        }
    }

    /// The integer behind this one, which must be one; a bound above it is known to exist.
    pub(super) fn successor(&self) -> Value {
        match self.integer() {
            None => Value::None,
            Some(Integer::Small(value)) => {
                value.checked_add(1).map_or_else(|| Value::from_big(BigInt::from(value) + 1), Value::Int)
            }
            Some(Integer::Big(value)) => Value::from_big(value + 1),
        }
    }
}

/// An operand.
enum Integer<'a> {
    Small(i64),
    Big(&'a BigInt),
}

impl Integer<'_> {
    /// Bits of the magnitude.
    fn bits(&self) -> u64 {
        match self {
            Integer::Small(value) => u64::from(64 - value.unsigned_abs().leading_zeros()),
            Integer::Big(value) => value.bits(),
        }
    }

    fn is_zero(&self) -> bool {
        matches!(self, Integer::Small(0))
    }

    fn cmp(&self, other: &Integer<'_>) -> std::cmp::Ordering {
        match (self, other) {
            (Integer::Small(left), Integer::Small(right)) => left.cmp(right),
            (Integer::Big(left), Integer::Big(right)) => left.cmp(right),
            // What needs more than 64 bits is beyond all that does not, on the side of its sign.
            (Integer::Big(left), _) => left.sign().cmp(&num_bigint::Sign::NoSign),
            (_, Integer::Big(right)) => num_bigint::Sign::NoSign.cmp(&right.sign()),
        }
    }
}

/// What integers beyond 64 bits may still take.
#[derive(Debug, Default)]
pub(super) struct Room {
    bits: u64,
    work: u64,
}

impl Room {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { bits: limits.integer_bits.max(64), work: limits.integer_work }
    }

    /// Refuses a value that is too large: one that comes from outside.
    pub(super) fn admit(&self, value: &Value) -> Result<(), Fault> {
        match value.integer().is_some_and(|integer| integer.bits() > self.bits) {
            true => Err(Fault::IntegerLimit(IntegerBound::Bits)),
            false => Ok(()),
        }
    }

    /// Takes the work of an operation on integers of so many bits.
    fn spend(&mut self, op: BinOp, x: u64, y: u64) -> Result<(), Fault> {
        let (m, n) = (x.div_ceil(64), y.div_ceil(64));
        let work = if op == BinOp::Mul { m.saturating_mul(n) } else { m.max(n) };
        self.work = self.work.checked_sub(work).ok_or(Fault::IntegerLimit(IntegerBound::Work))?;
        Ok(())
    }
}

/// `left op right`; whether there is room is looked at before anything is computed.
pub(super) fn arithmetic(op: BinOp, left: &Value, right: &Value, room: &mut Room) -> Result<Value, Fault> {
    let max_bits = room.bits;
    let (Some(x), Some(y)) = (left.integer(), right.integer()) else {
        let sign = match op {
            BinOp::Add => '+',
            BinOp::Sub => '-',
            BinOp::Mul => '*',
        };
        let (left, right) = (left.type_name(), right.type_name());
        return Err(Fault::type_error(format!("unsupported operand type(s) for {sign}: '{left}' and '{right}'")));
    };
    if let (Integer::Small(x), Integer::Small(y)) = (&x, &y) {
        let small = match op {
            BinOp::Add => x.checked_add(*y),
            BinOp::Sub => x.checked_sub(*y),
            BinOp::Mul => x.checked_mul(*y),
        };
        if let Some(small) = small {
            return Ok(Value::Int(small));
        }
    }
    if x.is_zero() || y.is_zero() {
        return Ok(match (op, x.is_zero()) {
            (BinOp::Mul, _) => Value::Int(0),
            (BinOp::Sub, true) => negated(&y, max_bits)?,
            (_, true) => right.clone(),
            (_, false) => left.clone(),
        });
    }
    // A product of m and n bits has m + n - 1 bits at least.
    if op == BinOp::Mul && x.bits() + y.bits() - 1 > max_bits {
        return Err(Fault::IntegerLimit(IntegerBound::Bits));
    }
    room.spend(op, x.bits(), y.bits())?;
    limited(
        match (op, x, y) {
            (BinOp::Add, Integer::Big(x), Integer::Big(y)) => x + y,
            (BinOp::Add, Integer::Big(big), Integer::Small(small))
            | (BinOp::Add, Integer::Small(small), Integer::Big(big)) => big + small,
            (BinOp::Add, Integer::Small(x), Integer::Small(y)) => BigInt::from(i128::from(x) + i128::from(y)),
            (BinOp::Sub, Integer::Big(x), Integer::Big(y)) => x - y,
            (BinOp::Sub, Integer::Big(x), Integer::Small(y)) => x - y,
            (BinOp::Sub, Integer::Small(x), Integer::Big(y)) => x - y,
            (BinOp::Sub, Integer::Small(x), Integer::Small(y)) => BigInt::from(i128::from(x) - i128::from(y)),
            (BinOp::Mul, Integer::Big(x), Integer::Big(y)) => x * y,
            (BinOp::Mul, Integer::Big(big), Integer::Small(small))
            | (BinOp::Mul, Integer::Small(small), Integer::Big(big)) => big * small,
            (BinOp::Mul, Integer::Small(x), Integer::Small(y)) => BigInt::from(i128::from(x) * i128::from(y)),
        },
        max_bits,
    )
}

fn negated(value: &Integer<'_>, max_bits: u64) -> Result<Value, Fault> {
    limited(
        match value {
            Integer::Small(value) => BigInt::from(-i128::from(*value)),
            Integer::Big(value) => -*value,
        },
        max_bits,
    )
}

fn limited(value: BigInt, max_bits: u64) -> Result<Value, Fault> {
    match value.bits() > max_bits {
        true => Err(Fault::IntegerLimit(IntegerBound::Bits)),
        false => Ok(Value::from_big(value)),
    }
}

/// Whether `left op right`.
pub(super) fn compare(op: Compare, left: &Value, right: &Value) -> Result<bool, Fault> {
    match (op, left.integer(), right.integer()) {
        (Compare::Lt, Some(x), Some(y)) => Ok(x.cmp(&y).is_lt()),
        (Compare::Eq, Some(x), Some(y)) => Ok(x.cmp(&y).is_eq()),
        (Compare::Eq, x, y) => Ok(x.is_none() && y.is_none()),
        (Compare::Lt, ..) => {
            let (left, right) = (left.type_name(), right.type_name());
            let message = format!("'<' not supported between instances of '{left}' and '{right}'");
            Err(Fault::type_error(message))
        }
    }
}

/// Numbers from here to its opposite have their lines ready.
const LEAST: i64 = -99;

/// Lines of the numbers of two digits at most, from [`LEAST`] on, filled up to four bytes.
static LINES: [[u8; 4]; 199] = {
    let mut lines = [[b'\n'; 4]; 199];
    let mut nth = 0;
    while nth < lines.len() {
        let number = nth as i64 + LEAST;
        let mut at = 0;
        if number < 0 {
            lines[nth][at] = b'-';
            at += 1;
        }
        if number.unsigned_abs() >= 10 {
            lines[nth][at] = b'0' + (number.unsigned_abs() / 10) as u8;
            at += 1;
        }
        lines[nth][at] = b'0' + (number.unsigned_abs() % 10) as u8;
        nth += 1;
    }
    lines
};

/// Appends what `print` writes, which is ASCII, and whether it fits; what does not is not written.
pub(super) fn print(value: &Value, out: &mut Vec<u8>, limit: usize) -> bool {
    match value {
        Value::Int(value) => print_int(*value, out, limit),
        other => print_other(other, out, limit),
    }
}

/// [`print`] for an integer of 64 bits. Kept out of the loop that runs instructions, whose registers are few.
#[inline(never)]
pub(super) fn print_int(value: i64, out: &mut Vec<u8>, limit: usize) -> bool {
    match LINES.get(value.wrapping_sub(LEAST) as usize) {
        Some(line) if limit.saturating_sub(out.len()) >= line.len() => {
            // Four bytes are one store; what they have too much is cut off again.
            let len = 2 + usize::from(value < 0) + usize::from(value.unsigned_abs() >= 10);
            out.extend_from_slice(line);
            out.truncate(out.len() - (line.len() - len));
            true
        }
        _ => print_digits(value, out, limit),
    }
}

/// The way through `fmt` takes several times as long.
#[inline(never)]
fn print_digits(value: i64, out: &mut Vec<u8>, limit: usize) -> bool {
    // A sign, 19 digits and the end of the line, from the last one on.
    let mut line = [b'\n'; 21];
    let mut at = line.len() - 1;
    let mut rest = value.unsigned_abs();
    loop {
        at -= 1;
        line[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        at -= 1;
        line[at] = b'-';
    }
    append(&line[at..], out, limit)
}

#[inline(never)]
fn print_other(value: &Value, out: &mut Vec<u8>, limit: usize) -> bool {
    // Digits take more than three bits: what is sure not to fit is not converted, which takes quadratic time.
    if let Value::Big(value) = value
        && value.bits() / 4 > limit.saturating_sub(out.len()) as u64
    {
        return false;
    }
    append(format!("{value}\n").as_bytes(), out, limit)
}

fn append(line: &[u8], out: &mut Vec<u8>, limit: usize) -> bool {
    let fits = line.len() <= limit.saturating_sub(out.len());
    if fits {
        out.extend_from_slice(line);
    }
    fits
}
