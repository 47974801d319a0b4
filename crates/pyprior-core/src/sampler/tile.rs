//! Rows that are sampled side by side, each program after program.

use std::ops::Range;

use super::beginning::{Beginning, TooLongError};
use super::product::Score;
use super::score::ProgramScorer;
use super::scores::Places;
use super::uniform::{BUFFER, Picks, UniformSampler};
use super::weighted::{self, Weights};
use crate::grammar::records::Sym;
use crate::isa::{self, Isa};
use crate::lockstep::{Queue, TILE};
use crate::step::{Engine, Group, Heads, LANES, Taken};
use crate::table::{Table, View};
use crate::words::{WithConstants, Words};

/// Programs a task of the parallel sampler.
pub(super) const CHUNK: u64 = 4096;

/// How the legal tokens of a step are chosen among.
pub(super) trait Chooser: Copy {
    /// Draws random words for the [`BUFFER`] steps around `step`, if the choice takes them from the tile.
    fn draw(self, row: u64, step: u32, words: &mut [u32; BUFFER]);

    /// Chooses tokens as a step sees them.
    fn choose<W: Words>(
        self,
        engine: &Engine,
        group: Group<W>,
        states: View<'_>,
        heads: &Heads<W>,
        draws: Draws<'_, W>,
    ) -> W;
}

/// What is found out of tokens as they are drawn.
pub(super) trait Noting: Copy {
    /// Of the program that a lane is at.
    type Note: Copy;

    /// Of a program that begins.
    fn begin(self) -> Self::Note;

    /// Notes the next tokens of rows, one note each; their words are in `rows`.
    fn add<W: Words>(self, engine: &Engine, heads: &Heads<W>, rows: &[u32], syms: W, notes: &mut [Self::Note]);

    /// Of a program that ends.
    fn end(self, note: Self::Note, scores: &mut Vec<f64>);
}

/// Nothing.
impl Noting for () {
    type Note = ();

    #[inline(always)]
    fn begin(self) {}

    #[inline(always)]
    fn add<W: Words>(self, _: &Engine, _: &Heads<W>, _: &[u32], _: W, _: &mut [()]) {}

    #[inline(always)]
    fn end(self, (): (), _: &mut Vec<f64>) {}
}

/// Scores, from that of the prefix on.
impl Noting for (&ProgramScorer, Score) {
    type Note = Score;

    #[inline(always)]
    fn begin(self) -> Score {
        self.1
    }

    #[inline(always)]
    fn add<W: Words>(self, engine: &Engine, heads: &Heads<W>, rows: &[u32], syms: W, notes: &mut [Score]) {
        let places = Places::of(engine, heads, rows, notes.len());
        let mut tokens = [0; LANES];
        syms.masked(Sym::LOCAL).plus(engine.tables.offset).store(&mut tokens);
        for (nth, (score, token)) in notes.iter_mut().zip(tokens).enumerate() {
            score.add(self.0.weigh(places.at(nth), token));
        }
    }

    #[inline(always)]
    fn end(self, score: Score, scores: &mut Vec<f64>) {
        scores.push(score.ln());
    }
}

/// What random words are drawn by: the places of a step's words in the tile, and rows and steps.
pub(super) struct Draws<'a, W> {
    words: View<'a>,
    places: W,
    rows: &'a [u64],
    steps: W,
}

impl Chooser for &UniformSampler {
    #[inline(always)]
    fn draw(self, row: u64, step: u32, words: &mut [u32; BUFFER]) {
        *words = self.buffer(row, step);
    }

    #[inline(always)]
    fn choose<W: Words>(
        self,
        engine: &Engine,
        group: Group<W>,
        states: View<'_>,
        heads: &Heads<W>,
        draws: Draws<'_, W>,
    ) -> W {
        let words = draws.places.look_up(&draws.words);
        engine.choose(group, states, heads, &Picks { sampler: self, words, rows: draws.rows, steps: draws.steps })
    }
}

/// The choice by weights, under the key of a seed.
#[derive(Clone, Copy)]
pub(super) struct Weighted<'a> {
    pub(super) weights: &'a Weights,
    pub(super) key: [u32; 2],
}

impl Chooser for Weighted<'_> {
    #[inline(always)]
    fn draw(self, _: u64, _: u32, _: &mut [u32; BUFFER]) {}

    #[inline(always)]
    fn choose<W: Words>(
        self,
        engine: &Engine,
        group: Group<W>,
        states: View<'_>,
        heads: &Heads<W>,
        draws: Draws<'_, W>,
    ) -> W {
        let random = weighted::random(self.key, draws.rows, draws.steps);
        self.weights.choose(engine, group, states, heads, random)
    }
}
/// Samples a range of programs in [`TILE`] consecutive parts, one row of each in turn.
pub(super) struct Parts<'a, C, N> {
    pub(super) beginning: &'a Beginning,
    pub(super) rows: Range<u64>,
    pub(super) chooser: C,
    pub(super) noting: N,
}

/// One part: which row is being sampled, and what is done.
pub(super) struct Lane {
    row: u64,
    pub(super) end: u64,
    /// All tokens so far but for those that are still in the tile.
    pub(super) tokens: Vec<u32>,
    /// How many of them are the current program's.
    moved: usize,
    pub(super) ends: Vec<usize>,
    /// Of the programs that have ended, if scores are noted.
    pub(super) scores: Vec<f64>,
}

/// The rows that step together, with their words.
struct Tile<T> {
    states: Table<Box<[u32]>>,
    /// For each lane [`BUFFER`] tokens, where there may be random words before. A token takes the place of the word
    /// that chose it.
    words: Table<Box<[u32]>>,
    /// The first step of each lane for which there is no place yet.
    drawn: [u32; TILE],
    /// The row of each lane.
    rows: [u64; TILE],
    /// What is noted of each lane's program.
    notes: [T; TILE],
}

impl<C: Chooser, N: Noting> isa::Task for Parts<'_, C, N> {
    type Output = Result<Vec<Lane>, TooLongError>;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Self::Output {
        let engine = &self.beginning.language().engine;
        let stride = engine.layout.words;
        let mut lanes = self.lanes();
        let room = lanes.len().next_multiple_of(I::Words::COUNT);
        let Some(mut tile) = Tile::new(engine, room, self.noting.begin()) else {
            return Ok(Vec::new());
        };
        for (nth, lane) in lanes.iter_mut().enumerate() {
            self.begin(lane, &mut tile, nth);
        }
        let mut done = Vec::with_capacity(lanes.len());
        while !lanes.is_empty() {
            let (mut unsettled, mut finished) = (Queue::EMPTY, Queue::EMPTY);
            for first in (0..lanes.len()).step_by(I::Words::COUNT) {
                let taken = self.step(engine, isa.words(), &mut lanes, &mut tile, first)?;
                unsettled.push(first, I::Words::COUNT, I::Words::bits(taken.unsettled));
                finished.push(first, I::Words::COUNT, I::Words::bits(taken.finished));
            }
            unsettled.rows().for_each(|nth| engine.settle(&mut tile.states[nth * stride..][..stride]));
            // From the last lane on, so that the lane that takes the place of one that is done has had its turn.
            for nth in finished.rows().rev() {
                let Some(lane) = lanes.get_mut(nth) else { continue };
                let len = engine.len(&tile.states[nth * stride..]);
                self.finish(lane, len, &tile.words[nth * BUFFER..], tile.notes[nth])?;
                if lane.row < lane.end {
                    self.begin(lane, &mut tile, nth);
                } else {
                    done.push(lanes.swap_remove(nth));
                    tile.remove(engine, nth, lanes.len());
                }
            }
        }
        Ok(done)
    }
}

impl<T: Copy> Tile<T> {
    /// Finished rows, which any number of steps leaves as they are.
    fn new(engine: &Engine, lanes: usize, note: T) -> Option<Self> {
        Some(Self {
            states: Table::new(engine.finished().repeat(lanes).into_boxed_slice())?,
            words: Table::new(vec![0; lanes * BUFFER].into_boxed_slice())?,
            drawn: [u32::MAX; TILE],
            rows: [0; TILE],
            notes: [note; TILE],
        })
    }

    /// Gives the place of a lane that is done to the last one, whose own is then of no use.
    fn remove(&mut self, engine: &Engine, nth: usize, last: usize) {
        let stride = engine.layout.words;
        self.states.copy_within(last * stride..(last + 1) * stride, nth * stride);
        self.words.copy_within(last * BUFFER..(last + 1) * BUFFER, nth * BUFFER);
        self.drawn[nth] = self.drawn[last];
        self.rows[nth] = self.rows[last];
        self.notes[nth] = self.notes[last];
        self.drawn[last] = u32::MAX;
        self.states[last * stride..][..stride].copy_from_slice(&engine.finished());
    }
}

impl<C: Chooser, N: Noting> Parts<'_, C, N> {
    /// Takes a token for the lanes from `first` on, and says which states are to be settled.
    #[inline(always)]
    fn step<W: Words>(
        &self,
        engine: &Engine,
        words: W,
        lanes: &mut [Lane],
        tile: &mut Tile<N::Note>,
        first: usize,
    ) -> Result<Taken<W>, TooLongError> {
        let group = Group::new(words, first, engine.layout.words);
        let heads = group.heads(tile.states.view());
        let steps = engine.lens(&heads);
        let dry = W::bits(steps.equals(words.load(&tile.drawn[first..])));
        if dry != 0 {
            self.draw_more(lanes, tile, first, dry)?;
        }
        let place = words.rows_times(BUFFER as u32).plus((first * BUFFER) as u32);
        let places = place.add(steps.masked(BUFFER as u32 - 1));
        let draws = Draws { words: tile.words.view(), places, rows: &tile.rows[first..], steps };
        let syms = self.chooser.choose(engine, group, tile.states.view(), &heads, draws);
        let (live, stride) = (lanes.len().min(first + W::COUNT), engine.layout.words);
        if let (Some(notes), Some(rows)) = (tile.notes.get_mut(first..live), tile.states.get(first * stride..)) {
            self.noting.add(engine, &heads, rows, syms, notes);
        }
        let plan = engine.plan(group, tile.states.view(), &heads, syms);
        places.scatter(tile.words.lend(), syms.masked(Sym::LOCAL).plus(engine.tables.offset));
        Ok(engine.advance(group, tile.states.lend(), heads, plan))
    }

    /// The parts of a range, none of them empty.
    fn lanes(&self) -> Vec<Lane> {
        let rows = &self.rows;
        let count = rows.end.saturating_sub(rows.start);
        let part = count.div_ceil(TILE as u64).max(1);
        let lane = |nth: u64| Lane {
            row: rows.start + nth * part,
            // The last part may reach beyond the largest number there is.
            end: rows.end.min(rows.start.saturating_add((nth + 1).saturating_mul(part))),
            tokens: Vec::with_capacity(part.min(CHUNK) as usize * 32),
            moved: 0,
            ends: Vec::with_capacity(part.min(CHUNK) as usize),
            scores: Vec::new(),
        };
        (0..count.div_ceil(part)).map(lane).collect()
    }

    /// Begins a lane's next program.
    #[inline(always)]
    fn begin(&self, lane: &mut Lane, tile: &mut Tile<N::Note>, nth: usize) {
        let (start, prefix) = (self.beginning.row(), self.beginning.prefix());
        tile.states[nth * start.len()..][..start.len()].copy_from_slice(start);
        if !prefix.is_empty() {
            lane.tokens.extend_from_slice(prefix);
        }
        lane.moved = prefix.len();
        tile.notes[nth] = self.noting.begin();
        self.draw(lane, tile, nth, lane.moved as u32);
    }

    /// Ends a lane's program, which has `len` tokens.
    #[inline(always)]
    fn finish(&self, lane: &mut Lane, len: u32, words: &[u32], note: N::Note) -> Result<(), TooLongError> {
        self.beginning.check_len(lane.row, len)?;
        lane.take(len, words);
        lane.ends.push(lane.tokens.len());
        self.noting.end(note, &mut lane.scores);
        lane.row += 1;
        Ok(())
    }

    /// Draws the random words for a step and those up to the next multiple of [`BUFFER`].
    #[inline(always)]
    fn draw(&self, lane: &Lane, tile: &mut Tile<N::Note>, nth: usize, step: u32) {
        if let Some(words) = tile.words[nth * BUFFER..].first_chunk_mut() {
            self.chooser.draw(lane.row, step, words);
        }
        tile.drawn[nth] = step - step % BUFFER as u32 + BUFFER as u32;
        tile.rows[nth] = lane.row;
    }

    /// Makes room for more tokens of the lanes that are in `dry`.
    #[cold]
    fn draw_more(
        &self,
        lanes: &mut [Lane],
        tile: &mut Tile<N::Note>,
        first: usize,
        dry: u32,
    ) -> Result<(), TooLongError> {
        for (nth, lane) in lanes.iter_mut().enumerate().skip(first).take(LANES) {
            if dry >> (nth - first) & 1 == 1 {
                let step = tile.drawn[nth];
                self.beginning.check_len(lane.row, step)?;
                lane.take(step, &tile.words[nth * BUFFER..][..BUFFER]);
                self.draw(lane, tile, nth, step);
            }
        }
        Ok(())
    }
}

impl Lane {
    /// Takes the current program's tokens from its words; it has `len`.
    #[inline(always)]
    fn take(&mut self, len: u32, words: &[u32]) {
        let (from, more) = (self.moved % BUFFER, len as usize - self.moved);
        self.moved = len as usize;
        match words.first_chunk::<BUFFER>() {
            // Nearly always. A copy of fixed size takes less time than finding out how much is to be copied.
            Some(words) if from == 0 => {
                let end = self.tokens.len() + more;
                self.tokens.extend_from_slice(words);
                self.tokens.truncate(end);
            }
            _ => self.tokens.extend_from_slice(&words[from..from + more]),
        }
    }
}
