//! The symbolic prior: its recorded logits, and what it makes of a model's.

use std::fmt::Display;

use pyprior_core::{ApplyMode, Frontier, LogitsScratch, Prior, PriorConfig, TokenBitmask, Vocab};
use serde_json::Value;

use super::lines::Trace;
use super::report::{Outcome, Report};

/// Absolute tolerance: recorded values were computed in `f32` throughout, ours are rounded to it once.
const TOLERANCE: f64 = 1e-5;

/// The prior of a recorded configuration, once for every mode, and memory to compare in.
pub(crate) struct Priors {
    modes: Vec<Prior>,
    bitmask: TokenBitmask,
    scratch: LogitsScratch,
}

impl Priors {
    /// The prior of the recorded fields; the error says which of them ours refuses.
    pub(crate) fn new(vocab: &Vocab, fields: &Value) -> Result<Self, String> {
        let config: PriorConfig = serde_json::from_value(fields.clone()).map_err(|error| error.to_string())?;
        let prior = |apply| Prior::new(vocab, PriorConfig { apply, ..config }).map_err(|error| error.to_string());
        Ok(Self {
            modes: ApplyMode::ALL.into_iter().map(prior).collect::<Result<_, _>>()?,
            bitmask: TokenBitmask::new(1, vocab.len()),
            scratch: LogitsScratch::new(vocab.len()),
        })
    }

    /// Compares the table before damping.
    pub(crate) fn base(&self, report: &mut Report, place: &dyn Display, recorded: &[f64]) {
        let ours = self.logits(None);
        add(report, "config", "prior_base", place, recorded, &ours);
    }

    /// Compares what a trace holds for the step behind `taken` tokens, where `legal` are the recorded legal ids.
    pub(crate) fn step(
        &mut self,
        report: &mut Report,
        place: &dyn Display,
        trace: &Trace,
        taken: usize,
        frontier: Option<Frontier>,
        legal: &[u32],
    ) {
        for (_, recorded) in trace.logits.iter().filter(|(at, _)| *at == taken) {
            add(report, "trace", "logits", place, recorded, &self.logits(frontier));
        }
        self.bitmask.data_mut().fill(0);
        legal.iter().for_each(|&id| self.bitmask.data_mut()[id as usize / 32] |= 1 << (id % 32));
        for (_, model, results) in trace.apply.iter().filter(|(at, ..)| *at == taken) {
            for (mode, recorded) in results {
                let field = format!("apply.{mode}");
                let Some(prior) = self.modes.iter().find(|prior| prior.config().apply.name() == mode) else {
                    report.add("trace", &field, place, Outcome::Different("a mode that ours lacks".to_owned()));
                    continue;
                };
                let mut row = model.clone();
                match prior.apply_row(&mut row, &self.bitmask, 0, frontier, &mut self.scratch) {
                    Ok(()) => {
                        let ours = legal.iter().map(|&id| f64::from(row[id as usize])).collect::<Vec<_>>();
                        add(report, "trace", &field, place, recorded, &ours);
                        let out = row.iter().filter(|&&logit| logit == f32::NEG_INFINITY).count();
                        report.compare("trace", "apply.illegal", place, row.len() - legal.len(), out);
                    }
                    Err(error) => report.add("trace", &field, place, Outcome::Different(error.to_string())),
                }
            }
        }
    }

    fn logits(&self, frontier: Option<Frontier>) -> Vec<f64> {
        let mut row = vec![0.0_f32; self.bitmask.vocab()];
        // The shapes are those of one vocabulary; were they not, the row of zeros would be a difference.
        let _ = self.modes.first().map(|prior| prior.logits(frontier, &self.bitmask, 0, &mut row));
        row.into_iter().map(f64::from).collect()
    }
}

/// Compares numbers one by one; a row that differs is told once, by its worst.
fn add(report: &mut Report, line: &'static str, field: &str, place: &dyn Display, recorded: &[f64], ours: &[f64]) {
    let off = |(recorded, ours): (&f64, &f64)| (recorded - ours).abs();
    let pairs = || recorded.iter().zip(ours);
    // Written this way round, NaN counts as a difference.
    let within = pairs().filter(|&pair| off(pair) <= TOLERANCE).count();
    report.add_equal(line, field, within as u64);
    if recorded.len() != ours.len() {
        let what = format!("recorded {} numbers, ours {}", recorded.len(), ours.len());
        report.add(line, field, place, Outcome::Different(what));
    } else if within < ours.len() {
        let worst = pairs().enumerate().max_by(|a, b| off(a.1).total_cmp(&off(b.1)));
        let worst = worst.map_or_else(String::new, |(nth, (recorded, ours))| {
            format!("at {nth} recorded {recorded}, ours {ours}; {} of {} differ", pairs().len() - within, pairs().len())
        });
        report.add(line, field, place, Outcome::Different(worst));
    }
}
