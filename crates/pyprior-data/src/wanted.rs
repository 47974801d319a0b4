//! What is to be found out of a program.

use crate::columns::Needs;

/// What is to be found out.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted {
    pub(crate) run: bool,
    pub(crate) analysis: bool,
    pub(crate) source: bool,
    pub(crate) prior: bool,
    pub(crate) shape: bool,
    pub(crate) examples: bool,
    pub(crate) trace: bool,
}

impl Wanted {
    pub(crate) fn join(&mut self, other: Self) {
        self.run |= other.run;
        self.analysis |= other.analysis;
        self.source |= other.source;
        self.prior |= other.prior;
        self.shape |= other.shape;
        self.examples |= other.examples;
        self.trace |= other.trace;
    }

    pub(crate) fn add(&mut self, needs: Needs) {
        match needs {
            Needs::Nothing => {}
            Needs::Run => self.run = true,
            Needs::Analysis => self.analysis = true,
            Needs::Source => self.source = true,
            Needs::Prior => self.prior = true,
            Needs::Shape => self.shape = true,
            Needs::Examples => self.examples = true,
            Needs::Trace => self.trace = true,
        }
    }
}
