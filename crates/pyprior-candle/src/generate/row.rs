//! One program that is being generated.

use pyprior_core::{Matcher, TokenError};

/// A row: the program so far, what the model has not seen of it yet, and what drawing it has told.
#[derive(Debug)]
pub(super) struct Row {
    /// Number of the program.
    pub(super) number: u64,
    pub(super) matcher: Matcher,
    /// Slot of the cache.
    pub(super) slot: usize,
    /// Tokens that the model is to see next.
    pub(super) pending: Vec<u32>,
    /// Tokens of the prompt.
    pub(super) prompt: usize,
    /// Tokens that were drawn, the others being of the prompt or the only legal ones.
    pub(super) drawn: u32,
    pub(super) log_probability: f64,
    pub(super) entropy: f64,
}

impl Row {
    /// A row at its start; the model sees `bos` and then the prompt.
    pub(super) fn start(
        number: u64,
        (mut matcher, slot): (Matcher, usize),
        bos: u32,
        prompt: &[u32],
    ) -> Result<Self, TokenError> {
        matcher.reset();
        matcher.accept_tokens(prompt)?;
        let mut pending = vec![bos];
        pending.extend_from_slice(prompt);
        let mut row =
            Self { number, matcher, slot, pending, prompt: prompt.len(), drawn: 0, log_probability: 0.0, entropy: 0.0 };
        row.force()?;
        Ok(row)
    }

    /// Takes a token that was drawn, and all behind it that are the only legal ones.
    pub(super) fn take(&mut self, token: u32) -> Result<(), TokenError> {
        self.matcher.accept_token(token)?;
        self.pending.clear();
        self.pending.push(token);
        self.force()
    }

    /// What follows without a choice needs no opinion of the model, but is seen by it.
    fn force(&mut self) -> Result<(), TokenError> {
        while !self.matcher.is_terminated() && self.matcher.legal_count() == 1 {
            let Some(token) = self.matcher.legal_tokens().next() else { break };
            self.matcher.accept_token(token)?;
            self.pending.push(token);
        }
        Ok(())
    }
}
