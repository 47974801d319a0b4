//! Solutions as JSON.

use std::fmt::Write as _;

use crate::Value;
use crate::fd::Solution;

/// A solution as an object of JSON on one line. Tuples are arrays, None is null, custom types are objects; keys of maps that
/// are no text are spelled as Python spells them.
pub fn json(solution: &Solution) -> String {
    let mut out = String::from("{");
    for (place, (name, value)) in solution.iter().enumerate() {
        out.push_str(if place == 0 { "" } else { ", " });
        text(&mut out, name);
        out.push_str(": ");
        write(&mut out, &value);
    }
    out.push('}');
    out
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::None => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Int(number) => {
            // Writing to a String cannot fail.
            let _ = write!(out, "{number}");
        }
        Value::Str(content) => text(out, content),
        Value::Tuple(items) | Value::List(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                out.push_str(if place == 0 { "" } else { ", " });
                write(out, item);
            }
            out.push(']');
        }
        Value::Map(pairs) => {
            let named = pairs.iter().map(|(key, value)| match key {
                Value::Str(key) => (key.to_string(), value),
                key => (key.to_string(), value),
            });
            object(out, named);
        }
        Value::Record(record) => object(out, record.fields.iter().map(|(name, value)| (name.to_string(), value))),
    }
}

fn object<'v>(out: &mut String, pairs: impl Iterator<Item = (String, &'v Value)>) {
    out.push('{');
    for (place, (name, value)) in pairs.enumerate() {
        out.push_str(if place == 0 { "" } else { ", " });
        text(out, &name);
        out.push_str(": ");
        write(out, value);
    }
    out.push('}');
}

fn text(out: &mut String, content: &str) {
    out.push('"');
    for c in content.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if u32::from(c) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
