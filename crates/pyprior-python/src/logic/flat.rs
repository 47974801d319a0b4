//! Objects of Python with logic variables in them as terms laid flat, and back. Nothing recurs: they may be deeper than the
//! stack, share parts and contain themselves.

use std::collections::HashMap;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};
use pyprior_logic::{GraphNode, Value};

use super::objects::{self, Constants, Kept};
use crate::turns::Turns;

/// What a variable is to the store that reads it: its number, nothing if it is no variable; an error if it is of another.
pub(super) trait Variables {
    fn variable(&self, object: &Bound<'_, PyAny>) -> PyResult<Option<pyprior_logic::Var>>;
}

/// An object of which some parts are written.
struct Open<'py> {
    /// Keeps its address in use.
    object: Bound<'py, PyAny>,
    made: Made,
    items: Bound<'py, PyTuple>,
    parts: Vec<usize>,
    serial: usize,
}

enum Made {
    Tuple,
    List,
    Map(Vec<Value>),
    Record(Arc<str>, Vec<String>),
}

/// Numbers of parts from here on stand for objects that are open, by serial, until all are closed.
const LATER: usize = 1 << 62;

/// An object as nodes, the last of which is the object.
pub(super) fn flatten<'py>(
    object: &Bound<'py, PyAny>,
    variables: &impl Variables,
    kept: &mut Kept,
    turns: &mut Turns<'py>,
) -> PyResult<Vec<GraphNode>> {
    let mut nodes = Vec::new();
    let mut open: Vec<Open<'_>> = Vec::new();
    // By address: the number of what is closed, or `LATER` and the serial of what is open. Closed objects are held until the
    // end, since a part may be made when it is asked for, and go, and another lie where it lay.
    let mut known: HashMap<usize, usize> = HashMap::new();
    let mut closed = Vec::new();
    let mut numbers = Vec::new();
    let mut next = object.clone();
    'all: loop {
        turns.made(1);
        let address = next.as_ptr() as usize;
        let mut number = known.get(&address).copied();
        if number.is_none() {
            let leaf = match leaf(&next, variables)? {
                Some(node) => Err(node),
                None => parts(&next, variables, kept, turns)?,
            };
            match leaf {
                Ok((made, items)) => {
                    let serial = numbers.len();
                    numbers.push(0);
                    known.insert(address, LATER + serial);
                    open.push(Open { object: next.clone(), made, items, parts: Vec::new(), serial });
                }
                Err(node) => {
                    nodes.push(node);
                    number = Some(nodes.len() - 1);
                }
            }
        }
        loop {
            let Some(last) = open.last_mut() else { break 'all };
            last.parts.extend(number);
            if last.parts.len() < last.items.len() {
                next = last.items.get_item(last.parts.len())?;
                break;
            }
            let Some(Open { object, made, parts, serial, items }) = open.pop() else { break 'all };
            number = Some(nodes.len());
            numbers[serial] = nodes.len();
            known.insert(object.as_ptr() as usize, nodes.len());
            closed.push((object, items));
            nodes.push(match made {
                Made::Tuple => GraphNode::Tuple(parts),
                Made::List => GraphNode::List(parts),
                Made::Map(keys) => GraphNode::Map(keys.into_iter().zip(parts).collect()),
                Made::Record(name, fields) => {
                    let fields = fields.into_iter().map(|field| field.as_str().into()).zip(parts).collect();
                    GraphNode::Record { name, fields }
                }
            });
        }
    }
    for held in closed {
        turns.made(1);
        drop(held);
    }
    Ok(settled(nodes, &numbers))
}

fn leaf(object: &Bound<'_, PyAny>, variables: &impl Variables) -> PyResult<Option<GraphNode>> {
    if let Some(var) = variables.variable(object)? {
        return Ok(Some(GraphNode::Var(var)));
    }
    Ok(objects::plain(object)?.map(GraphNode::Value))
}

type Parts<'py> = (Made, Bound<'py, PyTuple>);

/// What an object is made of; a node where it has no parts that the engine could see.
fn parts<'py>(
    object: &Bound<'py, PyAny>,
    variables: &impl Variables,
    kept: &mut Kept,
    turns: &mut Turns<'py>,
) -> PyResult<Result<Parts<'py>, GraphNode>> {
    let py = object.py();
    if let Ok(tuple) = object.cast::<PyTuple>() {
        return Ok(Ok((Made::Tuple, tuple.clone())));
    }
    // Of lists and dicts a copy is gone over: others may change them meanwhile.
    if let Ok(list) = object.cast::<PyList>() {
        return Ok(Ok((Made::List, list.to_tuple())));
    }
    if let Ok(dict) = object.cast::<PyDict>() {
        let (mut keys, mut items) = (Vec::new(), Vec::new());
        for (key, item) in dict.copy()?.iter() {
            // A variable that is hashed is bound: it stands for its value.
            let key = if variables.variable(&key)?.is_some() { key.getattr("value")? } else { key };
            keys.push(objects::value(&key, kept, turns)?);
            items.push(item);
        }
        return Ok(Ok((Made::Map(keys), PyTuple::new(py, items)?)));
    }
    let structure = objects::registry(py)?.call_method1("structure", (object,))?;
    if let Ok((named, fields, items)) = structure.extract::<(Bound<'py, PyAny>, Vec<String>, Vec<Bound<'py, PyAny>>)>()
    {
        let name = objects::keep(&named, None, kept)?;
        return Ok(Ok((Made::Record(name, fields), PyTuple::new(py, items)?)));
    }
    Ok(Err(GraphNode::Record { name: objects::named(object, kept)?, fields: Vec::new() }))
}

/// Puts the numbers of what has been closed since in place of its serials.
fn settled(mut nodes: Vec<GraphNode>, numbers: &[usize]) -> Vec<GraphNode> {
    let settle = |part: &mut usize| {
        if let Some(number) = part.checked_sub(LATER).and_then(|serial| numbers.get(serial)) {
            *part = *number;
        }
    };
    for node in &mut nodes {
        match node {
            GraphNode::Tuple(parts) | GraphNode::List(parts) => parts.iter_mut().for_each(settle),
            GraphNode::Map(pairs) => pairs.iter_mut().for_each(|(_, part)| settle(part)),
            GraphNode::Record { fields, .. } => fields.iter_mut().for_each(|(_, part)| settle(part)),
            _ => {}
        }
    }
    nodes
}

/// The object that nodes stand for; `variable` makes those of variables. Nothing for a failed value.
pub(super) fn object<'py>(
    py: Python<'py>,
    nodes: &[GraphNode],
    constants: &Constants<'_, 'py>,
    turns: &mut Turns<'py>,
    variable: impl Fn(pyprior_logic::Var) -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let mut objects: Vec<Bound<'py, PyAny>> = Vec::with_capacity(nodes.len());
    for node in nodes {
        turns.made(1);
        let part = |of: &usize| objects[*of].clone();
        let made = match node {
            GraphNode::Var(var) => variable(*var)?,
            GraphNode::Value(value) => objects::object(py, value, constants)?,
            GraphNode::Tuple(parts) => PyTuple::new(py, parts.iter().map(part))?.into_any(),
            GraphNode::List(parts) => PyList::new(py, parts.iter().map(part))?.into_any(),
            GraphNode::Map(pairs) => {
                let dict = PyDict::new(py);
                for (key, of) in pairs {
                    dict.set_item(objects::object(py, key, constants)?, part(of))?;
                }
                dict.into_any()
            }
            GraphNode::Record { name, fields } => {
                let dict = PyDict::new(py);
                for (field, of) in fields {
                    dict.set_item(PyString::new(py, field), part(of))?;
                }
                objects::again(py, name, &dict, constants)?
            }
            GraphNode::Failed(_) => return Ok(None),
        };
        objects.push(made);
    }
    Ok(objects.pop())
}
