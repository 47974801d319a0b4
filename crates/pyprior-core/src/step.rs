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
//!
//! Taking a token is [`Engine::advance`], which has no branch, and for some tokens [`Engine::settle`]. Where many
//! rows step at once the two are two passes: a branch whose condition hangs on a whole step is resolved late, and
//! foretold wrongly costs as much as the step.

use crate::grammar::rules::TERMINALS;
use crate::grammar::tables::{BLOCK, Class, Opening, Production, Special, Sym, Tables, TokenList, hole, level};

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

/// Where a row's legal set is: the parts that do and do not depend on the row.
#[derive(Clone, Copy)]
pub(crate) struct Legal {
    set: u32,
    dynamic: u32,
    callee: bool,
}

/// The lists of the legal tokens of a row whose hole is no callee.
#[derive(Clone, Copy)]
struct Choices {
    dynamic: TokenList,
    set: TokenList,
}

impl Choices {
    #[inline(always)]
    fn count(&self) -> u32 {
        self.set.count + self.dynamic.count
    }

    /// Where the lists have the `nth` token in id order. Functions and variables have the lowest ids, so the part
    /// that depends on the row comes first.
    #[inline(always)]
    fn nth(&self, nth: u32) -> u32 {
        std::hint::select_unpredictable(
            nth < self.dynamic.count,
            self.dynamic.list.wrapping_add(nth),
            self.set.list.wrapping_add(nth).wrapping_sub(self.dynamic.count),
        )
    }
}

/// A token that has been found legal, not yet taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Move {
    production: u32,
    arg: u32,
    delta: u32,
}

impl Move {
    /// What an unused row takes: nothing.
    pub(crate) const NONE: Move = Move { production: 0, arg: 0, delta: 0 };
    /// What a row does with a token that is not legal: more than it can afford.
    const ILLEGAL: Move = Move { production: 0, arg: 0, delta: u32::MAX };
}

/// A move with its production looked up.
#[derive(Clone, Copy)]
pub(crate) struct Found<'a> {
    production: &'a Production,
    arg: u32,
    delta: u32,
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

    /// Least number of tokens that closes everything pending: what is left, but for what is to spare.
    pub(crate) fn min_tokens_to_finish(&self, row: &[u32]) -> u32 {
        self.budget - row[LEN] - row[SLACK]
    }

    /// Where the row's legal set is.
    #[inline(always)]
    pub(crate) fn legal(&self, head: &[u32; HEAD]) -> Legal {
        let tables = &self.tables;
        let class = &tables.classes[(head[HOLE] & hole::CLASS) as usize];
        let slack = head[SLACK];
        let call = std::hint::select_unpredictable(slack >= head[CALL_NEED], class.call_stride, 0);
        let visible = (head[VISIBLE] + class.var_reach).min(tables.max_vars) & class.var_mask;
        let define = std::hint::select_unpredictable(slack >= class.define_need, head[NEXT_FUNC], 0);
        Legal { set: class.sets + slack.min(class.cap) + call, dynamic: visible | define, callee: class.callee }
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
        (1..=self.defined(row)).filter(move |&func| {
            let word = row[self.layout.funcs + func as usize - 1];
            word & CALLABLE != 0 && word & ARITY <= limit
        })
    }

    /// Number of legal tokens.
    pub(crate) fn count(&self, row: &[u32], legal: &Legal) -> u32 {
        if legal.callee {
            return self.callable(row).count() as u32;
        }
        self.choices(legal).count()
    }

    /// The `nth` legal token in id order; `nth` must be below the count.
    pub(crate) fn nth(&self, row: &[u32], legal: &Legal, nth: u32) -> Sym {
        if legal.callee {
            return self.nth_callable(row, nth);
        }
        self.tables.lists[self.choices(legal).nth(nth) as usize]
    }

    /// A legal token and what it does: the one whose place in id order `pick` makes of the number of legal tokens.
    #[inline(always)]
    pub(crate) fn choose(&self, row: &[u32], pick: impl FnOnce(u32) -> u32) -> (Sym, Found<'_>) {
        let Some(head) = row.first_chunk() else { return (Sym::NEVER, self.look_up(Move::NONE)) };
        let legal = self.legal(head);
        if legal.callee {
            let sym = self.nth_callable(row, pick(self.callable(row).count() as u32));
            return (sym, self.look_up(self.resolve(row, head, sym)));
        }
        let choices = self.choices(&legal);
        let sym = self.tables.lists[choices.nth(pick(choices.count())) as usize];
        (sym, self.look_up(self.resolve_usual(head, sym)))
    }

    #[inline(always)]
    fn choices(&self, legal: &Legal) -> Choices {
        Choices { dynamic: self.tables.dynamics[legal.dynamic as usize], set: self.tables.sets[legal.set as usize] }
    }

    fn nth_callable(&self, row: &[u32], nth: u32) -> Sym {
        let func = self.callable(row).nth(nth as usize).unwrap_or(1);
        let list = self.tables.dynamics[(self.tables.max_vars + func) as usize].list;
        self.tables.lists[list as usize]
    }

    /// Writes the row's legal set as a token bitmask of [`Tables::words`] words to the start of `out`. What follows
    /// may be overwritten, up to a whole block: rows that lie one after the other are filled in order.
    #[inline(always)]
    pub(crate) fn fill(&self, row: &[u32], out: &mut [u32]) {
        let tables = &self.tables;
        let Some(head) = row.first_chunk() else { return };
        let legal = self.legal(head);
        let Some((before, own)) = out.split_at_mut_checked(tables.start) else { return };
        if !before.is_empty() {
            before.fill(0);
        }
        let mask = tables.set_masks[legal.set as usize] as usize;
        let dynamic = legal.dynamic as usize * tables.dynamic_blocks;
        let masks = &tables.masks[mask..][..tables.blocks];
        let bits = &tables.dynamic_masks[dynamic..][..tables.dynamic_blocks];
        // Nearly always the first block holds all variables and functions, so the others are plain copies.
        let (Some((mask, masks)), Some((first, bits))) = (masks.split_first(), bits.split_first()) else { return };
        let block = std::array::from_fn(|word| mask[word] | first[word]);
        let mut rest = write_block(own, &block);
        let mut bits = bits.iter();
        for mask in masks {
            rest = match bits.next() {
                Some(bits) => write_block(rest, &std::array::from_fn(|word| mask[word] | bits[word])),
                None => write_block(rest, mask),
            };
        }
        if legal.callee {
            self.callable(row).for_each(|func| self.add_func(own, func));
        }
    }

    fn add_func(&self, own: &mut [u32], func: u32) {
        let dynamic = (self.tables.max_vars + func) as usize * self.tables.dynamic_blocks;
        let bits = self.tables.dynamic_masks[dynamic..][..self.tables.dynamic_blocks].as_flattened();
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
        let in_reach = sym.arg() <= head[VISIBLE] + u32::from(production.arg_reach);
        (in_reach & (found.delta <= head[SLACK])).then_some(found)
    }

    /// The production of a token and what it costs; of an illegal one, more than any slack.
    #[inline(always)]
    fn resolve(&self, row: &[u32], head: &[u32; HEAD], sym: Sym) -> Move {
        let found = self.resolve_usual(head, sym);
        match self.tables.productions[found.production as usize].special {
            Special::No | Special::Call => found,
            Special::Define if sym.arg() == self.defined(row) + 1 => found,
            Special::Callee => self.resolve_callee(row, found),
            Special::Define => Move::ILLEGAL,
        }
    }

    /// As [`resolve`](Self::resolve), of tokens that are no functions or known to be legal, and not of callees.
    #[inline(always)]
    fn resolve_usual(&self, head: &[u32; HEAD], sym: Sym) -> Move {
        let production = (head[HOLE] & hole::CLASS) * TERMINALS as u32 + sym.terminal() as u32;
        let found = &self.tables.productions[production as usize];
        let call = std::hint::select_unpredictable(found.special == Special::Call, head[CALL_NEED], 0);
        let delta = found.base.wrapping_add(found.per_arg.wrapping_mul(sym.arg())).wrapping_add(call);
        Move { production, arg: sym.arg(), delta }
    }

    /// What is to be taken after a callee depends on how many arguments it has, and so do the spare tokens.
    #[inline(always)]
    fn resolve_callee(&self, row: &[u32], found: Move) -> Move {
        let Some((arity, true)) = self.func(row, found.arg) else { return Move::ILLEGAL };
        Move {
            production: found.production + Production::CALLEE + arity.min(2),
            arg: arity.saturating_sub(1),
            delta: (arity + 1).wrapping_sub(row[CALL_NEED]),
        }
    }

    /// Takes a token that [`check`](Self::check) or the sampler found legal.
    #[inline(always)]
    pub(crate) fn apply(&self, row: &mut [u32], found: Move) {
        if self.advance(row, self.look_up(found)) {
            self.settle(row);
        }
    }

    #[inline(always)]
    pub(crate) fn look_up(&self, found: Move) -> Found<'_> {
        let Move { production, arg, delta } = found;
        Found { production: &self.tables.productions[production as usize], arg, delta }
    }

    /// Takes a token that was found legal, and says whether [`settle`](Self::settle) must follow.
    #[inline(always)]
    pub(crate) fn advance(&self, row: &mut [u32], found: Found<'_>) -> bool {
        let production = found.production;
        let Some((head, tail)) = row.split_first_chunk_mut::<HEAD>() else { return false };
        head[SLACK] = head[SLACK].wrapping_sub(found.delta);
        head[LEN] += u32::from(production.counts);

        // The tail starts with the level words.
        let level = head[LEVEL];
        let at = level as usize + usize::from(production.keep == 0);
        let visible = head[VISIBLE] & u32::from(production.from_visible);
        let named = visible.max(found.arg & u32::from(production.from_arg));
        tail[at] = tail[at] & production.keep | u32::from(production.set) << level::SET | named;

        let top = head[TOP];
        let stack = self.layout.stack - HEAD + top as usize;
        let Some(slots) = tail[stack..].first_chunk_mut::<3>() else { return false };
        slots[1] = production.push[0].wrapping_add((found.arg & u32::from(production.rest)) << hole::COUNT);
        slots[2] = production.push[1];
        let pending = slots[0];
        let pops = production.next == 0;
        slots[0] = pending.wrapping_sub(u32::from(pops) << hole::COUNT);
        let is_last = u32::from(pending >> hole::COUNT == 1);
        head[TOP] = top.wrapping_add(u32::from(production.pushes)).wrapping_sub(u32::from(pops) & is_last);
        let last_differs = pending >> hole::LAST_DIFFERS & is_last;
        let taken = (pending & ((1 << hole::LAST_DIFFERS) - 1)) + last_differs;
        let next = std::hint::select_unpredictable(pops, taken, production.next);
        head[HOLE] = next;

        // Opens the hole: takes the snapshot of what is visible. An expression keeps the level and the snapshot of
        // its statement.
        let opens = next >> hole::LEVEL & hole::KEEPS_LEVEL;
        let keeps = opens == hole::KEEPS_LEVEL;
        let to = std::hint::select_unpredictable(keeps, level, opens);
        let visible = tail[to as usize] & level::VISIBLE;
        head[VISIBLE] = std::hint::select_unpredictable(keeps, head[VISIBLE], visible);
        head[LEVEL] = level.max(to);
        (level > to) | (next & hole::OPENING != 0)
    }

    /// Ends the opening of a hole where [`advance`](Self::advance) says so: folds what the blocks above its level
    /// tell theirs, and does what is particular to its class.
    #[inline(always)]
    pub(crate) fn settle(&self, row: &mut [u32]) {
        let Some((head, tail)) = row.split_first_chunk_mut::<HEAD>() else { return };
        let opens = head[HOLE] >> hole::LEVEL & hole::KEEPS_LEVEL;
        if opens != hole::KEEPS_LEVEL {
            let to = opens as usize;
            for at in (to + 1..=head[LEVEL] as usize).rev() {
                self.fold(head, tail, at);
            }
            head[LEVEL] = opens;
        }
        let to = head[LEVEL] as usize;
        let class = &self.tables.classes[(head[HOLE] & hole::CLASS) as usize];
        // Branches rather than a jump, which would be foretold wrongly more often.
        if class.opening == Opening::Second {
            Self::open_second_branch(head, tail, to, class);
        } else if class.opening == Opening::Arity {
            head[NEXT_FUNC] += 1;
            return;
        } else if class.opening == Opening::Body {
            tail[self.newest(head)] = tail[to] & level::VISIBLE;
        }
        head[VISIBLE] = tail[to] & level::VISIBLE;
    }

    /// Where the tail has the word of the newest definition.
    fn newest(&self, head: &[u32; HEAD]) -> usize {
        self.layout.funcs - HEAD + (head[NEXT_FUNC] - self.tables.max_vars - 2) as usize
    }

    /// The second branch starts with what was visible before the first, and what both assign remains.
    fn open_second_branch(head: &mut [u32; HEAD], tail: &mut [u32], at: usize, class: &Class) {
        let first = tail[at];
        let returned = first & level::RETURNED != 0;
        let outside = tail[at - 1] & level::VISIBLE;
        let flag = if returned { level::FIRST_RETURNED } else { 0 };
        tail[at] = outside | (first & level::VISIBLE) << level::LEAKS | flag;
        if returned && class.if_first_returned != Class::SAME {
            head[HOLE] = head[HOLE] & !hole::CLASS | u32::from(class.if_first_returned);
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
        let word = &mut tail[self.newest(head)];
        *word |= CALLABLE;
        if self.tables.calls_possible {
            head[CALL_NEED] = head[CALL_NEED].min(1 + (*word & ARITY));
        }
    }
}

/// Writes as much of a block as there is room for; what is left is the room behind it.
#[inline(always)]
fn write_block<'a>(to: &'a mut [u32], block: &[u32; BLOCK]) -> &'a mut [u32] {
    let (to, rest) = to.split_at_mut(to.len().min(BLOCK));
    match to.first_chunk_mut() {
        Some(to) => *to = *block,
        None => copy_start(to, *block),
    }
    rest
}

/// Copies the start of a block in pieces of fixed size: a copy of any size is a call, which takes as long as a step.
#[inline(always)]
fn copy_start(mut to: &mut [u32], block: [u32; BLOCK]) {
    let mut from = block.as_slice();
    #[inline(always)]
    fn piece<const N: usize>(to: &mut &mut [u32], from: &mut &[u32]) {
        if to.len() >= N {
            let (piece, rest) = std::mem::take(to).split_at_mut(N);
            let (words, others) = from.split_at(N);
            piece.copy_from_slice(words);
            (*to, *from) = (rest, others);
        }
    }
    piece::<4>(&mut to, &mut from);
    piece::<2>(&mut to, &mut from);
    piece::<1>(&mut to, &mut from);
}
