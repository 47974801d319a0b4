//! One row of logits: its shape, the tokens in question, and what the model says of them.

use thiserror::Error;

use super::element::{Logit, finite};
use crate::bitmask::{BitmaskShapeError, TokenBitmask, bits};

/// Logits, bitmask and rows that do not fit together. Nothing has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LogitsError {
    /// The number of logits is not rows times vocabulary.
    #[error("{found} logits were given; {rows} rows of {vocab} tokens are needed")]
    Len {
        /// Numbers given.
        found: usize,
        /// Rows that are needed.
        rows: usize,
        /// Tokens of the vocabulary.
        vocab: usize,
    },
    /// The bitmask has another shape.
    #[error(transparent)]
    Bitmask(#[from] BitmaskShapeError),
    /// Something that there must be one of for each row.
    #[error("{found} {what} were given for {rows} rows")]
    Count {
        /// What it is.
        what: &'static str,
        /// How many were given.
        found: usize,
        /// Rows of the bitmask.
        rows: usize,
    },
}

/// Why no token can be drawn from a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChoiceError {
    /// The legal set is empty.
    #[error("no token is legal")]
    Empty,
    /// The model's logit of a legal token is no number.
    #[error("the logit of legal token {token} is NaN")]
    Nan {
        /// The first such token.
        token: u32,
    },
}

/// Memory for working on rows of logits, reused from call to call: nothing allocates once it has been used for a
/// vocabulary, or made for it.
#[derive(Debug, Clone, Default)]
pub struct LogitsScratch {
    /// Tokens in question, ascending.
    pub(crate) tokens: Vec<u32>,
    /// Their logits, finite.
    pub(crate) values: Vec<f64>,
    /// The prior's logits of the same tokens, or their weights; what bounds a choice.
    pub(crate) weights: Vec<f64>,
    /// Finite logits of all other tokens, or sorted ones of the same, or their random numbers.
    pub(crate) others: Vec<f64>,
    /// Exponentials of any of these.
    pub(crate) exps: Vec<f64>,
}

/// What a model said of the tokens in question.
#[derive(Clone, Copy)]
pub(crate) struct Heard {
    /// Whether anything: whether one of them is neither negative infinity nor NaN.
    pub(crate) says: bool,
    /// Whether one of them is NaN.
    pub(crate) is_nan: bool,
}

impl LogitsScratch {
    /// Memory for rows of `vocab` tokens: about 36 bytes a token.
    pub fn new(vocab: usize) -> Self {
        let numbers = || Vec::with_capacity(vocab);
        let tokens = Vec::with_capacity(vocab);
        Self { tokens, values: numbers(), weights: numbers(), others: numbers(), exps: numbers() }
    }

    /// Collects the values of `tokens`.
    ///
    /// Infinities become the largest and the least finite number of the type, NaN counts as negative infinity. Where
    /// the model says nothing of these tokens, the values are all 0.
    pub(crate) fn gather<T: Logit>(&mut self, logits: &[T]) -> Heard {
        self.values.clear();
        self.values.extend(self.tokens.iter().map(|&token| logits[token as usize].to_f64()));
        // No branch a value: in most rows all are finite.
        if self.values.iter().fold(true, |finite, value| finite & value.is_finite()) {
            return Heard { says: !self.values.is_empty(), is_nan: false };
        }
        let mut heard = Heard { says: false, is_nan: false };
        for value in &mut self.values {
            heard.says |= *value > f64::NEG_INFINITY;
            heard.is_nan |= value.is_nan();
            *value = finite::<T>(*value);
        }
        if !heard.says {
            self.values.fill(0.0);
        }
        heard
    }

    /// Collects the legal tokens, ascending.
    pub(crate) fn gather_tokens(&mut self, legal: &[u32], vocab: usize) {
        self.tokens.clear();
        for (&word, base) in legal.iter().zip((0..).step_by(32)) {
            if word == u32::MAX {
                self.tokens.extend(base..base + 32);
                continue;
            }
            let (mut places, mut count, mut rest) = ([0; 32], 0, word);
            while rest != 0 {
                places[count % 32] = base + rest.trailing_zeros();
                rest &= rest - 1;
                count += 1;
            }
            self.tokens.extend_from_slice(&places[..count]);
        }
        // A bitmask that somebody wrote may have bits beyond the vocabulary.
        let within = self.tokens.iter().rev().position(|&token| (token as usize) < vocab);
        self.tokens.truncate(within.map_or(0, |beyond| self.tokens.len() - beyond));
    }

    /// Collects the finite values of all tokens that are not in `tokens`.
    pub(crate) fn gather_others<T: Logit>(&mut self, logits: &[T]) {
        self.others.clear();
        let mut start = 0;
        for &token in &self.tokens {
            let end = token as usize;
            self.others.extend(logits[start..end].iter().map(|value| value.to_f64()).filter(|value| value.is_finite()));
            start = end + 1;
        }
        self.others.extend(logits[start..].iter().map(|value| value.to_f64()).filter(|value| value.is_finite()));
    }

    /// Collects the legal tokens and their logits.
    pub(super) fn gather_legal<T: Logit>(&mut self, logits: &[T], legal: &[u32]) -> Result<(), ChoiceError> {
        self.gather_tokens(legal, logits.len());
        self.gather_numbers(logits)
    }

    /// Collects the logits of `tokens` as [`gather`](Self::gather) does; none may be NaN.
    pub(crate) fn gather_numbers<T: Logit>(&mut self, logits: &[T]) -> Result<(), ChoiceError> {
        if !self.gather(logits).is_nan {
            return Ok(());
        }
        let nan = |token: &&u32| logits[**token as usize].to_f64().is_nan();
        self.tokens.iter().find(nan).map_or(Ok(()), |&token| Err(ChoiceError::Nan { token }))
    }

    /// Collects, of the legal tokens, those that are not at negative infinity or NaN; all of them, at 0, if there
    /// is none else.
    pub(crate) fn gather_candidates<T: Logit>(&mut self, logits: &[T], legal: &[u32]) {
        let candidates =
            allowed(legal, logits.len()).filter(|&token| logits[token as usize].to_f64() > f64::NEG_INFINITY);
        self.tokens.clear();
        self.tokens.extend(candidates);
        if self.tokens.is_empty() {
            self.tokens.extend(allowed(legal, logits.len()));
        }
        self.gather(logits);
    }
}

/// The legal tokens of a row, ascending. A bitmask that somebody wrote may have bits beyond the vocabulary.
pub(crate) fn allowed(legal: &[u32], vocab: usize) -> impl Iterator<Item = u32> + '_ {
    bits(legal).take_while(move |&token| (token as usize) < vocab)
}

/// The words of row `slot` of a bitmask for `vocab` tokens.
pub(crate) fn legal_row(bitmask: &TokenBitmask, slot: usize, vocab: usize) -> Result<&[u32], LogitsError> {
    bitmask.check(bitmask.rows().max(slot.saturating_add(1)), vocab)?;
    Ok(bitmask.row(slot).unwrap_or_default())
}

/// Checks that `found` numbers are those of `rows` rows.
pub(crate) fn check_len(found: usize, rows: usize, vocab: usize) -> Result<(), LogitsError> {
    match rows.checked_mul(vocab) {
        Some(expected) if expected == found => Ok(()),
        _ => Err(LogitsError::Len { found, rows, vocab }),
    }
}

/// Checks that there is one of `what` for each row.
pub(crate) fn check_count(what: &'static str, found: usize, rows: usize) -> Result<(), LogitsError> {
    if found == rows { Ok(()) } else { Err(LogitsError::Count { what, found, rows }) }
}
