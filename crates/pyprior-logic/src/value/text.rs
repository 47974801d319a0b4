//! Values as Python spells them.

use std::fmt::{self, Write};

use super::Value;

/// What is still to be written.
enum Piece<'a> {
    Value(&'a Value),
    Name(&'a str),
    Fixed(&'static str),
}

/// As Python spells it: `(1, 'a', [None, True])`.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = vec![Piece::Value(self)];
        while let Some(piece) = left.pop() {
            match piece {
                Piece::Name(name) => f.write_str(name)?,
                Piece::Fixed(text) => f.write_str(text)?,
                Piece::Value(value) => write_value(f, value, &mut left)?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Value {
    /// The beginning of its text, so many letters at most, and `…` if there is more.
    #[must_use]
    pub fn brief(&self, letters: usize) -> String {
        let mut text = Cut { text: String::new(), left: letters };
        // Writing stops with an error where the room ends.
        if write!(text, "{self}").is_err() {
            text.text.push('…');
        }
        text.text
    }
}

struct Cut {
    text: String,
    left: usize,
}

impl Write for Cut {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for letter in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(letter);
        }
        Ok(())
    }
}

/// Writes how a value begins, and leaves its parts for later: the last on top.
fn write_value<'a>(f: &mut fmt::Formatter<'_>, value: &'a Value, left: &mut Vec<Piece<'a>>) -> fmt::Result {
    let end = match value {
        Value::None => return f.write_str("None"),
        Value::Bool(true) => return f.write_str("True"),
        Value::Bool(false) => return f.write_str("False"),
        Value::Int(number) => return write!(f, "{number}"),
        Value::Str(text) => return write_text(f, text),
        // As Rust writes a type without fields.
        Value::Record(record) if record.fields.is_empty() => return f.write_str(&record.name),
        Value::Tuple(items) if items.len() == 1 => ",)",
        Value::Tuple(_) | Value::Record(_) => ")",
        Value::List(_) => "]",
        Value::Map(_) => "}",
    };
    left.push(Piece::Fixed(end));
    let first = left.len();
    match value {
        Value::Tuple(items) | Value::List(items) => {
            f.write_str(if matches!(value, Value::Tuple(_)) { "(" } else { "[" })?;
            for item in items.iter().rev() {
                left.extend([Piece::Value(item), Piece::Fixed(", ")]);
            }
        }
        Value::Map(pairs) => {
            f.write_str("{")?;
            for (key, value) in pairs.iter().rev() {
                left.extend([Piece::Value(value), Piece::Fixed(": "), Piece::Value(key), Piece::Fixed(", ")]);
            }
        }
        Value::Record(record) => {
            write!(f, "{}(", record.name)?;
            for (name, value) in record.fields.iter().rev() {
                left.extend([Piece::Value(value), Piece::Fixed("="), Piece::Name(name), Piece::Fixed(", ")]);
            }
        }
        _ => {}
    }
    // No comma before the first part.
    if left.len() > first {
        left.pop();
    }
    Ok(())
}

/// Quoted as Python does: single quotes unless the text has some and no double ones.
fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
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
