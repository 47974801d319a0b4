//! Programs in bulk.

/// Programs one after the other in one piece of memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Programs {
    pub(super) tokens: Vec<u32>,
    /// Where each program ends.
    pub(super) ends: Vec<usize>,
}

impl Programs {
    /// Number of programs.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The tokens of a program; `None` beyond the last.
    pub fn get(&self, index: usize) -> Option<&[u32]> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.tokens[start..end])
    }

    /// The programs in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u32]> {
        (0..self.len()).map(|index| self.get(index).unwrap_or_default())
    }

    /// All tokens, program after program.
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// Forgets the programs and keeps the memory.
    pub fn clear(&mut self) {
        self.tokens.clear();
        self.ends.clear();
    }

    /// Adds a program.
    pub fn push(&mut self, tokens: &[u32]) {
        self.tokens.extend_from_slice(tokens);
        self.ends.push(self.tokens.len());
    }

    pub(super) fn append(&mut self, tokens: &[u32], ends: &[usize]) {
        let base = self.tokens.len();
        self.tokens.extend_from_slice(tokens);
        self.ends.extend(ends.iter().map(|end| end + base));
    }
}
