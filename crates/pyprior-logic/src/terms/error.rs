//! Why a variable was not bound.

use crate::store::{DomainError, FailedValue, Unknown};

/// Why [`bind`](crate::Store::bind) or [`unify`](crate::Store::unify) failed. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnifyError {
    /// A bound variable was to be bound to something else.
    #[error(transparent)]
    Rebinding(#[from] RebindingError),
    /// Two terms cannot be made equal.
    #[error(transparent)]
    Unification(#[from] UnificationError),
    /// One of the terms is a failed value.
    #[error(transparent)]
    Failed(#[from] FailedValue),
    /// A domain without values.
    #[error("a domain without values")]
    EmptyDomain,
    /// A universe that no domain is made of: too many values, or no room.
    #[error(transparent)]
    Domain(DomainError),
    /// A number that is none of [`Value`](crate::Value)'s.
    #[error("{number} does not fit into 64 bits")]
    TooLarge {
        /// The number.
        number: String,
    },
    /// A variable or a term of another store, or of this one before an undo; or there is no room for more terms.
    #[error("a variable or term that this store does not know, or no room for more")]
    Unknown,
}

impl From<Unknown> for UnifyError {
    fn from(_: Unknown) -> UnifyError {
        UnifyError::Unknown
    }
}

/// A variable is bound once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable} is bound to {held} and cannot be bound to {offered}")]
pub struct RebindingError {
    /// The variable.
    pub variable: String,
    /// What it is bound to.
    pub held: String,
    /// What it was to be bound to.
    pub offered: String,
}

/// Two terms that cannot be equal. Both sides are shown in short; see [`Store::show`](crate::Store::show).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot unify {left} with {right}{}", .clash.as_ref().map(|(a, b)| format!(": {a} is not {b}")).unwrap_or_default())]
pub struct UnificationError {
    /// One side.
    pub left: String,
    /// The other side.
    pub right: String,
    /// The parts of both sides that differ, where they are not the sides themselves.
    pub clash: Option<(String, String)>,
}

impl From<DomainError> for UnifyError {
    fn from(error: DomainError) -> UnifyError {
        match error {
            DomainError::Empty(_) => UnifyError::EmptyDomain,
            error => UnifyError::Domain(error),
        }
    }
}
