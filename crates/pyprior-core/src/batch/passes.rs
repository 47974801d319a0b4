//! The passes over rows that make up a step: what a thread does with the rows it is given.

use super::BatchMatcher;
use crate::isa;
use crate::lockstep::{Queue, TILE};
use crate::sampler::uniform::UniformSampler;
use crate::step::{Engine, Move};

pub(super) struct Fill<'a> {
    pub(super) batch: &'a BatchMatcher,
    pub(super) first: usize,
    pub(super) out: &'a mut [u32],
    pub(super) words: usize,
}

impl isa::Task for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let batch = self.batch;
        match batch.sole_engine(self.first..self.first + self.out.len() / self.words.max(1)) {
            Some(engine) => self.rows(|_| Some(engine)),
            None => self.rows(|slot| batch.engine(slot)),
        }
    }
}

impl Fill<'_> {
    #[inline(always)]
    fn rows<'e>(self, engine: impl Fn(u32) -> Option<&'e Engine>) {
        let Self { batch, first, mut out, words } = self;
        let mut rows = batch.states[first * batch.stride..].chunks_exact(batch.stride);
        for &slot in &batch.slots[first..] {
            let Some(row) = rows.next().filter(|_| !out.is_empty()) else { break };
            match engine(slot) {
                Some(engine) => engine.fill(row, out),
                None => {
                    let out = &mut out[..words];
                    out.fill(u32::MAX);
                    if let Some(last) = out.last_mut().filter(|_| batch.vocab % 32 != 0) {
                        *last = (1 << (batch.vocab % 32)) - 1;
                    }
                }
            }
            out = &mut out[words..];
        }
    }
}

/// What the first pass over a batch found.
#[derive(Default)]
pub(super) struct Decided {
    /// First slot whose token is not legal.
    pub(super) illegal: Option<usize>,
    /// Length of the longest row.
    pub(super) longest: usize,
}

impl Decided {
    pub(super) fn and(self, other: Self) -> Self {
        Self { illegal: self.illegal.or(other.illegal), longest: self.longest.max(other.longest) }
    }
}

pub(super) struct Decide<'a> {
    pub(super) batch: &'a BatchMatcher,
    pub(super) first: usize,
    pub(super) tokens: &'a [u32],
    pub(super) moves: &'a mut [Move],
}

impl isa::Task for Decide<'_> {
    type Output = Decided;

    #[inline(always)]
    fn run(self) -> Decided {
        let batch = self.batch;
        match batch.sole_engine(self.first..self.first + self.moves.len()) {
            Some(engine) => self.rows(|_| Some(engine)),
            None => self.rows(|slot| batch.engine(slot)),
        }
    }
}

impl Decide<'_> {
    #[inline(always)]
    fn rows<'e>(self, engine: impl Fn(u32) -> Option<&'e Engine>) -> Decided {
        let Self { batch, first, tokens, moves } = self;
        let mut rows = batch.states[first * batch.stride..].chunks_exact(batch.stride);
        let mut slots = batch.slots[first..].iter().zip(&tokens[first..]);
        let mut longest = 0;
        for (nth, found) in moves.iter_mut().enumerate() {
            *found = Move::NONE;
            let (Some(row), Some((&slot, &token))) = (rows.next(), slots.next()) else { break };
            let Some(engine) = engine(slot) else { continue };
            match engine.check(row, engine.sym(token.wrapping_sub(engine.tables.offset))) {
                Some(legal) => *found = legal,
                None => return Decided { illegal: Some(first + nth), longest },
            }
            longest = longest.max(engine.len(row) as usize);
        }
        Decided { illegal: None, longest }
    }
}

pub(super) struct Apply<'a> {
    /// The batch without its states and history, which are below.
    pub(super) batch: &'a BatchMatcher,
    pub(super) tokens: &'a [u32],
    pub(super) first: usize,
    pub(super) states: &'a mut [u32],
    pub(super) history: &'a mut [u32],
}

impl isa::Task for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let batch = self.batch;
        match batch.sole_engine(self.first..self.first + self.states.len() / batch.stride) {
            Some(engine) => self.rows(|_| Some(engine)),
            None => self.rows(|slot| batch.engine(slot)),
        }
    }
}

impl Apply<'_> {
    #[inline(always)]
    fn rows<'e>(self, engine: impl Fn(u32) -> Option<&'e Engine>) {
        let Self { batch, tokens, first, states, history } = self;
        let BatchMatcher { stride, room, .. } = *batch;
        let tiles = states.chunks_mut(TILE * stride).zip(history.chunks_mut(TILE * room));
        for (nth, (states, history)) in tiles.enumerate() {
            let first = first + nth * TILE;
            let slots = &batch.slots[first..];
            let mut moves = batch.moves[first..].iter().zip(&tokens[first..]).zip(slots);
            let mut history = history.chunks_exact_mut(room);
            let mut unsettled = Queue::EMPTY;
            for (nth, row) in states.chunks_exact_mut(stride).enumerate() {
                let (Some(((&found, &token), &slot)), Some(history)) = (moves.next(), history.next()) else { break };
                let Some(engine) = engine(slot) else { continue };
                // A finished row takes PAD at its end: the place behind its last token is then written and not read.
                if let Some(place) = history.get_mut(engine.len(row) as usize) {
                    *place = token;
                }
                unsettled.push_if(engine.advance(row, engine.look_up(found)), nth);
            }
            for nth in unsettled.rows() {
                if let Some(engine) = engine(slots[nth]) {
                    engine.settle(&mut states[nth * stride..][..stride]);
                }
            }
        }
    }
}

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
    fn run(self) {
        let batch = self.batch;
        match batch.sole_engine(self.first..self.first + self.tokens.len()) {
            Some(engine) => self.rows(|_| Some(engine)),
            None => self.rows(|slot| batch.engine(slot)),
        }
    }
}

impl Choose<'_> {
    #[inline(always)]
    fn rows<'e>(self, engine: impl Fn(u32) -> Option<&'e Engine>) {
        let Self { batch, sampler, first, rows, tokens } = self;
        for (nth, tokens) in tokens.chunks_mut(TILE).enumerate() {
            let first = first + nth * TILE;
            let (slots, rows) = (&batch.slots[first..], &rows[first..]);
            let states = &batch.states[first * batch.stride..];
            let mut steps = [0; TILE];
            for ((step, state), &slot) in steps.iter_mut().zip(states.chunks_exact(batch.stride)).zip(slots) {
                *step = engine(slot).map_or(0, |engine| engine.len(state));
            }
            let words = sampler.words(rows, &steps);
            let mut states = states.chunks_exact(batch.stride);
            let mut numbers = rows.iter().zip(slots).zip(words.iter().zip(&steps));
            for token in tokens {
                let (Some(state), Some(((&row, &slot), (&word, &step)))) = (states.next(), numbers.next()) else {
                    break;
                };
                let Some(engine) = engine(slot) else { continue };
                let (sym, _) = engine.choose(state, |count| sampler.pick(word, row, step, count));
                *token = sym.local() + engine.tables.offset;
            }
        }
    }
}
