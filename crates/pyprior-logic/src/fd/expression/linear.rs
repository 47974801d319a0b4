//! What of an expression is linear: `2*a + 3 <= b - c` and the like.

use super::Expression;
use super::node::{Id, Node};
use super::python::{Arithmetic, Comparison, Function};
use crate::Value;

/// How the sum and the constant compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum LinearOperator {
    Equal,
    NotEqual,
    AtMost,
}

/// `Σ coefficient · variable ⋈ bound`: variables by position, each once. A coefficient may be 0: the variable is read
/// all the same, and the form stands for the expression only where it is a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LinearForm {
    pub(crate) terms: Vec<(u32, i64)>,
    pub(crate) operator: LinearOperator,
    pub(crate) bound: i64,
}

/// A sum while it is being collected.
#[derive(Debug, Default)]
struct Sum {
    terms: Vec<(u32, i64)>,
    constant: i64,
}

impl Expression {
    /// The conjuncts that are linear if all variables are whole numbers, and whether these are all there are.
    pub(crate) fn linear_parts(&self) -> (Vec<LinearForm>, bool) {
        let mut forms = Vec::new();
        let all = self.collect(self.nodes.whole(), &mut forms);
        (forms, all)
    }

    /// The whole as a sum of variables and a constant, if it is one. A coefficient may be 0.
    pub(crate) fn linear_sum(&self) -> Option<(Vec<(u32, i64)>, i64)> {
        let mut sum = Sum::default();
        self.add(self.nodes.whole(), 1, &mut sum)?;
        Some((merged(sum.terms)?, sum.constant))
    }

    fn collect(&self, id: Id, forms: &mut Vec<LinearForm>) -> bool {
        match *self.nodes.node(id) {
            Node::And(parts) => {
                let mut all = true;
                for part in self.nodes.ids(parts) {
                    all &= self.collect(*part, forms);
                }
                all
            }
            Node::Compare(comparison, left, right) => match self.linear_comparison(comparison, left, right) {
                Some(form) => {
                    forms.push(form);
                    true
                }
                None => false,
            },
            _ => false,
        }
    }

    fn linear_comparison(&self, comparison: Comparison, left: Id, right: Id) -> Option<LinearForm> {
        // a < b is a - b <= -1; a > b is b - a <= -1.
        let (operator, left, right, slack) = match comparison {
            Comparison::Equal => (LinearOperator::Equal, left, right, 0),
            Comparison::NotEqual => (LinearOperator::NotEqual, left, right, 0),
            Comparison::Less => (LinearOperator::AtMost, left, right, 1),
            Comparison::LessEqual => (LinearOperator::AtMost, left, right, 0),
            Comparison::Greater => (LinearOperator::AtMost, right, left, 1),
            Comparison::GreaterEqual => (LinearOperator::AtMost, right, left, 0),
            Comparison::In | Comparison::NotIn => return None,
        };
        let mut sum = Sum::default();
        self.add(left, 1, &mut sum)?;
        self.add(right, -1, &mut sum)?;
        let bound = sum.constant.checked_neg()?.checked_sub(slack)?;
        Some(LinearForm { terms: merged(sum.terms)?, operator, bound })
    }

    /// Adds `factor` times the node, if it is linear.
    fn add(&self, id: Id, factor: i64, sum: &mut Sum) -> Option<()> {
        match *self.nodes.node(id) {
            Node::Constant(Value::Int(number)) => {
                sum.constant = sum.constant.checked_add(factor.checked_mul(number)?)?;
                Some(())
            }
            Node::Variable(position) => {
                sum.terms.push((position, factor));
                Some(())
            }
            Node::Negative(operand) => self.add(operand, factor.checked_neg()?, sum),
            Node::Positive(operand) => self.add(operand, factor, sum),
            Node::Arithmetic(Arithmetic::Add, left, right) => {
                self.add(left, factor, sum)?;
                self.add(right, factor, sum)
            }
            Node::Arithmetic(Arithmetic::Subtract, left, right) => {
                self.add(left, factor, sum)?;
                self.add(right, factor.checked_neg()?, sum)
            }
            Node::Arithmetic(Arithmetic::Multiply, left, right) => {
                let (number, other) = match (self.number(left), self.number(right)) {
                    (Some(number), _) => (number, right),
                    (_, Some(number)) => (number, left),
                    _ => return None,
                };
                self.add(other, factor.checked_mul(number)?, sum)
            }
            Node::Call(Function::Sum, arguments) => {
                let [list] = *self.nodes.ids(arguments) else { return None };
                let (Node::List(items) | Node::Tuple(items)) = *self.nodes.node(list) else { return None };
                for item in self.nodes.ids(items) {
                    self.add(*item, factor, sum)?;
                }
                Some(())
            }
            _ => None,
        }
    }

    /// The node's number, if it is one that is written down.
    fn number(&self, id: Id) -> Option<i64> {
        match *self.nodes.node(id) {
            Node::Constant(Value::Int(number)) => Some(number),
            Node::Negative(operand) => self.number(operand)?.checked_neg(),
            _ => None,
        }
    }
}

fn merged(mut terms: Vec<(u32, i64)>) -> Option<Vec<(u32, i64)>> {
    terms.sort_unstable_by_key(|term| term.0);
    let mut merged: Vec<(u32, i64)> = Vec::with_capacity(terms.len());
    for (position, factor) in terms {
        match merged.last_mut() {
            Some((last, sum)) if *last == position => *sum = sum.checked_add(factor)?,
            _ => merged.push((position, factor)),
        }
    }
    Some(merged)
}
