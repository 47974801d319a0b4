//! Which statements can run, and how blocks can end.

use serde::Serialize;

use super::flat::{Flat, Kind};
use super::fold::{Folder, Known};

/// How a block or a statement can end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    /// By going on to what follows.
    pub(super) falls: bool,
    /// By a return.
    pub(super) returns: bool,
}

/// How a function can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FunctionEnds {
    /// By a `return` on every path: a call has an integer for its value.
    Returns,
    /// By reaching the end of its body on every path: a call has the value `None`.
    FallsThrough,
    /// On some paths the one, on some the other.
    Mixed,
}

/// Why statements cannot run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// They stand behind a statement that returns on every path.
    BehindReturn,
    /// They stand in the branch that a constant test never takes.
    ConstantTest,
    /// They stand in a loop over an empty range.
    EmptyLoop,
}

/// Statements that cannot run, from `first` to the end of its block, and what stands in them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Region {
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) cause: Cause,
    /// The statement that keeps them from running.
    pub(super) by: usize,
}

/// Finds out what can run; keep one to reuse its memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Flow {
    /// By statement.
    pub(super) known: Vec<Known>,
    /// By block.
    pub(super) ends: Vec<Ends>,
    /// By statement: whether it can run, given that its function is called.
    pub(super) runs: Vec<bool>,
    pub(super) regions: Vec<Region>,
    folder: Folder,
    /// By block: whether what comes next in it can run.
    alive: Vec<bool>,
}

impl Flow {
    pub(super) fn find(&mut self, flat: &Flat) {
        self.known.clear();
        self.known.extend(flat.stmts.iter().map(|stmt| self.folder.known(flat, stmt)));
        self.ends.clear();
        self.ends.resize(flat.blocks.len(), Ends { falls: true, returns: false });
        for nth in (0..flat.stmts.len()).rev() {
            let own = self.stmt_ends(flat, nth);
            let rest = &mut self.ends[flat.stmts[nth].block];
            *rest = match own.falls {
                true => Ends { falls: rest.falls, returns: own.returns || rest.returns },
                false => own,
            };
        }
        self.reach(flat);
    }

    /// How a statement can end, once the blocks below it are known.
    fn stmt_ends(&self, flat: &Flat, nth: usize) -> Ends {
        let stmt = &flat.stmts[nth];
        let [first, second] = stmt.blocks.map(|block| self.ends[block]);
        match (stmt.kind, self.known[nth]) {
            (Kind::Return(_), _) => Ends { falls: false, returns: true },
            (Kind::If { .. }, Known::Test(true)) => first,
            (Kind::If { .. }, Known::Test(false)) => second,
            (Kind::If { .. }, _) => {
                Ends { falls: first.falls || second.falls, returns: first.returns || second.returns }
            }
            (Kind::For { .. }, Known::Count(0)) => Ends { falls: true, returns: false },
            (Kind::For { .. }, Known::Count(_)) => first,
            (Kind::For { .. }, _) => Ends { falls: true, returns: first.returns },
            (Kind::Assign { .. } | Kind::Print(_) | Kind::Def { .. }, _) => Ends { falls: true, returns: false },
        }
    }

    fn reach(&mut self, flat: &Flat) {
        self.alive.clear();
        self.alive.resize(flat.blocks.len(), true);
        self.runs.clear();
        self.regions.clear();
        for (nth, stmt) in flat.stmts.iter().enumerate() {
            let runs = self.alive[stmt.block];
            self.runs.push(runs);
            let closed = match (stmt.kind, self.known[nth]) {
                (Kind::If { .. }, Known::Test(true)) => Some((stmt.blocks[1], Cause::ConstantTest)),
                (Kind::If { .. }, Known::Test(false)) => Some((stmt.blocks[0], Cause::ConstantTest)),
                (Kind::For { .. }, Known::Count(0)) => Some((stmt.blocks[0], Cause::EmptyLoop)),
                _ => None,
            };
            match stmt.kind {
                Kind::If { .. } => stmt.blocks.iter().for_each(|&block| self.alive[block] = runs),
                Kind::For { .. } => self.alive[stmt.blocks[0]] = runs,
                // A def that does not run is a def whose body does not either.
                Kind::Def { .. } => self.alive[stmt.blocks[0]] = runs,
                _ => {}
            }
            if !runs {
                continue;
            }
            if let Some((block, cause)) = closed {
                self.alive[block] = false;
                self.region(flat, block, nth, cause);
            }
            if !self.stmt_ends(flat, nth).falls {
                self.alive[stmt.block] = false;
                let last = flat.blocks[stmt.block].last.map_or(stmt.end, |last| flat.stmts[last].end);
                if let Some(count) = last.checked_sub(stmt.end).filter(|&count| count > 0) {
                    self.regions.push(Region { first: stmt.end, count, cause: Cause::BehindReturn, by: nth });
                }
            }
        }
    }

    /// A whole block that cannot run.
    fn region(&mut self, flat: &Flat, block: usize, by: usize, cause: Cause) {
        let Some(last) = flat.blocks[block].last else { return };
        // The second block of an `if` starts where the last statement of the first ends.
        let stmt = &flat.stmts[by];
        let first = match stmt.blocks[0] == block {
            true => by + 1,
            false => flat.blocks[stmt.blocks[0]].last.map_or(by + 1, |last| flat.stmts[last].end),
        };
        self.regions.push(Region { first, count: flat.stmts[last].end - first, cause, by });
    }

    /// How the function that a statement defines can end.
    pub(super) fn function_ends(&self, flat: &Flat, def: usize) -> FunctionEnds {
        match self.ends[flat.stmts[def].blocks[0]] {
            Ends { falls: false, .. } => FunctionEnds::Returns,
            Ends { returns: false, .. } => FunctionEnds::FallsThrough,
            Ends { .. } => FunctionEnds::Mixed,
        }
    }
}
