//! The passes over rows that make up a step: what a thread does with the rows it is given.

use std::ops::Range;

use super::BatchMatcher;
use crate::grammar::records::Sym;
use crate::isa::{self, Isa};
use crate::lockstep::{Queue, TILE};
use crate::sampler::uniform::{Picks, UniformSampler};
use crate::step::{Engine, Group, LANES};
use crate::table::{Area, Table, View};
use crate::words::{WithConstants, Words};

/// A pass over consecutive slots, which count from the first of them here.
trait Pass {
    /// Does rows of one language, [`Words::COUNT`] of them from `nth` on; those that need more.
    fn rows<W: Words>(&mut self, engine: &Engine, words: W, nth: usize) -> u32;

    /// Does what rows need more.
    #[inline(always)]
    fn more(&mut self, _engine: &Engine, _nth: usize) {}

    /// Does an empty slot.
    #[inline(always)]
    fn empty(&mut self, _nth: usize) {}

    /// Whether there is no need to go on.
    #[inline(always)]
    fn ends(&self) -> bool {
        false
    }
}

/// Takes a pass over a range of slots: as many rows at once as there can be where all are of one language.
#[inline(always)]
fn run<I: Isa>(batch: &BatchMatcher, slots: Range<usize>, isa: I, pass: &mut impl Pass) {
    let Some(engine) = batch.sole_engine(slots.clone()) else {
        for (nth, &slot) in batch.slots[slots].iter().enumerate() {
            match batch.engine(slot) {
                Some(engine) if pass.rows(engine, 0, nth) != 0 => pass.more(engine, nth),
                Some(_) => {}
                None => pass.empty(nth),
            }
            if pass.ends() {
                return;
            }
        }
        return;
    };
    let words = isa.words();
    let count = slots.len();
    let together = count - count % I::Words::COUNT;
    for first in (0..count).step_by(TILE) {
        let mut queue = Queue::EMPTY;
        let end = count.min(first + TILE);
        for nth in (first..end.min(together)).step_by(I::Words::COUNT) {
            queue.push(nth, I::Words::COUNT, pass.rows(engine, words, nth));
        }
        for nth in first.max(together)..end {
            queue.push(nth, 1, pass.rows(engine, 0, nth));
        }
        queue.rows().for_each(|nth| pass.more(engine, first + nth));
        if pass.ends() {
            return;
        }
    }
}

/// Writes the legal sets.
pub(super) struct Fill<'a> {
    pub(super) batch: &'a BatchMatcher,
    pub(super) first: usize,
    pub(super) out: &'a mut [u32],
    pub(super) words: usize,
}

impl isa::Task for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Self { batch, first, out, words } = self;
        let slots = first..first + out.len() / words.max(1);
        let Some(rows) = batch.rows(&slots) else { return };
        run(batch, slots, isa, &mut Filling { batch, rows, out, words });
    }
}

struct Filling<'a> {
    batch: &'a BatchMatcher,
    rows: View<'a>,
    out: &'a mut [u32],
    words: usize,
}

impl Pass for Filling<'_> {
    #[inline(always)]
    fn rows<W: Words>(&mut self, engine: &Engine, words: W, nth: usize) -> u32 {
        let group = Group::new(words, nth, self.batch.stride);
        engine.fill(group, self.rows, &mut self.out[nth * self.words..], self.words);
        0
    }

    fn empty(&mut self, nth: usize) {
        let out = &mut self.out[nth * self.words..][..self.words];
        out.fill(u32::MAX);
        if let Some(last) = out.last_mut().filter(|_| !self.batch.vocab.is_multiple_of(32)) {
            *last = (1 << (self.batch.vocab % 32)) - 1;
        }
    }
}

/// How far a pass that takes tokens has come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Progress {
    /// The slots that it was to do.
    pub(super) first: usize,
    /// How many of them have taken their tokens.
    pub(super) taken: usize,
    /// The slot behind those, if its token is not legal.
    pub(super) illegal: Option<usize>,
}

/// Takes tokens up to the first that is not legal.
pub(super) struct Accept<'a> {
    /// The batch without its states and history, which are below.
    pub(super) batch: &'a BatchMatcher,
    pub(super) tokens: &'a [u32],
    pub(super) first: usize,
    pub(super) states: &'a mut [u32],
    pub(super) history: &'a mut [u32],
}

impl isa::Task for Accept<'_> {
    type Output = Progress;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Progress {
        let Self { batch, tokens, first, states, history } = self;
        let count = states.len() / batch.stride;
        let progress = Progress { first, taken: 0, illegal: None };
        let (Some(rows), Some(history)) = (Table::new(states), Table::new(history)) else { return progress };
        let mut pass = Accepting { batch, tokens, rows, history, progress };
        run(batch, first..first + count, isa, &mut pass);
        pass.progress
    }
}

struct Accepting<'a> {
    batch: &'a BatchMatcher,
    tokens: &'a [u32],
    rows: Area<'a>,
    history: Area<'a>,
    progress: Progress,
}

impl Pass for Accepting<'_> {
    #[inline(always)]
    fn rows<W: Words>(&mut self, engine: &Engine, words: W, nth: usize) -> u32 {
        let BatchMatcher { stride, room, .. } = *self.batch;
        if self.ends() {
            return 0;
        }
        let group = Group::new(words, nth, stride);
        let heads = group.heads(self.rows.view());
        let tokens = words.load(&self.tokens[self.progress.first + nth..]);
        let syms = engine.syms(tokens.sub(words.all(engine.tables.offset)));
        let (legal, plan) = engine.check(group, self.rows.view(), &heads, syms);
        let illegal = W::bits(legal) ^ ((1 << W::COUNT) - 1);
        if illegal != 0 {
            self.progress.illegal = Some(self.progress.first + nth + illegal.trailing_zeros() as usize);
            return 0;
        }
        // A finished row takes PAD at its end: the place behind its last token is then written and not read.
        let places = words.rows_times(room as u32).plus((nth * room) as u32).add(engine.lens(&heads));
        places.scatter(self.history.lend(), tokens);
        self.progress.taken = nth + W::COUNT;
        W::bits(engine.advance(group, self.rows.lend(), heads, plan).unsettled)
    }

    #[inline(always)]
    fn more(&mut self, engine: &Engine, nth: usize) {
        let stride = self.batch.stride;
        engine.settle(&mut self.rows[nth * stride..][..stride]);
    }

    fn empty(&mut self, nth: usize) {
        self.progress.taken = nth + 1;
    }

    #[inline(always)]
    fn ends(&self) -> bool {
        self.progress.illegal.is_some()
    }
}

/// Chooses tokens uniformly.
pub(super) struct Choose<'a> {
    pub(super) batch: &'a BatchMatcher,
    pub(super) sampler: &'a UniformSampler,
    pub(super) first: usize,
    pub(super) rows: &'a [u64],
    pub(super) tokens: &'a mut [u32],
}

impl isa::Task for Choose<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) {
        let Self { batch, sampler, first, rows, tokens } = self;
        let slots = first..first + tokens.len();
        let Some(states) = batch.rows(&slots) else { return };
        run(batch, slots, isa, &mut Choosing { batch, states, sampler, first, rows, tokens });
    }
}

struct Choosing<'a> {
    batch: &'a BatchMatcher,
    states: View<'a>,
    sampler: &'a UniformSampler,
    first: usize,
    rows: &'a [u64],
    tokens: &'a mut [u32],
}

impl Pass for Choosing<'_> {
    #[inline(always)]
    fn rows<W: Words>(&mut self, engine: &Engine, words: W, nth: usize) -> u32 {
        let Self { batch, states, sampler, first, .. } = *self;
        let numbers = &self.rows[first + nth..];
        let group = Group::new(words, nth, batch.stride);
        let heads = group.heads(states);
        let steps = engine.lens(&heads);
        let picks = Picks { sampler, words: sampler.words(numbers, steps), rows: numbers, steps };
        let syms = engine.choose(group, states, &heads, &picks);
        let tokens = syms.masked(Sym::LOCAL).plus(engine.tables.offset);
        let mut chosen = [0; LANES];
        tokens.store(&mut chosen);
        self.tokens[nth..].iter_mut().zip(chosen).take(W::COUNT).for_each(|(token, chosen)| *token = chosen);
        0
    }
}
