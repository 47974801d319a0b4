//! Values: what variables are bound to, outside of a store.

mod deep;
mod text;

use std::sync::Arc;

/// A ground value: no variables in it. Cheap to copy, since what is large is shared.
///
/// Values are equal when they are of the same kind and alike: `True` is not `1` here, a list is not a tuple.
/// The order is total: kinds in the order below, then the natural order of a kind.
///
/// However deep a value is, dropping, comparing, hashing and showing it need no stack. Parts that are shared are compared
/// once; a text spells them out each time, which for values that share much is long.
#[derive(Clone, Default)]
pub enum Value {
    /// `None`.
    #[default]
    None,
    /// `True` or `False`.
    Bool(bool),
    /// A whole number of 64 bits.
    Int(i64),
    /// Text.
    Str(Arc<str>),
    /// A tuple, of any length.
    Tuple(Arc<[Value]>),
    /// A list, of any length.
    List(Arc<[Value]>),
    /// A map: pairs in ascending order of their keys, each key once. [`Value::map`] makes it so; one that was
    /// put together in another order is not equal to it before it was in a store.
    Map(Arc<[(Value, Value)]>),
    /// A custom type: see [`Structure`](crate::Structure).
    Record(Arc<Record>),
}

/// A ground value of a custom type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Record {
    /// The name of the type.
    pub name: Arc<str>,
    /// Its parts, in the order in which the type gives them.
    pub fields: Vec<(Arc<str>, Value)>,
}

impl Value {
    /// A map of these pairs. Where a key comes twice the last pair counts, as in a dict display of Python.
    pub fn map(pairs: impl IntoIterator<Item = (Value, Value)>) -> Value {
        let ordered: std::collections::BTreeMap<_, _> = pairs.into_iter().collect();
        Value::Map(ordered.into_iter().collect())
    }

    /// The number, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(n) => Some(*n),
            _ => None,
        }
    }

    /// The text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The parts of a tuple or a list.
    pub fn items(&self) -> Option<&[Value]> {
        match self {
            Value::Tuple(items) | Value::List(items) => Some(items),
            _ => None,
        }
    }
}

impl From<()> for Value {
    fn from((): ()) -> Value {
        Value::None
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Value {
        Value::Bool(truth)
    }
}

macro_rules! from_integers {
    ($($kind:ty)*) => {$(
        impl From<$kind> for Value {
            fn from(number: $kind) -> Value {
                Value::Int(i64::from(number))
            }
        }
    )*};
}
from_integers!(i8 i16 i32 i64 u8 u16 u32);

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Str(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Str(text.into())
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Value {
        Value::Str(text.as_str().into())
    }
}

impl From<char> for Value {
    fn from(letter: char) -> Value {
        Value::Str(letter.encode_utf8(&mut [0; 4]).into())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(some: Option<T>) -> Value {
        some.map_or(Value::None, Into::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Value {
        Value::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>, const N: usize> From<[T; N]> for Value {
    fn from(items: [T; N]) -> Value {
        Value::List(items.into_iter().map(Into::into).collect())
    }
}

macro_rules! from_tuples {
    ($($name:ident),+) => {
        impl<$($name: Into<Value>),+> From<($($name,)+)> for Value {
            #[allow(non_snake_case)]
            fn from(($($name,)+): ($($name,)+)) -> Value {
                Value::Tuple(Arc::new([$($name.into()),+]))
            }
        }
    };
}
from_tuples!(A);
from_tuples!(A, B);
from_tuples!(A, B, C);
from_tuples!(A, B, C, D);
from_tuples!(A, B, C, D, E);
from_tuples!(A, B, C, D, E, F);
from_tuples!(A, B, C, D, E, F, G);
from_tuples!(A, B, C, D, E, F, G, H);
from_tuples!(A, B, C, D, E, F, G, H, I);
from_tuples!(A, B, C, D, E, F, G, H, I, J);
from_tuples!(A, B, C, D, E, F, G, H, I, J, K);
from_tuples!(A, B, C, D, E, F, G, H, I, J, K, L);

impl PartialEq<i64> for Value {
    fn eq(&self, other: &i64) -> bool {
        self.as_int() == Some(*other)
    }
}

impl PartialEq<str> for Value {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == Some(other)
    }
}

impl PartialEq<&str> for Value {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == Some(*other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_spelled_as_python_spells_them() {
        let value = Value::from((1, "it's", vec![Value::None, Value::Bool(true)]));
        assert_eq!(value.to_string(), "(1, \"it's\", [None, True])");
        assert_eq!(Value::from((1,)).to_string(), "(1,)");
        assert_eq!(Value::from("'\"\n\u{7}").to_string(), "'\\'\"\\n\\x07'");
        assert_eq!(Value::map([(2.into(), "b".into()), (1.into(), ().into())]).to_string(), "{1: None, 2: 'b'}");
    }

    #[test]
    fn a_later_key_of_a_map_counts_and_kinds_differ() {
        assert_eq!(Value::map([(1.into(), 2.into()), (1.into(), 3.into())]), Value::map([(1.into(), 3.into())]));
        assert_ne!(Value::from(true), Value::from(1));
        assert_ne!(Value::from((1, 2)), Value::from([1, 2]));
        assert_eq!(size_of::<Value>(), 24);
    }

    fn deep(depth: usize, leaf: i64) -> Value {
        (0..depth).fold(leaf.into(), |value: Value, _| Value::from((value,)))
    }

    fn shared(depth: usize, leaf: i64) -> Value {
        (0..depth).fold(leaf.into(), |value: Value, _| Value::from((value.clone(), value)))
    }

    #[test]
    fn deep_values_need_no_stack() {
        use std::collections::HashSet;
        let (a, b, c) = (deep(500_000, 1), deep(500_000, 1), deep(500_000, 2));
        assert!(a == b && a < c && c > b);
        assert!(HashSet::from([a.clone(), c]).contains(&b));
        assert_eq!(a.to_string().len(), 500_000 * 3 + 1);
        let mut map = Value::from(1);
        for _ in 0..100_000 {
            map = Value::map([(
                ().into(),
                Value::Record(Arc::new(Record { name: "R".into(), fields: vec![("f".into(), map)] })),
            )]);
        }
        assert_eq!(format!("{map:?}").len(), 100_000 * "{None: R(f=)}".len() + 1);
    }

    #[test]
    fn shared_values_are_compared_and_hashed_in_their_size() {
        use std::collections::HashSet;
        let (a, b, c) = (shared(500, 1), shared(500, 1), shared(500, 2));
        assert!(a == b && a < c);
        assert!(HashSet::from([a, c]).contains(&b));
        assert!(b.brief(60).len() < 70);
    }

    /// What derives would give, on small values of all kinds.
    #[test]
    fn the_order_is_lexicographic() {
        let leaf = || vec![Value::None, false.into(), true.into(), 1.into(), 2.into(), "a".into()];
        let mut values = leaf();
        let mut next = vec![Value::Tuple([].into())];
        for a in leaf() {
            next.push(Value::from((a.clone(),)));
            for b in leaf() {
                next.push(Value::from((a.clone(), b)));
            }
        }
        values.extend(next);
        values.extend([Value::from(Vec::<i64>::new()), Value::from([1]), Value::from([1, 1]), Value::from([2])]);
        values.extend([Value::map([]), Value::map([(1.into(), 5.into())]), Value::map([(1.into(), 6.into())])]);
        let record = |name: &str, field: &str, n: i64| {
            Value::Record(Arc::new(Record { name: name.into(), fields: vec![(field.into(), n.into())] }))
        };
        values.extend([record("A", "x", 2), record("A", "y", 1), record("A", "y", 2), record("B", "a", 0)]);
        let (mut sorted, written) = (values.clone(), values.clone());
        sorted.reverse();
        sorted.sort();
        let tuples = |values: &[Value]| -> Vec<String> { values.iter().map(|value| format!("{value}")).collect() };
        // The values above are written in ascending order, except that a tuple comes before those that begin with it.
        assert_eq!(tuples(&sorted), tuples(&written));
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(a.cmp(b), i.cmp(&j), "{a} {b}");
                assert_eq!(a == b, i == j);
            }
        }
    }
}
