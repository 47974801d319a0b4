//! Where terms lie: atoms interned, compound terms as nodes with their arguments in one flat array.

use std::collections::HashMap;
use std::sync::Arc;

use super::{FailedValue, Store, Term, Unknown, Var};
use crate::value::Value;

const TAG_VAR: u32 = 0;
const TAG_INT: u32 = 1;
const TAG_ATOM: u32 = 2;
const TAG_NODE: u32 = 3;
/// The most variables, atoms or nodes of a store. One less than the tags leave room for: the last node would be `NONE`.
pub(super) const CAPACITY: usize = (1 << 30) - 1;

/// What a compound term is made with: two terms can only be equal if their functors are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Functor {
    Tuple(u32),
    List(u32),
    /// Keys in ascending order; the arguments are the values.
    Map(Arc<[Value]>),
    Custom {
        name: Arc<str>,
        fields: Arc<[Arc<str>]>,
    },
    /// A failed value, by its number.
    Failure(u32),
}

impl Functor {
    pub(crate) fn arity(&self) -> usize {
        match self {
            Functor::Tuple(arity) | Functor::List(arity) => *arity as usize,
            Functor::Map(keys) => keys.len(),
            Functor::Custom { fields, .. } => fields.len(),
            Functor::Failure(_) => 0,
        }
    }
}

/// Set in a node's link if the rest is the node that this one was found equal to; else the rest is its rank.
pub(super) const FORWARD: u32 = 1 << 31;

#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) functor: u32,
    pub(super) start: u32,
    pub(super) link: u32,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Terms {
    pub(super) nodes: Vec<Node>,
    pub(super) args: Vec<Term>,
    pub(super) atoms: Vec<Value>,
    pub(super) functors: Vec<Functor>,
    pub(super) failures: Vec<FailedValue>,
    /// None before the first atom or functor: stores that have nothing but domains are made and moved by the thousand.
    interned: Option<Box<Interned>>,
}

/// Numbers of atoms and functors.
#[derive(Debug, Clone, Default)]
struct Interned {
    atoms: HashMap<Value, u32>,
    functors: HashMap<Functor, u32>,
}

impl Terms {
    pub(super) fn truncate(&mut self, nodes: usize, args: usize, atoms: usize, functors: usize, failures: usize) {
        self.nodes.truncate(nodes);
        self.args.truncate(args);
        if let Some(interned) = &mut self.interned {
            for atom in self.atoms.drain(atoms..) {
                interned.atoms.remove(&atom);
            }
            for functor in self.functors.drain(functors..) {
                interned.functors.remove(&functor);
            }
        }
        self.failures.truncate(failures);
    }

    /// What the tables of interned atoms and functors say, by number.
    #[cfg(test)]
    pub(super) fn interned(&self) -> (Vec<String>, Vec<String>) {
        let Interned { atoms, functors } = self.interned.as_deref().cloned().unwrap_or_default();
        let mut atoms: Vec<_> = atoms.iter().map(|(atom, id)| (id, format!("{id} {atom}"))).collect();
        let mut functors: Vec<_> = functors.iter().map(|(functor, id)| (id, format!("{id} {functor:?}"))).collect();
        atoms.sort();
        functors.sort();
        (atoms.into_iter().map(|(_, text)| text).collect(), functors.into_iter().map(|(_, text)| text).collect())
    }
}

/// What a term is on the outside, once variables were followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Free(Var),
    Int(i64),
    Atom(u32),
    Node(u32),
}

impl Term {
    pub(super) fn of_var(var: Var) -> Term {
        Term(var.0 << 2 | TAG_VAR)
    }

    /// The variable, if the term is one, bound or not.
    #[must_use]
    pub fn as_var(self) -> Option<Var> {
        (self.0 & 3 == TAG_VAR).then_some(Var(self.0 >> 2))
    }

    fn small(number: i64) -> Option<Term> {
        const LIMIT: i64 = 1 << 29;
        (-LIMIT..LIMIT).contains(&number).then_some(Term((number as u32) << 2 | TAG_INT))
    }

    pub(super) fn node(index: u32) -> Term {
        Term(index << 2 | TAG_NODE)
    }

    pub(super) fn shape(self) -> Shape {
        let index = self.0 >> 2;
        match self.0 & 3 {
            TAG_VAR => Shape::Free(Var(index)),
            // The arithmetic shift brings the sign back.
            TAG_INT => Shape::Int(i64::from(self.0 as i32 >> 2)),
            TAG_ATOM => Shape::Atom(index),
            _ => Shape::Node(index),
        }
    }
}

/// A compound value of which some parts are written down.
struct Open<'a> {
    functor: Functor,
    parts: Vec<&'a Value>,
    args: Vec<Term>,
    place: Option<*const ()>,
}

impl<'a> Open<'a> {
    /// `None` if the value has no parts that are terms.
    fn of(value: &'a Value) -> Result<Option<Open<'a>>, Unknown> {
        let (functor, parts): (_, Vec<&Value>) = match value {
            Value::Tuple(items) => (Functor::Tuple(arity(items.len())?), items.iter().collect()),
            Value::List(items) => (Functor::List(arity(items.len())?), items.iter().collect()),
            Value::Map(pairs) => {
                let mut pairs: Vec<&(Value, Value)> = pairs.iter().collect();
                if !pairs.is_sorted_by(|a, b| a.0 < b.0) {
                    // Of one key the last pair counts, as in `Value::map`.
                    pairs.reverse();
                    pairs.sort_by(|a, b| a.0.cmp(&b.0));
                    pairs.dedup_by(|a, b| a.0 == b.0);
                }
                let keys = pairs.iter().map(|(key, _)| key.clone()).collect();
                (Functor::Map(keys), pairs.iter().map(|(_, value)| value).collect())
            }
            Value::Record(record) => {
                let fields = record.fields.iter().map(|(field, _)| Arc::clone(field)).collect();
                let functor = Functor::Custom { name: Arc::clone(&record.name), fields };
                (functor, record.fields.iter().map(|(_, value)| value).collect())
            }
            Value::None | Value::Bool(_) | Value::Int(_) | Value::Str(_) => return Ok(None),
        };
        let args = Vec::with_capacity(parts.len());
        Ok(Some(Open { functor, parts, args, place: value.place() }))
    }
}

impl Store {
    /// The term of a value that is no structure.
    fn atom(&mut self, value: Value) -> Result<Term, Unknown> {
        if let Value::Int(number) = value
            && let Some(term) = Term::small(number)
        {
            return Ok(term);
        }
        let interned = self.terms.interned.get_or_insert_default();
        if let Some(id) = interned.atoms.get(&value) {
            return Ok(Term(id << 2 | TAG_ATOM));
        }
        let id = index_below_capacity(self.terms.atoms.len())?;
        self.terms.atoms.push(value.clone());
        interned.atoms.insert(value, id);
        Ok(Term(id << 2 | TAG_ATOM))
    }

    /// The term of a value. A structure is written down afresh, with parts that are shared in the value shared in the term.
    pub(crate) fn term_of(&mut self, value: &Value) -> Result<Term, Unknown> {
        let Some(first) = Open::of(value)? else { return self.atom(value.clone()) };
        let mut open = vec![first];
        let mut written: HashMap<*const (), Term> = HashMap::new();
        loop {
            let Some(last) = open.last_mut() else { return Err(Unknown) };
            match last.parts.get(last.args.len()) {
                Some(part) => {
                    let known = part.place().and_then(|place| written.get(&place)).copied();
                    let term = match (known, Open::of(part)?) {
                        (Some(term), _) => term,
                        (None, None) => self.atom((*part).clone())?,
                        (None, Some(next)) => {
                            open.push(next);
                            continue;
                        }
                    };
                    last.args.push(term);
                }
                None => {
                    let Some(Open { functor, parts, args, place }) = open.pop() else { return Err(Unknown) };
                    let term = self.compound(functor, &args)?;
                    let Some(around) = open.last_mut() else { return Ok(term) };
                    // What has no parts may lie in the place of something else.
                    if let Some(place) = place.filter(|_| !parts.is_empty()) {
                        written.insert(place, term);
                    }
                    around.args.push(term);
                }
            }
        }
    }

    /// A compound term. As many arguments as the functor takes.
    pub(crate) fn compound(&mut self, functor: Functor, args: &[Term]) -> Result<Term, Unknown> {
        debug_assert_eq!(functor.arity(), args.len());
        for arg in args {
            self.check(*arg)?;
        }
        let node = index_below_capacity(self.terms.nodes.len())?;
        let start = index_below_capacity(self.terms.args.len())?;
        let functor = self.functor_id(functor)?;
        self.terms.args.extend_from_slice(args);
        self.terms.nodes.push(Node { functor, start, link: 0 });
        Ok(Term::node(node))
    }

    fn functor_id(&mut self, functor: Functor) -> Result<u32, Unknown> {
        // Most structures of a program are alike, so the newest functors are looked at first.
        let newest = self.terms.functors.len().saturating_sub(4);
        if let Some(place) = self.terms.functors[newest..].iter().position(|known| *known == functor) {
            return Ok((newest + place) as u32);
        }
        let interned = self.terms.interned.get_or_insert_default();
        if let Some(id) = interned.functors.get(&functor) {
            return Ok(*id);
        }
        let id = index_below_capacity(self.terms.functors.len())?;
        self.terms.functors.push(functor.clone());
        interned.functors.insert(functor, id);
        Ok(id)
    }

    /// A failed value: what waits for it gets the reason as an error.
    pub(crate) fn failed_value(&mut self, reason: FailedValue) -> Result<Term, Unknown> {
        let id = index_below_capacity(self.terms.failures.len())?;
        self.terms.failures.push(reason);
        self.compound(Functor::Failure(id), &[])
    }

    /// The reason, if a node is a failed value.
    pub(crate) fn failure_of(&self, node: u32) -> Option<FailedValue> {
        match self.functor(node) {
            Functor::Failure(id) => self.terms.failures.get(*id as usize).cloned(),
            _ => None,
        }
    }

    pub(crate) fn atom_value(&self, atom: u32) -> &Value {
        &self.terms.atoms[atom as usize]
    }

    pub(crate) fn functor(&self, node: u32) -> &Functor {
        &self.terms.functors[self.terms.nodes[node as usize].functor as usize]
    }

    pub(crate) fn args(&self, node: u32) -> &[Term] {
        let start = self.terms.nodes[node as usize].start as usize;
        &self.terms.args[start..start + self.functor(node).arity()]
    }

    pub(crate) fn knows_node(&self, node: u32) -> bool {
        (node as usize) < self.terms.nodes.len()
    }

    pub(crate) fn same_functor(&self, a: u32, b: u32) -> bool {
        self.terms.nodes[a as usize].functor == self.terms.nodes[b as usize].functor
    }

    pub(crate) fn node_root(&self, mut node: u32) -> u32 {
        loop {
            let link = self.terms.nodes[node as usize].link;
            if link & FORWARD == 0 {
                return node;
            }
            node = link & !FORWARD;
        }
    }

    /// Notes that two roots are equal: one is the other from now on. By rank, so that chains stay short without compression.
    pub(crate) fn merge_nodes(&mut self, a: u32, b: u32) {
        let (rank_a, rank_b) = (self.terms.nodes[a as usize].link, self.terms.nodes[b as usize].link);
        let (under, over) = if rank_a <= rank_b { (a, b) } else { (b, a) };
        self.stale |= !self.partials.is_empty();
        if rank_a == rank_b {
            self.set_node_link(over, rank_b + 1);
        }
        self.set_node_link(under, over | FORWARD);
    }

    fn set_node_link(&mut self, node: u32, link: u32) {
        let old = self.terms.nodes[node as usize].link;
        self.save(super::trail::Entry::Node { node, old });
        self.terms.nodes[node as usize].link = link;
    }

    /// Whether a handle is of something in this store.
    pub(crate) fn check(&self, term: Term) -> Result<(), Unknown> {
        let known = match term.shape() {
            Shape::Free(var) => var.index() < self.cells.len(),
            Shape::Int(_) => true,
            Shape::Atom(atom) => (atom as usize) < self.terms.atoms.len(),
            Shape::Node(node) => (node as usize) < self.terms.nodes.len(),
        };
        if known { Ok(()) } else { Err(Unknown) }
    }
}

fn index_below_capacity(len: usize) -> Result<u32, Unknown> {
    if len < CAPACITY { Ok(len as u32) } else { Err(Unknown) }
}

pub(crate) fn arity(len: usize) -> Result<u32, Unknown> {
    index_below_capacity(len)
}
