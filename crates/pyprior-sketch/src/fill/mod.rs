//! Whether a sketch can be filled, and with what.
//!
//! ```text
//! item.rs       what is open inside a hole, and which tokens it takes
//! outcomes.rs   what can come out of something that is open: scopes and counts
//! registers.rs  what the operations of the fixed part do
//! feasible.rs   whether the rest can be filled from a state on
//! relations.rs  which constants have a solution
//! finite.rs     the same by the solver of finite domains, where that is hard to see
//! row.rs        one row: its states, its legal tokens
//! ```

pub(crate) mod feasible;
mod finite;
pub(crate) mod item;
mod outcomes;
mod registers;
pub(crate) mod relations;
pub(crate) mod row;

/// Why a question has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The work that it may take has been used up.
    Work,
    /// There are too many combinations of what may be visible at the places of a hole.
    Places,
    /// Runs of what is complete take too many steps.
    Steps,
}
