//! How a measure of memory is dealt out.

use super::error::DedupError;

/// Bytes of a key and a place in a file.
pub(super) const RECORD: u64 = 24;
/// Most files of a round: as many as may be open at a time anywhere.
const MAX_FILES: u64 = 256;
/// Bytes of a table of keys for each, at worst: 21 a slot, of which 7 of 16 are filled just after it has grown, beside the
/// table that it grows out of.
const ENTRY: u64 = 72;
/// Bytes for a thread that writes: a row group as it is read, and as it is written.
const WRITER: u64 = 192 << 20;

/// What each step may take, and over how many threads and files that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Memory {
    /// Rows that are gathered at a time, before they go to files.
    pub(super) wave_rows: u64,
    /// Files of a round, a power of 2.
    pub(super) files: u64,
    /// Bytes of the buffer of each.
    pub(super) buffer: usize,
    /// Threads that go over these files.
    pub(super) settlers: usize,
    /// Threads that write shards.
    pub(super) writers: usize,
}

impl Memory {
    /// Deals out so many bytes for a dataset with so many rows, which have so many places; up to `together` of them are read
    /// together.
    pub(super) fn new(bytes: u64, threads: usize, rows: u64, places: u64, together: u64) -> Result<Self, DedupError> {
        let threads = threads.max(1) as u64;
        // A bit for each place in each of two rounds; then a quarter for what is read, half for tables of keys.
        let bits = places.div_ceil(8).saturating_mul(2);
        let left = bytes.saturating_sub(bits);
        let tables = rows.saturating_mul(ENTRY);
        let files = |settlers: u64| {
            let files = tables.div_ceil((left / 2 / settlers).max(1)).max(1);
            files.checked_next_power_of_two().unwrap_or(u64::MAX)
        };
        let settlers = (1..=threads).rev().find(|&settlers| files(settlers) <= MAX_FILES);
        let wave_rows = left / 4 / RECORD;
        let Some(settlers) = settlers.filter(|_| wave_rows >= together.max(1)) else {
            let waves = together.max(1).saturating_mul(4 * RECORD);
            let wanted = bits.saturating_add(tables.div_ceil(MAX_FILES).saturating_mul(2).max(waves));
            return Err(DedupError::Memory { rows, wanted, given: bytes });
        };
        let files = files(settlers);
        Ok(Self {
            wave_rows,
            files,
            buffer: usize::try_from(left / 8 / files).unwrap_or(usize::MAX).clamp(1 << 12, 1 << 18),
            settlers: usize::try_from(settlers).unwrap_or(1),
            writers: usize::try_from((left / WRITER).clamp(1, threads)).unwrap_or(1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_enough_for_all_or_refused() {
        for (bytes, threads, rows) in [(1 << 30, 2, 10_000_000), (1 << 24, 64, 10_000_000), (1 << 30, 8, 1_000_000_000)]
        {
            let memory = Memory::new(bytes, threads, rows, rows, 0).unwrap();
            let tables = rows.div_ceil(memory.files) * ENTRY * memory.settlers as u64;
            let bits = rows / 8 * 2;
            assert!(tables + bits <= bytes, "{memory:?}");
            assert!(memory.files * memory.buffer as u64 + memory.wave_rows * RECORD + bits <= bytes, "{memory:?}");
            assert!(memory.files <= MAX_FILES && memory.settlers <= threads, "{memory:?}");
        }
        let refused = Memory::new(1 << 20, 2, 10_000_000, 10_000_000, 0).unwrap_err();
        let DedupError::Memory { wanted, .. } = refused else { panic!("{refused}") };
        Memory::new(wanted + (1 << 10), 2, 10_000_000, 10_000_000, 0).unwrap();
        assert_eq!(Memory::new(1 << 30, 2, 10, 10, 0).unwrap().files, 1);
        Memory::new(1 << 30, 2, u64::MAX, 1 << 51, 0).unwrap_err();
        // Bits alone would be more.
        Memory::new(1 << 30, 2, 3, 1 << 51, 0).unwrap_err();
    }

    #[test]
    fn rows_that_are_read_together_fit() {
        let refused = Memory::new(1 << 20, 2, 20_000, 20_000, 20_000).unwrap_err();
        let DedupError::Memory { wanted, .. } = refused else { panic!("{refused}") };
        assert!(Memory::new(wanted, 2, 20_000, 20_000, 20_000).unwrap().wave_rows >= 20_000);
        Memory::new(1 << 20, 2, 20_000, 20_000, 0).unwrap();
    }
}
