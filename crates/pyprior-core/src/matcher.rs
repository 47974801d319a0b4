//! One row: which tokens are legal next, and what happens when one is taken.

use std::sync::Arc;

use thiserror::Error;

use crate::bitmask::{BitmaskShapeError, TokenBitmask};
use crate::frontier::{Frontier, frontier};
use crate::grammar::records::Sym;
use crate::language::Language;
use crate::sampler::prior::{OtherLanguageError, PriorSampler};
use crate::sampler::uniform::RowSampler;

/// A token that is not legal. Nothing has changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The id is beyond the vocabulary.
    #[error("token {token} at position {position} is out of range: the vocabulary has {vocab} tokens")]
    OutOfRange {
        /// The token.
        token: u32,
        /// Number of tokens before it.
        position: u32,
        /// Number of tokens of the vocabulary.
        vocab: usize,
    },
    /// The token is not in the legal set.
    #[error("illegal token {token} ({name}) at position {position}: {reason}")]
    Illegal {
        /// The token.
        token: u32,
        /// Its name.
        name: String,
        /// Number of tokens before it.
        position: u32,
        /// Why it is not legal.
        reason: String,
    },
}

/// A rollback beyond the start. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("cannot roll back {asked} tokens: the row has {len}")]
pub struct RollbackError {
    /// Tokens that were to be undone.
    pub asked: usize,
    /// Tokens that there are.
    pub len: usize,
}

/// The decoder of one row.
///
/// ```
/// use pyprior_core::{Language, LanguageConfig, Matcher};
///
/// let language = Language::new(LanguageConfig { max_len: Some(30), ..LanguageConfig::default() })?;
/// let id = |name: &str| language.vocab().id_of(name).unwrap();
/// let mut matcher = Matcher::new(&language);
/// matcher.accept_tokens(&[id("BLK_1"), id("PRINT")])?;
/// assert!(matcher.is_legal(id("INT_7")));
/// assert!(!matcher.is_legal(id("VAR_1"))); // nothing is assigned yet
/// matcher.accept_token(id("INT_7"))?;
/// assert!(matcher.is_terminated());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Matcher {
    language: Arc<Language>,
    row: Vec<u32>,
    tokens: Vec<u32>,
}

impl Matcher {
    /// A matcher before the first token.
    pub fn new(language: &Arc<Language>) -> Self {
        // With a bound on the length, the history never grows: no step allocates.
        let capacity = language.config().max_len.map_or(64, |max_len| max_len.min(1 << 16)) as usize;
        Self {
            language: Arc::clone(language),
            row: language.engine.initial.clone(),
            tokens: Vec::with_capacity(capacity),
        }
    }

    /// A matcher that has taken the tokens of `prefix`.
    ///
    /// # Errors
    ///
    /// [`TokenError`] at the first token that is not legal.
    pub fn with_prefix(language: &Arc<Language>, prefix: &[u32]) -> Result<Self, TokenError> {
        let mut matcher = Self::new(language);
        matcher.accept_tokens(prefix)?;
        Ok(matcher)
    }

    /// The language of the row.
    pub fn language(&self) -> &Arc<Language> {
        &self.language
    }

    /// The tokens taken so far, those of a prefix included; `PAD` behind the end is not among them.
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// Whether the program is complete. Its one legal token is then `PAD`, which changes nothing.
    pub fn is_terminated(&self) -> bool {
        self.language.engine.is_terminated(&self.row)
    }

    /// Takes a token: about 15 ns.
    ///
    /// # Errors
    ///
    /// [`TokenError`] if the token is not legal, with the reason; the row is as it was.
    pub fn accept_token(&mut self, token: u32) -> Result<(), TokenError> {
        let engine = &self.language.engine;
        let local = token.wrapping_sub(self.language.vocab().offset());
        if !engine.accept(&mut self.row, Sym(engine.syms(local))) {
            return Err(self.token_error(token));
        }
        if token != self.language.vocab().pad() {
            self.tokens.push(token);
        }
        Ok(())
    }

    /// Takes several tokens, all or none.
    ///
    /// # Errors
    ///
    /// [`TokenError`] at the first token that is not legal; the row is as it was before the call.
    pub fn accept_tokens(&mut self, tokens: &[u32]) -> Result<(), TokenError> {
        let (row, len) = (self.row.clone(), self.tokens.len());
        for &token in tokens {
            if let Err(error) = self.accept_token(token) {
                self.row = row;
                self.tokens.truncate(len);
                return Err(error);
            }
        }
        Ok(())
    }

    /// What is wrong with a token that is not legal.
    #[cold]
    pub(crate) fn token_error(&self, token: u32) -> TokenError {
        let position = self.language.engine.len(&self.row);
        let vocab = self.language.vocab();
        match self.why_not(token) {
            Some(reason) if (token as usize) < vocab.len() => TokenError::Illegal {
                token,
                name: vocab.name(token).unwrap_or("a token of the base vocabulary").to_owned(),
                position,
                reason: reason.to_string(),
            },
            _ => TokenError::OutOfRange { token, position, vocab: vocab.len() },
        }
    }

    /// Whether a token is legal next.
    pub fn is_legal(&self, token: u32) -> bool {
        let engine = &self.language.engine;
        let local = token.wrapping_sub(self.language.vocab().offset());
        engine.is_legal(&self.row, Sym(engine.syms(local)))
    }

    /// Number of legal tokens; at least 1.
    pub fn legal_count(&self) -> u32 {
        self.language.engine.count(&self.row, &self.language.engine.legal_of(&self.row))
    }

    /// The legal tokens, ascending.
    pub fn legal_tokens(&self) -> impl ExactSizeIterator<Item = u32> + '_ {
        let engine = &self.language.engine;
        let legal = engine.legal_of(&self.row);
        let offset = self.language.vocab().offset();
        (0..engine.count(&self.row, &legal)).map(move |nth| engine.nth(&self.row, &legal, nth).local() + offset)
    }

    /// Chooses a legal token uniformly: that of this step of the sampler's row. `PAD` once the program is complete.
    pub fn choose_uniform(&self, sampler: &mut RowSampler) -> u32 {
        let engine = &self.language.engine;
        let step = engine.len(&self.row);
        engine.choose_one(&self.row, &sampler.picks(step)).local() + self.language.vocab().offset()
    }

    /// Chooses a legal token by the weights of a prior: that of this step of row `row`. `PAD` once the program is
    /// complete.
    ///
    /// # Errors
    ///
    /// [`OtherLanguageError`] if the sampler was made for another language.
    pub fn choose_by_prior(&self, sampler: &PriorSampler, row: u64) -> Result<u32, OtherLanguageError> {
        let sym = sampler.choose(&self.language, &self.row, row)?;
        Ok(sym.local() + self.language.vocab().offset())
    }

    /// Writes the legal set into row `row` of a bitmask.
    ///
    /// # Errors
    ///
    /// [`BitmaskShapeError`] if the bitmask has no such row or is for another vocabulary width; it is as it was.
    pub fn fill_next_token_bitmask(&self, bitmask: &mut TokenBitmask, row: usize) -> Result<(), BitmaskShapeError> {
        let words = self.language.bitmask_words();
        bitmask.check(bitmask.rows().max(row.saturating_add(1)), self.language.vocab().len())?;
        let engine = &self.language.engine;
        engine.fill_one(&self.row, &mut bitmask.data_mut()[row * words..(row + 1) * words]);
        Ok(())
    }

    /// Undoes the last `n` tokens, those of a prefix included, by replaying the others: about 15 ns each.
    ///
    /// # Errors
    ///
    /// [`RollbackError`] if there are fewer; the row is as it was.
    pub fn rollback(&mut self, n: usize) -> Result<(), RollbackError> {
        let len = self.tokens.len();
        let keep = len.checked_sub(n).ok_or(RollbackError { asked: n, len })?;
        if n > 0 {
            self.tokens.truncate(keep);
            replay(&self.language, &mut self.row, &self.tokens);
        }
        Ok(())
    }

    /// A second matcher in the same state.
    pub fn fork(&self) -> Self {
        self.clone()
    }

    /// Back to before the first token, prefix included.
    pub fn reset(&mut self) {
        self.tokens.clear();
        self.row.copy_from_slice(&self.language.engine.initial);
    }

    /// The hole that the next token fills; `None` once the program is complete.
    pub fn frontier(&self) -> Option<Frontier> {
        frontier(&self.language, &self.row)
    }

    /// Tokens that may still be taken, at most; `None` without a `max_len`.
    pub fn remaining_budget(&self) -> Option<u32> {
        self.language.config().max_len.map(|max_len| max_len - self.language.engine.len(&self.row))
    }

    /// Least number of tokens that completes the program.
    pub fn min_tokens_to_finish(&self) -> u32 {
        self.language.engine.min_tokens_to_finish(&self.row)
    }

    /// A matcher in the state `row`, reached by `tokens`; words beyond the language's own are left out.
    pub(crate) fn from_parts(language: &Arc<Language>, row: &[u32], tokens: &[u32]) -> Self {
        let mut matcher = Self::new(language);
        let words = matcher.row.len();
        matcher.row.copy_from_slice(&row[..words]);
        matcher.tokens.extend_from_slice(tokens);
        matcher
    }

    pub(crate) fn row(&self) -> &[u32] {
        &self.row
    }
}

/// Puts `row` into the state behind `tokens`, which it has taken before.
pub(crate) fn replay(language: &Language, row: &mut [u32], tokens: &[u32]) {
    let engine = &language.engine;
    row[..engine.initial.len()].copy_from_slice(&engine.initial);
    for &token in tokens {
        engine.take(row, Sym(engine.syms(token.wrapping_sub(language.vocab().offset()))));
    }
}
