//! Legal sets as token bitmasks.

use super::{Engine, Group, LANES, SINGLE};
use crate::grammar::tables::BLOCK;
use crate::table::{Table, View};
use crate::words::Words;

impl Engine {
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
}
