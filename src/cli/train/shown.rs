//! Progress on standard error: one line that changes on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use pyprior_candle::train::{StepReport, Trainer};

use super::super::times::clock;
use super::course::{EvaluationLine, StartLine};
use super::place::Place;

/// Steps that the shown loss is a mean of, about.
const SMOOTH: f64 = 0.95;

pub(super) struct Shown {
    terminal: bool,
    /// When something was last shown.
    last: Option<Instant>,
    began: Instant,
    /// Part of the training that was done, and tokens, at the first step.
    first: Option<(f64, u64)>,
    loss: Option<f64>,
}

impl Shown {
    pub(super) fn new() -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { terminal, last: None, began: Instant::now(), first: None, loss: None }
    }

    pub(super) fn start(&mut self, start: Option<&StartLine>, trainer: &Trainer) {
        self.began = Instant::now();
        if let Some(start) = start {
            let passing = start.passing.map(|part| format!("; {:.1}% of drawn programs pass the filter", part * 100.0));
            say(&format!(
                "{} parameters; held out: uniform {:.4}, prior {:.4} nats/token{}",
                start.parameters,
                start.baselines.uniform,
                start.baselines.prior,
                passing.unwrap_or_default()
            ));
        }
        if trainer.progress().steps > 0 {
            say(&format!("going on from step {}", trainer.progress().steps));
        }
    }

    pub(super) fn step(&mut self, report: &StepReport, done: f64) {
        let loss = self.loss.map_or(report.loss, |loss| SMOOTH * loss + (1.0 - SMOOTH) * report.loss);
        self.loss = Some(loss);
        // The first step is the one that the clock of speed begins behind.
        let Some((done_first, tokens_first)) = self.first else {
            (self.first, self.began) = (Some((done, report.tokens)), Instant::now());
            return;
        };
        let pause = Duration::from_millis(if self.terminal { 200 } else { 10_000 });
        if self.last.is_some_and(|last| last.elapsed() < pause) {
            return;
        }
        self.last = Some(Instant::now());
        let seconds = self.began.elapsed().as_secs_f64();
        let speed = (report.tokens - tokens_first) as f64 / seconds.max(1e-9);
        let left = match done - done_first {
            part if part > 0.0 => format!(", {} left", clock(seconds * (1.0 - done) / part)),
            _ => String::new(),
        };
        let StepReport { step, rate, .. } = report;
        let line = format!("step {step}: loss {loss:.4}, lr {rate:.2e}, {speed:.0} tokens/s{left}");
        if self.terminal {
            // What cannot be shown is not worth failing for.
            let _ = write!(std::io::stderr(), "\r\x1b[2K{line}");
        } else {
            say(&line);
        }
    }

    pub(super) fn evaluation(&mut self, line: &EvaluationLine) {
        let of = line.evaluated.held_out;
        let passing = line.passing.map(|part| format!(", {:.1}% of generated programs pass", part * 100.0));
        self.clear();
        say(&format!(
            "step {}: held out {:.4}, masked {:.4} nats/token, legal mass {:.4}{}",
            line.evaluated.step,
            of.loss,
            of.masked_loss,
            of.legal_mass,
            passing.unwrap_or_default()
        ));
    }

    pub(super) fn end(&mut self, place: &Place, interrupted: bool) {
        self.clear();
        let how = if interrupted { "interrupted; --resume goes on" } else { "done" };
        say(&format!("{how}: {}", place.dir().display()));
    }

    fn clear(&self) {
        if self.terminal {
            let _ = write!(std::io::stderr(), "\r\x1b[2K");
        }
    }
}

fn say(line: &str) {
    // As above.
    let _ = writeln!(std::io::stderr(), "{line}");
}
