//! Fuel that is handed out in portions, where somebody may stop the run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::fault::Fault;

/// Steps between two looks at the flag: some 50 ms.
pub(super) const PORTION: u64 = 1 << 24;

/// What a run has not been given yet. Without a flag it is given all at once, so that a step costs the same.
#[derive(Debug, Default)]
pub(super) struct Supply {
    held: u64,
    stop: Option<Arc<AtomicBool>>,
}

impl Supply {
    pub(super) fn stop_by(&mut self, stop: &Arc<AtomicBool>) {
        self.stop = Some(Arc::clone(stop));
    }

    /// The first portion of the fuel.
    pub(super) fn first(&mut self, fuel: u64) -> u64 {
        self.held = if self.stop.is_some() { fuel.saturating_sub(PORTION) } else { 0 };
        fuel - self.held
    }

    pub(super) fn held(&self) -> u64 {
        self.held
    }

    /// What was not handed out.
    pub(super) fn returned(&mut self) -> u64 {
        std::mem::take(&mut self.held)
    }

    /// Pays what `left` does not suffice for, and says what is left then, of a fault too. Out of fuel, all of it is spent.
    #[cold]
    #[inline(never)]
    pub(super) fn more(&mut self, mut left: u64, cost: u64) -> Result<u64, (u64, Fault)> {
        loop {
            let portion = self.held.min(PORTION);
            if portion == 0 {
                return Err((0, Fault::OutOfFuel));
            }
            if self.stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                return Err((left, Fault::Stopped));
            }
            self.held -= portion;
            left += portion;
            if let Some(rest) = left.checked_sub(cost) {
                return Ok(rest);
            }
        }
    }
}
