//! Many rows in one piece of memory: slots that come and go, and steps for all of them at once.

mod error;
mod passes;
mod single;
mod slots;
mod steps;

use std::ops::Range;
use std::sync::Arc;

use crate::frontier::{Frontier, frontier};
use crate::language::Language;
use crate::matcher::Matcher;
use crate::step::Engine;
use crate::table::{Table, View};

pub use error::BatchError;

/// Tokens of history a row has room for at the start.
const HISTORY: usize = 64;
/// The language of an empty slot.
const EMPTY: u32 = u32::MAX;

/// The decoder of many rows.
///
/// Slots may be empty: their bitmask rows allow every token, and the tokens given for them are ignored. Rows of
/// different languages can stand side by side if their vocabularies have the same size. A step over all rows
/// gives what each row would give alone, for any number of threads; from 1,024 rows on it is spread over
/// the current rayon pool.
///
/// ```
/// use pyprior_core::{BatchMatcher, Language, LanguageConfig, TokenBitmask, UniformSampler};
///
/// let language = Language::new(LanguageConfig { max_len: Some(30), ..LanguageConfig::default() })?;
/// let mut batch = BatchMatcher::new(&language, 4);
/// let mut bitmask = TokenBitmask::new(4, language.vocab().len());
/// let (sampler, mut tokens) = (UniformSampler::new(1), vec![0; 4]);
/// assert_eq!(batch.terminated().count(), 0);
/// while !batch.all_terminated() {
///     batch.fill_next_token_bitmask(&mut bitmask)?;
///     batch.choose_uniform(&sampler, &[0, 1, 2, 3], &mut tokens)?;
///     batch.accept_tokens(&tokens)?;
/// }
/// assert!(batch.terminated().eq(0..4));
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
    /// No row has more tokens than this.
    longest: usize,
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
            longest: 0,
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

    /// The slots of rows whose programs are complete, ascending: those that can be given to new rows.
    pub fn terminated(&self) -> impl Iterator<Item = usize> + '_ {
        let states = self.states.chunks_exact(self.stride).zip(&self.slots).enumerate();
        states.filter_map(|(slot, (state, &language))| {
            self.engine(language).is_some_and(|engine| engine.is_terminated(state)).then_some(slot)
        })
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

    /// Tokens of the longest row.
    fn longest(&self) -> usize {
        let states = self.states.chunks_exact(self.stride).zip(&self.slots);
        let lens = states.filter_map(|(state, &slot)| Some(self.engine(slot)?.len(state) as usize));
        lens.max().unwrap_or(0)
    }

    /// The states of a range of slots.
    #[inline(always)]
    fn rows(&self, slots: &Range<usize>) -> Option<View<'_>> {
        Table::new(&self.states[slots.start * self.stride..slots.end * self.stride])
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
}
