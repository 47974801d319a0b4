//! Answers as people and models write them, to values.

use pyprior_core::exec::Value;

/// Bytes of an answer that is looked at.
pub(super) const MAX_BYTES: usize = 1 << 20;
/// Arguments of a call.
const MAX_ARGUMENTS: usize = 255;

/// A value: a literal of Python, alone or behind the `==` of an `assert`.
pub(super) fn value(text: &str) -> Option<Value> {
    let text = text.trim();
    let text = match text.strip_prefix("assert") {
        Some(rest) => rest.rsplit_once("==")?.1,
        None => text,
    };
    literal(text)
}

/// Arguments: `3, -1`, the same in parentheses, or a call of `function`, alone or in an `assert`.
pub(super) fn arguments(text: &str, function: &str) -> Option<Vec<Value>> {
    let mut text = text.trim();
    if let Some(rest) = text.strip_prefix("assert") {
        text = rest.rsplit_once("==").map_or(rest, |(call, _)| call).trim();
    }
    if let Some(rest) = text.strip_prefix(function) {
        text = rest.trim_start();
    }
    if let Some(inside) = text.strip_prefix('(') {
        text = inside.strip_suffix(')')?;
    }
    let text = text.trim();
    let text = text.strip_suffix(',').unwrap_or(text);
    let parts = text.split(',').take(MAX_ARGUMENTS + 1).map(literal).collect::<Option<Vec<_>>>()?;
    (parts.len() <= MAX_ARGUMENTS).then_some(parts)
}

/// An integer as Python reads it, in decimal, `True`, `False` or `None`.
fn literal(text: &str) -> Option<Value> {
    let text = text.trim();
    let text = text.strip_prefix('+').filter(|rest| !rest.starts_with('-')).unwrap_or(text);
    let digits = text.strip_prefix('-').unwrap_or(text);
    // Python refuses 007, and takes 00 for 0.
    if digits.len() > 1 && digits.starts_with('0') && digits.bytes().any(|digit| digit != b'0') {
        return None;
    }
    text.parse().ok()
}

/// Whether two values are equal in Python, where `True` is 1.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Bool(value) => Value::Int(i64::from(*value)),
        other => other.clone(),
    };
    number(left) == number(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_as_python_reads_them() {
        for (text, expected) in [
            ("7", "7"),
            (" -12\n", "-12"),
            ("+3", "3"),
            ("True", "True"),
            ("None", "None"),
            ("00", "0"),
            ("assert f(3) == 7", "7"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
        ] {
            assert_eq!(value(text).map(|value| value.to_string()).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "007", "+-3", "--3", "1.0", "7 7", "seven", "1e5", "assert f(3)", "- 3", "0x10"] {
            assert_eq!(value(text), None, "{text}");
        }
        let values = |text| arguments(text, "f").map(|values| values.iter().map(Value::to_string).collect::<Vec<_>>());
        let (two, one) = (vec!["3".to_owned(), "-1".to_owned()], vec!["3".to_owned()]);
        for text in ["3, -1", "(3, -1)", "(3,-1,)", "f(3, -1)", "assert f(3, -1) == 7", "f (3, -1)"] {
            assert_eq!(values(text), Some(two.clone()), "{text}");
        }
        for text in ["3", "(3,)", "(3)", "f(3)", " 3 ,"] {
            assert_eq!(values(text), Some(one.clone()), "{text}");
        }
        for text in ["", "()", "(3", "g(3)", "3;4", "3 -1", "((3))", "x"] {
            assert_eq!(values(text), None, "{text}");
        }
        assert_eq!(values(&"1,".repeat(300)), None);
    }
}
