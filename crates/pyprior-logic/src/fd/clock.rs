//! The time that a search may take, looked at by work done.

use std::time::Instant;

/// Units of work, about a word of a domain each, from one look at the clock to the next.
const BETWEEN_LOOKS: u32 = 1 << 14;

/// A deadline. Once it has passed, it stays so.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock {
    deadline: Option<Instant>,
    /// Work until the next look.
    left: u32,
    over: bool,
}

impl Clock {
    pub(crate) fn new(deadline: Option<Instant>) -> Clock {
        Clock { deadline, left: 0, over: false }
    }

    /// Whether there is a deadline: only then work need be counted.
    #[inline]
    pub(crate) fn is_set(&self) -> bool {
        self.deadline.is_some()
    }

    /// Whether a look showed that the time is over.
    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    /// Counts work; whether the time is over.
    #[inline]
    pub(crate) fn spend(&mut self, work: usize) -> bool {
        let Some(deadline) = self.deadline else { return false };
        match self.left.checked_sub(u32::try_from(work).unwrap_or(u32::MAX)) {
            Some(left) => self.left = left,
            None => {
                self.left = BETWEEN_LOOKS;
                self.over = self.over || Instant::now() >= deadline;
            }
        }
        self.over
    }
}
