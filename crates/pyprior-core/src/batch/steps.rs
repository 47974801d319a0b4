//! Steps of all rows at once, spread over threads where there are many.

use rayon::prelude::*;

use super::passes::{Accept, Choose, Fill, Progress};
use super::{BatchError, BatchMatcher};
use crate::bitmask::TokenBitmask;
use crate::isa;
use crate::matcher::replay;
use crate::sampler::uniform::UniformSampler;

/// Rows a thread takes at a time.
const CHUNK: usize = 512;

impl BatchMatcher {
    /// Rows from which on a step is spread over threads: below, waking them costs more than it saves (measured in
    /// `benches/README.md`).
    pub const PARALLEL_ROWS: usize = 1024;

    /// Writes the legal sets of all rows.
    ///
    /// # Errors
    ///
    /// [`BatchError::Bitmask`] unless the bitmask has one row a slot and the batch's vocabulary width.
    pub fn fill_next_token_bitmask(&self, bitmask: &mut TokenBitmask) -> Result<(), BatchError> {
        bitmask.check(self.len(), self.vocab)?;
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
        if self.len() < Self::PARALLEL_ROWS {
            work((0, out));
        } else {
            out.par_chunks_mut(chunk * words).enumerate().for_each(work);
        }
    }

    fn chunk(&self) -> usize {
        if self.len() < Self::PARALLEL_ROWS { self.len().max(1) } else { CHUNK }
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
        if self.longest >= self.room {
            self.longest = self.longest();
            self.make_room(self.longest + 1);
        }
        self.longest += 1;
        let (stride, room) = (self.stride, self.room);
        // What a thread takes is looked up in by 32 bits.
        let chunk = self.chunk().min((1 << 31) / room.max(1)).max(1);
        // Taken out, so that the rest of the batch can be read meanwhile.
        let mut states = std::mem::take(&mut self.states);
        let mut history = std::mem::take(&mut self.history);
        let accept = |(nth, (states, history)): (usize, (&mut [u32], &mut [u32]))| {
            isa::run(Accept { batch: self, tokens, first: nth * chunk, states, history })
        };
        let progress = if expected <= chunk {
            vec![accept((0, (&mut states, &mut history)))]
        } else {
            let parts = states.par_chunks_mut(chunk * stride).zip(history.par_chunks_mut(chunk * room));
            parts.enumerate().map(accept).collect::<Vec<_>>()
        };
        (self.states, self.history) = (states, history);
        match progress.iter().find_map(|part| part.illegal) {
            Some(slot) => Err(self.take_back(tokens, &progress, slot)),
            None => Ok(()),
        }
    }

    /// Puts the rows that have taken their tokens back to where they were: the price of a step that is checked as it
    /// goes is that one that fails takes as long as all of its rows' tokens so far.
    #[cold]
    fn take_back(&mut self, tokens: &[u32], progress: &[Progress], illegal: usize) -> BatchError {
        for slot in progress.iter().flat_map(|part| part.first..part.first + part.taken) {
            let Some(language) = self.languages.get(self.slots[slot] as usize) else { continue };
            let row = &mut self.states[slot * self.stride..(slot + 1) * self.stride];
            // A finished row that has taken PAD is as it was.
            if tokens[slot] != language.vocab().pad() {
                let len = language.engine.len(row) as usize;
                replay(language, row, &self.history[slot * self.room..][..len - 1]);
            }
        }
        match self.matcher(illegal) {
            Ok(matcher) => BatchError::Token { slot: illegal, source: matcher.token_error(tokens[illegal]) },
            Err(error) => error,
        }
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
        if expected < Self::PARALLEL_ROWS {
            work((0, tokens));
        } else {
            tokens.par_chunks_mut(chunk).enumerate().for_each(work);
        }
        Ok(())
    }
}
