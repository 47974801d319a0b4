//! Custom types that take part in unification.

use std::sync::Arc;

use super::convert::IntoTerm;
use super::error::UnifyError;
use crate::store::{Functor, Store, Term};

/// A type of one's own that unifies part by part with others of its name and fields.
///
/// ```
/// use pyprior_logic::{IntoTerm, Parts, Store, Structure, UnifyError, Var};
///
/// struct Foo<A> {
///     a: A,
///     b: Var,
/// }
///
/// impl<A: IntoTerm + Clone> Structure for Foo<A> {
///     fn name(&self) -> &str {
///         "Foo"
///     }
///     fn parts(&self, parts: &mut Parts<'_>) -> Result<(), UnifyError> {
///         parts.field("a", self.a.clone())?;
///         parts.field("b", self.b)
///     }
/// }
///
/// let mut store = Store::new();
/// let f1 = Foo { a: store.newvar(), b: store.newvar() };
/// let f2 = Foo { a: 42, b: store.newvar() };
/// store.unify(&f1, &f2)?;
/// assert_eq!(store.value(f1.a)?, 42);
/// assert!(store.alias_of(f1.b, f2.b));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Structure {
    /// The name of the type.
    fn name(&self) -> &str;

    /// Gives the parts, always the same fields in the same order.
    ///
    /// # Errors
    /// Those of [`Parts::field`].
    fn parts(&self, parts: &mut Parts<'_>) -> Result<(), UnifyError>;
}

/// Collects the parts of a [`Structure`].
#[derive(Debug)]
pub struct Parts<'a> {
    store: &'a mut Store,
    fields: Vec<Arc<str>>,
    args: Vec<Term>,
}

impl Parts<'_> {
    /// One part.
    ///
    /// # Errors
    /// [`UnifyError::Unknown`] if it holds a variable of another store.
    pub fn field(&mut self, name: &str, part: impl IntoTerm) -> Result<(), UnifyError> {
        let term = part.into_term(self.store)?;
        self.fields.push(name.into());
        self.args.push(term);
        Ok(())
    }
}

impl<T: Structure> IntoTerm for &T {
    fn into_term(self, store: &mut Store) -> Result<Term, UnifyError> {
        let mut parts = Parts { store, fields: Vec::new(), args: Vec::new() };
        self.parts(&mut parts)?;
        let Parts { fields, args, .. } = parts;
        Ok(store.compound(Functor::Custom { name: self.name().into(), fields: fields.into() }, &args)?)
    }
}
