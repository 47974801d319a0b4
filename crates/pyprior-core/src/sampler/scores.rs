//! Scores of rows that step together: of programs that there are, and of those that are being drawn.

use super::drawn::Programs;
use super::product::Score;
use super::score::{At, ProgramScorer};
use crate::isa::{self, Isa};
use crate::lockstep::{Queue, TILE};
use crate::matcher::TokenError;
use crate::step::{Engine, Group, Heads, LANES};
use crate::table::Table;
use crate::words::Words;

/// Scores programs, of which a tile's rows take one after the other.
pub(super) struct Scoring<'a> {
    pub(super) scorer: &'a ProgramScorer,
    pub(super) programs: &'a Programs,
    /// One for each program.
    pub(super) scores: &'a mut [f64],
}

impl ProgramScorer {
    /// Log-probabilities of programs in nats, as [`score`](Self::score) has them to the bit, in the place of what `scores`
    /// held. Programs are scored side by side, which takes a fraction of the time.
    ///
    /// # Errors
    ///
    /// [`TokenError`] of a program in which a token is not legal; `scores` is then empty.
    pub fn score_all(&mut self, programs: &Programs, scores: &mut Vec<f64>) -> Result<(), TokenError> {
        scores.clear();
        scores.resize(programs.len(), 0.0);
        let illegal = isa::run(Scoring { scorer: self, programs, scores }).err();
        match illegal.and_then(|nth| programs.get(nth)).map(|tokens| self.score(tokens)) {
            Some(Err(error)) => {
                scores.clear();
                Err(error)
            }
            _ => Ok(()),
        }
    }
}

/// A program that is being scored.
struct Lane<'a> {
    program: usize,
    /// The tokens that are left, of which there is one.
    tokens: &'a [u32],
    score: Score,
}

/// Where the rows of a group stand before their next token.
pub(super) struct Places {
    holes: [u32; LANES],
    sets: [u32; LANES],
    counts: [u32; LANES],
    variables: [u32; LANES],
    callees: u32,
}

impl Places {
    /// Those of the first `count` rows, whose words are in `rows`.
    #[inline(always)]
    pub(super) fn of<W: Words>(engine: &Engine, heads: &Heads<W>, rows: &[u32], count: usize) -> Self {
        let legal = engine.legal(heads);
        let variables = engine.dynamic(&legal).1;
        let mut places = Self {
            holes: [0; LANES],
            sets: [0; LANES],
            counts: [0; LANES],
            variables: [0; LANES],
            callees: W::bits(legal.callee()),
        };
        engine.holes(heads).store(&mut places.holes);
        legal.set.store(&mut places.sets);
        legal.count.add(variables).store(&mut places.counts);
        variables.store(&mut places.variables);
        if places.callees != 0 {
            let rows = rows.chunks_exact(engine.layout.words).zip(&mut places.counts).take(count).enumerate();
            for (_, (row, legal)) in rows.filter(|(nth, _)| places.callees >> nth & 1 == 1) {
                *legal = engine.count(row, &engine.legal_of(row));
            }
        }
        places
    }

    #[inline(always)]
    pub(super) fn at(&self, nth: usize) -> At {
        At {
            hole: self.holes[nth] as usize,
            set: self.sets[nth],
            count: self.counts[nth],
            variables: self.variables[nth],
            callee: self.callees >> nth & 1 == 1,
        }
    }
}

impl<'a> Lane<'a> {
    /// Of the programs that have tokens, the first that is waiting.
    fn next(waiting: &mut impl Iterator<Item = (usize, &'a [u32])>) -> Option<Self> {
        let (program, tokens) = waiting.find(|(_, tokens)| !tokens.is_empty())?;
        Some(Self { program, tokens, score: Score::EMPTY })
    }
}

impl isa::Task for Scoring<'_> {
    /// An error is the place of a program in which a token is not legal.
    type Output = Result<(), usize>;

    #[inline(always)]
    fn run<I: Isa>(self, isa: I) -> Self::Output {
        let engine = &self.scorer.language().engine;
        let stride = engine.layout.words;
        let mut waiting = self.programs.iter().enumerate();
        let mut lanes = Vec::with_capacity(TILE);
        // Rows that are finished, which no step changes, wherever there is no lane.
        let Some(mut states) = Table::new(engine.finished().repeat(TILE).into_boxed_slice()) else { return Ok(()) };
        while lanes.len() < TILE
            && let Some(lane) = Lane::next(&mut waiting)
        {
            states[lanes.len() * stride..][..stride].copy_from_slice(&engine.initial);
            lanes.push(lane);
        }
        while !lanes.is_empty() {
            let mut unsettled = Queue::EMPTY;
            for first in (0..lanes.len()).step_by(I::Words::COUNT) {
                let bits = step(self.scorer, engine, isa.words(), &mut lanes, &mut states, first)?;
                unsettled.push(first, I::Words::COUNT, bits);
            }
            unsettled.rows().for_each(|nth| engine.settle(&mut states[nth * stride..][..stride]));
            // From the last lane on, so that the lane that takes the place of one that is done has had its turn.
            for nth in (0..lanes.len()).rev() {
                let Lane { program, tokens: [], score } = lanes[nth] else { continue };
                self.scores[program] = score.ln();
                match Lane::next(&mut waiting) {
                    Some(lane) => {
                        lanes[nth] = lane;
                        states[nth * stride..][..stride].copy_from_slice(&engine.initial);
                    }
                    None => {
                        lanes.swap_remove(nth);
                        let last = lanes.len() * stride;
                        states.copy_within(last..last + stride, nth * stride);
                        states[last..][..stride].copy_from_slice(&engine.finished());
                    }
                }
            }
        }
        Ok(())
    }
}

/// Weighs the next token of the lanes from `first` on and takes it; says which states are to be settled.
#[inline(always)]
fn step<W: Words>(
    scorer: &ProgramScorer,
    engine: &Engine,
    words: W,
    lanes: &mut [Lane<'_>],
    states: &mut Table<Box<[u32]>>,
    first: usize,
) -> Result<u32, usize> {
    let (vocab, stride) = (scorer.language().vocab(), engine.layout.words);
    let lanes = lanes.get_mut(first..).unwrap_or_default();
    // Padding changes no row that is finished.
    let mut locals = [vocab.pad().wrapping_sub(vocab.offset()); LANES];
    for (local, lane) in locals.iter_mut().zip(lanes.iter()).take(W::COUNT) {
        *local = lane.tokens.first().map_or(u32::MAX, |token| token.wrapping_sub(vocab.offset()));
    }
    let group = Group::new(words, first, stride);
    let heads = group.heads(states.view());
    let places = Places::of(engine, &heads, &states[first * stride..], lanes.len().min(W::COUNT));
    let (legal, plan) = engine.check(group, states.view(), &heads, engine.syms(words.load(&locals)));
    let (legal, taken) = (W::bits(legal), engine.advance(group, states.lend(), heads, plan));
    for (nth, lane) in lanes.iter_mut().enumerate().take(W::COUNT) {
        let Some((&token, tokens)) = lane.tokens.split_first().filter(|_| legal >> nth & 1 == 1) else {
            return Err(lane.program);
        };
        lane.score.add(scorer.weigh(places.at(nth), token));
        lane.tokens = tokens;
    }
    // Where there is no lane there is nothing to be settled.
    Ok(W::bits(taken.unsettled) & u32::MAX.unbounded_shr(32_u32.saturating_sub(lanes.len() as u32)))
}
