//! Lines and columns of byte offsets.

/// Line and column of an offset, both from 1. A column counts characters; `\n`, `\r\n` and `\r` end lines.
pub(super) fn line_and_column(source: &str, offset: usize) -> (u32, u32) {
    let before = source.get(..offset).unwrap_or(source);
    let bytes = before.as_bytes();
    let ends =
        |&nth: &usize| bytes[nth] == b'\n' || (bytes[nth] == b'\r' && source.as_bytes().get(nth + 1) != Some(&b'\n'));
    let lines = (0..bytes.len()).filter(ends);
    let (count, start) = lines.fold((1_u32, 0), |(count, _), nth| (count.saturating_add(1), nth + 1));
    let column = before[start..].chars().count();
    (count, u32::try_from(column).unwrap_or(u32::MAX).saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::line_and_column;

    #[test]
    fn counts_characters_and_every_kind_of_line_end() {
        let source = "aé\r\nb\rc\nd";
        let at = |text: &str| line_and_column(source, source.find(text).unwrap_or(0));
        assert_eq!((at("a"), at("\r\n"), at("b"), at("c"), at("d")), ((1, 1), (1, 3), (2, 1), (3, 1), (4, 1)));
        assert_eq!(line_and_column(source, source.len()), (4, 2));
        assert_eq!(line_and_column("", 0), (1, 1));
    }
}
