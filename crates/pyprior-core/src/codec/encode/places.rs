//! Where the statements of a source start.

use ruff_python_ast as py;
use ruff_python_parser::parse_module;
use ruff_text_size::Ranged as _;

use super::error::{EncodeError, EncodeErrorKind};
use super::{Encoded, Encoder, in_our_style};

/// A place in a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Line, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1.
    pub column: u32,
}

impl Encoder {
    /// [`encode_bytes`](Self::encode_bytes), and where each statement starts, in the preorder in which
    /// [`Finding::statement`](crate::Finding::statement) counts them. An `elif` is a statement.
    ///
    /// # Errors
    ///
    /// [`EncodeError`], as without places.
    pub fn encode_with_places(&mut self, source: &[u8]) -> Result<(Encoded, Vec<Place>), EncodeError> {
        let encoded = self.encode_bytes(source)?;
        // It has been read once, so it is text, and the parser's recursion has a bound.
        let text = str::from_utf8(source).unwrap_or_default();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let parsed = parse_module(text).map_err(|error| {
            let message = in_our_style(&error.error.to_string());
            EncodeError { line: 1, column: 1, kind: EncodeErrorKind::Syntax { message } }
        })?;
        let mut starts = Vec::new();
        block(parsed.suite(), &mut starts);
        Ok((encoded, places(text, &starts)))
    }
}

pub(super) fn block(body: &[py::Stmt], starts: &mut Vec<usize>) {
    for stmt in body {
        starts.push(stmt.start().to_usize());
        match stmt {
            py::Stmt::If(found) => {
                block(&found.body, starts);
                for clause in &found.elif_else_clauses {
                    if clause.test.is_some() {
                        starts.push(clause.start().to_usize());
                    }
                    block(&clause.body, starts);
                }
            }
            py::Stmt::For(found) => block(&found.body, starts),
            py::Stmt::FunctionDef(def) => block(&def.body, starts),
            _ => {}
        }
    }
}

/// Lines and columns of offsets, which ascend: one pass, whereas each on its own would start at the beginning.
pub(super) fn places(source: &str, starts: &[usize]) -> Vec<Place> {
    let mut found = Vec::with_capacity(starts.len());
    let mut place = Place { line: 1, column: 1 };
    let mut starts = starts.iter().peekable();
    let mut letters = source.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        while starts.next_if(|&&start| start <= at).is_some() {
            found.push(place);
        }
        let ends = letter == '\n' || (letter == '\r' && letters.peek().is_none_or(|(_, next)| *next != '\n'));
        place = match ends {
            true => Place { line: place.line.saturating_add(1), column: 1 },
            false => Place { column: place.column.saturating_add(1), ..place },
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{super::position::line_and_column, places};

    #[test]
    fn counts_as_one_place_at_a_time_does() {
        let source = "aé\r\nb\rc\n\nd;e";
        let starts = source.char_indices().map(|(at, _)| at).collect::<Vec<_>>();
        let each = starts.iter().map(|&at| line_and_column(source, at)).collect::<Vec<_>>();
        let found = places(source, &starts).iter().map(|place| (place.line, place.column)).collect::<Vec<_>>();
        assert_eq!(found, each);
    }
}
