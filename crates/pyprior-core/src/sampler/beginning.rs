//! What all programs of a sampler begin with, and how long they may get.

use std::sync::Arc;

use thiserror::Error;

use crate::language::{Language, UNBOUNDED};
use crate::matcher::{Matcher, TokenError};

/// Tokens a program may have where the language sets no bound.
const DEFAULT_TOKEN_LIMIT: u32 = 1 << 20;

/// A program that grew beyond what is allowed, in a language without `max_len`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("program {row} has more than {limit} tokens; a max_len would bound it")]
pub struct TooLongError {
    /// Number of the program.
    pub row: u64,
    /// The limit in force.
    pub limit: u32,
}

/// The language, a prefix, and a bound on the tokens.
#[derive(Debug, Clone)]
pub(super) struct Beginning {
    language: Arc<Language>,
    prefix: Vec<u32>,
    /// A row that has taken the prefix.
    start: Vec<u32>,
    token_limit: u32,
}

impl Beginning {
    /// No prefix.
    pub(super) fn new(language: &Arc<Language>) -> Self {
        Self {
            language: Arc::clone(language),
            prefix: Vec::new(),
            start: language.engine.initial.clone(),
            token_limit: DEFAULT_TOKEN_LIMIT,
        }
    }

    /// Begins with `prefix` instead; refused at the first token that is not legal.
    pub(super) fn begin_with(&mut self, prefix: &[u32]) -> Result<(), TokenError> {
        let matcher = Matcher::with_prefix(&self.language, prefix)?;
        self.start.copy_from_slice(matcher.row());
        self.prefix = matcher.tokens().to_vec();
        Ok(())
    }

    /// At most `limit` tokens, prefix included.
    pub(super) fn limit_tokens(&mut self, limit: u32) {
        self.token_limit = limit.min(UNBOUNDED / 2);
    }

    #[inline(always)]
    pub(super) fn language(&self) -> &Arc<Language> {
        &self.language
    }

    #[inline(always)]
    pub(super) fn prefix(&self) -> &[u32] {
        &self.prefix
    }

    /// A row that has taken the prefix.
    #[inline(always)]
    pub(super) fn row(&self) -> &[u32] {
        &self.start
    }

    /// Whether every program is the prefix, which needs no more.
    pub(super) fn is_whole(&self) -> bool {
        self.language.engine.is_terminated(&self.start)
    }

    #[inline(always)]
    pub(super) fn check_len(&self, row: u64, len: u32) -> Result<(), TooLongError> {
        // A prefix is never too long by itself, and what is bounded by the language needs no limit.
        let limit = self.token_limit.max(self.prefix.len() as u32);
        if len > limit && self.language.config().max_len.is_none() {
            return Err(TooLongError { row, limit: self.token_limit });
        }
        Ok(())
    }
}
