//! When to stop, and what it took.

use std::time::Duration;

/// When to stop; what is not given has no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budget {
    /// Programs that are finished. As many are begun and no more.
    pub programs: Option<u64>,
    /// Tokens of programs, finished or not, prompts not counted. No step begins once there are as many.
    pub tokens: Option<u64>,
    /// Time. No step begins once it is over.
    pub time: Option<Duration>,
}

/// What a run took.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Programs that were finished and handed out.
    pub programs: u64,
    /// Tokens behind the prompts, of programs that were left unfinished too.
    pub tokens: u64,
    /// Those of them that were the only legal ones.
    pub forced: u64,
    /// Forward passes.
    pub steps: u64,
    /// Time of the whole run.
    pub total: Duration,
    /// Time of the model; on a device that works by itself, of handing it its work.
    pub model: Duration,
    /// Time of filling masks and following tokens.
    pub mask: Duration,
    /// Time of drawing tokens, waiting for the device included.
    pub sample: Duration,
}

impl Budget {
    /// Whether another step may begin.
    pub(super) fn lasts(&self, stats: &Stats) -> bool {
        self.tokens.is_none_or(|tokens| stats.tokens < tokens) && self.time.is_none_or(|time| stats.total < time)
    }
}
