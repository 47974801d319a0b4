//! Where the legal set of a row is: a table, and the part that depends on the row.

use super::{
    ARITY, CALL_NEED, CALLABLE, Engine, Group, HOLE, Heads, LANES, NEXT_FUNC, SINGLE, SLACK, VISIBLE, head_of,
};
use crate::grammar::records::{Class, Set, Sym, dynamic, hole};
use crate::sampler::uniform::Picks;
use crate::table::{Table, View};
use crate::words::{WithConstants, Words};

/// Where the legal sets of rows are: the parts that do and do not depend on the row.
#[derive(Clone, Copy)]
pub(crate) struct Legal<W> {
    /// Which of the tables' sets.
    pub(crate) set: W,
    list: W,
    pub(crate) count: W,
    pub(super) mask: W,
    pub(super) dynamic: W,
    class: W,
}

impl<W: Words> Legal<W> {
    /// Whether functions are legal that are callable and whose arguments the budget allows.
    #[inline(always)]
    pub(crate) fn callee(&self) -> W::Mask {
        self.class.masked(Class::CALLEE).is(Class::CALLEE)
    }
}

impl Engine {
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

    /// The legal token of a row that is picked.
    #[inline(always)]
    pub(crate) fn choose_one(&self, row: &[u32], picks: &Picks<'_, u32>) -> Sym {
        Table::new(row).map_or(Sym::NEVER, |row| Sym(self.choose(SINGLE, row, &head_of(&row), picks)))
    }

    /// Callable functions whose arguments are affordable, by number.
    pub(super) fn callable<'a>(&'a self, row: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
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
}
