//! The value of an expression, and plans that remember what one variable alone decides.

use std::borrow::Cow;
use std::sync::Arc;

use super::Expression;
use super::node::{Id, Node, Nodes, Range, Reads};
use super::python::{self, EvaluationError};
use crate::Value;
use crate::store::Universe;

/// A value, lent where it lies somewhere already: most operands are variables, constants, and items of these.
pub(super) type Lent<'v> = Cow<'v, Value>;

/// Where values of variables come from.
pub(super) trait Environment<'v> {
    fn variable(&self, position: u32) -> Lent<'v>;
    /// What is known of a node already.
    fn known(&self, id: Id) -> Option<&'v Result<Value, EvaluationError>>;
}

/// Values by position.
pub(super) struct Direct<'v>(pub(super) &'v [Value]);

impl<'v> Environment<'v> for Direct<'v> {
    fn variable(&self, position: u32) -> Lent<'v> {
        self.0.get(position as usize).map_or(Cow::Owned(Value::None), Cow::Borrowed)
    }

    fn known(&self, _: Id) -> Option<&'v Result<Value, EvaluationError>> {
        None
    }
}

/// One variable's value, where no other is read.
pub(super) struct One<'v>(pub(super) &'v Value);

impl<'v> Environment<'v> for One<'v> {
    fn variable(&self, _: u32) -> Lent<'v> {
        Cow::Borrowed(self.0)
    }

    fn known(&self, _: Id) -> Option<&'v Result<Value, EvaluationError>> {
        None
    }
}

pub(super) fn evaluate<'v, E: Environment<'v>>(
    nodes: &'v Nodes,
    id: Id,
    environment: &E,
) -> Result<Lent<'v>, EvaluationError> {
    match environment.known(id) {
        Some(Ok(value)) => return Ok(Cow::Borrowed(value)),
        Some(Err(error)) => return Err(error.clone()),
        None => {}
    }
    let value = |id| evaluate(nodes, id, environment);
    let all =
        |range: Range| nodes.ids(range).iter().map(|id| value(*id).map(Cow::into_owned)).collect::<Result<Vec<_>, _>>();
    let made = match *nodes.node(id) {
        Node::Constant(ref constant) => return Ok(Cow::Borrowed(constant)),
        Node::Variable(position) => return Ok(environment.variable(position)),
        Node::Not(operand) => Value::Bool(!python::truth(&*value(operand)?)),
        Node::Negative(operand) => python::negative(&*value(operand)?)?,
        Node::Positive(operand) => python::positive(&*value(operand)?)?,
        Node::Arithmetic(operator, left, right) => python::arithmetic(operator, &*value(left)?, &*value(right)?)?,
        Node::Compare(comparison, left, right) => {
            if let (Some(left), Some(right)) = (lend(nodes, left, environment), lend(nodes, right, environment)) {
                return Ok(Cow::Owned(Value::Bool(python::compare(comparison, left, right)?)));
            }
            Value::Bool(python::compare(comparison, &*value(left)?, &*value(right)?)?)
        }
        Node::And(parts) => return decide(nodes, parts, environment, false),
        Node::Or(parts) => return decide(nodes, parts, environment, true),
        Node::If { condition, then, other } => {
            return value(if python::truth(&*value(condition)?) { then } else { other });
        }
        Node::Tuple(parts) => Value::Tuple(all(parts)?.into()),
        Node::List(parts) => Value::List(all(parts)?.into()),
        Node::Index(object, at) => {
            if let Some(item) = lend(nodes, id, environment) {
                return Ok(Cow::Borrowed(item));
            }
            let (object, at) = (value(object)?, value(at)?);
            if let (Cow::Borrowed(object), Value::Int(place)) = (&object, &*at)
                && let Some(item) = object.items().and_then(|items| items.get(usize::try_from(*place).ok()?))
            {
                return Ok(Cow::Borrowed(item));
            }
            python::index(&object, &at)?
        }
        Node::Chain { operands, signs } => {
            let mut left = None;
            let mut holds = true;
            for (sign, first, second) in nodes.links(operands, signs) {
                let before = match left.take() {
                    Some(left) => left,
                    None => value(first)?,
                };
                let right = value(second)?;
                holds = python::compare(sign, &before, &right)?;
                if !holds {
                    break;
                }
                left = Some(right);
            }
            Value::Bool(holds)
        }
        Node::Fold { operands, operators } => {
            let first = nodes.ids(operands).first();
            let mut result = first.map_or(Ok(Cow::Owned(Value::None)), |first| value(*first))?;
            for (operator, operand) in nodes.steps(operands, operators) {
                result = Cow::Owned(python::arithmetic(operator, &result, &*value(operand)?)?);
            }
            return Ok(result);
        }
        Node::Slice(object, from, to) => python::slice(&*value(object)?, &*value(from)?, &*value(to)?)?,
        Node::Call(function, arguments) => python::call(function, &all(arguments)?)?,
        Node::Method(method, object, arguments) => {
            let object = match lend(nodes, object, environment) {
                Some(object) => Cow::Borrowed(object),
                None => value(object)?,
            };
            match *nodes.ids(arguments) {
                // One argument, as most methods have, is only looked at.
                [argument] if let Some(argument) = lend(nodes, argument, environment) => {
                    python::method(method, &object, std::slice::from_ref(argument))?
                }
                [argument] => python::method(method, &object, std::slice::from_ref(&*value(argument)?))?,
                _ => python::method(method, &object, &all(arguments)?)?,
            }
        }
    };
    Ok(Cow::Owned(made))
}

/// The value of a constant, a variable, or an item of these, if it lies somewhere: most operands are no more than that.
#[inline]
fn lend<'v, E: Environment<'v>>(nodes: &'v Nodes, id: Id, environment: &E) -> Option<&'v Value> {
    let simple = |id| match nodes.node(id) {
        Node::Constant(constant) => Some(constant),
        Node::Variable(position) => match environment.variable(*position) {
            Cow::Borrowed(value) => Some(value),
            Cow::Owned(_) => None,
        },
        _ => None,
    };
    match *nodes.node(id) {
        Node::Index(object, at) => {
            let place = simple(at)?.as_int()?;
            simple(object)?.items()?.get(usize::try_from(place).ok()?)
        }
        _ => simple(id),
    }
}

/// The first part whose truth is `decisive`, or the last: Python's `and` and `or` give a part back.
fn decide<'v, E: Environment<'v>>(
    nodes: &'v Nodes,
    parts: Range,
    environment: &E,
    decisive: bool,
) -> Result<Lent<'v>, EvaluationError> {
    let mut last = Cow::Owned(Value::Bool(!decisive));
    for part in nodes.ids(parts) {
        last = evaluate(nodes, *part, environment)?;
        if python::truth(&last) == decisive {
            break;
        }
    }
    Ok(last)
}

/// Most values of a variable for which results are remembered.
const REMEMBERED: usize = 1 << 12;

/// An expression over certain universes. Parts that read one variable alone are computed once a value, errors included:
/// an error counts only where the part is looked at.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    expression: Arc<Expression>,
    universes: Vec<Arc<Universe>>,
    /// For each node the piece of `results` that is its own, or `NONE`.
    start: Vec<u32>,
    results: Vec<Result<Value, EvaluationError>>,
}

const NONE: u32 = u32::MAX;

impl Plan {
    pub(crate) fn new(expression: &Arc<Expression>, universes: Vec<Arc<Universe>>) -> Plan {
        let nodes = &expression.nodes;
        let mut start = vec![NONE; nodes.len()];
        let mut results = Vec::new();
        // Wholes come after parts: from the end, a node is met before what is inside it.
        let mut inside = vec![false; nodes.len()];
        for id in (0..nodes.len() as Id).rev() {
            let remembered = inside[id as usize];
            if let Reads::One(position) = nodes.reads(id)
                && let Some(universe) = universes.get(position as usize)
                && universe.len() <= REMEMBERED
                && !remembered
            {
                start[id as usize] = results.len() as u32;
                for index in 0..universe.len() as u32 {
                    let value = universe.value(index).unwrap_or_default();
                    results.push(evaluate(nodes, id, &One(&value)).map(Cow::into_owned));
                }
                nodes.inside(nodes.node(id), &mut |part| inside[part as usize] = true);
            } else if remembered {
                nodes.inside(nodes.node(id), &mut |part| inside[part as usize] = true);
            }
        }
        Plan { expression: Arc::clone(expression), universes, start, results }
    }

    /// Whether the expression is true at these values, by index in their universes.
    pub(crate) fn holds(&self, indices: &[u32]) -> Result<bool, EvaluationError> {
        let nodes = &self.expression.nodes;
        Ok(python::truth(&*evaluate(nodes, nodes.whole(), &Planned { plan: self, indices })?))
    }
}

struct Planned<'p> {
    plan: &'p Plan,
    indices: &'p [u32],
}

impl<'p> Environment<'p> for Planned<'p> {
    fn variable(&self, position: u32) -> Lent<'p> {
        let (universe, index) = (&self.plan.universes[position as usize], self.indices[position as usize]);
        match universe.as_slice().and_then(|values| values.get(index as usize)) {
            Some(value) => Cow::Borrowed(value),
            None => Cow::Owned(universe.value(index).unwrap_or_default()),
        }
    }

    fn known(&self, id: Id) -> Option<&'p Result<Value, EvaluationError>> {
        let start = self.plan.start[id as usize];
        let Reads::One(position) = self.plan.expression.nodes.reads(id) else { return None };
        if start == NONE {
            return None;
        }
        self.plan.results.get(start as usize + self.indices[position as usize] as usize)
    }
}
