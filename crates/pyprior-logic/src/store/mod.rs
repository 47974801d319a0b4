//! The one place of state: variables, terms, domains, and the trail that undoes them.
//!
//! Everything lies in flat arrays and is named by 32-bit numbers, so that a store is copied by copying memory and a new one
//! costs nothing. A variable is a cell of 32 bytes: free, an alias of another one (a union-find by rank, without path
//! compression: every link is undone on its own), or bound to a term. A free variable may have a finite domain, a bitset
//! over a [`Universe`] of values. A domain that comes down to one value is a binding.
//!
//! Who watches a variable is told by a queue what happens to it; the store knows neither tasks nor propagators.

mod bind;
mod cell;
mod domain;
mod event;
mod heap;
mod partial;
mod trail;
mod universe;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use cell::{Cell, Link};
pub use domain::{DomainError, DomainRef};
use event::Queue;
pub(crate) use event::Wake;
pub use event::{DomainChange, DomainEvent};
pub(crate) use heap::{Functor, Shape, arity};
pub(crate) use partial::Unsettled;
pub use trail::Mark;
pub use universe::Universe;

/// So many members of an alias class are looked at for a name.
const NAMED: usize = 256;

/// A logic variable: its number in a store.
///
/// A handle is good for the store that made it, and for copies of that store. To another store, or after an undo of its
/// making, it is unknown (an error) or a different variable.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Var(u32);

/// A term of a store: a variable, a value, or a structure with terms in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Term(u32);

/// Who was to give the value has failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a failed value: {reason}")]
pub struct FailedValue {
    /// Why.
    pub reason: Arc<str>,
    /// Whether it was because things contradict each other.
    pub contradiction: bool,
}

/// A handle that the store does not know, or no room for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unknown;

/// Variables, terms, domains, and the trail that undoes what is done to them.
///
/// Everything lies in flat arrays, so that a copy of a store is a copy of memory and a new one costs nothing. A variable
/// takes 32 bytes, a structure 12 and 4 for each part; they are given back when the store is, or by an undo.
#[derive(Debug, Clone, Default)]
pub struct Store {
    cells: Vec<Cell>,
    words: Vec<u64>,
    universes: Vec<domain::Known>,
    terms: heap::Terms,
    /// Names of variables that have one, in ascending order of the variables.
    names: Vec<(u32, Arc<str>)>,
    trail: Vec<trail::Entry>,
    frames: Vec<trail::Frame>,
    /// Counts marks and undos. A domain with this stamp is saved already.
    time: u64,
    events: Queue<DomainEvent>,
    wakes: Queue<Wake>,
    /// Variables that have a domain and are bound to a structure with free variables in it.
    partials: Vec<Var>,
    /// Something has changed that domains of `partials` hang on.
    stale: bool,
    /// The time when tasks last looked at the store.
    seen: u64,
    /// What tasks had seen was undone.
    undone: bool,
    /// Tells the marks of this store from others; 0 before its first one.
    id: u64,
}

impl Store {
    /// An empty store. Allocates nothing.
    #[must_use]
    pub fn new() -> Store {
        Store::default()
    }

    /// A new free variable.
    ///
    /// There is room for 2^30 - 1; past that every variable is one that all operations refuse.
    pub fn newvar(&mut self) -> Var {
        if self.cells.len() >= heap::CAPACITY {
            return Var::NONE;
        }
        let var = Var(self.cells.len() as u32);
        self.cells.push(Cell::free(var.0));
        var
    }

    /// A new free variable that messages call by this name.
    pub fn newvar_named(&mut self, name: &str) -> Var {
        let var = self.newvar();
        self.name_var(var, name);
        var
    }

    /// Names the newest variable; a name of an older one would not come back in an undo.
    fn name_var(&mut self, var: Var, name: &str) {
        if self.names.last().is_none_or(|(last, _)| *last < var.0) {
            self.names.push((var.0, name.into()));
        }
    }

    /// The name of a variable: the one that it was given, else its number.
    #[must_use]
    pub fn name(&self, var: Var) -> String {
        match self.names.binary_search_by_key(&var.0, |(named, _)| *named) {
            Ok(place) => self.names[place].1.to_string(),
            Err(_) => var.to_string(),
        }
    }

    /// The name of the first of the variables that this one is aliased with and that has a name; else that of its root.
    #[must_use]
    pub(crate) fn class_name(&self, var: Var) -> String {
        let named = |member: &Var| self.names.binary_search_by_key(&member.0, |(named, _)| *named).is_ok();
        let first = if self.names.is_empty() { None } else { self.class(var).take(NAMED).filter(named).min() };
        self.name(first.unwrap_or_else(|| self.root(var)))
    }

    /// How many variables there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// The variable of a [number](Var::number); nothing if there are not as many.
    #[must_use]
    pub fn var(&self, number: u32) -> Option<Var> {
        ((number as usize) < self.cells.len()).then_some(Var(number))
    }

    /// Whether there is no variable.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The variable that stands for all that this one is aliased with. An unknown one stands for itself.
    #[must_use]
    pub fn root(&self, var: Var) -> Var {
        self.known_root(var).unwrap_or(var)
    }

    #[inline]
    pub(crate) fn known_root(&self, var: Var) -> Option<Var> {
        self.root_cell(var).map(|(root, _)| root)
    }

    #[inline]
    fn root_cell(&self, var: Var) -> Option<(Var, &Cell)> {
        let (mut root, mut cell) = (var, self.cells.get(var.index())?);
        while let Link::Alias(over) = cell.link() {
            root = over;
            cell = &self.cells[root.index()];
        }
        Some((root, cell))
    }

    /// All variables that this one is aliased with, itself the first.
    pub fn class(&self, var: Var) -> impl Iterator<Item = Var> + '_ {
        let mut next = Some(var).filter(|var| var.index() < self.cells.len());
        std::iter::from_fn(move || {
            let member = next?;
            let after = Var(self.cells[member.index()].next);
            next = Some(after).filter(|after| *after != var);
            Some(member)
        })
    }

    /// Whether the variable is aliased with any other.
    #[must_use]
    #[inline]
    pub fn is_aliased(&self, var: Var) -> bool {
        self.cells.get(var.index()).is_some_and(|cell| cell.next != var.0)
    }

    /// Follows variables to what they are bound to. The handle must be known.
    pub(crate) fn walk(&mut self, term: Term) -> Shape {
        let Shape::Free(var) = term.shape() else { return term.shape() };
        let Some(root) = self.known_root(var) else { return term.shape() };
        self.binding(root).map_or(Shape::Free(root), Term::shape)
    }

    /// As [`walk`](Store::walk), for those that must not write: a domain with one value left is given as a free variable.
    pub(crate) fn peek(&self, term: Term) -> Shape {
        let Shape::Free(var) = term.shape() else { return term.shape() };
        let Some(root) = self.known_root(var) else { return term.shape() };
        match self.cells[root.index()].link() {
            Link::Bound(term) => term.shape(),
            Link::Free | Link::Alias(_) => Shape::Free(root),
        }
    }

    pub(crate) fn root_is_free(&self, root: Var) -> bool {
        self.cells[root.index()].is_free()
    }
}

impl Var {
    /// A variable of no store.
    pub(crate) const NONE: Var = Var(heap::CAPACITY as u32);

    #[inline]
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }

    /// The variable of this number, in a store that has so many.
    #[inline]
    pub(crate) fn of_number(number: u32) -> Var {
        Var(number)
    }

    /// Its number: how many variables were made before it.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

impl From<Var> for Term {
    fn from(var: Var) -> Term {
        Term::of_var(var)
    }
}

/// `_7` is the variable of number 7, as Prolog systems write it.
impl fmt::Display for Var {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "_{}", self.0)
    }
}

impl fmt::Debug for Var {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shape() {
            Shape::Free(var) => write!(f, "{var}"),
            Shape::Int(number) => write!(f, "{number}"),
            Shape::Atom(atom) => write!(f, "atom {atom}"),
            Shape::Node(node) => write!(f, "node {node}"),
        }
    }
}
