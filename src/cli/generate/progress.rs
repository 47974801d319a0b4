//! How far generation is, and what takes its time.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use clap::ValueEnum;
use pyprior_candle::{Budget, Stats};

use super::super::times::clock;

/// Whether to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// If standard error is a terminal
    Auto,
    Always,
    Never,
}

/// Time between two reports on a terminal, and elsewhere, where each is a line of its own.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(5)];

/// Tells on standard error how it goes.
pub(super) struct Progress {
    tells: bool,
    terminal: bool,
    budget: Budget,
    next: Duration,
}

impl Progress {
    pub(super) fn new(when: When, budget: Budget) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let tells = when == When::Always || (when == When::Auto && terminal);
        Self { tells, terminal, budget, next: Duration::from_secs(1) }
    }

    /// Tells, if it is time to.
    pub(super) fn step(&mut self, stats: &Stats) {
        if !self.tells || stats.total < self.next {
            return;
        }
        self.next = stats.total + PAUSES[usize::from(!self.terminal)];
        self.write(&line(stats, Some(&self.budget)), false);
    }

    /// Tells how it was.
    pub(super) fn end(&self, stats: &Stats) {
        if self.tells {
            self.write(&line(stats, None), true);
        }
    }

    /// What cannot be told is not worth failing for.
    fn write(&self, line: &str, last: bool) {
        let mut out = std::io::stderr().lock();
        let _ = match (self.terminal, last) {
            (true, false) => write!(out, "\r\x1b[2K{line}"),
            (true, true) => writeln!(out, "\r\x1b[2K{line}"),
            (false, _) => writeln!(out, "{line}"),
        };
        let _ = out.flush();
    }
}

/// What there is; with a budget, of what and how long it will take.
fn line(stats: &Stats, budget: Option<&Budget>) -> String {
    let seconds = stats.total.as_secs_f64();
    let rate = |count: u64| if seconds > 0.0 { (count as f64 / seconds).round() as u64 } else { 0 };
    let mut line = grouped(stats.programs);
    if let Some(programs) = budget.and_then(|budget| budget.programs) {
        let _ = write!(line, " of {}", grouped(programs));
    }
    let (per_second, tokens) = (rate(stats.programs), rate(stats.tokens));
    let _ = write!(line, " programs, {}/s, {} tokens/s", grouped(per_second), grouped(tokens));
    let share = |part: Duration| if seconds > 0.0 { 100.0 * part.as_secs_f64() / seconds } else { 0.0 };
    let (model, mask, sample) = (share(stats.model), share(stats.mask), share(stats.sample));
    let _ = write!(line, "; model {model:.0} %, masks {mask:.1} %, sampling {sample:.1} %");
    let _ = match budget.and_then(|budget| left(stats, budget)) {
        Some(left) => write!(line, "; {} left", clock(left)),
        None => write!(line, "; {seconds:.1} s"),
    };
    line
}

/// Seconds until the first bound is reached, if all goes on as it went.
fn left(stats: &Stats, budget: &Budget) -> Option<f64> {
    let seconds = stats.total.as_secs_f64();
    let by = |bound: Option<u64>, count: u64| {
        let left = bound?.saturating_sub(count) as f64;
        (count > 0).then(|| seconds * left / count as f64)
    };
    let time = budget.time.map(|time| time.saturating_sub(stats.total).as_secs_f64());
    let bounds = [by(budget.programs, stats.programs), by(budget.tokens, stats.tokens), time];
    bounds.into_iter().flatten().reduce(f64::min)
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let mut stats = Stats::default();
        let none = "programs, 0/s, 0 tokens/s; model 0 %, masks 0.0 %, sampling 0.0 %; 0.0 s";
        let programs = Budget { programs: Some(1_000_000), ..Budget::default() };
        assert_eq!(line(&stats, Some(&programs)), format!("0 of 1,000,000 {none}"));
        (stats.programs, stats.tokens, stats.total) = (1_234, 37_020, Duration::from_secs(2));
        stats.model = Duration::from_millis(1_900);
        stats.mask = Duration::from_millis(12);
        stats.sample = Duration::from_millis(60);
        let rest = "programs, 617/s, 18,510 tokens/s; model 95 %, masks 0.6 %, sampling 3.0 %";
        assert_eq!(line(&stats, None), format!("1,234 {rest}; 2.0 s"));
        assert_eq!(line(&stats, Some(&programs)), format!("1,234 of 1,000,000 {rest}; 26:59 left"));
        let soonest = Budget { time: Some(Duration::from_secs(9)), tokens: Some(u64::MAX), ..programs };
        assert_eq!(line(&stats, Some(&soonest)), format!("1,234 of 1,000,000 {rest}; 0:07 left"));
    }

    #[test]
    fn numbers() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
