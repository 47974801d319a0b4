//! Steps of one row among many, for callers that do not step all of them.

use super::{BatchError, BatchMatcher};
use crate::grammar::records::Sym;

impl BatchMatcher {
    /// Takes a token in one row and leaves the others where they are; a finished row takes `PAD` and stays as it is.
    ///
    /// Steps over all rows take less time a row: see [`accept_tokens`](Self::accept_tokens).
    ///
    /// # Errors
    ///
    /// [`BatchError`] if there is no such row, or the token is not legal in it.
    pub fn accept_token(&mut self, slot: usize, token: u32) -> Result<(), BatchError> {
        let (len, terminated) = (self.tokens(slot)?.len(), self.is_terminated(slot)?);
        self.make_room(len + 1);
        let engine = &self.languages[self.slots[slot] as usize].engine;
        let row = &mut self.states[slot * self.stride..][..engine.layout.words];
        let local = token.wrapping_sub(self.languages[self.slots[slot] as usize].vocab().offset());
        if !engine.accept(row, Sym(engine.syms(local))) {
            let source = self.matcher(slot)?.token_error(token);
            return Err(BatchError::Token { slot, source });
        }
        if !terminated {
            self.history[slot * self.room + len] = token;
            self.longest = self.longest.max(len + 1);
        }
        Ok(())
    }

    /// Writes the legal set of one row: `ceil(vocab / 32)` words. That of an empty slot is every token.
    ///
    /// # Errors
    ///
    /// [`BatchError::NoSuchSlot`], or [`BatchError::WrongLength`] if `words` is not that long.
    pub fn fill_row_bitmask(&self, slot: usize, words: &mut [u32]) -> Result<(), BatchError> {
        self.check_slot(slot)?;
        let expected = self.bitmask_words();
        if words.len() != expected {
            return Err(BatchError::WrongLength { what: "bitmask", got: words.len(), expected });
        }
        match self.slot(slot) {
            Ok((language, state)) => language.engine.fill_one(&state[..language.engine.layout.words], words),
            Err(_) => {
                words.fill(u32::MAX);
                if let (Some(last), used @ 1..) = (words.last_mut(), self.vocab % 32) {
                    *last = (1 << used) - 1;
                }
            }
        }
        Ok(())
    }
}
