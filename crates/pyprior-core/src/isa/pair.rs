//! Twice as many rows as a register holds. Two chains of dependent instructions then run side by side, where one
//! alone would leave the processor waiting for its own results.

use crate::table::{Area, Slice, Table, View};
use crate::words::Words;

/// The first half of the rows and the second.
#[derive(Clone, Copy)]
pub(super) struct Pair<W>(pub(super) W, pub(super) W);

impl<W: Words> Words for Pair<W> {
    const COUNT: usize = 2 * W::COUNT;
    type Mask = Pair<W::Mask>;

    #[inline(always)]
    fn all(self, word: u32) -> Self {
        let all = self.0.all(word);
        Self(all, all)
    }

    #[inline(always)]
    fn rows_times(self, stride: u32) -> Self {
        let rows = self.0.rows_times(stride);
        Self(rows, rows.add(rows.all(W::COUNT as u32 * stride)))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(self.0.add(other.0), self.1.add(other.1))
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(self.0.sub(other.0), self.1.sub(other.1))
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(self.0.mul(other.0), self.1.mul(other.1))
    }

    #[inline(always)]
    fn product(self, other: Self) -> [Self; 2] {
        let ([a, b], [c, d]) = (self.0.product(other.0), self.1.product(other.1));
        [Self(a, c), Self(b, d)]
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(self.0.and(other.0), self.1.and(other.1))
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(self.0.or(other.0), self.1.or(other.1))
    }

    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(self.0.xor(other.0), self.1.xor(other.1))
    }

    #[inline(always)]
    fn without(self, other: Self) -> Self {
        Self(self.0.without(other.0), self.1.without(other.1))
    }

    #[inline(always)]
    fn least(self, other: Self) -> Self {
        Self(self.0.least(other.0), self.1.least(other.1))
    }

    #[inline(always)]
    fn greatest(self, other: Self) -> Self {
        Self(self.0.greatest(other.0), self.1.greatest(other.1))
    }

    #[inline(always)]
    fn shl<const N: i32>(self) -> Self {
        Self(self.0.shl::<N>(), self.1.shl::<N>())
    }

    #[inline(always)]
    fn shr<const N: i32>(self) -> Self {
        Self(self.0.shr::<N>(), self.1.shr::<N>())
    }

    #[inline(always)]
    fn spread<const N: i32>(self) -> Self {
        Self(self.0.spread::<N>(), self.1.spread::<N>())
    }

    #[inline(always)]
    fn equals(self, other: Self) -> Self::Mask {
        Pair(self.0.equals(other.0), self.1.equals(other.1))
    }

    #[inline(always)]
    fn at_least(self, other: Self) -> Self::Mask {
        Pair(self.0.at_least(other.0), self.1.at_least(other.1))
    }

    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        Self(W::select(mask.0, yes.0, no.0), W::select(mask.1, yes.1, no.1))
    }

    #[inline(always)]
    fn bits(mask: Self::Mask) -> u32 {
        W::bits(mask.0) | W::bits(mask.1) << W::COUNT
    }

    #[inline(always)]
    fn look_up<S: Slice<Entry = u32>>(self, table: &Table<S>) -> Self {
        Self(self.0.look_up(table), self.1.look_up(table))
    }

    #[inline(always)]
    fn records(self, table: &Table<Box<[[u32; 4]]>>) -> [Self; 4] {
        let ([a, b, c, d], [e, f, g, h]) = (self.0.records(table), self.1.records(table));
        [Self(a, e), Self(b, f), Self(c, g), Self(d, h)]
    }

    #[inline(always)]
    fn scatter(self, mut to: Area<'_>, words: Self) {
        self.0.scatter(to.lend(), words.0);
        self.1.scatter(to, words.1);
    }

    #[inline(always)]
    fn load(self, from: &[u32]) -> Self {
        let (first, second) = from.split_at(W::COUNT.min(from.len()));
        Self(self.0.load(first), self.1.load(second))
    }

    #[inline(always)]
    fn store(self, to: &mut [u32]) {
        let (first, second) = to.split_at_mut(W::COUNT.min(to.len()));
        self.0.store(first);
        self.1.store(second);
    }

    #[inline(always)]
    fn heads(self, rows: View<'_>, first: u32, stride: u32) -> [Self; 8] {
        let second = first.wrapping_add(W::COUNT as u32 * stride);
        let [a, b, c, d, e, f, g, h] = self.0.heads(rows, first, stride);
        let [i, j, k, l, m, n, o, p] = self.1.heads(rows, second, stride);
        [Self(a, i), Self(b, j), Self(c, k), Self(d, l), Self(e, m), Self(f, n), Self(g, o), Self(h, p)]
    }

    #[inline(always)]
    fn store_heads(heads: [Self; 8], mut rows: Area<'_>, first: u32, stride: u32) {
        let [a, b, c, d, e, f, g, h] = heads;
        W::store_heads([a.0, b.0, c.0, d.0, e.0, f.0, g.0, h.0], rows.lend(), first, stride);
        let second = first.wrapping_add(W::COUNT as u32 * stride);
        W::store_heads([a.1, b.1, c.1, d.1, e.1, f.1, g.1, h.1], rows, second, stride);
    }
}
