//! The uniform choice: one of n, as a function of (seed, row, step).

use super::philox;
use crate::isa;
use crate::step::LANES;
use crate::words::{WithConstants, Words};

/// Draws uniformly among the legal tokens of a step.
///
/// The word for step s of row r is word `s % 4` of the Philox4x32-10 block with key `seed` and counter
/// `[r low, r high, s / 4, lane]`, little end first. Lane 0 serves unless the word falls into the remainder that
/// would favour some choices (probability below n / 2³²); then lanes 1, 2, … are tried. So the choice is exactly
/// uniform, and depends on nothing but the seed, the row's number and the step.
///
/// Source of the method: D. Lemire, "Fast random integer generation in an interval", ACM TOMACS 29(1), 2019.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UniformSampler {
    key: [u32; 2],
}

/// Words drawn at a time: blocks for 32 steps fill the vector registers.
pub(crate) const BUFFER: usize = 32;

impl UniformSampler {
    /// The sampler of a seed.
    pub fn new(seed: u64) -> Self {
        Self { key: split(seed) }
    }

    /// An index below `n` for step `step` of row `row`; 0 if `n` is 0.
    pub fn index(&self, row: u64, step: u32, n: u32) -> u32 {
        self.pick(self.word(row, step, 0), row, step, n)
    }

    /// An index below `n` from the word of lane 0.
    #[inline(always)]
    pub(crate) fn pick(&self, word: u32, row: u64, step: u32, n: u32) -> u32 {
        let wide = u64::from(word) * u64::from(n);
        if (wide as u32) < n {
            return self.pick_carefully(wide, row, step, n);
        }
        (wide >> 32) as u32
    }

    #[cold]
    fn pick_carefully(&self, mut wide: u64, row: u64, step: u32, n: u32) -> u32 {
        let Some(remainder) = n.wrapping_neg().checked_rem(n) else { return 0 };
        let mut lane = 0;
        while (wide as u32) < remainder {
            lane += 1;
            wide = u64::from(self.word(row, step, lane)) * u64::from(n);
        }
        (wide >> 32) as u32
    }

    fn word(&self, row: u64, step: u32, lane: u32) -> u32 {
        let [low, high] = split(row);
        philox::philox4x32_10([low, high, step / 4, lane], self.key)[step as usize % 4]
    }

    /// The words of lane 0 for a step of each of some rows.
    #[inline(always)]
    pub(crate) fn words<W: Words>(&self, rows: &[u64], steps: W) -> W {
        let (mut low, mut high) = ([0; LANES], [0; LANES]);
        for ((low, high), &row) in low.iter_mut().zip(&mut high).zip(&rows[..W::COUNT.min(rows.len())]) {
            [*low, *high] = split(row);
        }
        let counter = [steps.load(&low), steps.load(&high), steps.shr::<2>(), steps.all(0)];
        let [a, b, c, d] = philox::philox4x32_10_each(counter, self.key);
        let odd = steps.masked(1).is(1);
        W::select(steps.masked(2).is(2), W::select(odd, d, c), W::select(odd, b, a))
    }

    /// The words of lane 0 for the [`BUFFER`] steps around `step`; that of a step is at `step % BUFFER`.
    #[inline(always)]
    pub(crate) fn buffer(&self, row: u64, step: u32) -> [u32; BUFFER] {
        const BLOCKS: usize = BUFFER / 4;
        let [low, high] = split(row);
        let first = step / BUFFER as u32 * BLOCKS as u32;
        let steps = std::array::from_fn(|block| first + block as u32);
        let words = philox::blocks::<BLOCKS>(&[[low; BLOCKS], [high; BLOCKS], steps, [0; BLOCKS]], self.key);
        std::array::from_fn(|i| words[i % 4][i / 4])
    }
}

/// The uniform choices of one row, step after step: those of [`UniformSampler::index`], at a fraction of the cost,
/// since the random words of 32 steps are drawn together.
#[derive(Debug, Clone)]
pub struct RowSampler {
    sampler: UniformSampler,
    row: u64,
    words: [u32; BUFFER],
    /// Which words they are, in units of [`BUFFER`] steps.
    drawn: Option<u32>,
}

impl RowSampler {
    /// The choices of a row.
    pub fn new(sampler: &UniformSampler, row: u64) -> Self {
        Self { sampler: *sampler, row, words: [0; BUFFER], drawn: None }
    }

    /// An index below `n` for a step of the row; 0 if `n` is 0.
    pub fn index(&mut self, step: u32, n: u32) -> u32 {
        self.picks(step).pick(n)
    }

    /// The word of lane 0 for a step.
    pub(crate) fn word(&mut self, step: u32) -> u32 {
        let block = step / BUFFER as u32;
        if self.drawn != Some(block) {
            self.words = isa::run(Draw { sampler: &self.sampler, row: self.row, step });
            self.drawn = Some(block);
        }
        self.words[step as usize % BUFFER]
    }

    /// The choice of a step.
    pub(crate) fn picks(&mut self, step: u32) -> Picks<'_, u32> {
        let words = self.word(step);
        Picks { sampler: &self.sampler, words, rows: std::slice::from_ref(&self.row), steps: step }
    }
}

struct Draw<'a> {
    sampler: &'a UniformSampler,
    row: u64,
    step: u32,
}

impl isa::Task for Draw<'_> {
    type Output = [u32; BUFFER];

    #[inline(always)]
    fn run<I: isa::Isa>(self, _: I) -> Self::Output {
        self.sampler.buffer(self.row, self.step)
    }
}

/// The choices of a step of rows, from their words of lane 0.
pub(crate) struct Picks<'a, W> {
    pub(crate) sampler: &'a UniformSampler,
    pub(crate) words: W,
    pub(crate) rows: &'a [u64],
    pub(crate) steps: W,
}

impl<W: Words> Picks<'_, W> {
    /// Indices below `counts`.
    #[inline(always)]
    pub(crate) fn pick(&self, counts: W) -> W {
        let [high, low] = self.words.product(counts);
        let close = W::bits(low.at_least(counts)) ^ ((1 << W::COUNT) - 1);
        if close == 0 { high } else { self.pick_carefully(counts) }
    }

    #[cold]
    fn pick_carefully(&self, counts: W) -> W {
        let (mut words, mut steps, mut each) = ([0; LANES], [0; LANES], [0; LANES]);
        self.words.store(&mut words);
        self.steps.store(&mut steps);
        counts.store(&mut each);
        for (((count, word), step), &row) in each.iter_mut().zip(words).zip(steps).zip(self.rows) {
            *count = self.sampler.pick(word, row, step, *count);
        }
        counts.load(&each)
    }
}

fn split(word: u64) -> [u32; 2] {
    [word as u32, (word >> 32) as u32]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_hold_the_words_of_their_steps() {
        let sampler = UniformSampler::new(0xfeed_beef_1234_5678);
        for row in [0, 1, u64::MAX, 1 << 32] {
            for step in [0, 5, 31, 32, 100, u32::MAX] {
                assert_eq!(sampler.buffer(row, step)[step as usize % BUFFER], sampler.word(row, step, 0));
            }
        }
    }

    #[test]
    fn a_row_at_a_time_is_the_same() {
        let sampler = UniformSampler::new(77);
        let mut row = RowSampler::new(&sampler, 1 << 40);
        for step in [0, 1, 31, 32, 33, 7, 100, 96, 0] {
            for n in [0, 1, 2, 25, 1000] {
                assert_eq!(row.index(step, n), sampler.index(1 << 40, step, n));
            }
        }
    }

    #[test]
    fn rejects_exactly_the_remainder() {
        let sampler = UniformSampler::new(3);
        // 2³² mod 3 is 1: of the words that map to a product with low half below 3, only low half 0 is drawn again.
        let again = sampler.pick(0, 9, 2, 3);
        assert_eq!(again, ((u64::from(sampler.word(9, 2, 1)) * 3) >> 32) as u32);
        assert_eq!(sampler.pick(1, 9, 2, 3), 0);
        assert_eq!(sampler.pick(0x5555_5556, 9, 2, 3), 1);
        assert_eq!(sampler.pick(u32::MAX, 9, 2, 3), 2);
        assert_eq!(sampler.index(0, 0, 0), 0);
    }

    #[test]
    fn every_index_is_as_likely() {
        let sampler = UniformSampler::new(11);
        let mut counts = [0u32; 7];
        for row in 0..70_000 {
            counts[sampler.index(row, (row % 40) as u32, 7) as usize] += 1;
        }
        // Chi-squared with 6 degrees of freedom; 22.46 is the 0.999 quantile.
        let chi: f64 = counts.iter().map(|&count| (f64::from(count) - 1e4).powi(2) / 1e4).sum();
        assert!(chi < 22.46, "chi² {chi}");
    }
}
