//! Text to words.

use super::error::{ExpressionError, ExpressionErrorKind, TextPlace};

/// A word of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// A name or a keyword.
    Name(String),
    Integer(u64),
    Float(f64),
    Text(String),
    /// An operator or a bracket.
    Sign(&'static str),
    End,
}

impl Word {
    /// As an error names it.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Name(name) => format!("{name:?}"),
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => format!("{number:?}"),
            Self::Text(_) => "a text".to_owned(),
            Self::Sign(sign) => format!("{sign:?}"),
            Self::End => "the end".to_owned(),
        }
    }
}

/// Longer signs before those that they begin with.
const SIGNS: [&str; 15] = ["<=", ">=", "==", "!=", "..", "<", ">", "(", ")", "[", "]", ",", "+", "-", "*"];

/// All words of a text, each with its place; the last is [`Word::End`].
pub(super) fn words(text: &str) -> Result<Vec<(Word, TextPlace)>, ExpressionError> {
    let mut lexer = Lexer { rest: text, at: TextPlace { line: 1, column: 1 } };
    let mut words = Vec::new();
    loop {
        lexer.take(|letter| letter.is_ascii_whitespace());
        let at = lexer.at;
        let word = lexer.word().map_err(|kind| ExpressionError { at, kind })?;
        let end = word == Word::End;
        words.push((word, at));
        if end {
            return Ok(words);
        }
    }
}

struct Lexer<'a> {
    rest: &'a str,
    at: TextPlace,
}

impl<'a> Lexer<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Whether a digit follows behind so many bytes.
    fn digit_behind(&self, bytes: usize) -> bool {
        self.rest.as_bytes().get(bytes).is_some_and(u8::is_ascii_digit)
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.rest = &self.rest[letter.len_utf8()..];
        self.at = match letter {
            '\n' => TextPlace { line: self.at.line + 1, column: 1 },
            _ => TextPlace { column: self.at.column + 1, ..self.at },
        };
        Some(letter)
    }

    fn skip(&mut self, letters: usize) {
        for _ in 0..letters {
            self.next();
        }
    }

    /// Takes characters as long as they are of a kind.
    fn take(&mut self, is: impl Fn(char) -> bool) -> &'a str {
        let before = self.rest;
        while self.peek().is_some_and(&is) {
            self.next();
        }
        &before[..before.len() - self.rest.len()]
    }

    fn word(&mut self) -> Result<Word, ExpressionErrorKind> {
        let Some(first) = self.peek() else { return Ok(Word::End) };
        if first.is_ascii_alphabetic() || first == '_' {
            return Ok(Word::Name(self.take(|letter| letter.is_ascii_alphanumeric() || letter == '_').to_owned()));
        }
        if first.is_ascii_digit() {
            return self.number();
        }
        if first == '"' || first == '\'' {
            return self.text();
        }
        let sign = SIGNS.into_iter().find(|sign| self.rest.starts_with(sign));
        let sign = sign.ok_or(ExpressionErrorKind::Character(first))?;
        self.skip(sign.len());
        Ok(Word::Sign(sign))
    }

    fn number(&mut self) -> Result<Word, ExpressionErrorKind> {
        let before = self.rest;
        let digit = |letter: char| letter.is_ascii_digit();
        self.take(digit);
        let mut whole = true;
        // Two points are a range, not the beginning of a fraction.
        if self.peek() == Some('.') && self.digit_behind(1) {
            whole = false;
            self.next();
            self.take(digit);
        }
        let signed = self.rest.get(1..2).is_some_and(|sign| matches!(sign, "+" | "-"));
        if self.peek() == Some('e') && self.digit_behind(1 + usize::from(signed)) {
            whole = false;
            self.skip(1 + usize::from(signed));
            self.take(digit);
        }
        let text = &before[..before.len() - self.rest.len()];
        let number = match whole {
            true => text.parse().ok().map(Word::Integer),
            false => text.parse().ok().filter(|number: &f64| number.is_finite()).map(Word::Float),
        };
        number.ok_or_else(|| ExpressionErrorKind::Number(text.to_owned()))
    }

    fn text(&mut self) -> Result<Word, ExpressionErrorKind> {
        let (quote, mut text) = (self.next(), String::new());
        loop {
            let letter = self.next().ok_or(ExpressionErrorKind::OpenText)?;
            if Some(letter) == quote {
                return Ok(Word::Text(text));
            }
            text.push(match letter {
                '\\' => match self.next().ok_or(ExpressionErrorKind::OpenText)? {
                    'n' => '\n',
                    't' => '\t',
                    letter @ ('\\' | '"' | '\'') => letter,
                    other => return Err(ExpressionErrorKind::Escape(other)),
                },
                letter => letter,
            });
        }
    }
}
