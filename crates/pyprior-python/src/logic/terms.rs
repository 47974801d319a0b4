//! Objects of Python as terms of a store, and back.

use std::collections::HashMap;
use std::sync::Arc;

use pyo3::prelude::*;
use pyprior_logic::{DomainError, GraphNode, UnifyError, Universe, Value, Var};

use super::flat::{self, Variables};
use super::objects::{self, Kept, Name};
use super::store::Store;
use super::{domain, errors};
use crate::bounded::{MOST, bounded};
use crate::turns::{self, Turns};

/// The store as the one whose variables are meant.
struct Own<'a, 'py>(&'a Bound<'py, Store>);

impl Variables for Own<'_, '_> {
    fn variable(&self, object: &Bound<'_, PyAny>) -> PyResult<Option<Var>> {
        let py = object.py();
        let Some((store, number)) = variable(object)? else { return Ok(None) };
        match store.is(self.0) {
            true => self.0.get().var(py, number).map(Some),
            false => Err(errors::foreign(py)),
        }
    }
}

/// Store and number of a variable; nothing for anything else.
fn variable<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<(Bound<'py, PyAny>, u32)>> {
    if !objects::is_variable(object)? {
        return Ok(None);
    }
    Ok(Some((object.getattr("_store")?, object.getattr("_number")?.extract()?)))
}

impl Store {
    /// The nodes of a term. What keeps its names in use goes to `kept`: to the store's where the term stays in the store.
    pub(super) fn flatten<'py>(
        slf: &Bound<'py, Self>,
        object: &Bound<'py, PyAny>,
        kept: &mut Kept,
        turns: &mut Turns<'py>,
    ) -> PyResult<Vec<GraphNode>> {
        flat::flatten(object, &Own(slf), kept, turns)
    }

    /// Both sides of something.
    pub(super) fn flatten_both<'py>(
        slf: &Bound<'py, Self>,
        left: &Bound<'py, PyAny>,
        right: &Bound<'py, PyAny>,
        kept: &mut Kept,
    ) -> PyResult<(Vec<GraphNode>, Vec<GraphNode>)> {
        let turns = &mut Turns::new(slf.py());
        Ok((Store::flatten(slf, left, kept, turns)?, Store::flatten(slf, right, kept, turns)?))
    }

    /// The object of nodes; of constants that the store does not have, one of these.
    pub(super) fn object<'py>(
        slf: &Bound<'py, Self>,
        nodes: &[GraphNode],
        kept: &Kept,
        turns: &mut Turns<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (py, this) = (slf.py(), slf.get());
        let own: HashMap<&str, &Name> = kept.iter().rev().map(|name| (&*name.text, name)).collect();
        let constant = |name: &str| {
            let names = this.names(py);
            let known = names.get(name).or_else(|| own.get(name).copied());
            known.and_then(|name| name.object.as_ref().map(|object| object.bind(py).clone()))
        };
        let make = |var: Var| slf.call_method1("_variable", (var.number(),));
        flat::object(py, nodes, &constant, turns, make)?.ok_or_else(|| errors::unknown(py))
    }

    /// Values that a domain is made of, as terms have them.
    pub(super) fn universe<'py>(
        slf: &Bound<'py, Self>,
        values: &Bound<'py, PyAny>,
        kept: &mut Kept,
    ) -> PyResult<Arc<Universe>> {
        if let Some(range) = domain::consecutive(values) {
            return Ok(Universe::range(range));
        }
        let py = slf.py();
        let refused = || errors::unify(py, &UnifyError::Domain(DomainError::TooLarge { most: MOST }));
        let (mut all, mut turns) = (Vec::new(), Turns::new(py));
        for item in bounded(values, MOST, refused)? {
            let item = item?;
            turns.made(1);
            if !objects::is_variable(&item)?
                && let Some(value) = objects::plain(&item)?
            {
                all.push(value);
                continue;
            }
            let nodes = Store::flatten(slf, &item, kept, &mut turns)?;
            // Written down to be read whole, and taken back.
            let value = {
                let mut store = slf.get().lock(py)?;
                let mark = store.mark();
                let value = store.term_of_graph(&nodes).map_err(Err).and_then(|term| store.value(term).map_err(Ok));
                store.undo_to(mark);
                value
            };
            all.push(value.map_err(|error| errors::unreadable(py, error))?);
        }
        Ok(turns::without(py, all.len(), || Universe::new(all)))
    }

    /// The object of a value, which may be deeper than the stack: so as a term.
    pub(super) fn deep<'py>(
        slf: &Bound<'py, Self>,
        value: &Value,
        turns: &mut Turns<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let nodes = {
            let mut store = slf.get().lock(py)?;
            let mark = store.mark();
            let nodes = store.term(value).map_err(Err).and_then(|term| store.graph(term).map_err(Ok));
            store.undo_to(mark);
            nodes
        };
        let nodes = nodes.map_err(|error| errors::unreadable(py, error))?;
        Store::object(slf, &nodes, &Kept::new(), turns)
    }
}
