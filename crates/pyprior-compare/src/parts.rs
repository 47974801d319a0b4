//! What the bytes of a source spell.

use serde::Serialize;

/// What a byte of a source belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Ends of lines, indentation, empty lines, spaces at the ends of lines.
    Layout,
    /// Words of the language: `def return if elif else for in range print int`.
    Word,
    /// Variables and functions.
    Name,
    /// Integers with their sign.
    Number,
    /// `+ - * < == =`
    Operator,
    /// `( ) , :`
    Bracket,
    /// Comments.
    Remark,
}

const WORDS: [&[u8]; 10] = [b"def", b"return", b"if", b"elif", b"else", b"for", b"in", b"range", b"print", b"int"];

impl Part {
    /// Every part, in the order of their numbers.
    pub const ALL: [Part; 7] =
        [Part::Layout, Part::Word, Part::Name, Part::Number, Part::Operator, Part::Bracket, Part::Remark];

    /// The part's name: `"layout"`, `"word"`, …
    pub const fn name(self) -> &'static str {
        match self {
            Part::Layout => "layout",
            Part::Word => "word",
            Part::Name => "name",
            Part::Number => "number",
            Part::Operator => "operator",
            Part::Bracket => "bracket",
            Part::Remark => "remark",
        }
    }
}

/// The part that each byte of a source belongs to. Spaces within a line belong to what follows them, as in most text
/// vocabularies. Source that is no program of the subset gets some answer too: what is nothing else is an operator.
///
/// ```
/// use pyprior_compare::{Part, parts};
///
/// let found = parts("x = -7\n");
/// assert_eq!(found[..3], [Part::Name, Part::Operator, Part::Operator]);
/// assert_eq!(found[3..], [Part::Number, Part::Number, Part::Number, Part::Layout]);
/// ```
pub fn parts(source: &str) -> Vec<Part> {
    let bytes = source.as_bytes();
    let mut out: Vec<Part> = Vec::with_capacity(bytes.len());
    // Whether a minus stands between two values rather than before a number.
    let mut operand = false;
    while let Some(rest) = bytes.get(out.len()..).filter(|rest| !rest.is_empty()) {
        let begins = out.len().checked_sub(1).is_none_or(|before| is_end(bytes[before]));
        let blank = run(rest, |byte| matches!(byte, b' ' | b'\t' | b'\x0c'));
        let (part, len) = match rest.get(blank) {
            Some(&byte) if is_end(byte) => (Part::Layout, blank + 1),
            None => (Part::Layout, blank),
            Some(_) if begins && blank > 0 => (Part::Layout, blank),
            Some(&byte) => {
                let (part, len) = token(byte, &rest[blank..], operand);
                operand = matches!(part, Part::Name | Part::Number) || byte == b')';
                (part, blank + len)
            }
        };
        if part == Part::Layout {
            operand = false;
        }
        out.resize(out.len() + len, part);
    }
    out
}

fn is_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// How many bytes there are of a kind from the start on.
fn run(bytes: &[u8], is: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|&byte| !is(byte)).unwrap_or(bytes.len())
}

/// What begins with `first`, which is no blank, and how long it is.
fn token(first: u8, rest: &[u8], operand: bool) -> (Part, usize) {
    let wordy = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii();
    let signed = first == b'-' && !operand && rest.get(1).is_some_and(u8::is_ascii_digit);
    match first {
        b'#' => (Part::Remark, run(rest, |byte| !is_end(byte))),
        b'-' if signed => (Part::Number, 1 + run(&rest[1..], wordy)),
        b'0'..=b'9' => (Part::Number, run(rest, wordy)),
        b'(' | b')' | b',' | b':' => (Part::Bracket, 1),
        _ if wordy(first) => {
            let len = run(rest, wordy);
            (if WORDS.contains(&&rest[..len]) { Part::Word } else { Part::Name }, len)
        }
        _ => (Part::Operator, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A letter a byte; `d` is for numbers.
    fn spelt(source: &str) -> String {
        parts(source).into_iter().map(|part| ['l', 'w', 'n', 'd', 'o', 'b', 'r'][part as usize]).collect()
    }

    #[test]
    fn every_byte_has_its_part() {
        for (source, wanted) in [
            ("", ""),
            ("a = -1", "nooddd"),
            ("a - 1", "noodd"),
            ("a - -1", "nooddd"),
            ("(a) - -1", "bnbooddd"),
            ("-1 - 2", "ddoodd"),
            ("if a < b:\n    print(1)\n", "wwnnoonnblllllwwwwwbdbl"),
            ("\n\nx\r\n  \n\t# a - 1\ny  ", "llnllllllrrrrrrrlnll"),
            ("\u{e9} = 12", "nnooddd"),
            ("int(9==a)", "wwwbdoonb"),
            ("printed = 1", "nnnnnnnoodd"),
            ("x = 1\n-1", "nooddldd"),
        ] {
            assert_eq!(spelt(source), wanted, "{source:?}");
        }
    }
}
