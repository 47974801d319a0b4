//! What ends a search before it is through.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::fd::clock::{Clock, Interruption};

/// Which limit ended a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// Number of choices.
    Nodes(u64),
    /// Time.
    Time(Duration),
    /// Number of solutions.
    Solutions(u64),
    /// Somebody [wanted](super::Solver::interrupt) it to end.
    Interrupted,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limit::Nodes(nodes) => write!(f, "{nodes} choices"),
            Limit::Time(time) => write!(f, "{time:?}"),
            Limit::Solutions(solutions) => write!(f, "{solutions} solutions"),
            Limit::Interrupted => f.write_str("an interruption"),
        }
    }
}

/// The limits of a solver; none by default.
#[derive(Clone, Default)]
pub(crate) struct Limits {
    pub(crate) nodes: Option<u64>,
    pub(crate) time: Option<Duration>,
    pub(crate) solutions: Option<u64>,
    pub(crate) interruption: Option<Interruption>,
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Limits { nodes, time, solutions, .. } = self;
        write!(f, "{nodes:?} nodes, {time:?}, {solutions:?} solutions")
    }
}

/// Limits of a search under way, shared by its threads.
#[derive(Debug)]
pub(crate) struct Meter {
    limits: Limits,
    deadline: Option<Instant>,
    nodes: AtomicU64,
    solutions: AtomicU64,
}

/// Nodes from one look at the clock to the next.
const BETWEEN_LOOKS: u64 = 64;

impl Meter {
    pub(crate) fn new(limits: Limits) -> Meter {
        // A time that no clock reaches is none.
        let deadline = limits.time.and_then(|time| Instant::now().checked_add(time));
        Meter { limits, deadline, nodes: AtomicU64::new(0), solutions: AtomicU64::new(0) }
    }

    /// What looks at the time while propagating and compiling.
    pub(crate) fn clock(&self) -> Clock {
        Clock::new(self.deadline, self.limits.interruption.clone())
    }

    /// What ended the search, when its clock says that it is over.
    pub(crate) fn out_of_time(&self) -> Limit {
        match (self.limits.time, self.deadline) {
            (Some(time), Some(deadline)) if Instant::now() >= deadline => Limit::Time(time),
            _ => Limit::Interrupted,
        }
    }

    /// Counts a node.
    #[inline]
    pub(crate) fn node(&self) -> Result<(), Limit> {
        if self.limits.nodes.is_none() && self.deadline.is_none() && self.limits.interruption.is_none() {
            return Ok(());
        }
        let count = self.nodes.fetch_add(1, Ordering::Relaxed);
        match self.limits.nodes {
            Some(most) if count >= most => return Err(Limit::Nodes(most)),
            _ => {}
        }
        if count.is_multiple_of(BETWEEN_LOOKS) { self.look() } else { Ok(()) }
    }

    fn look(&self) -> Result<(), Limit> {
        match (self.deadline, self.limits.time) {
            (Some(deadline), Some(time)) if Instant::now() >= deadline => return Err(Limit::Time(time)),
            _ => {}
        }
        let interrupted = self.limits.interruption.as_ref().is_some_and(|interruption| interruption());
        if interrupted { Err(Limit::Interrupted) } else { Ok(()) }
    }

    /// The limit on solutions; `u64::MAX` if there is none.
    pub(crate) fn most_solutions(&self) -> u64 {
        self.limits.solutions.unwrap_or(u64::MAX)
    }

    /// Whether one solution more is wanted.
    pub(crate) fn wanted(&self) -> Result<(), Limit> {
        match self.limits.solutions {
            Some(most) if self.solutions.load(Ordering::Relaxed) >= most => Err(Limit::Solutions(most)),
            _ => Ok(()),
        }
    }

    /// Counts a solution.
    pub(crate) fn solution(&self) {
        if self.limits.solutions.is_some() {
            self.solutions.fetch_add(1, Ordering::Relaxed);
        }
    }
}
