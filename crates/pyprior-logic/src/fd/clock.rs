//! The time that a search may take, looked at by work done.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

/// Says whether somebody wants a search to end.
pub(crate) type Interruption = Arc<dyn Fn() -> bool + Send + Sync>;

/// Units of work, about a word of a domain each, from one look at the clock to the next.
const BETWEEN_LOOKS: u32 = 1 << 14;

/// A deadline, or somebody who may say that it is enough. Once it has passed, it stays so.
#[derive(Clone, Default)]
pub(crate) struct Clock {
    deadline: Option<Instant>,
    interruption: Option<Interruption>,
    /// Whether there is one of these.
    set: bool,
    /// Work until the next look.
    left: u32,
    over: bool,
}

impl Clock {
    pub(crate) fn new(deadline: Option<Instant>, interruption: Option<Interruption>) -> Clock {
        let set = deadline.is_some() || interruption.is_some();
        Clock { deadline, interruption, set, left: 0, over: false }
    }

    /// Whether it may be over some time: only then work need be counted.
    #[inline]
    pub(crate) fn is_set(&self) -> bool {
        self.set
    }

    /// Whether a look showed that the time is over.
    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    /// Counts work; whether the time is over.
    #[inline]
    pub(crate) fn spend(&mut self, work: usize) -> bool {
        if !self.set {
            return false;
        }
        match self.left.checked_sub(u32::try_from(work).unwrap_or(u32::MAX)) {
            Some(left) => self.left = left,
            None => {
                self.left = BETWEEN_LOOKS;
                self.over = self.over || self.look();
            }
        }
        self.over
    }

    /// Counts work before which a closure is asked, which may take any time: so the deadline is looked at each time.
    pub(crate) fn spend_closure(&mut self, work: usize) -> bool {
        self.over = self.over || self.is_past();
        self.spend(work) || self.over
    }

    fn is_past(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    fn look(&self) -> bool {
        self.is_past() || self.interruption.as_ref().is_some_and(|interruption| interruption())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("deadline", &self.deadline).field("over", &self.over).finish_non_exhaustive()
    }
}
