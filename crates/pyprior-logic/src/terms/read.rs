//! Values out of a store.

use std::collections::HashMap;
use std::sync::Arc;

use super::convert::IntoTerm;
use super::error::FailedValue;
use crate::store::{Functor, Shape, Store, Term};
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
    /// It is infinite, or its parts lie deeper than values may ([`Store::MAX_DEPTH`]): see [`Stream`](crate::Stream) for
    /// lists that are long.
    #[error("{term} is infinite or too deep to be a value")]
    TooDeep {
        /// Its beginning.
        term: String,
    },
    /// A term of another store.
    #[error("a term that this store does not know")]
    Unknown,
}

impl Store {
    /// How deep structures may lie in one another in a [`Value`].
    pub const MAX_DEPTH: usize = 200;

    /// The value of a term that has no free variable in it. Shared parts are shared in the value, too.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub fn value(&mut self, what: impl IntoTerm) -> Result<Value, ReadError> {
        let term = what.into_term(self).map_err(|_| ReadError::Unknown)?;
        self.check(term).map_err(|_| ReadError::Unknown)?;
        self.read(term, 0, &mut HashMap::new())?.ok_or_else(|| ReadError::TooDeep { term: self.show(term) })
    }

    /// `None` if it is too deep.
    fn read(&mut self, term: Term, depth: usize, known: &mut HashMap<u32, Value>) -> Result<Option<Value>, ReadError> {
        let node = match self.walk(term) {
            Shape::Free(var) => return Err(ReadError::Free { variable: self.name(var) }),
            Shape::Int(number) => return Ok(Some(Value::Int(number))),
            Shape::Atom(atom) => return Ok(Some(self.atom_value(atom).clone())),
            Shape::Node(node) => self.node_root(node),
        };
        if let Some(value) = known.get(&node) {
            return Ok(Some(value.clone()));
        }
        if depth == Self::MAX_DEPTH {
            return Ok(None);
        }
        let functor = self.functor(node).clone();
        if let Functor::Failure(id) = functor {
            return Err(FailedValue { reason: self.failure(id) }.into());
        }
        let mut parts = Vec::with_capacity(functor.arity());
        for place in 0..functor.arity() {
            let part = self.args(node)[place];
            match self.read(part, depth + 1, known)? {
                Some(part) => parts.push(part),
                None => return Ok(None),
            }
        }
        let value = match functor {
            Functor::Tuple(_) | Functor::Failure(_) => Value::Tuple(parts.into()),
            Functor::List(_) => Value::List(parts.into()),
            Functor::Map(keys) => Value::Map(keys.iter().cloned().zip(parts).collect()),
            Functor::Custom { name, fields } => {
                Value::Record(Arc::new(Record { name, fields: fields.iter().cloned().zip(parts).collect() }))
            }
        };
        known.insert(node, value.clone());
        Ok(Some(value))
    }
}
