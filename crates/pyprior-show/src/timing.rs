//! How long each frame stands.

use std::time::Duration;

use crate::replay::Phase;

/// How long each frame stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Timing {
    /// A token: three fifths of it with what is legal, the rest with what was taken.
    pub token: Duration,
    /// The last frame.
    pub end: Duration,
}

impl Default for Timing {
    /// 700 milliseconds a token, five seconds at the end.
    fn default() -> Self {
        Self { token: Duration::from_millis(700), end: Duration::from_secs(5) }
    }
}

impl Timing {
    /// How long a frame of a phase stands, in whole hundredths of a second as GIF has them, at least one.
    pub fn of(&self, phase: Phase) -> Duration {
        let taken = self.token * 2 / 5;
        let wanted = match phase {
            Phase::Legal => self.token.saturating_sub(taken),
            Phase::Taken => taken,
            Phase::End => self.end,
        };
        Duration::from_millis(u64::try_from(wanted.as_millis() / 10 * 10).unwrap_or(u64::MAX).max(10))
    }
}
