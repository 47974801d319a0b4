//! Lists of texts, one after the other in one piece of memory.

use super::list::Lists;

/// Lists of texts back to back.
#[derive(Debug, Clone)]
pub struct Texts {
    texts: Lists<u8>,
    /// Where each list ends among the texts, with a 0 before.
    offsets: Vec<i32>,
}

impl Default for Texts {
    fn default() -> Self {
        Self { texts: Lists::default(), offsets: vec![0] }
    }
}

/// One list of texts.
#[derive(Debug, Clone, Copy)]
pub struct TextList<'a> {
    texts: &'a Lists<u8>,
    start: usize,
    end: usize,
}

impl<'a> TextList<'a> {
    /// The texts.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let texts = self.texts;
        (self.start..self.end).map(|nth| texts.get(nth).and_then(|text| str::from_utf8(text).ok()).unwrap_or_default())
    }
}

impl PartialEq for TextList<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Texts {
    /// All texts.
    pub fn texts(&self) -> &Lists<u8> {
        &self.texts
    }

    /// Where lists begin and end among the texts: one more than there are lists.
    pub fn offsets(&self) -> &[i32] {
        &self.offsets
    }

    /// A list; `None` beyond the last.
    pub fn get(&self, nth: usize) -> Option<TextList<'_>> {
        let (start, end) = (*self.offsets.get(nth)? as usize, *self.offsets.get(nth + 1)? as usize);
        Some(TextList { texts: &self.texts, start, end })
    }

    /// Adds a list, and says of how many bytes.
    pub(super) fn push<'t>(&mut self, list: impl Iterator<Item = &'t str>) -> usize {
        let bytes = list.map(|text| self.texts.push(text.as_bytes())).sum();
        self.offsets.push(i32::try_from(self.texts.offsets().len() - 1).unwrap_or(i32::MAX));
        bytes
    }

    pub(super) fn clear(&mut self) {
        self.texts.clear();
        self.offsets.truncate(1);
    }
}
