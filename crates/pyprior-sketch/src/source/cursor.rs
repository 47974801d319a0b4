//! Words one after the other.

use super::lexer::{Word, words};
use crate::error::{Place, SketchError, syntax};

/// Brackets and operators nest at most so deep.
const MAX_NESTING: u32 = 100;

pub(super) struct Cursor {
    words: Vec<(Word, Place)>,
    at: usize,
    depth: u32,
}

impl Cursor {
    pub(super) fn new(lines: &[&str], first: u32, flat: bool) -> Result<Self, SketchError> {
        Ok(Self { words: words(lines, first, flat)?, at: 0, depth: 0 })
    }

    pub(super) fn peek(&self) -> &Word {
        self.words.get(self.at).map_or(&Word::End, |(word, _)| word)
    }

    /// The word behind the next one.
    pub(super) fn peek_second(&self) -> &Word {
        self.words.get(self.at + 1).map_or(&Word::End, |(word, _)| word)
    }

    pub(super) fn place(&self) -> Place {
        let last = self.words.last().map_or(Place { line: 1, column: 1 }, |(_, place)| *place);
        self.words.get(self.at).map_or(last, |(_, place)| *place)
    }

    pub(super) fn next(&mut self) -> (Word, Place) {
        let place = self.place();
        let word = self.peek().clone();
        self.at += 1;
        (word, place)
    }

    pub(super) fn is_sign(&self, sign: &str) -> bool {
        matches!(self.peek(), Word::Sign(found) if *found == sign)
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        matches!(self.peek(), Word::Name(found) if found == name)
    }

    pub(super) fn take_sign(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        self.at += usize::from(found);
        found
    }

    pub(super) fn take_name(&mut self, name: &str) -> bool {
        let found = self.is_name(name);
        self.at += usize::from(found);
        found
    }

    pub(super) fn take(&mut self, word: &Word) -> bool {
        let found = self.peek() == word;
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect_sign(&mut self, sign: &str) -> Result<Place, SketchError> {
        let place = self.place();
        if self.take_sign(sign) { Ok(place) } else { self.unexpected(&format!("`{sign}`")) }
    }

    pub(super) fn expect_name(&mut self, what: &str) -> Result<(String, Place), SketchError> {
        match self.peek() {
            Word::Name(name) => {
                let name = name.clone();
                let place = self.place();
                self.at += 1;
                Ok((name, place))
            }
            _ => self.unexpected(what),
        }
    }

    /// An integer with its sign.
    pub(super) fn expect_int(&mut self) -> Result<i64, SketchError> {
        let negative = self.take_sign("-");
        match *self.peek() {
            Word::Int(value) => {
                let signed = if negative { 0_i64.checked_sub_unsigned(value) } else { i64::try_from(value).ok() };
                let found = signed.ok_or_else(|| syntax(self.place(), format!("`{value}` is no integer of 64 bits")));
                self.at += 1;
                found
            }
            _ => self.unexpected("an integer"),
        }
    }

    pub(super) fn expect_newline(&mut self) -> Result<(), SketchError> {
        match self.take(&Word::Newline) || *self.peek() == Word::End {
            true => Ok(()),
            false => self.unexpected("the end of the line"),
        }
    }

    /// The error that something else was expected.
    pub(super) fn unexpected<T>(&self, expected: &str) -> Result<T, SketchError> {
        let found = match self.peek() {
            Word::Name(name) => format!("`{name}`"),
            Word::Int(value) => format!("`{value}`"),
            Word::Text(text) => format!("{text:?}"),
            Word::Sign(sign) => format!("`{sign}`"),
            Word::Newline => "the end of the line".to_owned(),
            Word::Indent => "an indented block".to_owned(),
            Word::Dedent => "the end of the block".to_owned(),
            Word::End => "the end".to_owned(),
        };
        Err(syntax(self.place(), format!("expected {expected}, found {found}")))
    }

    /// One level of nesting: deeper ones are refused, so that reading does not use up the stack.
    pub(super) fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, SketchError>,
    ) -> Result<T, SketchError> {
        self.enter()?;
        let result = read(self)?;
        self.leave();
        Ok(result)
    }

    /// Opens a level of nesting.
    pub(super) fn enter(&mut self) -> Result<(), SketchError> {
        if self.depth == MAX_NESTING {
            return Err(syntax(self.place(), format!("this nests more than {MAX_NESTING} deep")));
        }
        self.depth += 1;
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Whether the bracket that is next has a formula in it, and not a term: an order, or a word that only formulas have.
    pub(super) fn opens_formula(&self) -> bool {
        let mut depth = 0_usize;
        for (word, _) in self.words.iter().skip(self.at) {
            match word {
                Word::Sign("(") => depth += 1,
                Word::Sign(")") => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return false;
                    }
                }
                Word::Sign("<" | "<=" | "==" | "!=" | ">=" | ">") if depth > 0 => return true,
                Word::Name(name) if depth > 0 && matches!(name.as_str(), "and" | "or" | "not" | "all_distinct") => {
                    return true;
                }
                Word::Newline | Word::End => return false,
                _ if depth == 0 => return false,
                _ => {}
            }
        }
        false
    }

    /// Names that stand between `for` or a comma and `in`, up to the end of the line.
    pub(super) fn bound_behind(&self) -> Vec<String> {
        let line = self.words.iter().skip(self.at).map(|(word, _)| word).take_while(|word| **word != Word::Newline);
        let line = line.collect::<Vec<_>>();
        let names = line.windows(2).filter_map(|pair| match pair {
            [Word::Name(name), Word::Name(word)] if word == "in" => Some(name.clone()),
            _ => None,
        });
        names.collect()
    }
}
