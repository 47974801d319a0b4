//! What is known of an equality without making it so, and the questions that never wait.

use super::convert::IntoTerm;
use super::error::{RebindingError, UnifyError};
use crate::store::{FailedValue, Shape, Store, Term, Var};

/// What the store says of `a == b`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entailment {
    /// They are equal, whatever their free variables become.
    Equal,
    /// They differ, whatever their free variables become.
    Different,
    /// It hangs on these variables, one at least.
    Open(Vec<Var>),
}

impl Store {
    /// Whether two terms are equal, as far as is known now: what unifying them would change.
    ///
    /// Two aliased free variables are equal; two that are not are open, unless their domains have nothing in common.
    ///
    /// # Errors
    /// [`UnifyError::Failed`] on a failed value, [`UnifyError::Unknown`] on a foreign handle.
    pub fn entailed(&mut self, left: impl IntoTerm, right: impl IntoTerm) -> Result<Entailment, UnifyError> {
        let (tried, changed) = self.trial(|store, mark| {
            let terms = left.into_term(store).and_then(|left| Ok((left, right.into_term(store)?)));
            let tried = terms.and_then(|(left, right)| store.unify_terms(left, right));
            (tried, store.bound_since(mark))
        });
        match tried {
            Ok(()) if changed.is_empty() => Ok(Entailment::Equal),
            Ok(()) => Ok(Entailment::Open(changed)),
            Err(UnifyError::Unification(_)) => Ok(Entailment::Different),
            Err(error) => Err(error),
        }
    }

    /// Whether it is a variable without a value. Of a value: false.
    #[must_use]
    pub fn is_free(&self, what: impl IntoTerm) -> bool {
        what.as_var().and_then(|var| self.known_root(var)).is_some_and(|root| self.root_is_free(root))
    }

    /// Whether it is a value, or a variable with one: not free, not failed.
    #[must_use]
    pub fn is_bound(&self, what: impl IntoTerm) -> bool {
        match what.as_var() {
            None => true,
            Some(var) => {
                let root = self.known_root(var);
                root.is_some_and(|root| !self.root_is_free(root)) && !self.is_failed(Term::from(var))
            }
        }
    }

    /// Whether it is a variable with a failed value.
    #[must_use]
    pub fn is_failed(&self, what: impl Into<Term>) -> bool {
        self.failed_reason(what.into()).is_some()
    }

    pub(crate) fn failed_reason(&self, term: Term) -> Option<FailedValue> {
        match self.peek(term) {
            Shape::Node(node) if self.knows_node(node) => self.failure_of(node),
            _ => None,
        }
    }

    /// Turns a free variable into a failed value: an error, with this reason, to all that need it.
    ///
    /// # Errors
    /// [`UnifyError::Rebinding`] if it is bound. Nothing was changed then.
    pub fn fail(&mut self, var: Var, reason: &str) -> Result<(), UnifyError> {
        self.fail_with(var, FailedValue { reason: reason.into(), contradiction: false })
    }

    pub(crate) fn fail_with(&mut self, var: Var, failed: FailedValue) -> Result<(), UnifyError> {
        self.transaction(|store| {
            store.check(var.into())?;
            match store.walk(var.into()) {
                Shape::Free(root) => {
                    let failed = store.failed_value(failed)?;
                    store.fail_root(root, failed);
                    Ok(())
                }
                _ => {
                    let offered = format!("failed({})", failed.reason);
                    Err(RebindingError { variable: store.name(var), held: store.show(var), offered }.into())
                }
            }
        })
    }

    /// Whether both are variables that were made one, directly or not; a variable is an alias of itself.
    #[must_use]
    pub fn alias_of(&self, a: impl IntoTerm, b: impl IntoTerm) -> bool {
        match (a.as_var(), b.as_var()) {
            (Some(a), Some(b)) => self.known_root(a).is_some_and(|root| self.known_root(b) == Some(root)),
            _ => false,
        }
    }
}
