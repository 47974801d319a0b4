//! An upper bound on the steps of a run, where the ranges of its loops are literal.
//!
//! Every statement that runs is a step, a `for` header and a `def` included; every iteration of a loop is one more,
//! every call one more. `None` is: not known to be bounded by this. Sums stop at the largest 64-bit number, which
//! stands for itself and all beyond.

use super::flat::{Flat, Kind, Node, Span};
use super::flow::Flow;
use super::fold::Known;

type Bound = Option<u64>;

fn plus(left: Bound, right: Bound) -> Bound {
    Some(left?.saturating_add(right?))
}

/// The module's bound, and that of one run of each function's body by number.
#[derive(Debug)]
pub(super) struct Bounds {
    pub(super) module: Bound,
    pub(super) functions: Vec<Bound>,
}

impl Bounds {
    pub(super) fn new(flat: &Flat, flow: &Flow) -> Self {
        let mut bounds = Self { module: None, functions: vec![None; 256] };
        let mut defined = [false; 256];
        let mut blocks = vec![Some(0); flat.blocks.len()];
        // Functions call those before them, the module calls all. What is called before it is known has no bound.
        for scope in flat.scopes.iter().skip(1).chain(flat.scopes.first()) {
            for &nth in scope.stmts.iter().rev().filter(|nth| flow.runs[**nth]) {
                let block = flat.stmts[nth].block;
                blocks[block] = plus(blocks[block], bounds.stmt(flat, flow, &blocks, nth));
            }
            match (scope.def, scope.func) {
                (Some(def), Some(func)) => {
                    let again = std::mem::replace(&mut defined[usize::from(func)], true);
                    bounds.functions[usize::from(func)] = blocks[flat.stmts[def].blocks[0]].filter(|_| !again);
                }
                _ => bounds.module = blocks.first().copied().flatten(),
            }
        }
        bounds
    }

    fn stmt(&self, flat: &Flat, flow: &Flow, blocks: &[Bound], nth: usize) -> Bound {
        let stmt = &flat.stmts[nth];
        let own = flat.spans(nth).try_fold(1, |sum, span| plus(Some(sum), self.calls(flat, span)));
        let [first, second] = stmt.blocks.map(|block| blocks[block]);
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

    fn calls(&self, flat: &Flat, span: Span) -> Bound {
        flat.nodes(span).iter().try_fold(0, |sum, expr| match expr.node {
            Node::Call { func, .. } => plus(Some(sum), plus(Some(1), self.functions[usize::from(func)])),
            _ => Some(sum),
        })
    }
}
