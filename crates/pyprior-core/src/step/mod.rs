//! One step of rows: look up the legal set, take a token. The hot path of everything else.
//!
//! A row is a slice of `u32` of a length fixed per language ([`Layout`]): a head of counters, a word for each
//! level of visibility, a word for each function, and the stack of pending holes. Four facts keep a step short:
//!
//! * Visible variables are always `VAR_1..VAR_m`, so a scope is one number. `visible` is the snapshot that the
//!   expressions of the current statement see; targets write to the level words at once.
//! * The last hole of a group is removed from the stack when it is *opened*. So whatever ends, and however many
//!   blocks end with it, the next hole is at the top of the stack: no chain of returns.
//! * `slack` is the number of tokens to spare beyond the cheapest way to close everything that is pending. A
//!   token is affordable if what it costs beyond the cheapest alternative is at most the slack.
//! * What blocks tell their surroundings at their end (variables assigned in both branches, whether they return)
//!   is folded in when the next statement at a lower level opens.
//!
//! A step is written in [`Words`], so it takes one row or as many as a vector register holds. Taking a token is
//! [`Engine::advance`], which has no branch, and for some rows [`Engine::settle`]. Where many rows step at once the
//! two are two passes: a branch whose condition hangs on a whole step is resolved late, and foretold wrongly costs
//! as much as the step.
//!
//! ```text
//! legal.rs   where the legal set is, and choosing from it
//! fill.rs    the legal set as a bitmask
//! plan.rs    what a token does, and whether it is legal
//! take.rs    doing it
//! ```

mod fill;
mod legal;
mod plan;
mod take;

use crate::grammar::records::{hole, level};
use crate::grammar::tables::Tables;
use crate::table::View;
use crate::words::{WithConstants, Words};

pub(crate) use plan::Plan;
pub(crate) use take::Taken;

/// Number of words in the head of a row.
pub(crate) const HEAD: usize = 8;

const SLACK: usize = 0;
const LEN: usize = 1;
const HOLE: usize = 2;
const TOP: usize = 3;
const VISIBLE: usize = 4;
const LEVEL: usize = 5;
/// Dynamic set of the next function to define: see [`Engine::defined`].
const NEXT_FUNC: usize = 6;
/// Spare tokens that the cheapest call takes beyond a leaf: 1 + least arity of a callable function.
const CALL_NEED: usize = 7;

/// No function can be called.
const NO_CALL: u32 = u32::MAX;
/// Bit of a function word: the function may be called. The arity is below it.
const CALLABLE: u32 = 1 << 8;
const ARITY: u32 = 0xff;

/// Where the parts of a row lie, in words from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) funcs: usize,
    pub(crate) stack: usize,
    pub(crate) words: usize,
}

impl Layout {
    pub(crate) fn new(max_control_depth: u32, max_expr_depth: u32, funcs: u32) -> Self {
        let levels = max_control_depth as usize + 3;
        // Each level holds the rest of its block and its branches, each expression depth its siblings; one entry for
        // the end, and one that a push without need writes beyond the top.
        let entries = 2 * levels + max_expr_depth as usize + 2;
        let funcs_at = HEAD + levels;
        let stack = funcs_at + funcs as usize;
        Self { funcs: funcs_at, stack, words: stack + entries }
    }
}

/// Heads of rows that step together, word by word.
pub(crate) type Heads<W> = [W; HEAD];

/// Rows that step together: where they begin.
#[derive(Clone, Copy)]
pub(crate) struct Group<W> {
    starts: W,
    first: u32,
    stride: u32,
}

impl<W: Words> Group<W> {
    /// Consecutive rows of `stride` words, from the `nth` on. What they are rows of is a table, so no place in it is
    /// beyond 32 bits.
    #[inline(always)]
    pub(crate) fn new(words: W, nth: usize, stride: usize) -> Self {
        let (first, stride) = ((nth * stride) as u32, stride as u32);
        Self { starts: words.rows_times(stride).plus(first), first, stride }
    }

    #[inline(always)]
    pub(crate) fn heads(self, rows: View<'_>) -> Heads<W> {
        self.starts.heads(rows, self.first, self.stride)
    }

    /// The rows of a set, with their numbers.
    fn each(self, set: u32, rows: View<'_>) -> impl Iterator<Item = (usize, &[u32])> + Clone {
        let rows = rows.words();
        let row = move |nth: usize| rows.get((self.first + nth as u32 * self.stride) as usize..);
        (0..LANES).filter(move |nth| set >> nth & 1 == 1).filter_map(move |nth| Some((nth, row(nth)?)))
    }
}

/// One row by itself.
pub(crate) const SINGLE: Group<u32> = Group { starts: 0, first: 0, stride: 0 };

/// The most rows that step together.
pub(crate) const LANES: usize = 16;

/// The head of a row.
#[inline(always)]
fn head_of(row: &[u32]) -> Heads<u32> {
    row.first_chunk().copied().unwrap_or([0; HEAD])
}

/// Tables and layout: all that a step needs to know.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) tables: Tables,
    pub(crate) layout: Layout,
    /// A row before its first token.
    pub(crate) initial: Vec<u32>,
    /// Tokens that a program may have.
    budget: u32,
}

impl Engine {
    /// The engine of a language whose shortest program has `min_len` tokens and whose longest may have `budget`.
    pub(crate) fn new(tables: Tables, layout: Layout, min_len: u32, budget: u32) -> Self {
        let mut initial = vec![0; layout.words];
        initial[SLACK] = budget - min_len;
        initial[CALL_NEED] = NO_CALL;
        initial[NEXT_FUNC] = tables.max_vars + 1;
        // The end is never used up: a finished row stays at it.
        initial[layout.stack] = tables.end | 0xff << hole::COUNT;
        Self { tables, layout, initial, budget }
    }

    /// A finished row, such as there is none of.
    pub(crate) fn finished(&self) -> Vec<u32> {
        let mut row = self.initial.clone();
        row[HOLE] = self.tables.end;
        row
    }

    /// Number of tokens taken.
    #[inline(always)]
    pub(crate) fn len(&self, row: &[u32]) -> u32 {
        row[LEN]
    }

    /// Numbers of tokens taken.
    #[inline(always)]
    pub(crate) fn lens<W: Words>(&self, heads: &Heads<W>) -> W {
        heads[LEN]
    }

    #[inline(always)]
    pub(crate) fn is_terminated(&self, row: &[u32]) -> bool {
        row[HOLE] == self.tables.end
    }

    /// Class of the hole at the top.
    pub(crate) fn hole(&self, row: &[u32]) -> usize {
        (row[HOLE] & hole::CLASS) as usize
    }

    /// Classes of the holes at the top.
    #[inline(always)]
    pub(crate) fn holes<W: Words>(&self, heads: &Heads<W>) -> W {
        heads[HOLE].masked(hole::CLASS)
    }

    pub(crate) fn slack(&self, row: &[u32]) -> u32 {
        row[SLACK]
    }

    pub(crate) fn visible(&self, row: &[u32]) -> u32 {
        row[VISIBLE]
    }

    /// Number of functions that have been defined, the one under way included.
    pub(crate) fn defined(&self, row: &[u32]) -> u32 {
        row[NEXT_FUNC] - (self.tables.max_vars + 1)
    }

    pub(crate) fn call_need(&self, row: &[u32]) -> Option<u32> {
        Some(row[CALL_NEED]).filter(|&need| need != NO_CALL)
    }

    /// Arity of a function that has been defined, and whether it may be called. `func` counts from 1.
    pub(crate) fn func(&self, row: &[u32], func: u32) -> Option<(u32, bool)> {
        let word = row[self.layout.funcs + func.checked_sub(1).filter(|&nth| nth < self.defined(row))? as usize];
        Some((word & ARITY, word & CALLABLE != 0))
    }

    /// Control depth of the current statement.
    pub(crate) fn control_depth(&self, row: &[u32]) -> u32 {
        row[LEVEL] - u32::from(self.in_function(row))
    }

    /// Whether the current statement is part of a function.
    pub(crate) fn in_function(&self, row: &[u32]) -> bool {
        row[LEVEL] > 0 && row[HEAD + 1] & level::FUNCTION != 0
    }

    /// Least number of tokens that closes everything pending: what is left, but for what is to spare.
    pub(crate) fn min_tokens_to_finish(&self, row: &[u32]) -> u32 {
        self.budget - row[LEN] - row[SLACK]
    }
}
