//! One variable's cell, 32 bytes.

use super::{Term, Var};

/// A number that is no index.
pub(super) const NONE: u32 = u32::MAX;

const RANK: u32 = 0xff;
/// Somebody has waited for the variable, or it was bound.
pub(super) const NEEDED: u32 = 1 << 8;
/// Changes of the domain are to be reported.
pub(super) const WATCH_DOMAIN: u32 = 1 << 9;
/// Bindings and needs are to be reported, and what a domain loses.
pub(super) const WATCH_TASKS: u32 = 1 << 10;
/// The domain of a variable that is bound to a structure hangs on this one.
pub(super) const IN_PARTIAL: u32 = 1 << 11;
/// The domain came down to one value, and the structure that the variable is bound to is that value.
pub(super) const PINNED: u32 = 1 << 12;

/// What a variable is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    Free,
    Alias(Var),
    Bound(Term),
}

impl Link {
    pub(super) fn is_bound(self) -> bool {
        matches!(self, Link::Bound(_))
    }
}

/// The link is one number: [`NONE`] is free, a variable's term is an alias, any other term a binding.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) link: u32,
    /// The next member of the alias class, in a ring.
    pub(super) next: u32,
    /// Rank in the union-find, and flags. Those of a root count.
    pub(super) meta: u32,
    /// Number of the universe in the store, or [`NONE`].
    pub(super) universe: u32,
    /// Where the domain's words begin.
    pub(super) offset: u32,
    /// How many values are in the domain; 0 without one.
    pub(super) size: u32,
    /// When the domain was last saved on the trail.
    pub(super) stamp: u64,
}

impl Cell {
    pub(super) fn free(var: u32) -> Cell {
        Cell { link: NONE, next: var, meta: 0, universe: NONE, offset: 0, size: 0, stamp: 0 }
    }

    pub(super) fn link(&self) -> Link {
        match self.link {
            NONE => Link::Free,
            link => match Term(link).as_var() {
                Some(var) => Link::Alias(var),
                None => Link::Bound(Term(link)),
            },
        }
    }

    /// Whether it is no alias and no term is written down; a domain may have come down to one value.
    pub(super) fn is_unbound(&self) -> bool {
        self.link == NONE
    }

    pub(super) fn is_free(&self) -> bool {
        self.link == NONE && self.size != 1
    }

    pub(super) fn has_domain(&self) -> bool {
        self.universe != NONE
    }

    pub(super) fn rank(&self) -> u32 {
        self.meta & RANK
    }

    pub(super) fn has(&self, flag: u32) -> bool {
        self.meta & flag != 0
    }

    /// What a root's flags become when a class with these flags joins it.
    pub(super) fn joined(&self, other: &Cell) -> u32 {
        let flags = (self.meta | other.meta) & !RANK;
        // Forced links make ranks differ by more than the usual one; 255 would take 2^255 variables by rank.
        flags | self.rank().max(other.rank().saturating_add(1).min(RANK))
    }
}
