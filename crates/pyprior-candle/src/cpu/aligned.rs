//! Memory for numbers that begins where a cache line does.

use crate::ops::lanes::{LANES, Lanes};

/// Bytes of a cache line, and of the widest register: loads that cross a line take twice as long.
const LINE: usize = 64;

/// Lines of 16 numbers, each in one cache line.
#[derive(Debug)]
pub(super) struct Aligned {
    numbers: Vec<f32>,
    begin: usize,
    len: usize,
}

impl Aligned {
    /// Zeros, or `None` if there is no memory for them.
    pub(super) fn zeros(lines: usize) -> Option<Self> {
        let len = lines.checked_mul(LANES)?;
        let all = len.checked_add(LANES)?;
        let mut numbers = Vec::new();
        numbers.try_reserve_exact(all).ok()?;
        numbers.resize(all, 0.0);
        // Whatever it says, numbers are right; aligned, they are read faster.
        let begin = numbers.as_ptr().align_offset(LINE).min(LANES);
        Some(Self { numbers, begin, len })
    }

    pub(super) fn numbers(&self) -> &[f32] {
        &self.numbers[self.begin..][..self.len]
    }

    pub(super) fn numbers_mut(&mut self) -> &mut [f32] {
        &mut self.numbers[self.begin..][..self.len]
    }

    pub(super) fn lines_mut(&mut self) -> &mut [Lanes] {
        self.numbers_mut().as_chunks_mut().0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_begin_where_cache_lines_do() {
        for lines in [0, 1, 5, 1000] {
            let mut memory = Aligned::zeros(lines).expect("memory");
            assert_eq!((memory.lines_mut().len(), memory.numbers().len()), (lines, lines * LANES));
            assert_eq!(memory.numbers().as_ptr().addr() % LINE, 0);
            memory.lines_mut().fill([1.0; LANES]);
            assert!(memory.numbers_mut().iter().all(|&x| x == 1.0));
        }
        assert!(Aligned::zeros(usize::MAX).is_none());
        assert!(Aligned::zeros(usize::MAX / 256).is_none());
    }
}
