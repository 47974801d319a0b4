//! What one forward pass takes: for each row a slot of the cache and its new tokens.

use std::ops::Range;

/// Rows of one forward pass: each names a slot of the cache and the tokens that come next there.
///
/// Rows may have different numbers of tokens: prompts of any lengths, one token a row in the usual step. Clear it and
/// use it again: after the first steps it allocates nothing.
///
/// ```
/// use pyprior_candle::Batch;
///
/// let mut batch = Batch::new();
/// batch.push(0, &[5, 6, 7]);
/// batch.push(3, &[1]);
/// assert_eq!(batch.rows(), 2);
/// assert_eq!(batch.row(1), Some((3, &[1][..])));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    tokens: Vec<u32>,
    slots: Vec<usize>,
    /// Where each row's tokens end.
    ends: Vec<usize>,
}

impl Batch {
    /// A batch without rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes all rows out.
    pub fn clear(&mut self) {
        self.tokens.clear();
        self.slots.clear();
        self.ends.clear();
    }

    /// Adds a row. What is wrong with it, the forward pass says.
    pub fn push(&mut self, slot: usize, tokens: &[u32]) {
        self.tokens.extend_from_slice(tokens);
        self.slots.push(slot);
        self.ends.push(self.tokens.len());
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.slots.len()
    }

    /// The tokens of all rows, one row after the other.
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// The slot and the tokens of one row.
    pub fn row(&self, row: usize) -> Option<(usize, &[u32])> {
        let begin = row.checked_sub(1).map_or(Some(&0), |before| self.ends.get(before))?;
        let tokens = self.tokens.get(*begin..*self.ends.get(row)?)?;
        Some((*self.slots.get(row)?, tokens))
    }

    /// The slots and tokens of all rows, in order.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &[u32])> {
        (0..self.rows()).filter_map(|row| self.row(row))
    }

    /// Runs of neighbouring rows that have at most `most` tokens together, or are one row.
    pub(crate) fn groups(&self, most: usize) -> impl Iterator<Item = Range<usize>> {
        let mut begin = 0_usize;
        std::iter::from_fn(move || {
            let before = begin.checked_sub(1).map_or(0, |row| self.ends[row]);
            let fit = self.ends.get(begin..)?.partition_point(|&end| end - before <= most);
            let rows = begin..(begin + fit.max(1)).min(self.rows());
            begin = rows.end;
            (!rows.is_empty()).then_some(rows)
        })
    }

    /// The tokens of some neighbouring rows.
    pub(crate) fn tokens_of(&self, rows: Range<usize>) -> &[u32] {
        let end = |rows: usize| rows.checked_sub(1).map_or(0, |row| self.ends[row]);
        &self.tokens[end(rows.start)..end(rows.end)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_take_every_row_once() {
        let mut batch = Batch::new();
        assert_eq!(batch.groups(4).count(), 0);
        for (slot, len) in [2, 2, 1, 9, 1, 0, 3].into_iter().enumerate() {
            batch.push(slot, &vec![slot as u32; len]);
        }
        let groups: Vec<_> = batch.groups(4).collect();
        assert_eq!(groups, [0..2, 2..3, 3..4, 4..7]);
        let tokens: Vec<u32> = groups.into_iter().flat_map(|rows| batch.tokens_of(rows).to_vec()).collect();
        assert_eq!(tokens, batch.tokens());
    }
}
