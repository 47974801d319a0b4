//! Which variables are read before they are written again: liveness, backwards.
//!
//! What a block does to the set of variables that are read later is `X -> reads | (X - writes)`, and such functions
//! compose: one pass from the last statement to the first finds that of every block, loops included, since a loop's is
//! that of its body united with nothing done. A second pass hands the sets down. No iteration to a fixed point.

use super::flat::{Flat, Kind, Span};
use super::flow::Flow;
use super::fold::Known;
use super::numbers::Numbers;

/// `X -> reads | (X - writes)`.
#[derive(Debug, Clone, Copy)]
struct Effect {
    /// Read before they are written.
    reads: Numbers,
    /// Written on every path, or the path returns.
    writes: Numbers,
}

impl Effect {
    const NOTHING: Self = Self { reads: Numbers::NONE, writes: Numbers::NONE };

    fn before(self, later: Numbers) -> Numbers {
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

/// Finds bindings that are not read; keep one to reuse its memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Liveness {
    /// Every binding that can run and is not read.
    pub(super) unread: Vec<Unread>,
    /// By statement: whether it stores what is not read.
    pub(super) dead: Vec<bool>,
    /// By statement, of those that can run, and by block.
    stmts: Vec<Effect>,
    blocks: Vec<Effect>,
    /// By block: what is read behind it. Nothing behind the module and behind functions.
    after: Vec<Numbers>,
}

impl Liveness {
    pub(super) fn find(&mut self, flat: &Flat, flow: &Flow) {
        self.unread.clear();
        self.dead.clear();
        self.dead.resize(flat.stmts.len(), false);
        self.stmts.clear();
        self.stmts.resize(flat.stmts.len(), Effect::NOTHING);
        self.blocks.clear();
        self.blocks.resize(flat.blocks.len(), Effect::NOTHING);
        self.after.clear();
        self.after.resize(flat.blocks.len(), Numbers::NONE);
        for (nth, stmt) in flat.stmts.iter().enumerate().rev().filter(|(nth, _)| flow.runs[*nth]) {
            let effect = effect(flat, flow, &self.blocks, nth);
            self.stmts[nth] = effect;
            self.blocks[stmt.block] = effect.then(self.blocks[stmt.block]);
        }
        for block in 0..flat.blocks.len() {
            let mut later = self.after[block];
            let mut next = flat.blocks[block].last;
            while let Some(nth) = next {
                next = flat.stmts[nth].before;
                if flow.runs[nth] {
                    self.look(flat, flow, nth, later);
                    later = self.stmts[nth].before(later);
                }
            }
        }
    }

    /// Looks at a statement, behind which `later` is read, and hands that down to its blocks.
    fn look(&mut self, flat: &Flat, flow: &Flow, nth: usize, later: Numbers) {
        let stmt = &flat.stmts[nth];
        match stmt.kind {
            Kind::Assign { var, .. } if !later.contains(var) => {
                self.dead[nth] = true;
                self.unread.push(Unread::Store { stmt: nth, var });
            }
            Kind::If { .. } => stmt.blocks.iter().for_each(|&block| self.after[block] = later),
            Kind::For { var, .. } => {
                let body = self.blocks[stmt.blocks[0]];
                // Behind the body comes the next iteration, if there may be one, or what follows the loop.
                let after = match flow.known[nth] {
                    Known::Count(0 | 1) => later,
                    _ => later.union(body.reads.without(var)),
                };
                self.after[stmt.blocks[0]] = after;
                if flow.known[nth] != Known::Count(0) && !body.before(after).contains(var) {
                    self.unread.push(Unread::LoopVariable { stmt: nth, var });
                }
            }
            Kind::Def { func, arity } => {
                let reads = self.blocks[stmt.blocks[0]].reads;
                let unread = (1..=arity).filter(|&var| !reads.contains(var));
                self.unread.extend(unread.map(|var| Unread::Parameter { def: nth, func, var }));
            }
            _ => {}
        }
    }
}

fn reads(flat: &Flat, span: Span) -> Numbers {
    flat.nodes(span).iter().fold(Numbers::NONE, |reads, expr| match expr.node {
        super::flat::Node::Var(var) => reads.with(var),
        _ => reads,
    })
}

/// What a statement does, once the blocks below it are known.
fn effect(flat: &Flat, flow: &Flow, effects: &[Effect], nth: usize) -> Effect {
    let stmt = &flat.stmts[nth];
    let own = flat.spans(nth).fold(Numbers::NONE, |all, span| all.union(reads(flat, span)));
    let own = Effect { reads: own, writes: Numbers::NONE };
    let [first, second] = stmt.blocks.map(|block| effects[block]);
    match (stmt.kind, flow.known[nth]) {
        (Kind::Assign { var, .. }, _) => Effect { writes: Numbers::NONE.with(var), ..own },
        (Kind::Return(_), _) => Effect { writes: Numbers::ALL, ..own },
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
            let writes = if runs { first.writes.with(var) } else { Numbers::NONE };
            own.then(Effect { reads, writes })
        }
    }
}
