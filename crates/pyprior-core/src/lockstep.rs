//! Rows of one language that step together, a tile at a time.
//!
//! The processor foretells branches; one whose condition hangs on everything before it in a step is found to be
//! wrong late, and all that was begun on other rows meanwhile is thrown away. So the common part of a step has no
//! branch, and the rows that need more are noted without one and looked after in a pass of their own.

/// Rows a tile: enough to fill the processor, few enough for the first-level cache.
pub(crate) const TILE: usize = 64;

/// Some rows of a tile, ascending.
pub(crate) struct Queue {
    rows: [u8; TILE],
    len: usize,
}

impl Queue {
    pub(crate) const EMPTY: Self = Self { rows: [0; TILE], len: 0 };

    /// Adds a row or not; each row once at most.
    #[inline(always)]
    pub(crate) fn push_if(&mut self, condition: bool, row: usize) {
        self.rows[self.len % TILE] = row as u8;
        self.len += usize::from(condition);
    }

    #[inline(always)]
    pub(crate) fn rows(&self) -> impl DoubleEndedIterator<Item = usize> {
        self.rows[..self.len.min(TILE)].iter().map(|&row| usize::from(row))
    }
}
