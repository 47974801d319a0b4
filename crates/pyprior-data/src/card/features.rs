//! The schema of Arrow in the words of Hugging Face's `datasets`.

use std::fmt::Write as _;

use arrow_schema::{DataType, Field, Schema};

/// Adds the features of a schema, each behind so many spaces.
pub(super) fn write(out: &mut String, schema: &Schema, indent: usize) {
    for field in schema.fields() {
        // Writing to a text does not fail.
        let _ = writeln!(out, "{:indent$}- name: {}", "", field.name());
        value(out, field.data_type(), "dtype", indent + 2);
    }
}

fn value(out: &mut String, kind: &DataType, key: &str, indent: usize) {
    match kind {
        DataType::List(element) | DataType::LargeList(element) => list(out, element, indent),
        DataType::FixedSizeList(element, length) => {
            list(out, element, indent);
            let _ = writeln!(out, "{:indent$}length: {length}", "");
        }
        DataType::Struct(fields) => {
            let _ = writeln!(out, "{:indent$}struct:", "");
            write(out, &Schema::new(fields.clone()), indent);
        }
        kind => {
            let _ = writeln!(out, "{:indent$}{key}: {}", "", name(kind));
        }
    }
}

fn list(out: &mut String, element: &Field, indent: usize) {
    match element.data_type() {
        DataType::Struct(fields) => {
            let _ = writeln!(out, "{:indent$}list:", "");
            write(out, &Schema::new(fields.clone()), indent);
        }
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(_, _) => {
            let _ = writeln!(out, "{:indent$}list:", "");
            value(out, element.data_type(), "list", indent + 2);
        }
        kind => {
            let _ = writeln!(out, "{:indent$}list: {}", "", name(kind));
        }
    }
}

fn name(kind: &DataType) -> String {
    match kind {
        DataType::Utf8 | DataType::Utf8View => "string".to_owned(),
        DataType::LargeUtf8 => "large_string".to_owned(),
        DataType::Boolean => "bool".to_owned(),
        // Numbers are called the same but for the case.
        other => other.to_string().to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features() {
        let list = |element: DataType| DataType::List(Field::new("element", element, false).into());
        let pair = DataType::Struct(vec![Field::new("input", list(DataType::Int64), false)].into());
        let schema = Schema::new(vec![
            Field::new("id", DataType::UInt64, false),
            Field::new("p", DataType::Float64, true),
            Field::new("ok", DataType::Boolean, false),
            Field::new("tokens", list(DataType::UInt16), false),
            Field::new(
                "eight",
                DataType::FixedSizeList(Field::new("element", DataType::UInt8, false).into(), 8),
                false,
            ),
            Field::new("lists", list(list(DataType::Utf8)), false),
            Field::new("examples", list(pair), false),
        ]);
        let mut out = String::new();
        write(&mut out, &schema, 2);
        let expected = "  - name: id\n    dtype: uint64\n  - name: p\n    dtype: float64\n  - name: ok\n    dtype: bool\n  \
                        - name: tokens\n    list: uint16\n  - name: eight\n    list: uint8\n    length: 8\n  - name: lists\n    list:\n      list: string\n  - name: examples\n    \
                        list:\n    - name: input\n      list: int64\n";
        assert_eq!(out, expected);
    }
}
