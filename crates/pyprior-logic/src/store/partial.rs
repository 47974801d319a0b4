//! Variables with a domain that are bound to a structure of which not all is known.
//!
//! Such a variable is bound, and keeps its domain: the values that agree with what is known of the structure. Whenever more is
//! known the domain is looked at again, and when one value is left the structure becomes that value. Both are steps that only
//! ever narrow, so the end does not hang on their order (Apt, *From Chaotic Iteration to Constraint Propagation*, 1997).
//!
//! Every change of a variable in such a structure looks at all of these domains, value by value: they are meant to be few.

use std::collections::{HashMap, HashSet};

use super::bind::Clash;
use super::cell::{IN_PARTIAL, Link, PINNED};
use super::{FailedValue, Functor, Shape, Store, Term, Var, Wake};
use crate::value::Value;

/// Why a domain and a structure do not go together.
pub(crate) enum Unsettled {
    /// No value of the domain agrees with the structure.
    Clash(Var, Term),
    /// A part that is to become a value is a failed one.
    Failed(FailedValue),
}

/// Domains by the node that their variables are bound to.
type Owners = HashMap<u32, Vec<Var>>;

impl Store {
    /// Binds a free root with a domain to a node with free variables in it. [`settle`](Store::settle) is to follow.
    pub(crate) fn bind_partly(&mut self, root: Var, node: Term) {
        self.set_flag(root, IN_PARTIAL);
        self.bind_root(root, node);
        self.partials.push(root);
    }

    /// Narrows the domains of all variables that are bound to structures until nothing changes any more. After an error the caller
    /// has to undo.
    pub(crate) fn settle(&mut self) -> Result<(), Unsettled> {
        if !self.stale {
            return Ok(());
        }
        self.settle_all()?;
        // What the parts may be has changed, though they have no domain that would say so.
        for (root, _) in self.partly_known() {
            for var in self.free_in(root.into()) {
                self.tell(var, Wake::Narrowed(var));
            }
        }
        Ok(())
    }

    fn settle_all(&mut self) -> Result<(), Unsettled> {
        while std::mem::take(&mut self.stale) {
            let mut owners = Owners::new();
            for root in self.partials.clone() {
                if let Link::Bound(term) = self.cells[root.index()].link()
                    && let Shape::Node(node) = term.shape()
                {
                    owners.entry(self.node_root(node)).or_default().push(root);
                }
            }
            for root in self.partials.clone() {
                if !self.cells[root.index()].has(PINNED) {
                    self.settle_one(root, &owners)?;
                }
            }
        }
        Ok(())
    }

    fn settle_one(&mut self, root: Var, owners: &Owners) -> Result<(), Unsettled> {
        let Link::Bound(term) = self.cells[root.index()].link() else { return Ok(()) };
        let Some(domain) = self.domain(root) else { return Ok(()) };
        let mut left = vec![0; domain.words.len()];
        let mut last = None;
        for (place, word) in domain.words.iter().enumerate() {
            for bit in (0..64).filter(|bit| word >> bit & 1 == 1) {
                let Some(value) = domain.universe.value(place as u32 * 64 + bit) else { continue };
                if self.may_be(term, &value, owners) {
                    left[place] |= 1 << bit;
                    last = Some(value);
                }
            }
        }
        let clash = |_| Unsettled::Clash(root, term);
        self.narrow_alone(root, |place| left[place]).map_err(clash)?;
        for var in self.free_in(term) {
            self.set_flag(var, IN_PARTIAL);
        }
        if self.size(root) == 1
            && let Some(value) = last
        {
            self.set_flag(root, PINNED);
            self.make_value(term, &value).map_err(|failed| match failed {
                Some(failed) => Unsettled::Failed(failed),
                None => Unsettled::Clash(root, term),
            })?;
        }
        Ok(())
    }

    /// Whether a term can become a value, as far as is known. A failed part can become anything here.
    fn may_be(&self, term: Term, value: &Value, owners: &Owners) -> bool {
        let mut taken: HashMap<Var, &Value> = HashMap::new();
        let mut met = HashSet::new();
        let mut left = vec![(term, value)];
        while let Some((term, value)) = left.pop() {
            if let Some(root) = term.as_var().and_then(|var| self.known_root(var))
                && !self.may_take(root, value)
            {
                return false;
            }
            match self.peek(term) {
                Shape::Free(var) => {
                    if *taken.entry(var).or_insert(value) != value {
                        return false;
                    }
                }
                Shape::Int(number) => {
                    if value.as_int() != Some(number) {
                        return false;
                    }
                }
                Shape::Atom(atom) => {
                    if self.atom_value(atom) != value {
                        return false;
                    }
                }
                Shape::Node(node) if self.failure_of(node).is_some() => {}
                Shape::Node(node) => {
                    let node = self.node_root(node);
                    if value.place().is_some_and(|place| !met.insert((node, place))) {
                        continue;
                    }
                    if !owners.get(&node).into_iter().flatten().all(|owner| self.may_take(*owner, value)) {
                        return false;
                    }
                    let Some(parts) = self.parts_of(node, value) else { return false };
                    left.extend(parts);
                }
            }
        }
        true
    }

    fn may_take(&self, root: Var, value: &Value) -> bool {
        self.domain(root)
            .is_none_or(|domain| domain.universe.index_of(value).is_some_and(|index| self.contains(root, index)))
    }

    /// The parts of a node beside those of a value that is made alike; `None` if it is not.
    fn parts_of<'a>(&self, node: u32, value: &'a Value) -> Option<Vec<(Term, &'a Value)>> {
        let args = self.args(node).iter().copied();
        let arity = self.args(node).len();
        match (self.functor(node), value) {
            (Functor::Tuple(_), Value::Tuple(items)) | (Functor::List(_), Value::List(items)) => {
                (items.len() == arity).then(|| args.zip(items.iter()).collect())
            }
            (Functor::Map(keys), Value::Map(pairs)) => {
                let alike =
                    keys.len() == pairs.len() && keys.iter().zip(pairs.iter()).all(|(key, pair)| *key == pair.0);
                alike.then(|| args.zip(pairs.iter().map(|(_, value)| value)).collect())
            }
            (Functor::Custom { name, fields }, Value::Record(record)) => {
                let names = record.fields.iter().map(|(field, _)| field);
                let alike = *name == record.name && fields.len() == record.fields.len() && fields.iter().eq(names);
                alike.then(|| args.zip(record.fields.iter().map(|(_, value)| value)).collect())
            }
            _ => None,
        }
    }

    /// Makes a term equal to a value. An error with what failed, or nothing if they are different.
    fn make_value(&mut self, term: Term, value: &Value) -> Result<(), Option<FailedValue>> {
        let mut met = HashSet::new();
        let mut left = vec![(term, value)];
        while let Some((term, value)) = left.pop() {
            match self.walk(term) {
                Shape::Free(root) if self.domain(root).is_some() => {
                    self.bind_in_domain(root, value).map_err(|Clash| None)?;
                }
                Shape::Free(root) => {
                    let term = self.term_of(value).map_err(|_| None)?;
                    self.bind_root(root, term);
                }
                Shape::Int(number) if value.as_int() == Some(number) => {}
                Shape::Atom(atom) if self.atom_value(atom) == value => {}
                Shape::Int(_) | Shape::Atom(_) => return Err(None),
                Shape::Node(node) => {
                    if let Some(failed) = self.failure_of(node) {
                        return Err(Some(failed));
                    }
                    let node = self.node_root(node);
                    if value.place().is_none_or(|place| met.insert((node, place))) {
                        left.extend(self.parts_of(node, value).ok_or(None)?);
                    }
                }
            }
        }
        Ok(())
    }

    /// The variables with a domain that are bound to nodes of which not all is known, with these nodes.
    pub(crate) fn partly_known(&self) -> Vec<(Var, u32)> {
        let open = self.partials.iter().filter(|root| !self.cells[root.index()].has(PINNED));
        open.filter_map(|root| match self.peek((*root).into()) {
            Shape::Node(node) => Some((*root, self.node_root(node))),
            _ => None,
        })
        .collect()
    }

    /// The free variables in a term, each once.
    pub(crate) fn free_in(&self, term: Term) -> Vec<Var> {
        let (mut nodes, mut vars) = (HashSet::new(), Vec::new());
        let mut left = vec![term];
        while let Some(term) = left.pop() {
            match self.peek(term) {
                Shape::Free(var) if self.root_is_free(var) => vars.push(var),
                // One value is left in its domain.
                Shape::Free(_) => {}
                Shape::Int(_) | Shape::Atom(_) => {}
                Shape::Node(node) => {
                    let node = self.node_root(node);
                    if nodes.insert(node) {
                        left.extend(self.args(node));
                    }
                }
            }
        }
        vars.sort_unstable();
        vars.dedup();
        vars
    }

    /// The first failed value in a term.
    pub(crate) fn failure_in(&self, term: Term) -> Option<FailedValue> {
        let mut nodes = HashSet::new();
        let mut left = vec![term];
        while let Some(term) = left.pop() {
            if let Shape::Node(node) = self.peek(term) {
                let node = self.node_root(node);
                if let Some(failed) = self.failure_of(node) {
                    return Some(failed);
                }
                if nodes.insert(node) {
                    left.extend(self.args(node).iter().rev());
                }
            }
        }
        None
    }
}
