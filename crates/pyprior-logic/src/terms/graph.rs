//! Terms laid flat: for those who hold terms in a shape of their own, such as objects of another language.

use std::collections::HashMap;
use std::sync::Arc;

use super::error::UnifyError;
use super::read::ReadError;
use crate::store::{FailedValue, Functor, Shape, Store, Term, Var, arity};
use crate::value::Value;

/// A node of a term laid flat. Its parts are nodes, by number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GraphNode {
    /// A variable: a free one where it was read, or one that leads back to a node that it is a part of.
    Var(Var),
    /// A value, whole.
    Value(Value),
    /// A tuple.
    Tuple(Vec<usize>),
    /// A list.
    List(Vec<usize>),
    /// A map. Of a key that comes twice the last pair counts.
    Map(Vec<(Value, usize)>),
    /// A custom type.
    Record {
        /// The name of the type.
        name: Arc<str>,
        /// Its parts, in the order in which the type gives them.
        fields: Vec<(Arc<str>, usize)>,
    },
    /// A failed value; nothing that can be written down.
    Failed(FailedValue),
}

impl Store {
    /// What a term is made of: each node behind its parts, so that the last is the term itself; a structure that is
    /// shared comes once.
    ///
    /// Where a term contains itself, a variable that is bound to the node stands for it; if there is none, one is made.
    ///
    /// ```
    /// # use pyprior_logic::{GraphNode, Store};
    /// let mut store = Store::new();
    /// let (x, y) = (store.newvar(), store.newvar());
    /// store.unify(x, (1, y))?;
    /// let nodes = store.graph(x)?;
    /// assert_eq!(nodes, [GraphNode::Value(1.into()), GraphNode::Var(y), GraphNode::Tuple(vec![0, 1])]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ReadError::Unknown`] for a term of another store.
    pub fn graph(&mut self, what: impl Into<Term>) -> Result<Vec<GraphNode>, ReadError> {
        let mut next = what.into();
        self.check(next).map_err(|_| ReadError::Unknown)?;
        let mut nodes = Vec::new();
        // Of a node whose parts are being read there is no number yet.
        let mut known: HashMap<u32, Option<usize>> = HashMap::new();
        let mut open: Vec<(u32, Vec<usize>)> = Vec::new();
        loop {
            let found = match self.walk(next) {
                Shape::Free(var) => GraphNode::Var(var),
                Shape::Int(number) => GraphNode::Value(Value::Int(number)),
                Shape::Atom(atom) => GraphNode::Value(self.atom_value(atom).clone()),
                Shape::Node(node) => {
                    let node = self.node_root(node);
                    match known.get(&node) {
                        Some(Some(number)) => {
                            let number = *number;
                            match self.hand_on(&mut open, number, &mut nodes, &mut known) {
                                Some(part) => next = part,
                                None => return Ok(nodes),
                            }
                            continue;
                        }
                        Some(None) => GraphNode::Var(next.as_var().unwrap_or_else(|| self.var_of(next))),
                        None => {
                            if let Some(failed) = self.failure_of(node) {
                                GraphNode::Failed(failed)
                            } else if let Some(first) = self.args(node).first() {
                                next = *first;
                                known.insert(node, None);
                                open.push((node, Vec::with_capacity(self.args(node).len())));
                                continue;
                            } else {
                                self.node_of(node, Vec::new())
                            }
                        }
                    }
                }
            };
            nodes.push(found);
            match self.hand_on(&mut open, nodes.len() - 1, &mut nodes, &mut known) {
                Some(part) => next = part,
                None => return Ok(nodes),
            }
        }
    }

    /// Gives a part to the node that it is a part of, and so on as long as that completes one; the next part to read.
    fn hand_on(
        &self,
        open: &mut Vec<(u32, Vec<usize>)>,
        mut number: usize,
        nodes: &mut Vec<GraphNode>,
        known: &mut HashMap<u32, Option<usize>>,
    ) -> Option<Term> {
        loop {
            let (node, parts) = open.last_mut()?;
            parts.push(number);
            if let Some(part) = self.args(*node).get(parts.len()) {
                return Some(*part);
            }
            let (node, parts) = open.pop()?;
            nodes.push(self.node_of(node, parts));
            number = nodes.len() - 1;
            known.insert(node, Some(number));
        }
    }

    fn node_of(&self, node: u32, parts: Vec<usize>) -> GraphNode {
        match self.functor(node) {
            Functor::Tuple(_) | Functor::Failure(_) => GraphNode::Tuple(parts),
            Functor::List(_) => GraphNode::List(parts),
            Functor::Map(keys) => GraphNode::Map(keys.iter().cloned().zip(parts).collect()),
            Functor::Custom { name, fields } => {
                GraphNode::Record { name: Arc::clone(name), fields: fields.iter().cloned().zip(parts).collect() }
            }
        }
    }

    /// The term of nodes that somebody laid flat: that of the last one. A part may be its own node or a later one, too: then
    /// the term contains itself.
    ///
    /// # Errors
    /// [`UnifyError::Unknown`] for variables of another store, for numbers of no node, and where there is no room;
    /// [`UnifyError::Failed`] for a failed value. The store is as it was then.
    pub fn term_of_graph(&mut self, nodes: &[GraphNode]) -> Result<Term, UnifyError> {
        self.transaction(|store| {
            let mut terms: Vec<Term> = Vec::with_capacity(nodes.len());
            // Variables that stand for nodes before these are there.
            let mut promised: HashMap<usize, Var> = HashMap::new();
            for (number, node) in nodes.iter().enumerate() {
                let mut part = |store: &mut Store, of: usize| match terms.get(of) {
                    Some(term) => Ok(*term),
                    None if of < nodes.len() => Ok((*promised.entry(of).or_insert_with(|| store.newvar())).into()),
                    None => Err(UnifyError::Unknown),
                };
                let term = match node {
                    GraphNode::Var(var) => Term::from(*var),
                    GraphNode::Value(value) => store.term_of(value)?,
                    GraphNode::Failed(failed) => return Err(failed.clone().into()),
                    GraphNode::Tuple(parts) | GraphNode::List(parts) => {
                        let args = parts.iter().map(|of| part(store, *of)).collect::<Result<Vec<_>, _>>()?;
                        let arity = arity(args.len())?;
                        let is_tuple = matches!(node, GraphNode::Tuple(_));
                        store.compound(if is_tuple { Functor::Tuple(arity) } else { Functor::List(arity) }, &args)?
                    }
                    GraphNode::Map(pairs) => {
                        let ordered: std::collections::BTreeMap<_, _> =
                            pairs.iter().map(|(key, of)| (key, *of)).collect();
                        let args = ordered.values().map(|of| part(store, *of)).collect::<Result<Vec<_>, _>>()?;
                        store.compound(Functor::Map(ordered.into_keys().cloned().collect()), &args)?
                    }
                    GraphNode::Record { name, fields } => {
                        let args = fields.iter().map(|(_, of)| part(store, *of)).collect::<Result<Vec<_>, _>>()?;
                        let fields = fields.iter().map(|(field, _)| Arc::clone(field)).collect();
                        store.compound(Functor::Custom { name: Arc::clone(name), fields }, &args)?
                    }
                };
                store.check(term)?;
                terms.push(term);
                if let Some(var) = promised.get(&number) {
                    store.unify_terms((*var).into(), term)?;
                }
            }
            terms.last().copied().ok_or(UnifyError::Unknown)
        })
    }
}
