//! Steps of all rows at once, spread over threads where there are many.

use rayon::prelude::*;

use super::passes::{Apply, Choose, Decide, Decided, Fill};
use super::{BatchError, BatchMatcher};
use crate::bitmask::TokenBitmask;
use crate::isa;
use crate::sampler::uniform::UniformSampler;
use crate::step::Move;

/// Rows from which on a step is spread over threads: below, waking them costs more than it saves (measured in
/// `benches/README.md`).
const PARALLEL_ROWS: usize = 1024;
/// Rows a thread takes at a time.
const CHUNK: usize = 512;

impl BatchMatcher {
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
        if self.len() < PARALLEL_ROWS {
            work((0, out));
        } else {
            out.par_chunks_mut(chunk * words).enumerate().for_each(work);
        }
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
}
