//! The last input, to be looked at.

use std::ops::Range;

use super::layout::Layout;
use crate::analysis::{Analysis, Finding, FindingKind};
use crate::codec::encode::places::Place;
use crate::codec::program_names::ProgramNames;
use crate::vocab::Vocab;

/// An input that has been read.
#[derive(Debug)]
pub struct Input {
    pub(super) tokens: Vec<u32>,
    pub(super) names: ProgramNames,
    pub(super) parts: Vec<Range<usize>>,
    pub(super) layout: Layout,
    pub(super) places: Vec<Place>,
}

impl Input {
    /// The tokens of each statement of its module. Variables and functions have the numbers that they get behind those
    /// of before that the input needs; an expression is an assignment.
    pub fn statements(&self) -> impl ExactSizeIterator<Item = &[u32]> {
        self.parts.iter().map(|part| self.tokens.get(part.clone()).unwrap_or_default())
    }

    /// Where a statement starts; statements are counted in preorder from 0, as in
    /// [`ExecError`](crate::exec::ExecError).
    pub fn place(&self, statement: usize) -> Option<Place> {
        self.places.get(statement).copied()
    }

    /// What an [`Analysis`] finds in it, each with its place and in words. What later inputs can read or call is not
    /// found unused: variables and functions of the module.
    pub fn findings(&self, vocab: &Vocab) -> Vec<(Place, FindingKind, String)> {
        let Ok(analysis) = Analysis::of_tokens(vocab, &self.tokens) else { return Vec::new() };
        let mut own = Vec::new();
        let mut next = 0;
        for &(carried, count) in &self.layout {
            for _ in 0..count {
                own.push((!carried).then_some(next));
                next += usize::from(!carried);
            }
        }
        let place = |statement: usize| self.place((*own.get(statement)?)?);
        let found = analysis.findings.iter().filter(|finding| !stays(finding)).filter_map(|finding| {
            let by = match finding.kind {
                FindingKind::Unreachable { by, .. } => by,
                _ => finding.statement,
            };
            let by = place(by).map_or_else(String::new, |place| format!("line {}", place.line));
            Some((place(finding.statement)?, finding.kind, finding.message(Some(&self.names), &by)))
        });
        found.collect()
    }
}

/// Whether a finding is that nothing reads or calls what a later input may read or call.
fn stays(finding: &Finding) -> bool {
    match finding.kind {
        FindingKind::UnusedFunction { .. } => true,
        FindingKind::DeadStore { .. } | FindingKind::UnusedCallValue { .. } => finding.scope.is_none(),
        _ => false,
    }
}
