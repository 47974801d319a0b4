//! What a propagator sees of the store.

use crate::Value;
use crate::store::{DomainError, Store, Var};

use super::clock::Clock;
use super::expression::EvaluationError;

/// Why propagation ended without a result.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Conflict {
    /// No values are left that go together.
    Failed,
    /// The time of the search is over: [`Domains::spend`] said so.
    OutOfTime,
    /// An expression or closure has no value at values that are still possible.
    Error {
        /// What went wrong.
        source: EvaluationError,
        /// The values, by position of the constraint.
        values: Vec<Value>,
    },
}

impl From<DomainError> for Conflict {
    fn from(_: DomainError) -> Conflict {
        Conflict::Failed
    }
}

/// Removes values that cannot be in a solution.
///
/// Called whenever the domain of one of its variables has changed, until nothing changes any more. It must
/// be *correct* (remove no value that is in a solution of the constraint) and *checking* (fail where all variables are
/// fixed and the constraint does not hold); how much it removes in between is a matter of speed. It has no state: what
/// it knows is in the domains.
pub trait Propagator: Send + Sync {
    /// Its name in messages.
    fn name(&self) -> &str {
        "a propagator"
    }

    /// Narrows domains.
    ///
    /// # Errors
    ///
    /// [`Conflict::Failed`] where no solution is left; the methods of [`Domains`] give it where a domain would be empty.
    fn propagate(&self, domains: &mut Domains<'_>) -> Result<(), Conflict>;
}

/// The domains of the variables of one constraint, by position.
///
/// A value goes by its index in the variable's domain as it was given.
#[derive(Debug)]
pub struct Domains<'s> {
    pub(crate) store: &'s mut Store,
    pub(crate) scope: &'s [Var],
    pub(crate) clock: &'s mut Clock,
}

impl Domains<'_> {
    /// Counts work, in words of 64 values looked at or so. A propagator that may take long calls it on its way, so that a
    /// limit on time holds.
    ///
    /// # Errors
    ///
    /// [`Conflict::OutOfTime`] if the time is over.
    #[inline]
    pub fn spend(&mut self, work: usize) -> Result<(), Conflict> {
        if self.clock.spend(work) { Err(Conflict::OutOfTime) } else { Ok(()) }
    }

    /// Counts a look at all domains.
    #[inline]
    pub(crate) fn spend_all(&mut self) -> Result<(), Conflict> {
        if !self.clock.is_set() {
            return Ok(());
        }
        let words = self.scope.iter().map(|var| 1 + self.store.words(*var).len()).sum();
        self.spend(words)
    }

    /// Number of variables.
    #[inline]
    pub fn len(&self) -> usize {
        self.scope.len()
    }

    /// Whether there is no variable.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.scope.is_empty()
    }

    /// The domain as a bitset.
    #[inline]
    pub fn words(&self, position: usize) -> &[u64] {
        self.store.words(self.scope[position])
    }

    /// Number of values left.
    #[inline]
    pub fn size(&self, position: usize) -> u32 {
        self.store.size(self.scope[position])
    }

    /// The index of the one value that is left.
    #[inline]
    pub fn fixed(&self, position: usize) -> Option<u32> {
        self.store.fixed(self.scope[position])
    }

    /// Whether the value is left.
    #[inline]
    pub fn contains(&self, position: usize, index: u32) -> bool {
        self.store.contains(self.scope[position], index)
    }

    /// Least index left.
    #[inline]
    pub fn least(&self, position: usize) -> u32 {
        self.store.min_index(self.scope[position]).unwrap_or(0)
    }

    /// Greatest index left.
    #[inline]
    pub fn greatest(&self, position: usize) -> u32 {
        self.store.max_index(self.scope[position]).unwrap_or(0)
    }

    /// Indices of the values left, ascending.
    pub fn indices(&self, position: usize) -> impl Iterator<Item = u32> + '_ {
        ones(self.words(position))
    }

    /// The value behind an index.
    pub fn value(&self, position: usize, index: u32) -> Value {
        let domain = self.store.domain(self.scope[position]);
        domain.and_then(|domain| domain.universe.value(index)).unwrap_or_default()
    }

    /// Removes the values that the mask does not have; whether there were any.
    ///
    /// # Errors
    ///
    /// [`Conflict::Failed`] if none would be left; so with the methods below.
    #[inline]
    pub fn keep(&mut self, position: usize, mask: &[u64]) -> Result<bool, Conflict> {
        Ok(self.store.keep(self.scope[position], mask)?)
    }

    /// Removes the values of the mask.
    ///
    /// # Errors
    ///
    /// [`Conflict::Failed`] if none would be left.
    #[inline]
    pub fn discard_all(&mut self, position: usize, mask: &[u64]) -> Result<bool, Conflict> {
        Ok(self.store.discard_all(self.scope[position], mask)?)
    }

    /// Removes one value.
    ///
    /// # Errors
    ///
    /// [`Conflict::Failed`] if none would be left.
    #[inline]
    pub fn discard(&mut self, position: usize, index: u32) -> Result<bool, Conflict> {
        Ok(self.store.discard(self.scope[position], index)?)
    }

    /// Removes all others.
    ///
    /// # Errors
    ///
    /// [`Conflict::Failed`] if the value is not left.
    #[inline]
    pub fn assign(&mut self, position: usize, index: u32) -> Result<bool, Conflict> {
        Ok(self.store.assign(self.scope[position], index)?)
    }

    /// Removes the values whose indices are outside.
    ///
    /// # Errors
    ///
    /// [`Conflict::Failed`] if none would be left.
    #[inline]
    pub fn keep_range(&mut self, position: usize, least: u32, greatest: u32) -> Result<bool, Conflict> {
        if least > greatest {
            return Err(Conflict::Failed);
        }
        Ok(self.store.keep_range(self.scope[position], least..=greatest)?)
    }
}

/// Numbers of the bits that are set, ascending.
#[inline]
pub(crate) fn ones(words: &[u64]) -> impl Iterator<Item = u32> + '_ {
    words.iter().enumerate().flat_map(|(place, word)| {
        let mut rest = *word;
        std::iter::from_fn(move || {
            (rest != 0).then(|| {
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                place as u32 * 64 + bit
            })
        })
    })
}

#[inline]
pub(crate) fn has(words: &[u64], index: u32) -> bool {
    words.get(index as usize / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
}

#[inline]
pub(crate) fn put(words: &mut [u64], index: u32) {
    if let Some(word) = words.get_mut(index as usize / 64) {
        *word |= 1 << (index % 64);
    }
}
