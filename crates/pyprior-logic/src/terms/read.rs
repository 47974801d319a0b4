//! Values out of a store.

use std::collections::HashMap;
use std::sync::Arc;

use super::convert::IntoTerm;
use super::error::FailedValue;
use crate::store::{Functor, Shape, Store, Term, Var};
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
    /// It is infinite, or its parts lie deeper than values may ([`Store::MAX_DEPTH`]): see [`StreamReader`](crate::StreamReader) for
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

/// Why reading stopped; texts are made of it at the end alone.
enum Stop {
    Free(Var),
    Failed(FailedValue),
    TooDeep,
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
        match self.value_or_free(term)? {
            Ok(value) => Ok(value),
            Err(free) => Err(ReadError::Free { variable: self.name(free) }),
        }
    }

    /// The value, or the first variable of the term that is free.
    pub(crate) fn value_or_free(&mut self, term: Term) -> Result<Result<Value, Var>, ReadError> {
        self.check(term).map_err(|_| ReadError::Unknown)?;
        match self.read(term, 0, &mut HashMap::new()) {
            Ok(value) => Ok(Ok(value)),
            Err(Stop::Free(var)) => Ok(Err(var)),
            Err(Stop::Failed(failed)) => Err(failed.into()),
            Err(Stop::TooDeep) => Err(ReadError::TooDeep { term: self.show(term) }),
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

    fn read(&mut self, term: Term, depth: usize, known: &mut HashMap<u32, Value>) -> Result<Value, Stop> {
        let node = match self.walk(term) {
            Shape::Free(var) => return Err(Stop::Free(var)),
            Shape::Int(number) => return Ok(Value::Int(number)),
            Shape::Atom(atom) => return Ok(self.atom_value(atom).clone()),
            Shape::Node(node) => self.node_root(node),
        };
        if let Some(value) = known.get(&node) {
            return Ok(value.clone());
        }
        if depth == Self::MAX_DEPTH {
            return Err(Stop::TooDeep);
        }
        if let Some(reason) = self.failure_of(node) {
            return Err(Stop::Failed(FailedValue { reason }));
        }
        let functor = self.functor(node).clone();
        let mut parts = Vec::with_capacity(functor.arity());
        for place in 0..functor.arity() {
            let part = self.args(node)[place];
            parts.push(self.read(part, depth + 1, known)?);
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
        Ok(value)
    }
}
