//! Answers as people and models write them, to values.

use pyprior_core::exec::Value;

/// Bytes of an answer that is looked at.
pub(super) const MAX_BYTES: usize = 1 << 20;
/// Arguments of a call.
const MAX_ARGUMENTS: usize = 255;
/// Parentheses around a value; Python gives up there, too.
const MAX_PARENTHESES: usize = 200;

/// A call, and what is said that it gives: `f(3, -1)`, `f(3, -1) == 7`, the latter also behind `assert`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) arguments: Vec<Value>,
    pub(super) value: Option<Value>,
}

/// A value: a literal of Python, alone or behind the `==` of a call of `function`, whose arguments come with it.
pub(super) fn value(text: &str, function: &str) -> Option<(Option<Vec<Value>>, Value)> {
    if let Some(call) = call(text, function) {
        return Some((Some(call.arguments), call.value?));
    }
    let mut reader = Reader { rest: text };
    let value = reader.value()?;
    reader.end().then_some((None, value))
}

/// Arguments: `3, -1`, the same in parentheses, or a call of `function`, whose value comes with them if there is one.
pub(super) fn arguments(text: &str, function: &str) -> Option<Call> {
    if let Some(call) = call(text, function) {
        return (!call.arguments.is_empty()).then_some(call);
    }
    let bare = |text: &str| {
        let mut reader = Reader { rest: text };
        reader.values().filter(|values| !values.is_empty() && reader.end())
    };
    let inside = || text.trim().strip_prefix('(')?.strip_suffix(')');
    let arguments = bare(text).or_else(|| bare(inside()?))?;
    Some(Call { arguments, value: None })
}

fn call(text: &str, function: &str) -> Option<Call> {
    let text = text.trim();
    let asserted = text.strip_prefix("assert").filter(|rest| rest.starts_with(char::is_whitespace));
    let rest = asserted.unwrap_or(text).trim_start().strip_prefix(function)?;
    let mut reader = Reader { rest };
    reader.take("(").then_some(())?;
    let arguments = reader.values()?;
    reader.take(")").then_some(())?;
    let value = if reader.take("==") { Some(reader.value()?) } else { None };
    (reader.end() && (value.is_some() || asserted.is_none())).then_some(Call { arguments, value })
}

/// Reads a text from its start on.
struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    /// Whether `text` comes next, which is then read.
    fn take(&mut self, text: &str) -> bool {
        self.rest = self.rest.trim_start();
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn end(&self) -> bool {
        self.rest.trim().is_empty()
    }

    /// Values with commas between them, and perhaps one at the end.
    fn values(&mut self) -> Option<Vec<Value>> {
        let mut values = Vec::new();
        while !self.end() && !self.rest.trim_start().starts_with(')') {
            values.push(self.value()?);
            if values.len() > MAX_ARGUMENTS {
                return None;
            }
            if !self.take(",") {
                break;
            }
        }
        Some(values)
    }

    /// A literal, in parentheses or not.
    fn value(&mut self) -> Option<Value> {
        let mut open = 0;
        while self.take("(") {
            open += 1;
            if open > MAX_PARENTHESES {
                return None;
            }
        }
        let value = self.literal()?;
        (0..open).all(|_| self.take(")")).then_some(value)
    }

    /// An integer as Python reads it, in decimal, with a sign or not; `True`, `False` or `None`.
    fn literal(&mut self) -> Option<Value> {
        let sign = ["-", "+"].into_iter().find(|sign| self.take(sign));
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        if sign.is_none() && matches!(word, "True" | "False" | "None") {
            return word.parse().ok();
        }
        let digits = word.split('_').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
        let number = word.replace('_', "");
        // Python refuses 007, and takes 00 for 0.
        let zeros = number.len() > 1 && number.starts_with('0') && number.bytes().any(|digit| digit != b'0');
        let minus = if sign == Some("-") { "-" } else { "" };
        if digits && !zeros { format!("{minus}{number}").parse().ok() } else { None }
    }
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

    fn texts(values: &[Value]) -> Vec<String> {
        values.iter().map(Value::to_string).collect()
    }

    #[test]
    fn values_are_read_as_python_reads_them() {
        for (text, expected) in [
            ("7", "7"),
            (" -12\n", "-12"),
            ("+3", "3"),
            ("- 3", "-3"),
            ("(9)", "9"),
            (" ( (-9 ) ) ", "-9"),
            ("1_000", "1000"),
            ("True", "True"),
            ("None", "None"),
            ("00", "0"),
            ("-0", "0"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
        ] {
            assert_eq!(value(text, "f").map(|(_, value)| value.to_string()).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "007",
            "+-3",
            "--3",
            "1.0",
            "7 7",
            "seven",
            "1e5",
            "0x10",
            "+None",
            "-True",
            "_1",
            "1_",
            "1__0",
            "(9",
            "9)",
            "(9,)",
            "9,",
            "()",
            "assert 9",
            "8 == 9",
            "assertion: 8 == 9",
            "assert",
            "٣",
        ] {
            assert_eq!(value(text, "f"), None, "{text}");
        }
        assert_eq!(value(&format!("{}1{}", "(".repeat(500_000), ")".repeat(500_000)), "f"), None);
    }

    #[test]
    fn values_come_with_the_call_that_they_are_said_of() {
        for text in ["f(3) == 9", "assert f(3) == 9", "assert  f ( 3, )==(9)", "f((3)) == +9"] {
            let (arguments, value) = value(text, "f").unwrap_or_else(|| panic!("{text}"));
            assert_eq!(
                (arguments.map(|values| texts(&values)), value.to_string()),
                (Some(texts(&[3.into()])), "9".into())
            );
        }
        for text in ["f(3)", "assert f(3)", "assertf(3) == 9", "g(3) == 9", "ff(3) == 9", "f3 == 9", "f(3) == 9 == 9"] {
            assert_eq!(value(text, "f"), None, "{text}");
        }
    }

    #[test]
    fn arguments_are_read_as_python_reads_them() {
        let values = |text| arguments(text, "f").map(|call| texts(&call.arguments));
        let (two, one) = (vec!["3".to_owned(), "-1".to_owned()], vec!["3".to_owned()]);
        for text in [
            "3, -1",
            "(3, -1)",
            "(3,-1,)",
            "f(3, -1)",
            "assert f(3, -1) == 7",
            "f (3, -1)",
            "f(3, -1) == 7",
            "(3), (-1)",
            "3, - 1",
            "((3), -1)",
        ] {
            assert_eq!(values(text), Some(two.clone()), "{text}");
        }
        for text in ["3", "(3,)", "(3)", "f(3)", " 3 ,", "((3))"] {
            assert_eq!(values(text), Some(one.clone()), "{text}");
        }
        for text in [
            "",
            "()",
            "(3",
            "g(3)",
            "3;4",
            "3 -1",
            "x",
            "f3",
            "f",
            "f()",
            ",",
            "3,,4",
            "f(3) 4",
            "f((3, -1))",
            "assert f(3, -1)",
            "f(3) ==",
        ] {
            assert_eq!(values(text), None, "{text}");
        }
        assert_eq!(values(&"1,".repeat(300)), None);
        let said = arguments("f(3) == 7", "f").and_then(|call| call.value);
        assert_eq!(said, Some(Value::Int(7)));
    }
}
