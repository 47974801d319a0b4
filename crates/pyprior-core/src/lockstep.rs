//! Rows of one language that step together, a tile at a time.
//!
//! The processor foretells branches; one whose condition hangs on everything before it in a step is found to be
//! wrong late, and all that was begun on other rows meanwhile is thrown away. So the common part of a step has no
//! branch, and the rows that need more are noted without one and looked after in a pass of their own.

/// Rows a tile: enough to fill the processor, few enough for the first-level cache.
pub(crate) const TILE: usize = 64;

/// Some rows of a tile, ascending.
pub(crate) struct Queue {
    /// The last eight are room for what is written behind the end.
    rows: [u8; TILE + 8],
    len: usize,
}

/// The numbers of the set bits of a byte, a byte each, the lowest first.
const SET_BITS: [u64; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut bit, mut found) = (0, 0);
        while bit < 8 {
            if byte >> bit & 1 == 1 {
                table[byte] |= bit << (8 * found);
                found += 1;
            }
            bit += 1;
        }
        byte += 1;
    }
    table
};

impl Queue {
    pub(crate) const EMPTY: Self = Self { rows: [0; TILE + 8], len: 0 };

    /// Adds those of up to 32 rows from `first` on whose bits are set; each row once at most.
    #[inline(always)]
    pub(crate) fn push(&mut self, first: usize, count: usize, bits: u32) {
        for eight in (0..count).step_by(8) {
            self.push_eight(first + eight, bits >> eight);
        }
    }

    #[inline(always)]
    fn push_eight(&mut self, first: usize, bits: u32) {
        let bits = bits & 0xff;
        let rows = SET_BITS[bits as usize].wrapping_add(first as u64 % TILE as u64 * 0x0101_0101_0101_0101);
        if let Some(place) = self.rows.get_mut(self.len..).and_then(|rest| rest.first_chunk_mut()) {
            *place = rows.to_le_bytes();
        }
        self.len += bits.count_ones() as usize;
    }

    #[inline(always)]
    pub(crate) fn rows(&self) -> impl DoubleEndedIterator<Item = usize> {
        self.rows[..self.len.min(TILE)].iter().map(|&row| usize::from(row))
    }
}
