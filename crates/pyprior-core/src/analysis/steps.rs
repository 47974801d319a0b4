//! An upper bound on the steps of a run, where the ranges of its loops are literal.
//!
//! Every statement that runs is a step, a `for` header and a `def` included; every iteration of a loop is one more,
//! every call one more. `None` is: not known to be bounded by this. Sums stop at the largest 64-bit number, which
//! stands for itself and all beyond.

use super::flat::{Flat, Kind};
use super::flow::Flow;
use super::fold::Known;
use super::numbers::Numbers;

type Bound = Option<u64>;

fn plus(left: Bound, right: Bound) -> Bound {
    Some(left?.saturating_add(right?))
}

/// Bounds the steps of runs; keep one to reuse its memory.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    /// Of a run of the module.
    pub(super) module: Bound,
    /// Of one run of each function's body, by number, where one is known.
    functions: [u64; 256],
    known: Numbers,
    /// Functions that have had a body.
    defined: Numbers,
    blocks: Vec<Bound>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { module: None, functions: [0; 256], known: Numbers::NONE, defined: Numbers::NONE, blocks: Vec::new() }
    }
}

impl Bounds {
    pub(super) fn find(&mut self, flat: &Flat, flow: &Flow) {
        (self.known, self.defined) = (Numbers::NONE, Numbers::NONE);
        self.blocks.clear();
        self.blocks.resize(flat.blocks.len(), Some(0));
        // Functions call those before them, the module calls all. What is called before it is known has no bound.
        for scope in flat.scopes.iter().skip(1).chain(flat.scopes.first()) {
            for nth in flat.backwards(scope).filter(|nth| flow.runs[*nth]) {
                let block = flat.stmts[nth].block;
                self.blocks[block] = plus(self.blocks[block], self.stmt(flat, flow, nth));
            }
            match (scope.def, scope.func) {
                (Some(def), Some(func)) => {
                    self.known = self.known.without(func);
                    let body = self.blocks[flat.stmts[def].blocks[0]];
                    if let Some(bound) = body.filter(|_| !self.defined.contains(func)) {
                        self.functions[usize::from(func)] = bound;
                        self.known.insert(func);
                    }
                    self.defined.insert(func);
                }
                _ => self.module = self.blocks.first().copied().flatten(),
            }
        }
    }

    /// Of one run of a function's body.
    pub(super) fn function(&self, func: u8) -> Bound {
        self.known.contains(func).then(|| self.functions[usize::from(func)])
    }

    fn stmt(&self, flat: &Flat, flow: &Flow, nth: usize) -> Bound {
        let stmt = &flat.stmts[nth];
        let calls = flat.calls(nth).map(|func| plus(Some(1), self.function(func)));
        let own = calls.fold(Some(1), plus);
        let [first, second] = stmt.blocks.map(|block| self.blocks[block]);
        match (stmt.kind, flow.known[nth]) {
            (Kind::If { .. }, Known::Test(true)) => plus(own, first),
            (Kind::If { .. }, Known::Test(false)) => plus(own, second),
            (Kind::If { .. }, _) => plus(own, Some(first?.max(second?))),
            (Kind::For { .. }, known) => {
                let most = match known {
                    Known::Count(count) => Some(count),
                    _ => None,
                };
                // A body that always returns ends the loop in its first iteration.
                let once = !flow.ends[stmt.blocks[0]].falls;
                let count = if once { Some(most.map_or(1, |count| count.min(1))) } else { most };
                match count {
                    Some(0) => own,
                    count => plus(own, Some(count?.saturating_mul(plus(first, Some(1))?))),
                }
            }
            _ => own,
        }
    }
}
