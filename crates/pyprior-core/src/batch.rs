//! Many rows in one piece of memory: slots that come and go, and steps for all of them at once.

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;
use thiserror::Error;

use crate::bitmask::{BitmaskShapeError, TokenBitmask};
use crate::isa;
use crate::language::Language;
use crate::lockstep::{Queue, TILE};
use crate::matcher::{Frontier, Matcher, RollbackError, TokenError, frontier, replay};
use crate::sampler::uniform::UniformSampler;
use crate::step::{Engine, Move};

/// Rows from which on a step is spread over threads: below, waking them costs more than it saves (measured in
/// `benches/README.md`).
const PARALLEL_ROWS: usize = 8192;
/// Rows a thread takes at a time.
const CHUNK: usize = 2048;
/// Tokens of history a row has room for at the start.
const HISTORY: usize = 64;

/// Why a batch operation is refused. Nothing has changed, in any row.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BatchError {
    /// A slice has the wrong length.
    #[error("{what} has {got} entries, but the batch has {expected} slots")]
    WrongLength {
        /// Which argument.
        what: &'static str,
        /// Its length.
        got: usize,
        /// The number of slots.
        expected: usize,
    },
    /// There is no such slot.
    #[error("slot {slot} is beyond the batch's {slots} slots")]
    NoSuchSlot {
        /// The slot asked for.
        slot: usize,
        /// The number of slots.
        slots: usize,
    },
    /// The slot holds no row.
    #[error("slot {slot} is empty")]
    EmptySlot {
        /// The slot.
        slot: usize,
    },
    /// A language of another vocabulary size.
    #[error("the language has {got} tokens, but the batch's vocabulary has {expected}")]
    VocabSize {
        /// Tokens of the language.
        got: usize,
        /// Tokens of the batch.
        expected: usize,
    },
    /// A token is not legal.
    #[error("slot {slot}: {source}")]
    Token {
        /// The slot.
        slot: usize,
        /// What is wrong with it.
        source: TokenError,
    },
    /// A rollback beyond the start of a row.
    #[error("slot {slot}: {source}")]
    Rollback {
        /// The slot.
        slot: usize,
        /// What is wrong with it.
        source: RollbackError,
    },
    /// A bitmask of the wrong shape.
    #[error(transparent)]
    Bitmask(#[from] BitmaskShapeError),
}

const EMPTY: u32 = u32::MAX;

/// The decoder of many rows.
///
/// Slots may be empty: their bitmask rows allow every token, and the tokens given for them are ignored. Rows of
/// different languages can stand side by side if their vocabularies have the same size. A step over all rows
/// gives what each row would give alone, for any number of threads; above some thousand rows it is spread over
/// the current rayon pool.
///
/// ```
/// use pyprior_core::{BatchMatcher, Language, LanguageConfig, TokenBitmask, UniformSampler};
///
/// let language = Language::new(LanguageConfig { max_len: Some(30), ..LanguageConfig::default() })?;
/// let mut batch = BatchMatcher::new(&language, 4);
/// let mut bitmask = TokenBitmask::new(4, language.vocab().len());
/// let (sampler, mut tokens) = (UniformSampler::new(1), vec![0; 4]);
/// while !batch.all_terminated() {
///     batch.fill_next_token_bitmask(&mut bitmask)?;
///     batch.choose_uniform(&sampler, &[0, 1, 2, 3], &mut tokens)?;
///     batch.accept_tokens(&tokens)?;
/// }
/// assert!(batch.tokens(0)?.len() <= 30);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct BatchMatcher {
    languages: Vec<Arc<Language>>,
    /// Index into `languages`, or [`EMPTY`].
    slots: Vec<u32>,
    vocab: usize,
    /// Words of state a slot.
    stride: usize,
    states: Vec<u32>,
    /// Tokens of history a slot has room for.
    room: usize,
    history: Vec<u32>,
    /// Scratch: what each row is about to do.
    moves: Vec<Move>,
}

impl BatchMatcher {
    /// A batch of `rows` rows of one language, all before their first token.
    pub fn new(language: &Arc<Language>, rows: usize) -> Self {
        let mut batch = Self::empty(language, rows);
        batch.slots.fill(0);
        batch.states = language.engine.initial.repeat(rows);
        batch
    }

    /// A batch of empty slots for languages with the vocabulary size of `language`.
    pub fn empty(language: &Arc<Language>, slots: usize) -> Self {
        let stride = language.engine.layout.words;
        let room = language.config().max_len.map_or(HISTORY, |max_len| HISTORY.min(max_len as usize));
        Self {
            languages: vec![Arc::clone(language)],
            slots: vec![EMPTY; slots],
            vocab: language.vocab().len(),
            stride,
            states: vec![0; stride * slots],
            room,
            history: vec![0; room * slots],
            moves: vec![Move::NONE; slots],
        }
    }

    /// Number of slots.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is no slot.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Words of a bitmask row: `ceil(vocab / 32)`.
    pub fn bitmask_words(&self) -> usize {
        self.vocab.div_ceil(32)
    }

    fn slot(&self, slot: usize) -> Result<(&Arc<Language>, &[u32]), BatchError> {
        let index = *self.slots.get(slot).ok_or(BatchError::NoSuchSlot { slot, slots: self.len() })?;
        let language = self.languages.get(index as usize).ok_or(BatchError::EmptySlot { slot })?;
        Ok((language, &self.states[slot * self.stride..(slot + 1) * self.stride]))
    }

    fn check_slot(&self, slot: usize) -> Result<(), BatchError> {
        if slot < self.len() { Ok(()) } else { Err(BatchError::NoSuchSlot { slot, slots: self.len() }) }
    }

    /// Whether a slot holds a row.
    pub fn is_occupied(&self, slot: usize) -> bool {
        self.slot(slot).is_ok()
    }

    /// The language of a row.
    ///
    /// # Errors
    ///
    /// [`BatchError`] if there is no such row; so with the other questions about one row.
    pub fn language(&self, slot: usize) -> Result<&Arc<Language>, BatchError> {
        Ok(self.slot(slot)?.0)
    }

    /// The tokens a row has taken, those of a prefix included.
    pub fn tokens(&self, slot: usize) -> Result<&[u32], BatchError> {
        let (language, state) = self.slot(slot)?;
        Ok(&self.history[slot * self.room..][..language.engine.len(state) as usize])
    }

    /// Whether a row's program is complete.
    pub fn is_terminated(&self, slot: usize) -> Result<bool, BatchError> {
        let (language, state) = self.slot(slot)?;
        Ok(language.engine.is_terminated(state))
    }

    /// Whether every row's program is complete; empty slots do not count.
    pub fn all_terminated(&self) -> bool {
        let states = self.states.chunks_exact(self.stride).zip(&self.slots);
        states.into_iter().all(|(state, &slot)| {
            let language = self.languages.get(slot as usize);
            language.is_none_or(|language| language.engine.is_terminated(state))
        })
    }

    /// Number of legal tokens of a row.
    pub fn legal_count(&self, slot: usize) -> Result<u32, BatchError> {
        let (language, state) = self.slot(slot)?;
        Ok(language.engine.count(state, &language.engine.legal_of(state)))
    }

    /// The hole that a row's next token fills; `None` once its program is complete.
    pub fn frontier(&self, slot: usize) -> Result<Option<Frontier>, BatchError> {
        let (language, state) = self.slot(slot)?;
        Ok(frontier(language, state))
    }

    /// Tokens that a row may still take, at most; `None` without a `max_len`.
    pub fn remaining_budget(&self, slot: usize) -> Result<Option<u32>, BatchError> {
        let (language, state) = self.slot(slot)?;
        Ok(language.config().max_len.map(|max_len| max_len - language.engine.len(state)))
    }

    /// A copy of a row as a matcher of its own.
    pub fn matcher(&self, slot: usize) -> Result<Matcher, BatchError> {
        let (language, state) = self.slot(slot)?;
        Ok(Matcher::from_parts(language, state, self.tokens(slot)?))
    }

    /// Puts a new row into a slot, in place of what is there: a language, and a prefix that it starts with.
    ///
    /// # Errors
    ///
    /// [`BatchError::NoSuchSlot`], [`BatchError::VocabSize`], or [`BatchError::Token`] at the first token of the
    /// prefix that is not legal.
    pub fn set(&mut self, slot: usize, language: &Arc<Language>, prefix: &[u32]) -> Result<(), BatchError> {
        self.check_slot(slot)?;
        let matcher = Matcher::with_prefix(language, prefix).map_err(|source| BatchError::Token { slot, source })?;
        self.set_matcher(slot, &matcher)
    }

    /// Puts a copy of a matcher into a slot, in place of what is there.
    ///
    /// # Errors
    ///
    /// [`BatchError::NoSuchSlot`] or [`BatchError::VocabSize`].
    pub fn set_matcher(&mut self, slot: usize, matcher: &Matcher) -> Result<(), BatchError> {
        self.check_slot(slot)?;
        let language = matcher.language();
        if language.vocab().len() != self.vocab {
            return Err(BatchError::VocabSize { got: language.vocab().len(), expected: self.vocab });
        }
        self.make_room(matcher.tokens().len());
        self.widen(language.engine.layout.words);
        let known = self.languages.iter().position(|known| Arc::ptr_eq(known, language));
        let index = known.unwrap_or_else(|| {
            // Languages that no slot uses any more make way, so that a long-lived batch does not collect them.
            let free = (0..self.languages.len()).find(|&index| !self.slots.contains(&(index as u32)));
            let index = free.unwrap_or(self.languages.len());
            match self.languages.get_mut(index) {
                Some(place) => *place = Arc::clone(language),
                None => self.languages.push(Arc::clone(language)),
            }
            index
        });
        self.slots[slot] = index as u32;
        let state = matcher.row();
        self.states[slot * self.stride..][..state.len()].copy_from_slice(state);
        self.history[slot * self.room..][..matcher.tokens().len()].copy_from_slice(matcher.tokens());
        Ok(())
    }

    /// Empties a slot.
    ///
    /// # Errors
    ///
    /// [`BatchError::NoSuchSlot`].
    pub fn free(&mut self, slot: usize) -> Result<(), BatchError> {
        self.check_slot(slot)?;
        self.slots[slot] = EMPTY;
        Ok(())
    }

    /// Moves a row to another slot, in place of what is there; its old slot becomes empty.
    ///
    /// # Errors
    ///
    /// [`BatchError`] if there is no such row or slot.
    pub fn move_row(&mut self, from: usize, to: usize) -> Result<(), BatchError> {
        self.fork(from, to)?;
        if from != to {
            self.slots[from] = EMPTY;
        }
        Ok(())
    }

    /// Copies a row to another slot, in place of what is there.
    ///
    /// # Errors
    ///
    /// [`BatchError`] if there is no such row or slot.
    pub fn fork(&mut self, from: usize, to: usize) -> Result<(), BatchError> {
        self.slot(from)?;
        self.check_slot(to)?;
        self.slots[to] = self.slots[from];
        self.states.copy_within(from * self.stride..(from + 1) * self.stride, to * self.stride);
        self.history.copy_within(from * self.room..(from + 1) * self.room, to * self.room);
        Ok(())
    }

    /// Exchanges two slots, empty or not.
    ///
    /// # Errors
    ///
    /// [`BatchError::NoSuchSlot`].
    pub fn swap(&mut self, a: usize, b: usize) -> Result<(), BatchError> {
        self.check_slot(a)?;
        self.check_slot(b)?;
        self.slots.swap(a, b);
        (0..self.stride).for_each(|i| self.states.swap(a * self.stride + i, b * self.stride + i));
        (0..self.room).for_each(|i| self.history.swap(a * self.room + i, b * self.room + i));
        Ok(())
    }

    /// Adds empty slots up to a number of slots; never removes any.
    pub fn grow(&mut self, slots: usize) {
        if slots > self.len() {
            self.slots.resize(slots, EMPTY);
            self.states.resize(slots * self.stride, 0);
            self.history.resize(slots * self.room, 0);
            self.moves.resize(slots, Move::NONE);
        }
    }

    /// Undoes the last `n` tokens of a row by replaying the others: about 10 ns each.
    ///
    /// # Errors
    ///
    /// [`BatchError`] if there is no such row, or it has fewer tokens.
    pub fn rollback(&mut self, slot: usize, n: usize) -> Result<(), BatchError> {
        let len = self.tokens(slot)?.len();
        let keep = len.checked_sub(n).ok_or(RollbackError { asked: n, len });
        let keep = keep.map_err(|source| BatchError::Rollback { slot, source })?;
        if n > 0 {
            let language = &self.languages[self.slots[slot] as usize];
            let tokens = &self.history[slot * self.room..][..keep];
            replay(language, &mut self.states[slot * self.stride..][..self.stride], tokens);
        }
        Ok(())
    }

    /// Puts a row back to before its first token, prefix included.
    ///
    /// # Errors
    ///
    /// [`BatchError`] if there is no such row.
    pub fn reset(&mut self, slot: usize) -> Result<(), BatchError> {
        let len = self.tokens(slot)?.len();
        self.rollback(slot, len)
    }

    /// Writes the legal sets of all rows.
    ///
    /// # Errors
    ///
    /// [`BatchError::Bitmask`] unless the bitmask has one row a slot and the batch's vocabulary width.
    pub fn fill_next_token_bitmask(&self, bitmask: &mut TokenBitmask) -> Result<(), BatchError> {
        bitmask.check(self.len(), self.bitmask_words())?;
        self.fill(bitmask.data_mut());
        Ok(())
    }

    /// Writes the legal sets of all rows into memory of the caller: `[slots, ceil(vocab / 32)]` words.
    ///
    /// # Errors
    ///
    /// [`BatchError::WrongLength`] if the slice is not that long.
    pub fn fill_next_token_bitmask_into(&self, words: &mut [u32]) -> Result<(), BatchError> {
        let expected = self.len() * self.bitmask_words();
        if words.len() != expected {
            return Err(BatchError::WrongLength { what: "bitmask", got: words.len(), expected });
        }
        self.fill(words);
        Ok(())
    }

    fn fill(&self, out: &mut [u32]) {
        let words = self.bitmask_words();
        let chunk = self.chunk();
        let work = |(nth, out): (usize, &mut [u32])| {
            isa::run(Fill { batch: self, first: nth * chunk, out, words });
        };
        if self.len() < PARALLEL_ROWS {
            work((0, out));
        } else {
            out.par_chunks_mut(chunk * words).enumerate().for_each(work);
        }
    }

    /// The engine of all rows of a range, if it is one: then nothing has to be looked up row by row.
    #[inline(always)]
    fn sole_engine(&self, range: Range<usize>) -> Option<&Engine> {
        let slots = &self.slots[range];
        let first = *slots.first()?;
        let differ = slots.iter().fold(0, |differ, &slot| differ | (slot ^ first));
        if differ == 0 { self.engine(first) } else { None }
    }

    #[inline(always)]
    fn engine(&self, index: u32) -> Option<&Engine> {
        self.languages.get(index as usize).map(|language| &language.engine)
    }

    fn chunk(&self) -> usize {
        if self.len() < PARALLEL_ROWS { self.len().max(1) } else { CHUNK }
    }

    /// Takes one token a row, for all rows or, if one is not legal, for none. Tokens for empty slots are ignored;
    /// a finished row takes `PAD` and stays as it is.
    ///
    /// # Errors
    ///
    /// [`BatchError::WrongLength`] unless there is one token a slot; [`BatchError::Token`] for the first slot
    /// whose token is not legal.
    pub fn accept_tokens(&mut self, tokens: &[u32]) -> Result<(), BatchError> {
        let expected = self.len();
        if tokens.len() != expected {
            return Err(BatchError::WrongLength { what: "tokens", got: tokens.len(), expected });
        }
        let (chunk, stride) = (self.chunk(), self.stride);
        let mut moves = std::mem::take(&mut self.moves);
        let decide =
            |(nth, moves): (usize, &mut [Move])| isa::run(Decide { batch: self, first: nth * chunk, tokens, moves });
        let decided = if expected < PARALLEL_ROWS {
            decide((0, &mut moves))
        } else {
            let parts = moves.par_chunks_mut(chunk).enumerate().map(decide);
            parts.reduce(Decided::default, Decided::and)
        };
        self.moves = moves;
        if let Some(slot) = decided.illegal {
            let source = self.matcher(slot)?.token_error(tokens[slot]);
            return Err(BatchError::Token { slot, source });
        }
        if decided.longest >= self.room {
            self.make_room(decided.longest + 1);
        }
        let room = self.room;
        // Taken out, so that the rest of the batch can be read meanwhile.
        let mut states = std::mem::take(&mut self.states);
        let mut history = std::mem::take(&mut self.history);
        let apply = |(nth, (states, history)): (usize, (&mut [u32], &mut [u32]))| {
            isa::run(Apply { batch: self, tokens, first: nth * chunk, states, history });
        };
        if expected < PARALLEL_ROWS {
            apply((0, (&mut states, &mut history)));
        } else {
            let parts = states.par_chunks_mut(chunk * stride).zip(history.par_chunks_mut(chunk * room));
            parts.enumerate().for_each(apply);
        }
        (self.states, self.history) = (states, history);
        Ok(())
    }

    /// Chooses a legal token a row uniformly: for slot i, that of step `len` of row `rows[i]` (see
    /// [`UniformSampler`]). Finished rows get `PAD`; the entries of empty slots are left alone.
    ///
    /// # Errors
    ///
    /// [`BatchError::WrongLength`] unless there is one row number and one place for a token a slot.
    pub fn choose_uniform(&self, sampler: &UniformSampler, rows: &[u64], tokens: &mut [u32]) -> Result<(), BatchError> {
        let expected = self.len();
        for (what, got) in [("rows", rows.len()), ("tokens", tokens.len())] {
            if got != expected {
                return Err(BatchError::WrongLength { what, got, expected });
            }
        }
        let chunk = self.chunk();
        let work = |(nth, tokens): (usize, &mut [u32])| {
            isa::run(Choose { batch: self, sampler, first: nth * chunk, rows, tokens });
        };
        if expected < PARALLEL_ROWS {
            work((0, tokens));
        } else {
            tokens.par_chunks_mut(chunk).enumerate().for_each(work);
        }
        Ok(())
    }

    /// Makes room for `len` tokens of history a row.
    fn make_room(&mut self, len: usize) {
        if len > self.room {
            let room = len.max(2 * self.room);
            self.history = restride(&self.history, self.len(), self.room, room);
            self.room = room;
        }
    }

    /// Makes room for states of `words` words.
    fn widen(&mut self, words: usize) {
        if words > self.stride {
            self.states = restride(&self.states, self.len(), self.stride, words);
            self.stride = words;
        }
    }
}

fn restride(data: &[u32], rows: usize, from: usize, to: usize) -> Vec<u32> {
    let mut out = vec![0; rows * to];
    for row in 0..rows {
        out[row * to..][..from].copy_from_slice(&data[row * from..(row + 1) * from]);
    }
    out
}

struct Fill<'a> {
    batch: &'a BatchMatcher,
    first: usize,
    out: &'a mut [u32],
    words: usize,
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
struct Decided {
    /// First slot whose token is not legal.
    illegal: Option<usize>,
    /// Length of the longest row.
    longest: usize,
}

impl Decided {
    fn and(self, other: Self) -> Self {
        Self { illegal: self.illegal.or(other.illegal), longest: self.longest.max(other.longest) }
    }
}

struct Decide<'a> {
    batch: &'a BatchMatcher,
    first: usize,
    tokens: &'a [u32],
    moves: &'a mut [Move],
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

struct Apply<'a> {
    /// The batch without its states and history, which are below.
    batch: &'a BatchMatcher,
    tokens: &'a [u32],
    first: usize,
    states: &'a mut [u32],
    history: &'a mut [u32],
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

struct Choose<'a> {
    batch: &'a BatchMatcher,
    sampler: &'a UniformSampler,
    first: usize,
    rows: &'a [u64],
    tokens: &'a mut [u32],
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
