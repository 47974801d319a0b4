//! The value of an expression, and plans that remember what one variable alone decides.

use std::sync::Arc;

use super::Expression;
use super::node::{Id, Node, Nodes, Range, Reads};
use super::python::{self, EvaluationError};
use crate::Value;
use crate::store::Universe;

/// Where values of variables come from.
pub(super) trait Environment {
    fn variable(&self, position: u32) -> Value;
    /// What is known of a node already.
    fn known(&self, id: Id) -> Option<&Result<Value, EvaluationError>>;
}

/// Values by position.
pub(super) struct Direct<'v>(pub(super) &'v [Value]);

impl Environment for Direct<'_> {
    fn variable(&self, position: u32) -> Value {
        self.0.get(position as usize).cloned().unwrap_or_default()
    }

    fn known(&self, _: Id) -> Option<&Result<Value, EvaluationError>> {
        None
    }
}

pub(super) fn evaluate<E: Environment>(nodes: &Nodes, id: Id, environment: &E) -> Result<Value, EvaluationError> {
    if let Some(known) = environment.known(id) {
        return known.clone();
    }
    let value = |id| evaluate(nodes, id, environment);
    let all = |range: Range| nodes.ids(range).iter().map(|id| value(*id)).collect::<Result<Vec<_>, _>>();
    match *nodes.node(id) {
        Node::Constant(ref constant) => Ok(constant.clone()),
        Node::Variable(position) => Ok(environment.variable(position)),
        Node::Not(operand) => Ok(Value::Bool(!python::truth(&value(operand)?))),
        Node::Negative(operand) => python::negative(&value(operand)?),
        Node::Positive(operand) => python::positive(&value(operand)?),
        Node::Arithmetic(operator, left, right) => python::arithmetic(operator, &value(left)?, &value(right)?),
        Node::Compare(comparison, left, right) => {
            python::compare(comparison, &value(left)?, &value(right)?).map(Value::Bool)
        }
        Node::Chain { operands, signs } => {
            let mut left = None;
            for (sign, first, second) in nodes.links(operands, signs) {
                let before = match left.take() {
                    Some(left) => left,
                    None => value(first)?,
                };
                let right = value(second)?;
                if !python::compare(sign, &before, &right)? {
                    return Ok(Value::Bool(false));
                }
                left = Some(right);
            }
            Ok(Value::Bool(true))
        }
        Node::Fold { operands, operators } => {
            let mut result = nodes.ids(operands).first().map_or(Ok(Value::None), |first| value(*first))?;
            for (operator, operand) in nodes.steps(operands, operators) {
                result = python::arithmetic(operator, &result, &value(operand)?)?;
            }
            Ok(result)
        }
        Node::And(parts) => decide(nodes, parts, environment, false),
        Node::Or(parts) => decide(nodes, parts, environment, true),
        Node::If { condition, then, other } => value(if python::truth(&value(condition)?) { then } else { other }),
        Node::Tuple(parts) => Ok(Value::Tuple(all(parts)?.into())),
        Node::List(parts) => Ok(Value::List(all(parts)?.into())),
        Node::Index(object, at) => python::index(&value(object)?, &value(at)?),
        Node::Slice(object, from, to) => python::slice(&value(object)?, &value(from)?, &value(to)?),
        Node::Call(function, arguments) => python::call(function, &all(arguments)?),
        Node::Method(method, object, arguments) => python::method(method, &value(object)?, &all(arguments)?),
    }
}

/// The first part whose truth is `decisive`, or the last: Python's `and` and `or` give a part back.
fn decide<E: Environment>(
    nodes: &Nodes,
    parts: Range,
    environment: &E,
    decisive: bool,
) -> Result<Value, EvaluationError> {
    let mut last = Value::Bool(!decisive);
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
                    let one = Alone { position, value: universe.value(index).unwrap_or_default() };
                    results.push(evaluate(nodes, id, &one));
                }
                nodes.inside(id, &mut |part| inside[part as usize] = true);
            } else if remembered {
                nodes.inside(id, &mut |part| inside[part as usize] = true);
            }
        }
        Plan { expression: Arc::clone(expression), universes, start, results }
    }

    /// Whether the expression is true at these values, by index in their universes.
    pub(crate) fn holds(&self, indices: &[u32]) -> Result<bool, EvaluationError> {
        let nodes = &self.expression.nodes;
        Ok(python::truth(&evaluate(nodes, nodes.whole(), &Planned { plan: self, indices })?))
    }
}

/// One variable's value; the node reads no other.
struct Alone {
    position: u32,
    value: Value,
}

impl Environment for Alone {
    fn variable(&self, position: u32) -> Value {
        if position == self.position { self.value.clone() } else { Value::None }
    }

    fn known(&self, _: Id) -> Option<&Result<Value, EvaluationError>> {
        None
    }
}

struct Planned<'p> {
    plan: &'p Plan,
    indices: &'p [u32],
}

impl Environment for Planned<'_> {
    fn variable(&self, position: u32) -> Value {
        self.plan.universes[position as usize].value(self.indices[position as usize]).unwrap_or_default()
    }

    fn known(&self, id: Id) -> Option<&Result<Value, EvaluationError>> {
        let start = self.plan.start[id as usize];
        let Reads::One(position) = self.plan.expression.nodes.reads(id) else { return None };
        if start == NONE {
            return None;
        }
        self.plan.results.get(start as usize + self.indices[position as usize] as usize)
    }
}
