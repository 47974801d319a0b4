//! Computation spaces: search engines of one's own.
//!
//! A space is a computation with choices in it. It is run until it has failed, is solved, or asks which of its alternatives to
//! take; who searches commits it to one of them, and to others in clones (Schulte, *Programming Constraint Services*, 2002).
//! What is to be found is one thing, how it is looked for another.

mod constraints;
mod distribute;
mod domains;
mod script;

#[cfg(test)]
mod tests;

pub use constraints::Constraints;
pub use distribute::{distribute, distribute_by};
pub use domains::DomainSpace;
pub use script::{Recipe, Space};

use crate::dataflow::{AllBlocked, TaskError};
use crate::store::{Store, Term};
use crate::terms::{ReadError, UnifyError};

/// What a space has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It contradicts itself.
    Failed,
    /// Nothing is left to choose, and all tasks have ended or only wait to be needed.
    Solved,
    /// So many ways to go on, one at least: see [`commit`](SearchSpace::commit).
    Alternatives(usize),
    /// Nothing is left to choose, but tasks wait for values that nobody in the space gives.
    Suspended(AllBlocked),
}

/// What goes wrong with a space, other than that it fails.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SpaceError {
    /// A task of it ended with an error that is no contradiction.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// It has no such alternative.
    #[error("alternative {given} of a space that has {of}")]
    NoAlternative {
        /// What was asked for.
        given: usize,
        /// How many there are; 0 unless it asks for a choice.
        of: usize,
    },
    /// Only a solved space can be merged.
    #[error("a space that is not solved cannot be merged")]
    NotSolved,
    /// The script of the space did not do the same as the first time: it hangs on something outside.
    #[error("the script of the space does not repeat itself")]
    Diverged,
    /// What it found is no value.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The solution does not fit into the store.
    #[error(transparent)]
    Merge(#[from] UnifyError),
}

/// What search engines ask of spaces: the four operations of Oz, `Clone` being the third.
pub trait SearchSpace: Clone {
    /// Runs the space until it is known what it comes to. Asking again costs nothing.
    ///
    /// # Errors
    /// [`SpaceError::Task`] and [`SpaceError::Diverged`]; the same each time.
    fn ask(&mut self) -> Result<Status, SpaceError>;

    /// Chooses an alternative, from 1.
    ///
    /// # Errors
    /// [`SpaceError::NoAlternative`] if there is no such one, in which case nothing was changed; those of
    /// [`ask`](SearchSpace::ask).
    fn commit(&mut self, alternative: usize) -> Result<(), SpaceError>;

    /// Writes the solution into a store: what hangs on the root. Tasks, those by need too, and relations end with the space; what they
    /// have not given is a free variable.
    ///
    /// # Errors
    /// [`SpaceError::NotSolved`], [`SpaceError::Merge`]; the store is as it was then. Those of [`ask`](SearchSpace::ask).
    fn merge(self, store: &mut Store) -> Result<Term, SpaceError>;
}
