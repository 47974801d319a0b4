//! Which variables are read before they are written again: liveness, backwards.
//!
//! What a block does to the set of variables that are read later is `X -> reads | (X - writes)`, and such functions
//! compose: one pass from the last statement to the first finds that of every block, loops included, since a loop's is
//! that of its body united with nothing done. A second pass hands the sets down. No iteration to a fixed point.

use super::flat::{Flat, Kind, Span};
use super::flow::Flow;
use super::fold::Known;
use super::vars::Vars;

/// `X -> reads | (X - writes)`.
#[derive(Debug, Clone, Copy)]
struct Effect {
    /// Read before they are written.
    reads: Vars,
    /// Written on every path, or the path returns.
    writes: Vars,
}

impl Effect {
    const NOTHING: Self = Self { reads: Vars::NONE, writes: Vars::NONE };

    fn before(self, later: Vars) -> Vars {
        self.reads.union(later.minus(self.writes))
    }

    /// This, then another.
    fn then(self, next: Self) -> Self {
        Self { reads: self.before(next.reads), writes: self.writes.union(next.writes) }
    }
}

/// A binding whose value is not read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unread {
    Store { stmt: usize, var: u8 },
    LoopVariable { stmt: usize, var: u8 },
    Parameter { def: usize, func: u8, var: u8 },
}

/// Every binding that can run and is not read.
pub(super) fn unread(flat: &Flat, flow: &Flow) -> Vec<Unread> {
    let mut effects = vec![Effect::NOTHING; flat.blocks.len()];
    for (nth, stmt) in flat.stmts.iter().enumerate().rev().filter(|(nth, _)| flow.runs[*nth]) {
        effects[stmt.block] = effect(flat, flow, &effects, nth).then(effects[stmt.block]);
    }
    let mut found = Vec::new();
    // By block: what is read behind it. Nothing behind the module and behind functions.
    let mut after = vec![Vars::NONE; flat.blocks.len()];
    for block in 0..flat.blocks.len() {
        let mut later = after[block];
        let mut next = flat.blocks[block].last;
        while let Some(nth) = next {
            let stmt = &flat.stmts[nth];
            next = stmt.before;
            if !flow.runs[nth] {
                continue;
            }
            match stmt.kind {
                Kind::Assign { var, .. } if !later.contains(var) => found.push(Unread::Store { stmt: nth, var }),
                Kind::If { .. } => stmt.blocks.iter().for_each(|&block| after[block] = later),
                Kind::For { var, .. } => {
                    let body = effects[stmt.blocks[0]];
                    // Behind the body comes the next iteration, if there may be one, or what follows the loop.
                    after[stmt.blocks[0]] = match flow.known[nth] {
                        Known::Count(0 | 1) => later,
                        _ => later.union(body.reads.without(var)),
                    };
                    let runs = flow.known[nth] != Known::Count(0);
                    if runs && !body.before(after[stmt.blocks[0]]).contains(var) {
                        found.push(Unread::LoopVariable { stmt: nth, var });
                    }
                }
                Kind::Def { func, arity } => {
                    let reads = effects[stmt.blocks[0]].reads;
                    let unread = (1..=arity).filter(|&var| !reads.contains(var));
                    found.extend(unread.map(|var| Unread::Parameter { def: nth, func, var }));
                }
                _ => {}
            }
            later = effect(flat, flow, &effects, nth).before(later);
        }
    }
    found
}

fn reads(flat: &Flat, span: Span) -> Vars {
    flat.nodes(span).iter().fold(Vars::NONE, |reads, expr| match expr.node {
        super::flat::Node::Var(var) => reads.with(var),
        _ => reads,
    })
}

/// What a statement does, once the blocks below it are known.
fn effect(flat: &Flat, flow: &Flow, effects: &[Effect], nth: usize) -> Effect {
    let stmt = &flat.stmts[nth];
    let own = flat.spans(nth).fold(Vars::NONE, |all, span| all.union(reads(flat, span)));
    let own = Effect { reads: own, writes: Vars::NONE };
    let [first, second] = stmt.blocks.map(|block| effects[block]);
    match (stmt.kind, flow.known[nth]) {
        (Kind::Assign { var, .. }, _) => Effect { writes: Vars::NONE.with(var), ..own },
        (Kind::Return(_), _) => Effect { writes: Vars::ALL, ..own },
        (Kind::If { .. }, Known::Test(true)) => own.then(first),
        (Kind::If { .. }, Known::Test(false)) => own.then(second),
        (Kind::If { .. }, _) => {
            own.then(Effect { reads: first.reads.union(second.reads), writes: first.writes.both(second.writes) })
        }
        (Kind::For { .. }, Known::Count(0)) | (Kind::Print(_) | Kind::Def { .. }, _) => own,
        (Kind::For { var, .. }, known) => {
            let reads = first.reads.without(var);
            // Where the range is known not to be empty, the body runs and writes; else it may not.
            let runs = matches!(known, Known::Count(_));
            let writes = if runs { first.writes.with(var) } else { Vars::NONE };
            own.then(Effect { reads, writes })
        }
    }
}
