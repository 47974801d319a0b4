//! Tree to code: what names stand for, types, and where tests go on.

use super::code::{Number, Step, Target, Test, Text, Value};
use super::error::{ExpressionError, ExpressionErrorKind, TextPlace};
use super::names::{Meaning, meaning};
use super::parser::parse;
use super::syntax::{Compare, Kind, Node};
use crate::columns::{Column, Get};

const TRUTH: &str = "a truth value";
const NUMBER: &str = "a number";
const TEXT: &str = "a text";

/// Code under way. Tests are laid down from the last to the first, so that each knows where it goes on.
#[derive(Debug, Default)]
pub(super) struct Code {
    pub(super) steps: Vec<Step>,
    pub(super) numbers: Vec<Number>,
    /// Columns that are read, each once.
    pub(super) columns: Vec<&'static Column>,
}

/// An operand of a comparison.
enum Operand {
    Number(u32),
    Text(Text),
}

type Compiled<T> = Result<T, ExpressionError>;

fn fail<T>(at: TextPlace, kind: ExpressionErrorKind) -> Compiled<T> {
    Err(ExpressionError { at, kind })
}

impl Code {
    /// Lays down a truth, which goes on at `yes` or `no`, and says where it starts.
    pub(super) fn truth(&mut self, node: &Node, yes: Target, no: Target) -> Compiled<Target> {
        let test = match &node.kind {
            Kind::And(operands) => {
                return operands.iter().rev().try_fold(yes, |next, operand| self.truth(operand, next, no));
            }
            Kind::Or(operands) => {
                return operands.iter().rev().try_fold(no, |next, operand| self.truth(operand, yes, next));
            }
            Kind::Not(operand) => return self.truth(operand, no, yes),
            Kind::Name(name) => match self.meaning(name, node.at)? {
                Meaning::Predicate(predicate) => {
                    // What is wrong with a predicate's text, nothing, is wrong where its name stands.
                    let inner = parse(predicate.text).map_err(|error| ExpressionError { at: node.at, ..error })?;
                    return self.truth(&inner, yes, no);
                }
                Meaning::Column(Column { get: Get::Bool(get), .. }) => Test::Truth(*get),
                Meaning::Column(column) => return self.mismatch(node.at, TRUTH, column),
            },
            Kind::Truth(truth) => Test::Constant(*truth),
            Kind::Compare(compare, operands) => self.compare(*compare, operands)?,
            Kind::Range(operand, low, high) => {
                let operand = self.number(operand)?;
                let mut end = |end: &Option<Box<Node>>| end.as_ref().map(|end| self.number(end)).transpose();
                let (low, high) = (end(low)?, end(high)?);
                Test::Range(operand, low, high)
            }
            Kind::Among(operand, values) => match self.operand(operand)? {
                Operand::Number(operand) => {
                    let values = values.iter().map(|value| self.number(value));
                    Test::Among(operand, values.collect::<Compiled<_>>()?)
                }
                Operand::Text(operand) => {
                    let values = values.iter().map(|value| self.text(value));
                    Test::TextAmong(operand, values.collect::<Compiled<_>>()?)
                }
            },
            Kind::IsNull(operand) => match self.operand(operand)? {
                Operand::Number(number) => Test::IsNull(number),
                Operand::Text(Text::Maybe(get)) => Test::IsNoText(get),
                Operand::Text(_) => return fail(operand.at, ExpressionErrorKind::NeverNull { found: TEXT }),
            },
            Kind::Integer(_) | Kind::Float(_) | Kind::Negate(_) | Kind::Arithmetic(..) => {
                return fail(node.at, ExpressionErrorKind::Type { wanted: TRUTH, found: NUMBER });
            }
            Kind::Text(_) => return fail(node.at, ExpressionErrorKind::Type { wanted: TRUTH, found: TEXT }),
        };
        self.steps.push(Step { test, yes, no });
        Ok(place(self.steps.len()))
    }

    /// Lays down a number, and says where it is.
    pub(super) fn number(&mut self, node: &Node) -> Compiled<u32> {
        match self.operand(node)? {
            Operand::Number(number) => Ok(number),
            Operand::Text(_) => fail(node.at, ExpressionErrorKind::Type { wanted: NUMBER, found: TEXT }),
        }
    }

    fn text(&mut self, node: &Node) -> Compiled<Text> {
        match self.operand(node)? {
            Operand::Text(text) => Ok(text),
            Operand::Number(_) => fail(node.at, ExpressionErrorKind::Type { wanted: TEXT, found: NUMBER }),
        }
    }

    fn compare(&mut self, compare: Compare, operands: &[Node; 2]) -> Compiled<Test> {
        let searches = matches!(compare, Compare::Contains | Compare::StartsWith | Compare::EndsWith);
        let ordered = !searches && !matches!(compare, Compare::Equal | Compare::Unequal);
        let [left, right] = operands;
        match self.operand(left)? {
            Operand::Number(_) if searches => fail(left.at, ExpressionErrorKind::Type { wanted: TEXT, found: NUMBER }),
            Operand::Number(number) => Ok(Test::Numbers(compare, number, self.number(right)?)),
            Operand::Text(_) if ordered => fail(left.at, ExpressionErrorKind::Type { wanted: NUMBER, found: TEXT }),
            Operand::Text(text) => Ok(Test::Texts(compare, text, self.text(right)?)),
        }
    }

    fn operand(&mut self, node: &Node) -> Compiled<Operand> {
        let number = match &node.kind {
            Kind::Integer(number) => Number::Constant(Value::Integer((*number).into())),
            Kind::Float(number) => Number::Constant(Value::Float(*number)),
            Kind::Text(text) => return Ok(Operand::Text(Text::Constant(text.as_str().into()))),
            Kind::Negate(operand) => Number::Negate(self.number(operand)?),
            Kind::Arithmetic(op, operands) => {
                Number::Arithmetic(*op, self.number(&operands[0])?, self.number(&operands[1])?)
            }
            Kind::Name(name) => match self.meaning(name, node.at)? {
                Meaning::Column(column) => match column.get {
                    Get::U32(get) => Number::U32(get),
                    Get::MaybeU32(get) => Number::MaybeU32(get),
                    Get::U64(get) => Number::U64(get),
                    Get::MaybeU64(get) => Number::MaybeU64(get),
                    Get::MaybeF64(get) => Number::MaybeF64(get),
                    Get::Text(get) => return Ok(Operand::Text(Text::Column(get))),
                    Get::MaybeText(get) => return Ok(Operand::Text(Text::Maybe(get))),
                    _ => return self.mismatch(node.at, "a number or a text", column),
                },
                Meaning::Predicate(_) => return not_a_value(node.at),
            },
            Kind::Truth(_)
            | Kind::Not(_)
            | Kind::Compare(..)
            | Kind::Range(..)
            | Kind::Among(..)
            | Kind::IsNull(_)
            | Kind::And(_)
            | Kind::Or(_) => return not_a_value(node.at),
        };
        self.numbers.push(number);
        Ok(Operand::Number(place(self.numbers.len())))
    }

    /// What a name stands for; a column counts as read.
    fn meaning(&mut self, name: &str, at: TextPlace) -> Compiled<Meaning> {
        let meaning = meaning(name).map_err(|kind| ExpressionError { at, kind })?;
        if let Meaning::Column(column) = meaning
            && !self.columns.iter().any(|known| known.name == column.name)
        {
            self.columns.push(column);
        }
        Ok(meaning)
    }

    fn mismatch<T>(&self, at: TextPlace, wanted: &'static str, column: &'static Column) -> Compiled<T> {
        let found = match column.get {
            Get::U32(_) | Get::MaybeU32(_) | Get::U64(_) | Get::MaybeU64(_) | Get::MaybeF64(_) => NUMBER,
            Get::Text(_) | Get::MaybeText(_) => TEXT,
            Get::Bool(_) => TRUTH,
            _ => return fail(at, ExpressionErrorKind::Unusable { name: column.name }),
        };
        fail(at, ExpressionErrorKind::Type { wanted, found })
    }
}

fn not_a_value<T>(at: TextPlace) -> Compiled<T> {
    fail(at, ExpressionErrorKind::Type { wanted: "a number or a text", found: TRUTH })
}

/// The place of what was pushed last. Texts are too short for more than 32 bits of them.
fn place(len: usize) -> u32 {
    len.saturating_sub(1) as u32
}
