//! The package's findings in a program.

use pyprior_core::{Analysis002, Vocab};

use super::lines::Trace;
use super::report::{Outcome, Report};

const LINE: &str = "trace";

/// Compares the recorded findings, each under a name of its own, with ours.
pub(crate) fn compare(report: &mut Report, place: &str, vocab: &Vocab, trace: &Trace) {
    let Some(recorded) = &trace.analysis else { return };
    for field in recorded.rest.keys() {
        report.add(LINE, field, &place, Outcome::NotCompared("unknown to this program"));
    }
    let ours = match vocab.tokens_to_ast(&trace.ids) {
        Ok(module) => Analysis002::of(&module),
        Err(error) => {
            // Recorded of programs only, and what is read as one is compared elsewhere.
            return report.add(LINE, "analysis", &place, Outcome::Different(format!("ours is no program: {error}")));
        }
    };
    let lists = [
        ("analysis.unused", &recorded.unused_funcs, &ours.unused_funcs),
        ("analysis.stores", &recorded.dead_stores, &ours.dead_stores),
        ("analysis.returns", &recorded.returning_funcs, &ours.returning_funcs),
        ("analysis.dead", &recorded.dead_code, &ours.dead_code),
    ];
    for (field, recorded, ours) in lists {
        report.compare(LINE, field, &place, recorded, ours);
    }
    report.compare(LINE, "analysis.value", &place, recorded.value_used, ours.value_used);
}
