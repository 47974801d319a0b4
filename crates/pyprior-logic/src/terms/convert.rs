//! How Rust values become terms.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::error::UnifyError;
use crate::store::{Functor, Store, Term, Var, arity};
use crate::value::Value;

/// What can be written where a term is wanted: numbers, text, truth values, `()` for `None`, variables, tuples and lists of
/// such, maps, and references to custom types ([`Structure`](super::Structure)).
///
/// [`list!`](crate::list) and [`map!`](crate::map) hold parts of different types.
pub trait IntoTerm {
    /// Writes the term down in a store.
    ///
    /// # Errors
    /// [`UnifyError::Unknown`] if there is a variable of another store in it, or no room.
    fn into_term(self, store: &mut Store) -> Result<Term, UnifyError>;

    /// The variable, if that is what it is.
    fn as_var(&self) -> Option<Var> {
        None
    }
}

impl Store {
    /// The term of a Rust value, to be put into several places.
    ///
    /// # Errors
    /// [`UnifyError::Unknown`] if there is a variable of another store in it, or no room.
    pub fn term(&mut self, what: impl IntoTerm) -> Result<Term, UnifyError> {
        self.transaction(|store| what.into_term(store))
    }
}

impl IntoTerm for Var {
    fn into_term(self, store: &mut Store) -> Result<Term, UnifyError> {
        Term::from(self).into_term(store)
    }

    fn as_var(&self) -> Option<Var> {
        Some(*self)
    }
}

impl IntoTerm for Term {
    fn into_term(self, store: &mut Store) -> Result<Term, UnifyError> {
        store.check(self)?;
        Ok(self)
    }

    fn as_var(&self) -> Option<Var> {
        Term::as_var(*self)
    }
}

impl IntoTerm for Value {
    fn into_term(self, store: &mut Store) -> Result<Term, UnifyError> {
        Ok(store.term_of(&self)?)
    }
}

impl IntoTerm for &Value {
    fn into_term(self, store: &mut Store) -> Result<Term, UnifyError> {
        Ok(store.term_of(self)?)
    }
}

macro_rules! from_values {
    ($($kind:ty)*) => {$(
        impl IntoTerm for $kind {
            fn into_term(self, store: &mut Store) -> Result<Term, UnifyError> {
                Ok(store.term_of(&Value::from(self))?)
            }
        }
    )*};
}
from_values!(() bool char i8 i16 i32 i64 u8 u16 u32 &str String &String);

macro_rules! from_large {
    ($($kind:ty)*) => {$(
        /// Numbers beyond those of `i64` are refused.
        impl IntoTerm for $kind {
            fn into_term(self, store: &mut Store) -> Result<Term, UnifyError> {
                let number = i64::try_from(self).map_err(|_| UnifyError::TooLarge { number: self.to_string() })?;
                number.into_term(store)
            }
        }
    )*};
}
from_large!(u64 usize i128 u128 isize);

/// Nothing is `None`.
impl<T: IntoTerm> IntoTerm for Option<T> {
    fn into_term(self, store: &mut Store) -> Result<Term, UnifyError> {
        match self {
            Some(some) => some.into_term(store),
            None => ().into_term(store),
        }
    }

    fn as_var(&self) -> Option<Var> {
        self.as_ref().and_then(IntoTerm::as_var)
    }
}

macro_rules! from_tuples {
    ($count:literal: $($name:ident),+) => {
        impl<$($name: IntoTerm),+> IntoTerm for ($($name,)+) {
            #[allow(non_snake_case)]
            fn into_term(self, store: &mut Store) -> Result<Term, UnifyError> {
                let ($($name,)+) = self;
                let args = [$($name.into_term(store)?),+];
                Ok(store.compound(Functor::Tuple($count), &args)?)
            }
        }
    };
}
from_tuples!(1: A);
from_tuples!(2: A, B);
from_tuples!(3: A, B, C);
from_tuples!(4: A, B, C, D);
from_tuples!(5: A, B, C, D, E);
from_tuples!(6: A, B, C, D, E, F);
from_tuples!(7: A, B, C, D, E, F, G);
from_tuples!(8: A, B, C, D, E, F, G, H);
from_tuples!(9: A, B, C, D, E, F, G, H, I);
from_tuples!(10: A, B, C, D, E, F, G, H, I, J);
from_tuples!(11: A, B, C, D, E, F, G, H, I, J, K);
from_tuples!(12: A, B, C, D, E, F, G, H, I, J, K, L);

fn list<T: IntoTerm>(items: impl IntoIterator<Item = T>, store: &mut Store) -> Result<Term, UnifyError> {
    let args = items.into_iter().map(|item| item.into_term(store)).collect::<Result<Vec<_>, _>>()?;
    Ok(store.compound(Functor::List(arity(args.len())?), &args)?)
}

impl<T: IntoTerm> IntoTerm for Vec<T> {
    fn into_term(self, store: &mut Store) -> Result<Term, UnifyError> {
        list(self, store)
    }
}

impl<T: IntoTerm, const N: usize> IntoTerm for [T; N] {
    fn into_term(self, store: &mut Store) -> Result<Term, UnifyError> {
        list(self, store)
    }
}

impl<T: IntoTerm + Clone> IntoTerm for &[T] {
    fn into_term(self, store: &mut Store) -> Result<Term, UnifyError> {
        list(self.iter().cloned(), store)
    }
}

impl<K: Into<Value>, T: IntoTerm> IntoTerm for BTreeMap<K, T> {
    fn into_term(self, store: &mut Store) -> Result<Term, UnifyError> {
        let mut parts: BTreeMap<Value, Term> = BTreeMap::new();
        for (key, value) in self {
            parts.insert(key.into(), value.into_term(store)?);
        }
        let (keys, args): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        Ok(store.compound(Functor::Map(keys.into()), &args)?)
    }
}

impl<K: Into<Value>, T: IntoTerm, S> IntoTerm for HashMap<K, T, S> {
    fn into_term(self, store: &mut Store) -> Result<Term, UnifyError> {
        self.into_iter().map(|(key, value)| (key.into(), value)).collect::<BTreeMap<_, _>>().into_term(store)
    }
}

type Write = Box<dyn FnOnce(&mut Store) -> Result<Term, UnifyError> + Send>;

/// Anything that is a term, for collections of parts of different types.
pub struct Part(Write);

impl Part {
    /// Wraps it.
    pub fn new(what: impl IntoTerm + Send + 'static) -> Part {
        Part(Box::new(move |store| what.into_term(store)))
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Part")
    }
}

impl IntoTerm for Part {
    fn into_term(self, store: &mut Store) -> Result<Term, UnifyError> {
        (self.0)(store)
    }
}

/// A list of parts that need not be of one type: `list![1, x, "two"]`.
#[macro_export]
macro_rules! list {
    ($($item:expr),* $(,)?) => {
        ::std::vec::Vec::<$crate::Part>::from([$($crate::Part::new($item)),*])
    };
}

/// A map whose values need not be of one type: `map! {"a" => 42, "b" => x}`.
#[macro_export]
macro_rules! map {
    ($($key:expr => $value:expr),* $(,)?) => {
        ::std::collections::BTreeMap::<$crate::Value, $crate::Part>::from([
            $(($crate::Value::from($key), $crate::Part::new($value))),*
        ])
    };
}
