//! AdamW, and how fast it goes.

use serde::{Deserialize, Serialize};

/// The numbers of AdamW.
///
/// Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019. Norms do not decay.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdamW {
    /// What of the first moment stays, from 0 to below 1.
    pub beta_1: f64,
    /// What of the second moment stays, from 0 to below 1.
    pub beta_2: f64,
    /// What is added to the root of the second moment; positive.
    pub eps: f64,
    /// What weights lose in a step, times the learning rate; not negative.
    pub weight_decay: f64,
}

impl Default for AdamW {
    /// 0.9, 0.95, 1e-8 and 0.1, as language models are usually trained.
    fn default() -> Self {
        Self { beta_1: 0.9, beta_2: 0.95, eps: 1e-8, weight_decay: 0.1 }
    }
}

/// One step of AdamW.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rate {
    /// Number of the step, from 1.
    pub(super) step: u64,
    /// The learning rate.
    pub(super) learning: f64,
    /// What gradients are multiplied by.
    pub(super) gradient: f64,
}

impl Rate {
    /// What the first moment, and the root of the second, are multiplied by: both begin at 0, and are too small at
    /// first by 1 - betaⁿ.
    pub(super) fn corrected(self, adamw: &AdamW) -> [f64; 2] {
        let short = |beta: f64| 1.0 - beta.powf(self.step as f64);
        [self.learning / short(adamw.beta_1), 1.0 / short(adamw.beta_2).sqrt()]
    }
}

/// The learning rate over a training: it rises evenly from 0 in the first steps, then falls as a cosine does.
///
/// Loshchilov and Hutter, "SGDR", 2017, without restarts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The highest rate.
    pub peak: f64,
    /// The rate at the end, as a part of the highest, from 0 to 1.
    pub floor: f64,
    /// Steps of the rise.
    pub warm_up: u64,
}

impl Default for Schedule {
    fn default() -> Self {
        Self { peak: 2e-3, floor: 0.1, warm_up: 100 }
    }
}

impl Schedule {
    /// The rate of a step, counted from 0, at which `done` of the training is behind, from 0 to 1.
    pub fn rate(&self, step: u64, done: f64) -> f64 {
        let rise = ((step + 1) as f64 / (self.warm_up + 1) as f64).min(1.0);
        let fall = (1.0 + (std::f64::consts::PI * done.clamp(0.0, 1.0)).cos()) / 2.0;
        self.peak * rise * (self.floor + (1.0 - self.floor) * fall)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rises_and_falls() {
        let schedule = Schedule { peak: 1.0, floor: 0.2, warm_up: 9 };
        let rates = [(0, 0.0), (4, 0.0), (9, 0.0), (50, 0.0), (50, 0.5), (50, 1.0), (50, 7.0)];
        let wanted = [0.1, 0.5, 1.0, 1.0, 0.6, 0.2, 0.2];
        for ((step, done), wanted) in rates.into_iter().zip(wanted) {
            assert!((schedule.rate(step, done) - wanted).abs() < 1e-12, "{step} {done}");
        }
    }
}
