//! Taking a token: the common part without a branch, and what few rows need more.

use super::{
    ARITY, CALL_NEED, CALLABLE, Engine, Group, HEAD, HOLE, Heads, LEN, LEVEL, NEXT_FUNC, Plan, SINGLE, SLACK, TOP,
    VISIBLE, head_of,
};
use crate::grammar::records::{Class, Opening, Production, Sym, hole, level};
use crate::table::{Area, Table};
use crate::words::{WithConstants, Words};

/// What came of taking tokens.
#[derive(Clone, Copy)]
pub(crate) struct Taken<W: Words> {
    /// Rows for which [`Engine::settle`] must follow.
    pub(crate) unsettled: W::Mask,
    /// Rows whose program is complete.
    pub(crate) finished: W::Mask,
}

impl Engine {
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
