//! The two elementary changes of a variable: it becomes another one, or it gets a value.

use super::cell::{Link, NONE};
use super::event::DomainChange;
use super::trail::Entry;
use super::{Store, Term, Var, Wake};
use crate::value::Value;

/// Domains that have nothing in common, or not the value. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clash;

impl Store {
    /// Makes two free roots one. Their domains are intersected, their needs and watches go together.
    ///
    /// Union by rank; but a class with a domain takes up one without, so that domains need not move. This lengthens a path
    /// by one at most, since a class gets its domain once.
    pub(crate) fn alias_roots(&mut self, a: Var, b: Var) -> Result<(), Clash> {
        let (cell_a, cell_b) = (self.cells[a.index()], self.cells[b.index()]);
        let b_goes_under = match (cell_a.has_domain(), cell_b.has_domain()) {
            (true, false) => true,
            (false, true) => false,
            _ => cell_a.rank() >= cell_b.rank(),
        };
        let (over, under) = if b_goes_under { (a, b) } else { (b, a) };
        let (upper, lower) = if b_goes_under { (cell_a, cell_b) } else { (cell_b, cell_a) };
        let mut fixed = false;
        if lower.has_domain() {
            let common = self.common(over, under);
            if common.iter().all(|word| *word == 0) {
                return Err(Clash);
            }
            self.save_domain(over);
            let start = upper.offset as usize;
            self.words[start..start + common.len()].copy_from_slice(&common);
            let size = common.iter().map(|word| word.count_ones()).sum();
            self.cells[over.index()].size = size;
            fixed = size == 1;
        }
        self.set_link(under, Term::of_var(over).0);
        self.join_rings(over, under);
        self.set_meta(over, upper.joined(&lower));
        self.report(over, DomainChange::Aliased);
        self.wake(over, Wake::Aliased { over, under });
        if fixed {
            self.wake(over, Wake::Bound(over));
        }
        Ok(())
    }

    /// What two domains have in common, in the universe of the first.
    fn common(&self, over: Var, under: Var) -> Vec<u64> {
        let (Some(a), Some(b)) = (self.domain(over), self.domain(under)) else { return Vec::new() };
        if std::sync::Arc::ptr_eq(a.universe, b.universe) {
            return a.words.iter().zip(b.words).map(|(a, b)| a & b).collect();
        }
        let mut common = vec![0; a.words.len()];
        for (place, word) in a.words.iter().enumerate() {
            for bit in (0..64).filter(|bit| word >> bit & 1 == 1) {
                let value = a.universe.value(place as u32 * 64 + bit);
                let other = value.and_then(|value| b.universe.index_of(&value));
                if other.is_some_and(|index| b.words[index as usize / 64] >> (index % 64) & 1 == 1) {
                    common[place] |= 1 << bit;
                }
            }
        }
        common
    }

    /// Binds a free root without a domain to a term that is no variable.
    pub(crate) fn bind_root(&mut self, root: Var, term: Term) {
        self.set_link(root, term.0);
        self.wake(root, Wake::Bound(root));
    }

    /// Binds a free root with a domain to one of its values.
    pub(crate) fn bind_in_domain(&mut self, root: Var, value: &Value) -> Result<(), Clash> {
        let index = self.domain(root).and_then(|domain| domain.universe.index_of(value)).ok_or(Clash)?;
        let mask = |place: usize| if place == index as usize / 64 { 1 << (index % 64) } else { 0 };
        self.narrow_alone(root, mask).map(|_| ()).map_err(|_| Clash)
    }

    /// Makes a free root a failed value. It has no domain any more.
    pub(crate) fn fail_root(&mut self, root: Var, failed: Term) {
        let cell = self.cells[root.index()];
        if cell.has_domain() {
            self.save(Entry::Size { var: root, old: cell.size });
            self.save(Entry::Universe { var: root, old: cell.universe });
            let cell = &mut self.cells[root.index()];
            (cell.size, cell.universe) = (0, NONE);
        }
        self.bind_root(root, failed);
    }

    /// Gives a bound root without a domain that of a bound variable without aliases, which was made for this.
    pub(crate) fn adopt_domain(&mut self, root: Var, fresh: Var) {
        if self.cells[fresh.index()].link == NONE {
            self.set_link(fresh, self.cells[root.index()].link);
        }
        let joined = self.cells[fresh.index()].joined(&self.cells[root.index()]);
        self.set_link(root, Term::of_var(fresh).0);
        self.join_rings(fresh, root);
        self.set_meta(fresh, joined);
        self.report(fresh, DomainChange::Aliased);
    }

    /// The term that a root is bound to. A domain with one value is such a binding; it is written down when it is looked at.
    pub(crate) fn binding(&mut self, root: Var) -> Option<Term> {
        match self.cells[root.index()].link() {
            Link::Bound(term) => Some(term),
            Link::Alias(_) => None,
            Link::Free => {
                let index = self.fixed(root)?;
                let value = self.domain(root)?.universe.value(index)?;
                let term = self.term_of(&value).ok()?;
                self.save(Entry::Link { var: root, old: NONE });
                self.cells[root.index()].link = term.0;
                Some(term)
            }
        }
    }
}
