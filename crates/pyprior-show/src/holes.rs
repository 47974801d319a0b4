//! Where the holes of a partial source are.

use std::ops::Range;

/// Bytes of each hole, such as `<expr>`, ascending. The `<` of a comparison stands between spaces and is none.
pub(crate) fn holes(source: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    source.match_indices('<').filter_map(|(start, _)| {
        let inside = &source[start + 1..];
        let len = inside.bytes().take_while(u8::is_ascii_lowercase).count();
        (len > 0 && inside[len..].starts_with('>')).then_some(start..start + len + 2)
    })
}

#[cfg(test)]
mod tests {
    use super::holes;

    #[test]
    fn comparisons_are_none() {
        let source = "if a < <expr>:\n    <block>";
        assert_eq!(holes(source).map(|hole| &source[hole]).collect::<Vec<_>>(), ["<expr>", "<block>"]);
        assert_eq!(holes("print(int(a < b))").count(), 0);
    }
}
