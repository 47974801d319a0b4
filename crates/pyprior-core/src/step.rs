//! One step of one row: look up the legal set, take a token. The hot path of everything else.
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

use crate::grammar::rules::TERMINALS;
use crate::grammar::tables::{Class, Production, Special, Sym, Tables, hole, level};

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
        // Each level holds the rest of its block and a second branch, each expression depth its siblings; one
        // entry for the end, and one that a push without need writes beyond the top.
        let entries = 2 * levels + max_expr_depth as usize + 3;
        let funcs_at = HEAD + levels;
        let stack = funcs_at + funcs as usize;
        Self { funcs: funcs_at, stack, words: stack + entries }
    }
}

/// A row's legal set: a set of the tables, and the part that depends on the row.
#[derive(Clone, Copy)]
pub(crate) struct Legal {
    mask: u32,
    list: u32,
    count: u32,
    dynamic: u32,
    dynamic_list: u32,
    dynamic_count: u32,
    callee: bool,
}

/// A token that has been found legal, not yet taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Move {
    production: u32,
    sym: Sym,
    delta: u32,
}

impl Move {
    /// What an unused row takes: nothing.
    pub(crate) const NONE: Move = Move { production: 0, sym: Sym::NEVER, delta: 0 };
}

/// Tables and layout: all that a step needs to know.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) tables: Tables,
    pub(crate) layout: Layout,
    /// A row before its first token.
    pub(crate) initial: Vec<u32>,
}

impl Engine {
    pub(crate) fn new(tables: Tables, layout: Layout, slack: u32) -> Self {
        let mut initial = vec![0; layout.words];
        initial[SLACK] = slack;
        initial[CALL_NEED] = NO_CALL;
        initial[NEXT_FUNC] = tables.max_vars + 1;
        // The end is never used up: a finished row stays at it.
        initial[layout.stack] = tables.end | 0xff << hole::COUNT;
        Self { tables, layout, initial }
    }

    /// Number of tokens taken.
    #[inline(always)]
    pub(crate) fn len(&self, row: &[u32]) -> u32 {
        row[LEN]
    }

    #[inline(always)]
    pub(crate) fn is_terminated(&self, row: &[u32]) -> bool {
        row[HOLE] == self.tables.end
    }

    /// Class of the hole at the top.
    pub(crate) fn hole(&self, row: &[u32]) -> usize {
        (row[HOLE] & hole::CLASS) as usize
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

    /// Least number of tokens that closes everything pending.
    pub(crate) fn min_tokens_to_finish(&self, row: &[u32]) -> u32 {
        let cost = |class: usize| self.tables.classes[class].cost;
        let callee = self.tables.classes[self.hole(row)].callee;
        let arguments = if callee { self.least_callable(row).unwrap_or(0) } else { 0 };
        let mut sum = cost(self.hole(row)) + arguments;
        let top = row[TOP] as usize;
        for &pending in &row[self.layout.stack + 1..self.layout.stack + 1 + top] {
            let class = (pending & hole::CLASS) as usize;
            let count = pending >> hole::COUNT;
            let last = usize::from(pending & hole::LAST_DIFFERS != 0);
            sum += cost(class) * (count - 1) + cost(class + last);
        }
        sum
    }

    fn least_callable(&self, row: &[u32]) -> Option<u32> {
        (1..=self.defined(row))
            .filter_map(|func| self.func(row, func))
            .filter(|found| found.1)
            .map(|found| found.0)
            .min()
    }

    /// Where the row's legal set is.
    #[inline(always)]
    pub(crate) fn legal(&self, head: &[u32; HEAD]) -> Legal {
        let tables = &self.tables;
        let class = &tables.classes[(head[HOLE] & hole::CLASS) as usize];
        let slack = head[SLACK];
        let affords_call = u32::from(slack >= head[CALL_NEED]).wrapping_neg() & class.call_stride;
        let set = &tables.sets[(class.sets + slack.min(class.cap) + affords_call) as usize];
        let visible = (head[VISIBLE] + class.var_reach).min(tables.max_vars) & class.var_mask;
        let define = u32::from(slack >= class.define_need).wrapping_neg() & head[NEXT_FUNC];
        let dynamic = visible | define;
        let found = &tables.dynamics[dynamic as usize];
        Legal {
            mask: set.mask,
            list: set.list,
            count: set.count,
            dynamic,
            dynamic_list: found.list,
            dynamic_count: found.count,
            callee: class.callee,
        }
    }

    /// As [`legal`](Self::legal), for a whole row.
    pub(crate) fn legal_of(&self, row: &[u32]) -> Legal {
        let mut head = [0; HEAD];
        head.copy_from_slice(&row[..HEAD]);
        self.legal(&head)
    }

    /// Takes a token that is known to be legal.
    #[inline(always)]
    pub(crate) fn take(&self, row: &mut [u32], sym: Sym) {
        if let Some(head) = row.first_chunk::<HEAD>() {
            let found = self.resolve(row, head, sym);
            self.apply(row, found);
        }
    }

    /// Callable functions whose arguments are affordable, by number.
    fn callable<'a>(&'a self, row: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
        let limit = row[SLACK].saturating_add(row[CALL_NEED].saturating_sub(1));
        let unbounded = self.tables.bounded == 0;
        (1..=self.defined(row)).filter(move |&func| {
            let word = row[self.layout.funcs + func as usize - 1];
            word & CALLABLE != 0 && (unbounded || word & ARITY <= limit)
        })
    }

    /// Number of legal tokens.
    #[inline(always)]
    pub(crate) fn count(&self, row: &[u32], legal: &Legal) -> u32 {
        if legal.callee {
            return self.callable(row).count() as u32;
        }
        legal.count + legal.dynamic_count
    }

    /// The `nth` legal token in id order; `nth` must be below the count.
    #[inline(always)]
    pub(crate) fn nth(&self, row: &[u32], legal: &Legal, nth: u32) -> Sym {
        if legal.callee {
            return self.nth_callable(row, nth);
        }
        // Functions and variables have the lowest ids, so the part that depends on the row comes first.
        let index = std::hint::select_unpredictable(
            nth < legal.dynamic_count,
            legal.dynamic_list.wrapping_add(nth),
            legal.list.wrapping_add(nth).wrapping_sub(legal.dynamic_count),
        );
        self.tables.lists[index as usize]
    }

    fn nth_callable(&self, row: &[u32], nth: u32) -> Sym {
        let func = self.callable(row).nth(nth as usize).unwrap_or(1);
        let list = self.tables.dynamics[(self.tables.max_vars + func) as usize].list;
        self.tables.lists[list as usize]
    }

    /// Writes the row's legal set as a token bitmask of [`Tables::words`] words.
    #[inline(always)]
    pub(crate) fn fill(&self, row: &[u32], out: &mut [u32]) {
        let tables = &self.tables;
        let Some(head) = row.first_chunk() else { return };
        let legal = self.legal(head);
        let (before, own) = out.split_at_mut(tables.start);
        if !before.is_empty() {
            before.fill(0);
        }
        copy_words(own, &tables.masks[legal.mask as usize..][..tables.span]);
        self.add_dynamic(own, legal.dynamic);
        if legal.callee {
            self.callable(row).for_each(|func| self.add_dynamic(own, tables.max_vars + func));
        }
    }

    #[inline(always)]
    fn add_dynamic(&self, own: &mut [u32], dynamic: u32) {
        let span = self.tables.dynamic_span;
        let bits = &self.tables.dynamic_masks[dynamic as usize * span..][..span];
        own.iter_mut().zip(bits).for_each(|(word, bits)| *word |= bits);
    }

    /// The token with this local id as a step sees it; [`Sym::NEVER`] beyond the vocabulary.
    #[inline(always)]
    pub(crate) fn sym(&self, local: u32) -> Sym {
        self.tables.syms.get(local as usize).copied().unwrap_or(Sym::NEVER)
    }

    /// Checks a token; `None` if it is not legal.
    #[inline(always)]
    pub(crate) fn check(&self, row: &[u32], sym: Sym) -> Option<Move> {
        let head = row.first_chunk::<HEAD>()?;
        let found = self.resolve(row, head, sym);
        let production = &self.tables.productions[found.production as usize];
        let in_reach = sym.arg() <= head[VISIBLE].wrapping_add(production.arg_reach);
        (in_reach & (found.delta <= head[SLACK])).then_some(found)
    }

    /// The production of a token and what it costs; of an illegal one, more than any slack.
    #[inline(always)]
    pub(crate) fn resolve(&self, row: &[u32], head: &[u32; HEAD], sym: Sym) -> Move {
        let production = (head[HOLE] & hole::CLASS) * TERMINALS as u32 + sym.terminal() as u32;
        let found = &self.tables.productions[production as usize];
        let mut delta = found.base.wrapping_add(found.per_arg.wrapping_mul(sym.arg()));
        if found.special != Special::No {
            delta = self.special_delta(row, found.special, delta, sym);
        }
        Move { production, sym, delta }
    }

    #[inline(always)]
    fn special_delta(&self, row: &[u32], special: Special, delta: u32, sym: Sym) -> u32 {
        match special {
            Special::Call => row[CALL_NEED],
            Special::Define if sym.arg() != self.defined(row) + 1 => u32::MAX,
            Special::Callee => match self.func(row, sym.arg()) {
                Some((arity, true)) => (arity.wrapping_add(1).wrapping_sub(row[CALL_NEED])) * self.tables.bounded,
                _ => u32::MAX,
            },
            _ => delta,
        }
    }

    /// Takes a token that [`check`](Self::check) or the sampler found legal.
    #[inline(always)]
    pub(crate) fn apply(&self, row: &mut [u32], found: Move) {
        let Move { production, sym, delta } = found;
        let tables = &self.tables;
        let production: &Production = &tables.productions[production as usize];
        let Some((head, tail)) = row.split_first_chunk_mut::<HEAD>() else { return };
        head[SLACK] = head[SLACK].wrapping_sub(delta);
        head[LEN] += u32::from(production.counts);
        let arg = sym.arg();

        // The tail starts with the level words.
        let at = head[LEVEL] as usize + usize::from(production.level_step);
        let named = (head[VISIBLE] & u32::from(production.from_visible)).max(arg & u32::from(production.from_arg));
        tail[at] = tail[at] & production.keep | production.set | named;

        let mut pushes = usize::from(production.pushes);
        let mut pushed = production.push[0].wrapping_add(arg.wrapping_mul(production.rest));
        let mut pops = production.pops;
        if production.special != Special::No {
            let funcs = &mut tail[self.layout.funcs - HEAD..self.layout.stack - HEAD];
            let newest = (head[NEXT_FUNC] - tables.max_vars - 1) as usize;
            match production.special {
                Special::Define => {
                    funcs[newest] = 0;
                    head[NEXT_FUNC] += 1;
                }
                Special::Parameters => funcs[newest - 1] = arg,
                Special::Callee => {
                    let arity = funcs[arg as usize - 1] & ARITY;
                    pops = arity == 0;
                    pushes = usize::from(arity > 1);
                    pushed = production.next | arity.saturating_sub(1) << hole::COUNT;
                }
                Special::Call | Special::No => {}
            }
        }

        let stack = self.layout.stack - HEAD + head[TOP] as usize;
        let Some(slots) = tail[stack..].first_chunk_mut::<3>() else { return };
        slots[1] = pushed;
        slots[2] = production.push[1];
        let top = &mut slots[pushes.min(2)];
        let pending = *top;
        let pop = u32::from(pops);
        *top = pending - (pop << hole::COUNT);
        let is_last = u32::from(pending >> hole::COUNT == 1);
        let last_differs = pending / hole::LAST_DIFFERS & is_last;
        let taken = (pending & !(u32::MAX << 22)) + last_differs;
        head[TOP] = head[TOP].wrapping_add(pushes as u32).wrapping_sub(pop & is_last);
        let next = std::hint::select_unpredictable(pops, taken, production.next);
        head[HOLE] = next;

        // Opens the hole: folds what the blocks above its level tell theirs, and takes the snapshot of what is
        // visible. An expression keeps the level and the snapshot of its statement.
        let opens = next >> hole::LEVEL & hole::KEEPS_LEVEL;
        let keeps = opens == hole::KEEPS_LEVEL;
        let mut at = head[LEVEL];
        let to = std::hint::select_unpredictable(keeps, at, opens);
        while at > to {
            self.fold(head, tail, at as usize);
            at -= 1;
        }
        head[LEVEL] = to;
        if next & hole::SECOND != 0 {
            self.open_second_branch(head, tail, to as usize, next & hole::CLASS);
        }
        let visible = tail[to as usize] & level::VISIBLE;
        head[VISIBLE] = std::hint::select_unpredictable(keeps, head[VISIBLE], visible);
    }

    /// The second branch starts with what was visible before the first, and what both assign remains.
    #[inline(always)]
    fn open_second_branch(&self, head: &mut [u32; HEAD], tail: &mut [u32], at: usize, class: u32) {
        let first = tail[at];
        let returned = first & level::RETURNED != 0;
        let outside = tail[at - 1] & level::VISIBLE;
        let flag = if returned { level::FIRST_RETURNED } else { 0 };
        tail[at] = outside | (first & level::VISIBLE) << level::LEAKS | flag;
        let instead = self.tables.classes[class as usize].if_first_returned;
        if returned && instead != Class::SAME {
            head[HOLE] = head[HOLE] & !hole::CLASS | u32::from(instead);
        }
    }

    #[inline(always)]
    fn fold(&self, head: &mut [u32; HEAD], tail: &mut [u32], at: usize) {
        let block = tail[at];
        let below = tail[at - 1];
        let leaks = (block & level::VISIBLE).min(block >> level::LEAKS & level::VISIBLE);
        let visible = (below & level::VISIBLE).max(leaks);
        let both = block & level::RETURNED != 0 && block & level::FIRST_RETURNED != 0;
        tail[at - 1] = below & !level::VISIBLE | visible | if both { level::RETURNED } else { 0 };
        if block & level::FUNCTION != 0 {
            self.complete(head, tail, block & level::RETURNED != 0);
        }
    }

    /// Completes the newest definition.
    fn complete(&self, head: &mut [u32; HEAD], tail: &mut [u32], returns: bool) {
        if !returns && self.tables.calls_returning {
            return;
        }
        let newest = (head[NEXT_FUNC] - self.tables.max_vars - 2) as usize;
        let word = &mut tail[self.layout.funcs - HEAD + newest];
        *word |= CALLABLE;
        if self.tables.calls_possible {
            head[CALL_NEED] = head[CALL_NEED].min((1 + (*word & ARITY)) * self.tables.bounded);
        }
    }
}

/// Copies a mask of a few words without a call: whole blocks, then a last block that may overlap.
#[inline(always)]
fn copy_words(to: &mut [u32], from: &[u32]) {
    #[inline(always)]
    fn blocks<const N: usize>(to: &mut [u32], from: &[u32]) {
        let mut at = 0;
        while let (Some(to), Some(from)) = (
            to.get_mut(at..).and_then(<[u32]>::first_chunk_mut::<N>),
            from.get(at..).and_then(<[u32]>::first_chunk::<N>),
        ) {
            *to = *from;
            at += N;
        }
        if let (Some(to), Some(from)) = (to.last_chunk_mut::<N>(), from.last_chunk::<N>()) {
            *to = *from;
        }
    }
    match from.len() {
        0..4 => to.iter_mut().zip(from).for_each(|(to, from)| *to = *from),
        4..8 => blocks::<4>(to, from),
        8..64 => blocks::<8>(to, from),
        _ => to.copy_from_slice(from),
    }
}
