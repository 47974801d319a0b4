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

use crate::grammar::records::{Class, Opening, Production, Set, Sym, dynamic, hole, level};
use crate::grammar::tables::{BLOCK, Tables};
use crate::sampler::uniform::Picks;
use crate::table::{Area, Table, View};
use crate::words::{WithConstants, Words};

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

/// Where the legal sets of rows are: the parts that do and do not depend on the row.
#[derive(Clone, Copy)]
pub(crate) struct Legal<W> {
    /// Which of the tables' sets.
    pub(crate) set: W,
    list: W,
    pub(crate) count: W,
    mask: W,
    dynamic: W,
    class: W,
}

impl<W: Words> Legal<W> {
    /// Whether functions are legal that are callable and whose arguments the budget allows.
    #[inline(always)]
    pub(crate) fn callee(&self) -> W::Mask {
        self.class.masked(Class::CALLEE).is(Class::CALLEE)
    }
}

/// What tokens that are known to be legal, or to be checked, do.
#[derive(Clone, Copy)]
pub(crate) struct Plan<W> {
    push: W,
    next: W,
    flags: W,
    arg: W,
    delta: W,
}

/// What came of taking tokens.
#[derive(Clone, Copy)]
pub(crate) struct Taken<W: Words> {
    /// Rows for which [`Engine::settle`] must follow.
    pub(crate) unsettled: W::Mask,
    /// Rows whose program is complete.
    pub(crate) finished: W::Mask,
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

    /// Where the legal sets of rows are.
    #[inline(always)]
    pub(crate) fn legal<W: Words>(&self, heads: &Heads<W>) -> Legal<W> {
        let tables = &self.tables;
        let [sets, cap, call_stride, class] = heads[HOLE].masked(hole::CLASS).records(&tables.classes);
        let slack = heads[SLACK];
        let call = W::select(slack.at_least(heads[CALL_NEED]), call_stride, slack.all(0));
        let set = sets.add(slack.least(cap)).add(call);
        let [list, count, mask, defines] = set.records(&tables.sets);
        let reach = heads[VISIBLE].add(class.shr::<{ Class::REACH }>().masked(1));
        let visible = reach.least(slack.all(tables.max_vars)).and(class.masked(Class::VARS));
        let dynamic = W::select(defines.is(Set::DEFINES), heads[NEXT_FUNC], visible);
        Legal { set, list, count, mask, dynamic, class }
    }

    /// Where the legal set of a row is.
    #[inline(always)]
    pub(crate) fn legal_of(&self, row: &[u32]) -> Legal<u32> {
        self.legal(&head_of(row))
    }

    /// Takes a token that is known to be legal.
    pub(crate) fn take(&self, row: &mut [u32], sym: Sym) {
        let Some(mut area) = Table::new(row) else { return };
        let heads = head_of(&area);
        let plan = self.plan(SINGLE, area.view(), &heads, sym.0);
        if self.advance(SINGLE, area.lend(), heads, plan).unsettled {
            self.settle(&mut area);
        }
    }

    /// Takes a token if it is legal; whether it is.
    #[inline(always)]
    pub(crate) fn accept(&self, row: &mut [u32], sym: Sym) -> bool {
        let Some(&heads) = row.first_chunk::<HEAD>() else { return false };
        let Some(mut area) = Table::new(row) else { return false };
        let (true, plan) = self.check(SINGLE, area.view(), &heads, sym.0) else { return false };
        if self.advance(SINGLE, area.lend(), heads, plan).unsettled {
            self.settle(&mut area);
        }
        true
    }

    /// Whether a token is legal.
    pub(crate) fn is_legal(&self, row: &[u32], sym: Sym) -> bool {
        Table::new(row).is_some_and(|row| self.check(SINGLE, row, &head_of(&row), sym.0).0)
    }

    /// The legal token of a row that is picked.
    #[inline(always)]
    pub(crate) fn choose_one(&self, row: &[u32], picks: &Picks<'_, u32>) -> Sym {
        Table::new(row).map_or(Sym::NEVER, |row| Sym(self.choose(SINGLE, row, &head_of(&row), picks)))
    }

    /// Callable functions whose arguments are affordable, by number.
    fn callable<'a>(&'a self, row: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
        let limit = row[SLACK].saturating_add(row[CALL_NEED].saturating_sub(1));
        (1..=self.defined(row)).filter(move |&func| {
            let word = row[self.layout.funcs + func as usize - 1];
            word & CALLABLE != 0 && word & ARITY <= limit
        })
    }

    /// Number of legal tokens of a row.
    pub(crate) fn count(&self, row: &[u32], legal: &Legal<u32>) -> u32 {
        if legal.callee() {
            return self.callable(row).count() as u32;
        }
        legal.count + self.dynamic(legal).1
    }

    /// The `nth` legal token in id order; `nth` must be below the count.
    pub(crate) fn nth(&self, row: &[u32], legal: &Legal<u32>, nth: u32) -> Sym {
        if legal.callee() {
            return self.nth_callable(row, nth);
        }
        Sym(self.nth_usual(legal, self.dynamic(legal), nth))
    }

    /// Where the part of a legal set that depends on the row has its tokens, and how many.
    #[inline(always)]
    pub(crate) fn dynamic<W: Words>(&self, legal: &Legal<W>) -> (W, W) {
        let found = legal.dynamic.look_up(&self.tables.dynamics);
        (found.shr::<{ dynamic::LIST }>(), found.masked(dynamic::COUNT))
    }

    /// The `nth` legal tokens in id order of rows that are at no callee.
    #[inline(always)]
    fn nth_usual<W: Words>(&self, legal: &Legal<W>, (first, count): (W, W), nth: W) -> W {
        // Functions and variables have the lowest ids, so the part that depends on the row comes first.
        let place = W::select(nth.at_least(count), legal.list.sub(count), first).add(nth);
        place.look_up(&self.tables.lists)
    }

    /// Legal tokens: those at the picked places in id order.
    #[inline(always)]
    pub(crate) fn choose<W: Words>(
        &self,
        group: Group<W>,
        rows: View<'_>,
        heads: &Heads<W>,
        picks: &Picks<'_, W>,
    ) -> W {
        let legal = self.legal(heads);
        let dynamic = self.dynamic(&legal);
        let mut sym = self.nth_usual(&legal, dynamic, picks.pick(legal.count.add(dynamic.1)));
        let callees = W::bits(legal.callee());
        if callees != 0 {
            sym = self.choose_callees(group, rows, callees, sym, |counts| picks.pick(counts));
        }
        sym
    }

    /// Replaces the tokens of the rows of `callees` by the functions whose places `pick` makes of their numbers.
    #[cold]
    pub(crate) fn choose_callees<W: Words>(
        &self,
        group: Group<W>,
        rows: View<'_>,
        callees: u32,
        syms: W,
        pick: impl FnOnce(W) -> W,
    ) -> W {
        let rows = group.each(callees, rows);
        let (mut counts, mut chosen) = ([1; LANES], [0; LANES]);
        for (nth, row) in rows.clone() {
            counts[nth] = self.callable(row).count() as u32;
        }
        pick(syms.load(&counts)).store(&mut chosen);
        syms.store(&mut counts);
        for (nth, row) in rows {
            counts[nth] = self.nth_callable(row, chosen[nth]).0;
        }
        syms.load(&counts)
    }

    fn nth_callable(&self, row: &[u32], nth: u32) -> Sym {
        let func = self.callable(row).nth(nth as usize).unwrap_or(1);
        let found = (self.tables.max_vars + func).look_up(&self.tables.dynamics);
        Sym(dynamic::list(found).look_up(&self.tables.lists))
    }

    /// Writes the legal sets of rows as token bitmasks of `width` words each, one after the other, to the start of
    /// `out`. What follows may be overwritten, up to a whole block: rows are filled in order.
    #[inline(always)]
    pub(crate) fn fill<W: Words>(&self, group: Group<W>, rows: View<'_>, out: &mut [u32], width: usize) {
        let tables = &self.tables;
        let legal = self.legal(&group.heads(rows));
        let (mut masks, mut dynamics) = ([0; LANES], [0; LANES]);
        legal.mask.store(&mut masks);
        legal.dynamic.mul(legal.dynamic.all(tables.dynamic_blocks as u32)).store(&mut dynamics);
        let places = masks.iter().zip(&dynamics).take(W::COUNT).map(|(&mask, &dynamic)| (mask, dynamic));
        match (tables.start, tables.dynamic_blocks, tables.blocks) {
            (0, 1, 1) => self.fill_few::<1>(places, out, width),
            (0, 1, 2) => self.fill_few::<2>(places, out, width),
            _ => self.fill_many(places, out, width),
        }
        let callees = W::bits(legal.callee());
        if callees != 0 {
            self.fill_callees(group, rows, callees, out, width);
        }
    }

    /// Writes masks of `N` blocks, of which only the first holds variables and functions and none a base vocabulary.
    #[inline(always)]
    fn fill_few<const N: usize>(&self, places: impl Iterator<Item = (u32, u32)>, mut out: &mut [u32], width: usize) {
        let (masks, dynamic_masks) = (&*self.tables.masks, &*self.tables.dynamic_masks);
        for place @ (mask, dynamic) in places {
            let blocks = masks.get(mask as usize..).and_then(|masks| masks.first_chunk::<N>());
            let (Some(mut blocks), Some(bits)) = (blocks.copied(), dynamic_masks.get(dynamic as usize)) else { return };
            for (word, bits) in blocks[0].iter_mut().zip(bits) {
                *word |= bits;
            }
            match out.as_chunks_mut::<BLOCK>().0.first_chunk_mut::<N>() {
                Some(to) => *to = blocks,
                None => self.fill_many([place].into_iter(), out, width),
            }
            let Some(rest) = out.get_mut(width..) else { return };
            out = rest;
        }
    }

    /// Writes masks of any size.
    #[inline(never)]
    fn fill_many(&self, places: impl Iterator<Item = (u32, u32)>, out: &mut [u32], width: usize) {
        for ((mask, dynamic), row) in places.zip(0..) {
            let Some(own) = out.get_mut(row * width..) else { return };
            self.fill_row(mask, dynamic, own);
        }
    }

    #[inline(always)]
    fn fill_row(&self, mask: u32, dynamic: u32, mut own: &mut [u32]) {
        let tables = &self.tables;
        if tables.start > 0 {
            let (before, after) = own.split_at_mut(tables.start.min(own.len()));
            before.fill(0);
            own = after;
        }
        for block in 0..tables.blocks {
            let words = tables.masks.at(mask + block as u32);
            let bits = if block < tables.dynamic_blocks {
                tables.dynamic_masks.at(dynamic + block as u32)
            } else {
                &[0; BLOCK]
            };
            if let Some(to) = own.first_chunk_mut::<BLOCK>() {
                *to = std::array::from_fn(|word| words[word] | bits[word]);
            } else {
                for ((to, word), bits) in own.iter_mut().zip(words).zip(bits) {
                    *to = word | bits;
                }
            }
            own = own.get_mut(BLOCK..).unwrap_or_default();
        }
    }

    #[cold]
    fn fill_callees<W: Words>(&self, group: Group<W>, rows: View<'_>, callees: u32, out: &mut [u32], width: usize) {
        let (start, blocks) = (self.tables.start, self.tables.dynamic_blocks);
        for (nth, row) in group.each(callees, rows) {
            let Some(own) = out.get_mut(nth * width + start..(nth + 1) * width) else { return };
            for func in self.callable(row) {
                let dynamic = (self.tables.max_vars + func) as usize * blocks;
                let bits = self.tables.dynamic_masks[dynamic..][..blocks].as_flattened();
                own.iter_mut().zip(bits).for_each(|(word, bits)| *word |= bits);
            }
        }
    }

    /// As [`fill`](Self::fill), of one row.
    #[inline(always)]
    pub(crate) fn fill_one(&self, row: &[u32], out: &mut [u32]) {
        let legal = self.legal_of(row);
        self.fill_row(legal.mask, legal.dynamic * self.tables.dynamic_blocks as u32, out);
        if let Some(row) = Table::new(row).filter(|_| legal.callee()) {
            self.fill_callees(SINGLE, row, 1, out, self.tables.words);
        }
    }

    /// Tokens with these local ids as a step sees them; [`Sym::NEVER`] beyond the vocabulary.
    #[inline(always)]
    pub(crate) fn syms<W: Words>(&self, locals: W) -> W {
        // The last entry stands for all that is beyond.
        locals.look_up(&self.tables.syms)
    }

    /// Which of these tokens are legal, and what they do.
    #[inline(always)]
    pub(crate) fn check<W: Words>(
        &self,
        group: Group<W>,
        rows: View<'_>,
        heads: &Heads<W>,
        sym: W,
    ) -> (W::Mask, Plan<W>) {
        let plan = self.plan(group, rows, heads, sym);
        let reach = heads[VISIBLE].add(plan.flags.masked(Production::REACH));
        // The argument of anything but a variable is in reach, and any but the next function is out of the way.
        let arg = plan.arg.and(plan.flags.spread::<{ Production::NAMES }>());
        let next = heads[NEXT_FUNC].sub(plan.arg.plus(self.tables.max_vars));
        let defines = next.and(plan.flags.spread::<{ Production::DEFINES }>());
        // What is left of the slack, or nothing but ones where it does not suffice.
        let out_of_reach = W::select(reach.at_least(arg), defines, arg.all(u32::MAX));
        let too_dear = W::select(heads[SLACK].at_least(plan.delta), out_of_reach, arg.all(u32::MAX));
        (too_dear.is(0), plan)
    }

    /// What tokens do; those that do not fit their hole cost more than any slack.
    #[inline(always)]
    pub(crate) fn plan<W: Words>(&self, group: Group<W>, rows: View<'_>, heads: &Heads<W>, sym: W) -> Plan<W> {
        let at = heads[HOLE].masked(hole::CLASS).shl::<{ Production::CLASS }>();
        let mut place = at.add(sym.shr::<{ Sym::TERMINAL }>().masked(Sym::TERMINALS));
        let mut arg = sym.shr::<{ Sym::ARG }>();
        let mut record = place.records(&self.tables.productions);
        let callees = W::bits(record[3].masked(Production::UNRESOLVED).is(Production::UNRESOLVED));
        if callees != 0 {
            (place, arg) = self.resolve_callees(group, rows, callees, place, arg);
            record = place.records(&self.tables.productions);
        }
        let [base, push, next, flags] = record;
        let need = heads[CALL_NEED];
        let call = need.and(flags.spread::<{ Production::CALL }>());
        let callee = need.and(flags.spread::<{ Production::CALLED }>());
        let delta = base.add(arg.mul(flags.shr::<{ Production::PER_ARG }>())).add(call).sub(callee);
        Plan { push, next, flags, arg, delta }
    }

    /// What is to be taken after a callee depends on how many arguments it has, and so do the spare tokens.
    #[cold]
    fn resolve_callees<W: Words>(&self, group: Group<W>, rows: View<'_>, callees: u32, place: W, arg: W) -> (W, W) {
        let (mut places, mut args) = ([0; LANES], [0; LANES]);
        place.store(&mut places);
        arg.store(&mut args);
        for (nth, row) in group.each(callees, rows) {
            let Some((arity, true)) = self.func(row, args[nth]) else {
                places[nth] = Production::NEVER;
                continue;
            };
            places[nth] += Production::RESOLVED + arity.min(2);
            args[nth] = arity.saturating_sub(1);
        }
        (place.load(&places), arg.load(&args))
    }

    /// Takes tokens that were found legal.
    #[inline(always)]
    pub(crate) fn advance<W: Words>(
        &self,
        group: Group<W>,
        mut rows: Area<'_>,
        mut heads: Heads<W>,
        plan: Plan<W>,
    ) -> Taken<W> {
        heads[SLACK] = heads[SLACK].sub(plan.delta);
        heads[LEN] = heads[LEN].add(plan.flags.shr::<{ Production::COUNTS }>().masked(1));
        self.next_hole(group, rows.lend(), &mut heads, &plan);
        let next = heads[HOLE];
        let opens_at = next.shr::<{ hole::LEVEL }>().masked(hole::KEEPS_LEVEL);
        let keeps = opens_at.is(hole::KEEPS_LEVEL);
        let to = W::select(keeps, heads[LEVEL], opens_at);
        let falls = Self::open(group, rows.lend(), &mut heads, &plan, keeps, to);
        let unsettled = falls.or(next.shr::<{ hole::OPENS }>().masked(1));
        W::store_heads(heads, rows, group.first, group.stride);
        Taken { unsettled: unsettled.is(1), finished: next.is(self.tables.end) }
    }

    /// Takes the next hole from the production or the stack, and pushes what is to follow.
    #[inline(always)]
    fn next_hole<W: Words>(&self, group: Group<W>, rows: Area<'_>, heads: &mut Heads<W>, plan: &Plan<W>) {
        let &Plan { push, next, flags, arg, .. } = plan;
        let top = heads[TOP];
        let stack = group.starts.plus(self.layout.stack as u32).add(top);
        let pending = stack.look_up(&rows);
        // A leaf takes the hole at the top of the stack, once; nothing else does, and no leaf pushes.
        let pops = next.is(0);
        let popped = W::select(pops, top.all(1), top.all(0));
        let is_last = W::select(pending.shr::<{ hole::COUNT }>().is(1), popped, top.all(0));
        let pushed = push.add(arg.and(flags.spread::<{ Production::REST }>()).shl::<{ hole::COUNT }>());
        let entry = W::select(pops, pending.sub(top.all(1 << hole::COUNT)), pushed);
        stack.plus(1).sub(popped).scatter(rows, entry);
        let pushes = flags.shr::<{ Production::PUSHES }>().masked(1);
        heads[TOP] = top.add(pushes).sub(is_last);
        let last = is_last.and(pending.shr::<{ hole::LAST_DIFFERS }>());
        let opens = is_last.and(pending.shr::<{ hole::LAST_OPENS }>()).shl::<{ hole::OPENS }>();
        let taken = pending.masked(hole::HOLE).add(last).or(opens);
        heads[HOLE] = W::select(pops, taken, next);
    }

    /// Writes what a token tells the level words and opens the next hole at level `to`: takes the snapshot of what is
    /// visible there. An expression keeps the level and the snapshot of its statement. 1 where the level falls.
    #[inline(always)]
    fn open<W: Words>(
        group: Group<W>,
        mut rows: Area<'_>,
        heads: &mut Heads<W>,
        plan: &Plan<W>,
        keeps: W::Mask,
        to: W,
    ) -> W {
        let &Plan { flags, arg, .. } = plan;
        // The level word becomes `word & keep | set | named`; it is that of the level above if the block is new.
        let level = heads[LEVEL];
        let levels = group.starts.plus(HEAD as u32);
        let fresh = flags.spread::<{ Production::FRESH }>();
        let names = flags.spread::<{ Production::ASSIGNS }>().masked(level::VISIBLE);
        let at = level.sub(fresh);
        let visible = heads[VISIBLE].and(flags.spread::<{ Production::FROM_VISIBLE }>());
        let named = visible.greatest(arg.and(flags.spread::<{ Production::FROM_ARG }>()));
        let kept = levels.add(at).look_up(&rows).without(fresh.or(names));
        let word = kept.or(flags.masked(Production::SET).shl::<{ Production::SET_TO_LEVEL }>()).or(named);
        let there = levels.add(to).look_up(&rows);
        levels.add(at).scatter(rows.lend(), word);
        let there = W::select(to.equals(at), word, there).masked(level::VISIBLE);
        heads[VISIBLE] = W::select(keeps, heads[VISIBLE], there);
        heads[LEVEL] = level.greatest(to);
        W::select(to.at_least(level), to.all(0), to.all(1))
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
        let [.., class] = (head[HOLE] & hole::CLASS).records(&self.tables.classes);
        // Branches rather than a jump, which would be foretold wrongly more often.
        let opening = Class::opening(class);
        if opening == Opening::Second as u32 {
            Self::open_second_branch(head, tail, to, Class::if_first_returned(class));
        } else if opening == Opening::Arity as u32 {
            head[NEXT_FUNC] += 1;
            return;
        } else if opening == Opening::Body as u32 {
            tail[self.newest(head)] = tail[to] & level::VISIBLE;
        }
        head[VISIBLE] = tail[to] & level::VISIBLE;
    }

    /// Where the tail has the word of the newest definition.
    fn newest(&self, head: &[u32; HEAD]) -> usize {
        self.layout.funcs - HEAD + (head[NEXT_FUNC] - self.tables.max_vars - 2) as usize
    }

    /// The second branch starts with what was visible before the first, and what both assign remains.
    fn open_second_branch(head: &mut [u32; HEAD], tail: &mut [u32], at: usize, if_first_returned: u32) {
        let first = tail[at];
        let returned = first & level::RETURNED != 0;
        let outside = tail[at - 1] & level::VISIBLE;
        let flag = if returned { level::FIRST_RETURNED } else { 0 };
        tail[at] = outside | (first & level::VISIBLE) << level::LEAKS | flag;
        if returned && if_first_returned != Class::SAME {
            head[HOLE] = head[HOLE] & !hole::CLASS | if_first_returned;
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

/// The most rows that step together.
pub(crate) const LANES: usize = 16;

/// The head of a row.
#[inline(always)]
fn head_of(row: &[u32]) -> Heads<u32> {
    row.first_chunk().copied().unwrap_or([0; HEAD])
}
