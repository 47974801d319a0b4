//! Which functions the module calls, directly or through others.

use super::flat::Flat;
use super::flow::Flow;
use super::numbers::Numbers;

/// Finds out what is called; keep one to reuse its memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Functions {
    /// The functions that calls which can run reach from the module. Calls from functions that are not called do not
    /// count.
    pub(super) used: Numbers,
    /// By scope: what statements that can run call.
    calls: Vec<Numbers>,
}

impl Functions {
    pub(super) fn find(&mut self, flat: &Flat, flow: &Flow) {
        self.used = Numbers::NONE;
        if flat.forms.call == 0 {
            return;
        }
        self.calls.clear();
        self.calls.resize(flat.scopes.len(), Numbers::NONE);
        for (nth, stmt) in flat.stmts.iter().enumerate().filter(|(nth, stmt)| stmt.calls && flow.runs[*nth]) {
            let calls = &mut self.calls[flat.blocks[stmt.block].scope];
            flat.calls(nth).for_each(|func| calls.insert(func));
        }
        // Functions call those before them, so that once round from the last one is enough. Trees made by hand may call
        // what comes behind, and define a function several times, whose bodies then all count: each time round but the
        // last then adds one of at most 256 functions.
        let mut used = self.calls[0];
        while used != self.used {
            self.used = used;
            for (scope, &calls) in flat.scopes.iter().zip(&self.calls).skip(1).rev() {
                if scope.func.is_some_and(|func| used.contains(func)) {
                    used = used.union(calls);
                }
            }
        }
    }

    /// Whether a statement belongs to the module or to a function that is used, and can run.
    pub(super) fn live(&self, flat: &Flat, flow: &Flow, nth: usize) -> bool {
        flow.runs[nth] && flat.scope_of(nth).func.is_none_or(|func| self.used.contains(func))
    }
}
