//! Source in colours, with its holes, and with what is to be looked at.

use std::ops::Range;

use pyprior_core::Form;

use crate::holes::holes;
use crate::screen::{self, Style};
use crate::theme::{self, BACK, FAINT, FLASH, TARGET, TEXT};

/// How the marked places look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// The hole that is to be filled.
    Target,
    /// What has just been written.
    Flash,
}

/// A character of a line.
pub(crate) type Letter = (char, Style);

/// The lines of a source, and the first line with a mark. Marks ascend, none within another.
pub(crate) fn highlight(source: &str, marks: &[Range<usize>], mark: Mark) -> (Vec<Vec<Letter>>, Option<usize>) {
    let mut lines = vec![Vec::new()];
    let mut marked = None;
    // Holes and marks ascend, so those behind are never looked at again.
    let (mut holes, mut marks) = (holes(source).peekable(), marks.iter().peekable());
    let mut at = 0;
    while at < source.len() {
        let rest = &source[at..];
        while holes.next_if(|hole| hole.start < at).is_some() {}
        let (len, style) = match holes.next_if(|hole| hole.start == at) {
            Some(hole) => (hole.len(), Style::ink(FAINT)),
            None => word(rest),
        };
        for (offset, letter) in rest[..len].char_indices() {
            let here = at + offset;
            if letter == '\n' {
                lines.push(Vec::new());
                continue;
            }
            while marks.next_if(|range| range.end <= here).is_some() {}
            let style = match marks.peek().is_some_and(|range| range.start <= here) {
                false => style,
                true => {
                    marked = marked.or(Some(lines.len() - 1));
                    match mark {
                        Mark::Target => Style::ink(TEXT).on(TARGET).bold(),
                        Mark::Flash if letter == ' ' && lines.last().is_none_or(Vec::is_empty) => style,
                        Mark::Flash => Style::ink(BACK).on(FLASH).bold(),
                    }
                }
            };
            if let Some(line) = lines.last_mut() {
                line.push((letter, style));
            }
        }
        at += len;
    }
    (lines, marked)
}

/// Length and look of what stands next: a word, a number, spaces, or one character.
fn word(rest: &str) -> (usize, Style) {
    let run = |fits: fn(char) -> bool| rest.find(|letter| !fits(letter)).unwrap_or(rest.len());
    let first = rest.chars().next().unwrap_or(' ');
    let of = |form| Style::ink(theme::of(form));
    if first.is_ascii_digit() || (first == '-' && rest[1..].starts_with(|next: char| next.is_ascii_digit())) {
        let digits = rest[1..].find(|letter: char| !letter.is_ascii_digit()).map_or(rest.len(), |len| len + 1);
        return (digits, of(Form::Const));
    }
    if first.is_alphabetic() || first == '_' {
        // Words are split at what no identifier has; marks that combine belong to them.
        let len = run(|letter| letter == '_' || letter.is_alphanumeric() || !(letter.is_ascii() || letter == ' '));
        let style = match &rest[..len] {
            "def" => of(Form::Func).bold(),
            "return" => of(Form::Return).bold(),
            "if" | "else" => of(Form::If).bold(),
            "for" | "in" => of(Form::For).bold(),
            "range" => of(Form::For),
            "print" => of(Form::Print),
            "int" => of(Form::Compare),
            _ if rest[len..].starts_with('(') => of(Form::Func),
            _ => of(Form::Var),
        };
        return (len, style);
    }
    match first {
        ' ' => (run(|letter| letter == ' '), Style::ink(TEXT)),
        '=' if !rest.starts_with("==") => (1, of(Form::Assign)),
        '=' => (2, of(Form::Compare)),
        '+' | '-' | '*' | '<' => (1, of(Form::BinOp)),
        _ => (first.len_utf8(), Style::ink(TEXT)),
    }
}

/// A row of a line that is cut to a width.
pub(crate) struct Row<'a> {
    /// The line.
    pub(crate) line: usize,
    /// Whether the line begins here.
    pub(crate) begins: bool,
    pub(crate) letters: &'a [Letter],
}

/// Lines cut to a width.
pub(crate) fn wrap(lines: &[Vec<Letter>], width: usize) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for (line, letters) in lines.iter().enumerate() {
        let mut begins = true;
        let mut rest = &letters[..];
        while begins || !rest.is_empty() {
            let mut cols = 0;
            let fits = |(letter, _): &&Letter| {
                cols += usize::from(screen::width(*letter));
                cols <= width
            };
            // A letter that is wider than the lines is cut off, rather than tried without end.
            let len = rest.iter().take_while(fits).count().max(1).min(rest.len());
            let (row, behind) = rest.split_at(len);
            rows.push(Row { line, begins, letters: row });
            (begins, rest) = (false, behind);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::{Letter, wrap};
    use crate::screen::Style;
    use crate::theme::TEXT;

    #[test]
    fn lines_are_cut_by_columns() {
        let letters = |text: &str| text.chars().map(|letter| (letter, Style::ink(TEXT))).collect::<Vec<Letter>>();
        let lines = ["abcdef", "", "高低a高"].map(letters);
        let rows = |width| {
            let text = |letters: &[Letter]| letters.iter().map(|(letter, _)| letter).collect::<String>();
            wrap(&lines, width).iter().map(|row| (row.line, row.begins, text(row.letters))).collect::<Vec<_>>()
        };
        let row = |line, begins, text: &str| (line, begins, text.to_owned());
        assert_eq!(
            rows(4),
            [row(0, true, "abcd"), row(0, false, "ef"), row(1, true, ""), row(2, true, "高低"), row(2, false, "a高")]
        );
        assert_eq!(rows(1).len(), 6 + 1 + 4);
        assert_eq!(rows(0).len(), 6 + 1 + 4);
    }
}
