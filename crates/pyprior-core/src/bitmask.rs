//! Token bitmasks: which tokens are allowed, one bit each.

use thiserror::Error;

/// A bitmask for every row of a batch: `[rows, ceil(vocab / 32)]` words of 32 bits, row after row.
///
/// Bit `i % 32` of word `i / 32` is set when token `i` is allowed; bits beyond the vocabulary are zero. This is
/// the layout of XGrammar, llguidance and vLLM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenBitmask {
    rows: usize,
    vocab: usize,
    words: usize,
    data: Vec<u32>,
}

/// A bitmask that does not fit what it is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("bitmask has {rows} rows for {vocab} tokens; {expected_rows} rows for {expected_vocab} tokens are needed")]
pub struct BitmaskShapeError {
    /// Rows that it has.
    pub rows: usize,
    /// Tokens that it is for.
    pub vocab: usize,
    /// Rows that are needed.
    pub expected_rows: usize,
    /// Tokens that it must be for.
    pub expected_vocab: usize,
}

impl TokenBitmask {
    /// A bitmask that allows nothing.
    ///
    /// # Panics
    ///
    /// Where the memory cannot hold `rows * ceil(vocab / 32)` words, as a vector of that size does.
    pub fn new(rows: usize, vocab: usize) -> Self {
        let words = vocab.div_ceil(32);
        Self { rows, vocab, words, data: vec![0; rows.saturating_mul(words)] }
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of tokens.
    pub fn vocab(&self) -> usize {
        self.vocab
    }

    /// Words a row.
    pub fn words(&self) -> usize {
        self.words
    }

    /// All words, row after row.
    pub fn data(&self) -> &[u32] {
        &self.data
    }

    /// All words, row after row.
    pub fn data_mut(&mut self) -> &mut [u32] {
        &mut self.data
    }

    /// The words of a row; `None` beyond the last.
    pub fn row(&self, row: usize) -> Option<&[u32]> {
        let start = row.checked_mul(self.words)?;
        (row < self.rows).then(|| &self.data[start..start + self.words])
    }

    /// Whether a token is allowed in a row; not beyond the last row or token.
    pub fn is_allowed(&self, row: usize, token: u32) -> bool {
        let word = self.row(row).and_then(|words| words.get(token as usize / 32));
        (token as usize) < self.vocab && word.is_some_and(|word| word >> (token % 32) & 1 == 1)
    }

    /// The allowed tokens of a row, ascending; none beyond the last row.
    pub fn allowed(&self, row: usize) -> impl Iterator<Item = u32> + '_ {
        bits(self.row(row).unwrap_or_default())
    }

    /// Number of allowed tokens of a row.
    pub fn count(&self, row: usize) -> u32 {
        self.row(row).unwrap_or_default().iter().map(|word| word.count_ones()).sum()
    }

    pub(crate) fn check(&self, rows: usize, vocab: usize) -> Result<(), BitmaskShapeError> {
        if (self.rows, self.vocab) == (rows, vocab) {
            return Ok(());
        }
        Err(BitmaskShapeError { rows: self.rows, vocab: self.vocab, expected_rows: rows, expected_vocab: vocab })
    }
}

/// Indices of the set bits, ascending.
pub(crate) fn bits(words: &[u32]) -> impl Iterator<Item = u32> + '_ {
    words.iter().zip((0..).step_by(32)).flat_map(|(&word, base)| {
        std::iter::successors(Some(word), |&rest| Some(rest & rest.wrapping_sub(1)))
            .take_while(|&rest| rest != 0)
            .map(move |rest| base + rest.trailing_zeros())
    })
}
