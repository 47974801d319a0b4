//! Text to tokens, one at a time.

use std::borrow::Cow;

use super::SyntaxProblem;

/// A token and the byte at which it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'t> {
    Name(&'t str),
    Int(i64),
    /// 2⁶³, which has a place in 64 bits behind a minus alone.
    Beyond,
    Text(Cow<'t, str>),
    /// Operators, brackets, keywords such as `and`.
    Sign(&'static str),
    /// `%s`: the next variable, by position. Only where an operand may stand.
    Placeholder,
    End,
}

/// The operator or bracket at the beginning, the longest there is.
fn sign(rest: &[u8]) -> Option<&'static str> {
    Some(match (rest.first()?, rest.get(1)) {
        (b'*', Some(b'*')) => "**",
        (b'/', Some(b'/')) => "//",
        (b'=', Some(b'=')) => "==",
        (b'!', Some(b'=')) => "!=",
        (b'<', Some(b'=')) => "<=",
        (b'>', Some(b'=')) => ">=",
        (b'*', _) => "*",
        (b'/', _) => "/",
        (b'=', _) => "=",
        (b'<', _) => "<",
        (b'>', _) => ">",
        (b'+', _) => "+",
        (b'-', _) => "-",
        (b'%', _) => "%",
        (b'(', _) => "(",
        (b')', _) => ")",
        (b'[', _) => "[",
        (b']', _) => "]",
        (b',', _) => ",",
        (b':', _) => ":",
        (b'.', _) => ".",
        _ => return None,
    })
}

/// A sign as a number, so that it is compared in one step; 0 is none.
#[inline(always)]
pub(super) const fn packed(sign: &str) -> u64 {
    let bytes = sign.as_bytes();
    let mut word = 0;
    let mut at = 0;
    while at < bytes.len() && at < 8 {
        word = word << 8 | bytes[at] as u64;
        at += 1;
    }
    word
}

const KEYWORDS: [&str; 10] = ["and", "or", "not", "in", "if", "else", "True", "False", "None", "is"];

pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Lexer { text, at: 0 }
    }

    /// The next token with the byte it begins at. `operand`: whether an operand may stand here, so that `%s` is not
    /// the remainder by `s`.
    pub(super) fn next(&mut self, operand: bool) -> Result<(Token<'t>, usize), (SyntaxProblem, usize)> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        let start = self.at;
        let Some(&first) = bytes.get(start) else { return Ok((Token::End, start)) };
        let token = match first {
            b'0'..=b'9' => self.number().map_err(|problem| (problem, start))?,
            b'\'' | b'"' => self.quoted(char::from(first)).map_err(|problem| (problem, start))?,
            b'%' if operand && bytes.get(start + 1) == Some(&b's') => {
                self.at += 2;
                Token::Placeholder
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => self.name().map_err(|problem| (problem, start))?,
            _ => {
                let Some(sign) = sign(&bytes[start..]) else {
                    let found = self.text[start..].chars().next().unwrap_or('?');
                    return Err((SyntaxProblem::Character(found), start));
                };
                self.at += sign.len();
                Token::Sign(sign)
            }
        };
        Ok((token, start))
    }

    fn name(&mut self) -> Result<Token<'t>, SyntaxProblem> {
        let rest = &self.text[self.at..];
        let len = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        if len == 0 {
            return Err(SyntaxProblem::Character(rest.chars().next().unwrap_or('?')));
        }
        self.at += len;
        let name = &rest[..len];
        // No keyword is longer; most names are looked at no further.
        let keyword = if len <= 5 { KEYWORDS.iter().find(|keyword| **keyword == name) } else { None };
        Ok(keyword.map_or(Token::Name(name), |keyword| Token::Sign(keyword)))
    }

    fn number(&mut self) -> Result<Token<'t>, SyntaxProblem> {
        let rest = &self.text[self.at..];
        let len = rest.find(|c: char| !(c.is_ascii_digit() || c == '_')).unwrap_or(rest.len());
        let digits = &rest[..len];
        let after = rest[len..].chars().next();
        if after == Some('.') && rest[len + 1..].starts_with(|c: char| c.is_ascii_digit()) {
            return Err(SyntaxProblem::Float);
        }
        if after.is_some_and(char::is_alphabetic) {
            return Err(SyntaxProblem::Number);
        }
        self.at += len;
        let zeros = digits.starts_with('0') && digits.contains(|c| c != '0' && c != '_');
        if zeros || digits.ends_with('_') || digits.contains("__") {
            return Err(SyntaxProblem::Number);
        }
        let parsed: Result<u64, _> = match digits.contains('_') {
            true => digits.replace('_', "").parse(),
            false => digits.parse(),
        };
        let magnitude = parsed.map_err(|_| SyntaxProblem::Number)?;
        match i64::try_from(magnitude) {
            Ok(number) => Ok(Token::Int(number)),
            Err(_) if magnitude == i64::MIN.unsigned_abs() => Ok(Token::Beyond),
            Err(_) => Err(SyntaxProblem::Number),
        }
    }

    /// A text in quotes, with the escapes `\\`, `\'`, `\"`, `\n`, `\r` and `\t`.
    fn quoted(&mut self, quote: char) -> Result<Token<'t>, SyntaxProblem> {
        let inside = &self.text[self.at + 1..];
        // Mostly there is no escape, and the text is lent.
        let plain = inside.split(['\'', '"', '\\', '\n']).next().unwrap_or_default();
        if inside[plain.len()..].starts_with(quote) {
            self.at += plain.len() + 2;
            return Ok(Token::Text(Cow::Borrowed(plain)));
        }
        let mut content = String::new();
        let mut chars = inside.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.at += at + 2;
                    return Ok(Token::Text(Cow::Owned(content)));
                }
                '\\' => content.push(match chars.next() {
                    Some((_, 'n')) => '\n',
                    Some((_, 'r')) => '\r',
                    Some((_, 't')) => '\t',
                    Some((_, c @ ('\\' | '\'' | '"'))) => c,
                    _ => return Err(SyntaxProblem::Escape),
                }),
                '\n' => break,
                c => content.push(c),
            }
        }
        Err(SyntaxProblem::Quote)
    }
}
