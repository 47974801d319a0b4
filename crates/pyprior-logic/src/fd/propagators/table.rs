//! Rows of values that go together, by bitsets of rows (Demeulenaere et al., *Compact-Table*, CP 2016), without its
//! reversible state: which rows are left is computed anew, since the trail belongs to the domains.

use crate::fd::domains::{Conflict, Domains, ones, put};

/// Most words of supports that a table may take: 64 MiB. A wider one goes through its rows instead.
const WIDEST: usize = 1 << 23;

#[derive(Debug, Clone)]
pub(crate) struct TablePropagator {
    arity: usize,
    /// Rows back to back, by index in the domains.
    rows: Vec<u32>,
    /// For each variable and value the rows that have it: `words` words from `start[variable] + value · words`.
    supports: Vec<u64>,
    start: Vec<usize>,
    words: usize,
}

impl TablePropagator {
    /// `sizes`: numbers of values of the variables. Indices in the rows lie below them.
    pub(crate) fn new(sizes: &[usize], rows: Vec<u32>) -> TablePropagator {
        let arity = sizes.len();
        let count = rows.len().checked_div(arity).unwrap_or(0);
        let words = count.div_ceil(64);
        let total = sizes.iter().sum::<usize>().saturating_mul(words);
        let mut table = TablePropagator { arity, rows, supports: Vec::new(), start: Vec::new(), words };
        if total <= WIDEST {
            table.supports = vec![0; total];
            let mut start = 0;
            for size in sizes {
                table.start.push(start);
                start += size * words;
            }
            for (number, row) in table.rows.chunks_exact(arity.max(1)).enumerate() {
                for (start, index) in table.start.iter().zip(row) {
                    put(&mut table.supports[start + *index as usize * words..], number as u32);
                }
            }
            table.rows = Vec::new();
        }
        table
    }

    pub(crate) fn propagate(&self, domains: &mut Domains<'_>) -> Result<(), Conflict> {
        if self.start.is_empty() { self.scan(domains) } else { self.intersect(domains) }
    }

    fn support(&self, position: usize, index: u32) -> &[u64] {
        let start = self.start[position] + index as usize * self.words;
        &self.supports[start..start + self.words]
    }

    fn intersect(&self, domains: &mut Domains<'_>) -> Result<(), Conflict> {
        let mut left = vec![u64::MAX; self.words];
        let mut union = vec![0; self.words];
        for position in 0..self.arity {
            union.fill(0);
            for index in domains.indices(position) {
                union.iter_mut().zip(self.support(position, index)).for_each(|(union, word)| *union |= word);
            }
            left.iter_mut().zip(&union).for_each(|(left, word)| *left &= word);
        }
        if left.iter().all(|word| *word == 0) {
            return Err(Conflict::Failed);
        }
        for position in 0..self.arity {
            if domains.size(position) == 1 {
                continue;
            }
            let mut mask = domains.words(position).to_vec();
            for index in ones(domains.words(position)) {
                if self.support(position, index).iter().zip(&left).all(|(word, left)| word & left == 0) {
                    mask[index as usize / 64] &= !(1 << (index % 64));
                }
            }
            domains.keep(position, &mask)?;
        }
        Ok(())
    }

    fn scan(&self, domains: &mut Domains<'_>) -> Result<(), Conflict> {
        let mut masks: Vec<Vec<u64>> = (0..self.arity).map(|position| vec![0; domains.words(position).len()]).collect();
        for row in self.rows.chunks_exact(self.arity.max(1)) {
            if row.iter().enumerate().all(|(position, index)| domains.contains(position, *index)) {
                masks.iter_mut().zip(row).for_each(|(mask, index)| put(mask, *index));
            }
        }
        for (position, mask) in masks.iter().enumerate() {
            domains.keep(position, mask)?;
        }
        Ok(())
    }
}
