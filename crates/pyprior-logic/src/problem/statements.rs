//! Text to statements: comments, brackets, texts in quotes.

use super::Fault;

/// A part of the text, by where it begins in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
}

impl<'t> Part<'t> {
    pub(super) fn trim(self) -> Part<'t> {
        let start = self.text.trim_start();
        Part { text: start.trim_end(), at: self.at + self.text.len() - start.len() }
    }

    /// From one byte to another.
    pub(super) fn cut(self, from: usize, to: usize) -> Part<'t> {
        Part { text: &self.text[from..to], at: self.at + from }.trim()
    }

    /// What follows a word at the beginning.
    pub(super) fn after(self, word: &str) -> Option<Part<'t>> {
        let rest = self.text.strip_prefix(word)?;
        let ends = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
        ends.then(|| self.cut(word.len(), self.text.len()))
    }

    /// The places outside of brackets and quotes where a sign stands.
    pub(super) fn places(self, sign: &str) -> Vec<usize> {
        let mut depth = 0_i32;
        let mut places = Vec::new();
        for (at, c) in bare(self.text) {
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 && self.text[at..].starts_with(sign) {
                places.push(at);
            }
        }
        places
    }

    /// The parts between the places of a sign.
    pub(super) fn split(self, sign: &str) -> Vec<Part<'t>> {
        let mut start = 0;
        let mut parts = Vec::new();
        for at in self.places(sign) {
            parts.push(self.cut(start, at));
            start = at + sign.len();
        }
        parts.push(self.cut(start, self.text.len()));
        parts
    }

    /// The names in an expression: words that are neither in quotes nor behind a point.
    pub(super) fn words(self) -> Vec<&'t str> {
        let mut words = Vec::new();
        let mut quote = None;
        let mut before = ' ';
        let mut chars = self.text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            match (quote, c) {
                (Some(_), '\\') => {
                    chars.next();
                }
                (Some(open), c) if c == open => quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(c),
                (None, c) if c.is_alphanumeric() || c == '_' => {
                    let mut end = at + c.len_utf8();
                    while let Some((next, c)) = chars.next_if(|(_, c)| c.is_alphanumeric() || *c == '_') {
                        end = next + c.len_utf8();
                    }
                    if before != '.' {
                        words.push(&self.text[at..end]);
                    }
                }
                _ => {}
            }
            if !c.is_whitespace() {
                before = c;
            }
        }
        words
    }
}

/// The text with spaces for comments, byte by byte, so that places stay what they are.
pub(super) fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let end = Part { text: line, at: 0 }.comment().unwrap_or(line.len());
        out.push_str(&line[..end]);
        out.extend(line[end..].bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
    }
    out
}

impl Part<'_> {
    /// Where a comment begins on this line.
    fn comment(self) -> Option<usize> {
        bare(self.text).find(|(_, c)| *c == '#').map(|(at, _)| at)
    }
}

/// The characters outside of quotes, with their places.
fn bare(text: &str) -> impl Iterator<Item = (usize, char)> {
    let mut quote = None;
    let mut skipped = false;
    text.char_indices().filter(move |&(_, c)| {
        if std::mem::take(&mut skipped) {
            return false;
        }
        match (quote, c) {
            (Some(_), '\\') => skipped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, _) => return true,
        }
        false
    })
}

/// The statements: lines, and lines that an open bracket joins.
pub(super) fn statements(text: &str) -> Result<Vec<Part<'_>>, (usize, Fault)> {
    let mut statements = Vec::new();
    let mut open: Vec<(char, usize)> = Vec::new();
    let mut quote = None;
    let mut skipped = false;
    let mut start = 0;
    for (at, c) in text.char_indices() {
        if std::mem::take(&mut skipped) {
            continue;
        }
        match (quote, c) {
            // A text ends with its line; reading it says that it does not.
            (_, '\n') => {
                quote = None;
                if open.is_empty() {
                    statements.push(Part { text: &text[start..at], at: start }.trim());
                    start = at + 1;
                }
            }
            (Some(_), '\\') => skipped = true,
            (Some(opening), c) if c == opening => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(' | '[' | '{') => open.push((c, at)),
            (None, ')' | ']' | '}') => {
                let wanted = match c {
                    ')' => '(',
                    ']' => '[',
                    _ => '{',
                };
                if open.pop().is_none_or(|(opening, _)| opening != wanted) {
                    return Err((at, Fault::Bracket(c)));
                }
            }
            _ => {}
        }
    }
    if let Some((c, at)) = open.first() {
        return Err((*at, Fault::Bracket(*c)));
    }
    statements.push(Part { text: &text[start..], at: start }.trim());
    statements.retain(|statement| !statement.text.is_empty());
    Ok(statements)
}
