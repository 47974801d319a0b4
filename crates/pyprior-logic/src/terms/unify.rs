//! `bind` and `unify`.
//!
//! Unification of rational trees: there is no occurs check, and nodes that were once compared are one node from then on
//! (Huet's thesis, 1976; Colmerauer, *Prolog and infinite trees*, 1982). So the number of comparisons is bounded by the
//! number of nodes, on cyclic terms and on shared ones, and the work is a loop over a stack of its own.

use std::sync::Arc;

use super::convert::IntoTerm;
use super::entail::Entailment;
use super::error::{RebindingError, UnificationError, UnifyError};
use super::read::ReadError;
use crate::store::{Shape, Store, Term, Universe, Unsettled, Var};

/// Why a pair of terms stopped a unification.
enum Stop {
    Clash(Term, Term),
    Error(UnifyError),
}

impl Store {
    /// Makes two terms equal, binding and aliasing free variables as needed.
    ///
    /// Symmetric and atomic. Two values must be equal; a free variable takes the other side; two free variables become
    /// one; structures must be of one kind and size and are unified part by part. Maps must have the same keys. A variable with
    /// a domain that is bound to a structure with free variables keeps the values that agree with it, now and whenever more of the
    /// structure is known; when one is left the structure becomes that value.
    ///
    /// ```
    /// # use pyprior_logic::{Store, map};
    /// let mut store = Store::new();
    /// let (z, w) = (store.newvar(), store.newvar());
    /// store.unify(map! {"a" => 42, "b" => z}, map! {"a" => z, "b" => w})?;
    /// assert_eq!(store.value(w)?, 42);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`UnifyError`], where [`Unification`](UnifyError::Unification) is the usual one. Nothing was changed then.
    pub fn unify(&mut self, left: impl IntoTerm, right: impl IntoTerm) -> Result<(), UnifyError> {
        self.transaction(|store| {
            let (left, right) = (left.into_term(store)?, right.into_term(store)?);
            store.unify_terms(left, right)
        })
    }

    /// Binds a free variable; the lower-level operation, which changes no other variable's value.
    ///
    /// Binding to an equal value again does nothing. Binding to a variable is [`unify`](Store::unify).
    ///
    /// # Errors
    /// [`UnifyError::Rebinding`] if the variable has another value, [`UnifyError::Unification`] if the value is not in
    /// its domain or both are bound variables that differ. Nothing was changed then.
    pub fn bind(&mut self, var: Var, value: impl IntoTerm) -> Result<(), UnifyError> {
        self.transaction(|store| {
            store.check(var.into())?;
            let value = value.into_term(store)?;
            store.check(value)?;
            if matches!(store.walk(var.into()), Shape::Free(_)) || value.as_var().is_some() {
                return store.unify_terms(var.into(), value);
            }
            match store.entailed(var, value)? {
                Entailment::Equal => Ok(()),
                Entailment::Different | Entailment::Open(_) => {
                    let held = store.show_known(var.into());
                    Err(RebindingError { variable: store.name(var), held, offered: store.show(value) }.into())
                }
            }
        })
    }

    /// Gives a variable a domain, or narrows the one that it has to what both have in common. A bound variable has a domain from
    /// then on, too.
    ///
    /// # Errors
    /// As [`unify`](Store::unify) with a new variable of this domain; [`UnifyError::EmptyDomain`] if there are no values,
    /// [`UnifyError::Domain`] if there are too many.
    pub fn constrain(&mut self, var: Var, universe: &Arc<Universe>) -> Result<(), UnifyError> {
        self.transaction(|store| {
            let fresh = store.new_domain_var(universe)?;
            store.unify(var, fresh)?;
            let root = store.root(var);
            if store.domain(root).is_none() && !store.is_failed(root) {
                store.adopt_domain(root, fresh);
            }
            Ok(())
        })
    }

    /// Unifies inside of somebody's transaction, who has to undo it after an error.
    pub(super) fn unify_terms(&mut self, left: Term, right: Term) -> Result<(), UnifyError> {
        self.check(left)?;
        self.check(right)?;
        let mark = self.mark();
        let mut work = vec![(left, right)];
        loop {
            let outcome = match work.pop() {
                Some((a, b)) => self.unify_pair(a, b, &mut work),
                None => match self.settle() {
                    Ok(()) => break,
                    Err(Unsettled::Clash(var, term)) => Err(Stop::Clash(var.into(), term)),
                    Err(Unsettled::Failed(failed)) => Err(Stop::Error(failed.into())),
                },
            };
            let Err(stop) = outcome else { continue };
            // The parts are shown with what was found out until here, the sides as they were.
            let clash = match stop {
                Stop::Error(error) => {
                    self.undo_to(mark);
                    return Err(error);
                }
                Stop::Clash(a, b) => (self.show_known(a), self.show_known(b)),
            };
            self.undo_to(mark);
            let (left, right) = (self.show_known(left), self.show_known(right));
            let clash = Some(clash).filter(|(a, b)| (a, b) != (&left, &right));
            return Err(UnificationError { left, right, clash }.into());
        }
        self.commit(mark);
        Ok(())
    }

    /// As [`show`](Store::show), with the value of a variable whose domain has come down to one.
    fn show_known(&mut self, term: Term) -> String {
        let term = self.walk_to_term(term);
        self.show(term)
    }

    fn unify_pair(&mut self, a: Term, b: Term, work: &mut Vec<(Term, Term)>) -> Result<(), Stop> {
        let clash = Stop::Clash(a, b);
        match (self.walk(a), self.walk(b)) {
            (Shape::Free(x), Shape::Free(y)) if x == y => Ok(()),
            (Shape::Free(x), Shape::Free(y)) => self.alias_roots(x, y).map_err(|_| clash),
            (Shape::Free(x), _) => self.bind_free(x, a, b, b),
            (_, Shape::Free(y)) => self.bind_free(y, a, b, a),
            (Shape::Node(m), Shape::Node(n)) => {
                let (m, n) = (self.node_root(m), self.node_root(n));
                if m == n {
                    return Ok(());
                }
                if let Some(failed) = self.failure_of(m).or_else(|| self.failure_of(n)) {
                    return Err(Stop::Error(failed.into()));
                }
                if !self.same_functor(m, n) {
                    return Err(clash);
                }
                // Backwards onto the stack: parts are unified from the first to the last.
                work.extend(self.args(m).iter().copied().zip(self.args(n).iter().copied()).rev());
                self.merge_nodes(m, n);
                Ok(())
            }
            (Shape::Node(node), _) | (_, Shape::Node(node)) => match self.failure_of(node) {
                Some(failed) => Err(Stop::Error(failed.into())),
                None => Err(clash),
            },
            (a, b) if a == b => Ok(()),
            _ => Err(clash),
        }
    }

    /// Binds a free root to the term that is not it, `value`, one of `a` and `b`.
    fn bind_free(&mut self, root: Var, a: Term, b: Term, value: Term) -> Result<(), Stop> {
        let bound = self.walk_to_term(value);
        if self.is_failed(bound) {
            self.fail_root(root, bound);
            return Ok(());
        }
        if self.size(root) == 0 {
            self.bind_root(root, bound);
            return Ok(());
        }
        if let Some(failed) = self.failure_in(bound) {
            return Err(Stop::Error(failed.into()));
        }
        match self.value_or_free(bound) {
            Ok(Ok(value)) => self.bind_in_domain(root, &value).map_err(|_| Stop::Clash(a, b)),
            // The values of domains are finite.
            Err(ReadError::Infinite { .. }) => Err(Stop::Clash(a, b)),
            Ok(Err(_)) | Err(_) => {
                self.bind_partly(root, bound);
                Ok(())
            }
        }
    }

    /// The term at the end of a chain of variables.
    pub(crate) fn walk_to_term(&mut self, term: Term) -> Term {
        match term.as_var().and_then(|var| self.known_root(var)) {
            Some(root) => self.binding(root).unwrap_or(root.into()),
            None => term,
        }
    }
}
