//! Values out of a store.

use std::collections::HashMap;
use std::sync::Arc;

use super::convert::IntoTerm;
use crate::store::{FailedValue, Functor, Shape, Store, Term, Var};
use crate::value::{Record, Value};

/// Why a term is no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// A variable in it is free.
    #[error("{variable} is free")]
    Free {
        /// Its name.
        variable: String,
    },
    /// A part of it is a failed value.
    #[error(transparent)]
    Failed(#[from] FailedValue),
    /// It contains itself.
    #[error("{term} is infinite and no value")]
    Infinite {
        /// Its beginning.
        term: String,
    },
    /// A term of another store.
    #[error("a term that this store does not know")]
    Unknown,
}

/// Why reading stopped; texts are made of it at the end alone.
enum Stop {
    Free(Var),
    Failed(FailedValue),
    Infinite,
}

impl Store {
    /// The value of a term that has no free variable in it. Shared parts are shared in the value, too.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn value(&mut self, what: impl IntoTerm) -> Result<Value, ReadError> {
        if let Some(var) = what.as_var() {
            return self.value_of(var.into());
        }
        // What is written down to be read is taken back.
        self.trial(|store, _| {
            let term = what.into_term(store).map_err(|_| ReadError::Unknown)?;
            store.value_of(term)
        })
    }

    fn value_of(&mut self, term: Term) -> Result<Value, ReadError> {
        match self.value_or_free(term)? {
            Ok(value) => Ok(value),
            Err(free) => Err(ReadError::Free { variable: self.name(free) }),
        }
    }

    /// The value, or the first variable of the term that is free.
    pub(crate) fn value_or_free(&mut self, term: Term) -> Result<Result<Value, Var>, ReadError> {
        self.check(term).map_err(|_| ReadError::Unknown)?;
        match self.read(term) {
            Ok(value) => Ok(Ok(value)),
            Err(Stop::Free(var)) => Ok(Err(var)),
            Err(Stop::Failed(failed)) => Err(failed.into()),
            Err(Stop::Infinite) => Err(ReadError::Infinite { term: self.show(term) }),
        }
    }

    /// The two parts of a pair, `Some(None)` for `None`, `None` for anything else.
    pub(crate) fn pair(&mut self, list: Var) -> Option<Option<(Term, Term)>> {
        match self.walk(list.into()) {
            Shape::Node(node) => match self.args(self.node_root(node)) {
                [head, tail] if *self.functor(node) == Functor::Tuple(2) => Some(Some((*head, *tail))),
                _ => None,
            },
            Shape::Atom(atom) if *self.atom_value(atom) == Value::None => Some(None),
            _ => None,
        }
    }

    /// A variable that is bound to this term.
    pub(crate) fn var_of(&mut self, term: Term) -> Var {
        let var = self.newvar();
        if var != Var::NONE {
            self.bind_root(var, term);
        }
        var
    }

    fn read(&mut self, term: Term) -> Result<Value, Stop> {
        let mut open: Vec<Open> = Vec::new();
        // Of a node whose parts are being read there is no value: it contains itself if it is met again.
        let mut known: HashMap<u32, Option<Value>> = HashMap::new();
        let mut next = term;
        loop {
            let mut value = match self.walk(next) {
                Shape::Free(var) => return Err(Stop::Free(var)),
                Shape::Int(number) => Value::Int(number),
                Shape::Atom(atom) => self.atom_value(atom).clone(),
                Shape::Node(node) => {
                    let node = self.node_root(node);
                    match known.get(&node) {
                        Some(Some(value)) => value.clone(),
                        Some(None) => return Err(Stop::Infinite),
                        None => {
                            if let Some(failed) = self.failure_of(node) {
                                return Err(Stop::Failed(failed));
                            }
                            known.insert(node, None);
                            let args = self.args(node);
                            if let Some(first) = args.first() {
                                next = *first;
                                open.push(Open { node, parts: Vec::with_capacity(args.len()) });
                                continue;
                            }
                            let value = self.close(node, Vec::new());
                            known.insert(node, Some(value.clone()));
                            value
                        }
                    }
                }
            };
            loop {
                let Some(Open { node, parts }) = open.last_mut() else { return Ok(value) };
                parts.push(value);
                if let Some(part) = self.args(*node).get(parts.len()) {
                    next = *part;
                    break;
                }
                let (node, parts) = (*node, std::mem::take(parts));
                open.pop();
                value = self.close(node, parts);
                known.insert(node, Some(value.clone()));
            }
        }
    }

    fn close(&self, node: u32, parts: Vec<Value>) -> Value {
        match self.functor(node) {
            Functor::Tuple(_) | Functor::Failure(_) => Value::Tuple(parts.into()),
            Functor::List(_) => Value::List(parts.into()),
            Functor::Map(keys) => Value::Map(keys.iter().cloned().zip(parts).collect()),
            Functor::Custom { name, fields } => {
                let fields = fields.iter().cloned().zip(parts).collect();
                Value::Record(Arc::new(Record { name: Arc::clone(name), fields }))
            }
        }
    }
}

/// A node of which some parts are read.
struct Open {
    node: u32,
    parts: Vec<Value>,
}
