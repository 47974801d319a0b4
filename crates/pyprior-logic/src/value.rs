//! Values: what variables are bound to, outside of a store.

use std::fmt;
use std::sync::Arc;

/// A ground value: no variables in it. Cheap to copy, since what is large is shared.
///
/// Values are equal when they are of the same kind and alike: `True` is not `1` here, a list is not a tuple.
/// The order is total: kinds in the order below, then the natural order of a kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
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
    /// A map: pairs in ascending order of their keys, each key once. [`Value::map`] makes it so.
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

/// As Python spells it: `(1, 'a', [None, True])`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::None => f.write_str("None"),
            Value::Bool(true) => f.write_str("True"),
            Value::Bool(false) => f.write_str("False"),
            Value::Int(number) => write!(f, "{number}"),
            Value::Str(text) => write_text(f, text),
            Value::Tuple(items) => {
                f.write_str("(")?;
                separated(f, items.iter(), |f, item| write!(f, "{item}"))?;
                f.write_str(if items.len() == 1 { ",)" } else { ")" })
            }
            Value::List(items) => {
                f.write_str("[")?;
                separated(f, items.iter(), |f, item| write!(f, "{item}"))?;
                f.write_str("]")
            }
            Value::Map(pairs) => {
                f.write_str("{")?;
                separated(f, pairs.iter(), |f, (key, value)| write!(f, "{key}: {value}"))?;
                f.write_str("}")
            }
            Value::Record(record) => {
                write!(f, "{}(", record.name)?;
                separated(f, record.fields.iter(), |f, (name, value)| write!(f, "{name}={value}"))?;
                f.write_str(")")
            }
        }
    }
}

fn separated<T>(
    f: &mut fmt::Formatter<'_>,
    items: impl Iterator<Item = T>,
    mut write: impl FnMut(&mut fmt::Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    for (place, item) in items.enumerate() {
        if place > 0 {
            f.write_str(", ")?;
        }
        write(f, item)?;
    }
    Ok(())
}

/// Quoted as Python does: single quotes unless the text has some and no double ones.
fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    use fmt::Write;
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    f.write_char(quote)?;
    for c in text.chars() {
        match c {
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            '\\' => f.write_str("\\\\")?,
            c if c == quote => write!(f, "\\{c}")?,
            c if c.is_control() => write!(f, "\\x{:02x}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char(quote)
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
}
