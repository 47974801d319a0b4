//! Finite domains: bitsets over a universe, narrowed in place and put back by the trail.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::cell::{IN_PARTIAL, WATCH_DOMAIN, WATCH_TASKS};
use super::event::{DomainChange, DomainEvent};
use super::trail::Entry;
use super::{Cell, Store, Universe, Var, heap};

/// Why a domain was not narrowed. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DomainError {
    /// No value would be left.
    #[error("no value is left for {0}")]
    Empty(Var),
    /// The variable has no domain, or is none of this store.
    #[error("{0} has no domain")]
    Missing(Var),
    /// The universe was made of more values than it keeps.
    #[error("a universe has {most} values at most")]
    TooLarge {
        /// The most.
        most: usize,
    },
    /// There is no room for more variables, or more words of domains.
    #[error("no room for one more domain")]
    Full,
}

/// The domain of a variable.
#[derive(Debug, Clone, Copy)]
pub struct DomainRef<'a> {
    /// What the bits stand for.
    pub universe: &'a Arc<Universe>,
    /// Bit *i* of word *w* is value 64 *w* + *i*.
    pub words: &'a [u64],
    /// How many bits are set, one at least.
    pub size: u32,
}

/// A universe that a store has domains of.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) universe: Arc<Universe>,
    /// How many words a domain takes: looked up more often than all else.
    pub(super) width: u32,
}

/// How many variables, words and universes a store has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    vars: usize,
    words: usize,
    universes: usize,
}

impl Store {
    /// How far it reaches, to go back to by [`forget_since`](Store::forget_since).
    pub(crate) fn extent(&self) -> Extent {
        Extent { vars: self.cells.len(), words: self.words.len(), universes: self.universes.len() }
    }

    /// Forgets the domain variables made since, which nobody has told anything about: cheaper than a mark.
    pub(crate) fn forget_since(&mut self, extent: Extent) {
        self.cells.truncate(extent.vars);
        self.words.truncate(extent.words);
        self.universes.truncate(extent.universes);
    }

    /// A variable that takes a value of the universe, any.
    ///
    /// # Errors
    /// [`DomainError::Empty`] if the universe has no value, [`DomainError::TooLarge`] if it was cut off, [`DomainError::Full`].
    pub fn new_domain_var(&mut self, universe: &Arc<Universe>) -> Result<Var, DomainError> {
        let bits = universe.len();
        let var = self.push_domain_var(universe, bits as u32)?;
        let (whole, rest) = (bits / 64, bits % 64);
        self.words.extend(std::iter::repeat_n(u64::MAX, whole));
        if rest > 0 {
            self.words.push((1 << rest) - 1);
        }
        Ok(var)
    }

    /// A variable that takes one of these values of the universe. Bits beyond the universe do not count, words that are not
    /// given are zero.
    ///
    /// # Errors
    /// [`DomainError::Empty`] if no bit is set, [`DomainError::TooLarge`] if the universe was cut off, [`DomainError::Full`].
    pub fn new_domain_var_of(&mut self, universe: &Arc<Universe>, words: &[u64]) -> Result<Var, DomainError> {
        let bits = universe.len();
        let cut = (0..universe.words()).map(|word| {
            let given = words.get(word).copied().unwrap_or(0);
            match bits - word * 64 {
                64.. => given,
                rest => given & ((1 << rest) - 1),
            }
        });
        let var = self.push_domain_var(universe, cut.clone().map(u64::count_ones).sum())?;
        self.words.extend(cut);
        Ok(var)
    }

    /// A variable whose words, of so many values, are to follow.
    #[inline]
    fn push_domain_var(&mut self, universe: &Arc<Universe>, size: u32) -> Result<Var, DomainError> {
        if universe.is_cut() {
            return Err(DomainError::TooLarge { most: Universe::MAX });
        }
        let offset = self.words.len();
        if self.cells.len() >= heap::CAPACITY || u32::try_from(offset + universe.words()).is_err() {
            return Err(DomainError::Full);
        }
        let var = Var(self.cells.len() as u32);
        if size == 0 {
            return Err(DomainError::Empty(var));
        }
        let universe = self.universe_id(universe);
        self.cells.push(Cell { universe, offset: offset as u32, size, ..Cell::free(var.0) });
        Ok(var)
    }

    /// Makes room for so many domain variables with so many words in all, at once.
    pub fn reserve_domains(&mut self, vars: usize, words: usize) {
        self.cells.reserve(vars);
        self.words.reserve(words);
    }

    #[inline]
    pub(super) fn universe_id(&mut self, universe: &Arc<Universe>) -> u32 {
        match self.universes.last() {
            Some(last) if Arc::ptr_eq(&last.universe, universe) => self.universes.len() as u32 - 1,
            _ => self.other_universe_id(universe),
        }
    }

    /// Of one that is not the newest.
    fn other_universe_id(&mut self, universe: &Arc<Universe>) -> u32 {
        // The same universe under two numbers is slower to compare, not wrong: so only the newest are looked at.
        let newest = self.universes.len().saturating_sub(8);
        let known = self.universes[newest..].iter().rposition(|known| Arc::ptr_eq(&known.universe, universe));
        let place = known.map_or(self.universes.len(), |place| newest + place);
        if known.is_none() {
            self.universes.push(Known { universe: Arc::clone(universe), width: universe.words() as u32 });
        }
        place as u32
    }

    /// The number that the store gave to the variable's universe, if it has a domain. Good until an undo.
    #[inline]
    pub(crate) fn universe_number(&self, var: Var) -> Option<u32> {
        self.domain_cell(var).map(|(_, cell)| cell.universe)
    }

    /// The domain, if the variable has one. A bound variable keeps it, with one value; more if it is bound to a structure with
    /// free variables in it. A failed one has none.
    #[must_use]
    pub fn domain(&self, var: Var) -> Option<DomainRef<'_>> {
        let cell = self.domain_cell(var)?.1;
        Some(DomainRef {
            universe: &self.universes[cell.universe as usize].universe,
            words: self.words_of(cell),
            size: cell.size,
        })
    }

    #[inline]
    fn words_of(&self, cell: &Cell) -> &[u64] {
        let start = cell.offset as usize;
        &self.words[start..start + self.universes[cell.universe as usize].width as usize]
    }

    /// The words of the domain; none if there is no domain.
    #[must_use]
    #[inline]
    pub fn words(&self, var: Var) -> &[u64] {
        self.domain_cell(var).map_or(&[], |(_, cell)| self.words_of(cell))
    }

    /// The domain, if it takes one word, as most do.
    #[inline]
    pub(crate) fn word(&self, var: Var) -> Option<u64> {
        match self.words(var) {
            [word] => Some(*word),
            _ => None,
        }
    }

    /// How many values the domain has; 0 if there is no domain.
    #[must_use]
    #[inline]
    pub fn size(&self, var: Var) -> u32 {
        self.root_cell(var).map_or(0, |(_, cell)| cell.size)
    }

    /// The number of the one value that is left in the domain.
    #[must_use]
    #[inline]
    pub fn fixed(&self, var: Var) -> Option<u32> {
        let (_, cell) = self.domain_cell(var)?;
        if cell.size == 1 { lowest(self.words_of(cell)) } else { None }
    }

    /// The lowest number in the domain.
    #[must_use]
    #[inline]
    pub fn min_index(&self, var: Var) -> Option<u32> {
        lowest(self.words(var))
    }

    /// The highest number in the domain.
    #[must_use]
    #[inline]
    pub fn max_index(&self, var: Var) -> Option<u32> {
        let words = self.words(var);
        let place = words.iter().rposition(|word| *word != 0)?;
        Some(place as u32 * 64 + 63 - words[place].leading_zeros())
    }

    /// Whether the domain has the value of this number.
    #[must_use]
    #[inline]
    pub fn contains(&self, var: Var, index: u32) -> bool {
        self.words(var).get(index as usize / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// Leaves one value.
    ///
    /// # Errors
    /// See [`DomainError`]; so do all that narrow. `Ok` says whether anything changed.
    #[inline]
    pub fn assign(&mut self, var: Var, index: u32) -> Result<bool, DomainError> {
        self.narrow(var, |place| if place == index as usize / 64 { 1 << (index % 64) } else { 0 })
    }

    /// Takes one value away.
    ///
    /// # Errors
    /// See [`DomainError`].
    #[inline]
    pub fn discard(&mut self, var: Var, index: u32) -> Result<bool, DomainError> {
        // Values of variables that must differ are taken away again and again: mostly the value is gone already.
        if index < 64
            && let Some(cell) = self.cells.get(var.index())
            && cell.is_unbound()
            && cell.has_domain()
            && self.words[cell.offset as usize] >> index & 1 == 0
        {
            return Ok(false);
        }
        self.remove(var, index)
    }

    /// Takes a value away that may be there. Out of line, so that looking whether it is there is not a call.
    #[inline(never)]
    fn remove(&mut self, var: Var, index: u32) -> Result<bool, DomainError> {
        self.narrow(var, |place| if place == index as usize / 64 { !(1 << (index % 64)) } else { u64::MAX })
    }

    /// Leaves the values of a mask. Words that are not given are zero.
    ///
    /// # Errors
    /// See [`DomainError`].
    #[inline]
    pub fn keep(&mut self, var: Var, mask: &[u64]) -> Result<bool, DomainError> {
        self.narrow(var, |place| mask.get(place).copied().unwrap_or(0))
    }

    /// As [`keep`](Store::keep), with the first word of the mask; all others are zero.
    #[inline]
    pub(crate) fn keep_word(&mut self, var: Var, mask: u64) -> Result<bool, DomainError> {
        self.narrow(var, |place| if place == 0 { mask } else { 0 })
    }

    /// Takes the values of a mask away. Words that are not given are zero.
    ///
    /// # Errors
    /// See [`DomainError`].
    #[inline]
    pub fn discard_all(&mut self, var: Var, mask: &[u64]) -> Result<bool, DomainError> {
        self.narrow(var, |place| !mask.get(place).copied().unwrap_or(0))
    }

    /// Leaves the values whose numbers lie in a range.
    ///
    /// # Errors
    /// See [`DomainError`].
    #[inline]
    pub fn keep_range(&mut self, var: Var, range: RangeInclusive<u32>) -> Result<bool, DomainError> {
        let (low, high) = range.into_inner();
        let (low, high) = (u64::from(low), u64::from(high));
        self.narrow(var, |place| {
            let first = place as u64 * 64;
            let from = match low.saturating_sub(first) {
                64.. => 0,
                skipped => u64::MAX << skipped,
            };
            let to = match (high + 1).saturating_sub(first) {
                64.. => u64::MAX,
                kept => (1 << kept) - 1,
            };
            from & to
        })
    }

    /// Takes the intersection with a mask that is given word by word. First it is looked whether that can be done.
    #[inline]
    fn narrow(&mut self, var: Var, mask: impl Fn(usize) -> u64) -> Result<bool, DomainError> {
        let (root, cell) = self.domain_cell(var).ok_or(DomainError::Missing(var))?;
        if cell.has(IN_PARTIAL) {
            return self.narrow_with_parts(root, &mask);
        }
        self.narrow_root(root, mask)
    }

    /// As [`narrow`](Store::narrow), of a variable that others hang on.
    #[cold]
    fn narrow_with_parts(&mut self, root: Var, mask: &dyn Fn(usize) -> u64) -> Result<bool, DomainError> {
        self.transaction(|store| {
            let changed = store.narrow_alone(root, mask)?;
            store.settle().map_err(|_| DomainError::Empty(root))?;
            Ok(changed)
        })
    }

    /// As [`narrow`](Store::narrow), but what hangs on the variable is left for [`settle`](Store::settle).
    #[inline]
    pub(super) fn narrow_alone(&mut self, var: Var, mask: impl Fn(usize) -> u64) -> Result<bool, DomainError> {
        let (root, _) = self.domain_cell(var).ok_or(DomainError::Missing(var))?;
        self.narrow_root(root, mask)
    }

    /// The root must have a domain.
    #[inline]
    fn narrow_root(&mut self, root: Var, mask: impl Fn(usize) -> u64) -> Result<bool, DomainError> {
        let cell = &mut self.cells[root.index()];
        let (start, old) = (cell.offset as usize, cell.size);
        let count = self.universes[cell.universe as usize].width as usize;
        if count == 1 {
            // Most domains: nothing to go through, and saved as by `save_domain`.
            let word = &mut self.words[start];
            let left = *word & mask(0);
            if left == *word {
                return Ok(false);
            }
            if left == 0 {
                return Err(DomainError::Empty(root));
            }
            if cell.stamp != self.time && !self.frames.is_empty() {
                cell.stamp = self.time;
                self.trail.push(Entry::Small { var: root, old: *word });
            }
            *word = left;
            self.narrowed(root, left.count_ones());
            return Ok(true);
        }
        let words = &self.words[start..start + count];
        let size = words.iter().enumerate().map(|(place, word)| (word & mask(place)).count_ones()).sum();
        if size == old {
            return Ok(false);
        }
        if size == 0 {
            return Err(DomainError::Empty(root));
        }
        self.save_domain(root);
        for (place, word) in self.words[start..start + count].iter_mut().enumerate() {
            *word &= mask(place);
        }
        self.narrowed(root, size);
        Ok(true)
    }

    #[inline]
    fn narrowed(&mut self, root: Var, size: u32) {
        let cell = &mut self.cells[root.index()];
        cell.size = size;
        if cell.has(WATCH_DOMAIN) {
            let kind = if size == 1 { DomainChange::Fixed } else { DomainChange::Narrowed };
            self.events.push(DomainEvent { var: root, kind });
        }
        if cell.has(WATCH_TASKS | IN_PARTIAL) {
            self.wake(root, if size == 1 { super::Wake::Bound(root) } else { super::Wake::Narrowed(root) });
        }
    }

    #[inline]
    pub(super) fn domain_cell(&self, var: Var) -> Option<(Var, &Cell)> {
        self.root_cell(var).filter(|(_, cell)| cell.has_domain())
    }
}

/// The number of the lowest bit that is set.
#[inline]
fn lowest(words: &[u64]) -> Option<u32> {
    let (place, word) = words.iter().enumerate().find(|(_, word)| **word != 0)?;
    Some(place as u32 * 64 + word.trailing_zeros())
}
