//! What a token does to a row, and whether it is legal.

use super::{CALL_NEED, Engine, Group, HOLE, Heads, LANES, NEXT_FUNC, SINGLE, SLACK, VISIBLE, head_of};
use crate::grammar::records::{Production, Sym, hole};
use crate::table::{Table, View};
use crate::words::{WithConstants, Words};

/// What tokens that are known to be legal, or to be checked, do.
#[derive(Clone, Copy)]
pub(crate) struct Plan<W> {
    pub(super) push: W,
    pub(super) next: W,
    pub(super) flags: W,
    pub(super) arg: W,
    pub(super) delta: W,
}

impl Engine {
    /// Tokens with these local ids as a step sees them; [`Sym::NEVER`] beyond the vocabulary.
    #[inline(always)]
    pub(crate) fn syms<W: Words>(&self, locals: W) -> W {
        // The last entry stands for all that is beyond.
        locals.look_up(&self.tables.syms)
    }

    /// Whether a token is legal.
    pub(crate) fn is_legal(&self, row: &[u32], sym: Sym) -> bool {
        Table::new(row).is_some_and(|row| self.check(SINGLE, row, &head_of(&row), sym.0).0)
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
}
