//! Slots that come and go.

use std::sync::Arc;

use super::{BatchError, BatchMatcher, EMPTY};
use crate::language::Language;
use crate::matcher::{Matcher, RollbackError, replay};

impl BatchMatcher {
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
        self.longest = self.longest.max(matcher.tokens().len());
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
        }
    }

    /// Undoes the last `n` tokens of a row by replaying the others: about 15 ns each.
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

    /// Makes room for `len` tokens of history a row.
    pub(super) fn make_room(&mut self, len: usize) {
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
