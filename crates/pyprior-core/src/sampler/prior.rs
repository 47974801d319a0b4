//! The choice of one row or a batch of rows by a symbolic prior alone.

use std::sync::Arc;

use thiserror::Error;

use super::weighted::{Weights, random};
use crate::grammar::records::Sym;
use crate::language::Language;
use crate::prior::config::{PriorConfig, PriorError};
use crate::prior::table::Prior;
use crate::step::SINGLE;
use crate::table::Table;

/// Draws legal tokens as likely as a [`Prior`] says, without a bitmask and without logits: what
/// [`Prior::probabilities`] states, to within 2⁻³⁰ a token.
///
/// The token for step s of row r is a function of the seed, the row and the step: its random words are the Philox
/// block of counter `[r low, r high, s, 2³¹ + 1]`. Modes of application have no say, since there is no model.
///
/// ```
/// use pyprior_core::{Language, LanguageConfig, Matcher, PriorConfig, PriorSampler, ProgramSampler};
///
/// let language = Language::new(LanguageConfig { max_len: Some(30), ..LanguageConfig::default() })?;
/// let prior = PriorConfig { w_print: 5.0, ..PriorConfig::default() };
/// let sampler = PriorSampler::new(&language, prior, 7)?;
/// let mut matcher = Matcher::new(&language);
/// while !matcher.is_terminated() {
///     let token = matcher.choose_by_prior(&sampler, 12)?;
///     matcher.accept_token(token)?;
/// }
/// let programs = ProgramSampler::with_prior(&language, prior, 7)?.sample(12..13)?;
/// assert_eq!(programs.get(0), Some(matcher.tokens()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct PriorSampler {
    language: Arc<Language>,
    weights: Arc<Weights>,
    key: [u32; 2],
}

/// A sampler that was made for another language than that of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the sampler was made for another language than the row's")]
pub struct OtherLanguageError;

impl PriorSampler {
    /// Compiles a prior for a language.
    ///
    /// # Errors
    ///
    /// [`PriorError`] names the field that is out of range.
    pub fn new(language: &Arc<Language>, config: PriorConfig, seed: u64) -> Result<Self, PriorError> {
        let prior = Prior::new(language.vocab(), config)?;
        let weights = Arc::new(Weights::new(language, &prior));
        Ok(Self { language: Arc::clone(language), weights, key: [seed as u32, (seed >> 32) as u32] })
    }

    pub(super) fn weights(&self) -> &Weights {
        &self.weights
    }

    pub(super) fn key(&self) -> [u32; 2] {
        self.key
    }

    /// The token for this step of row number `row`, whose state is `state`.
    pub(crate) fn choose(&self, language: &Arc<Language>, state: &[u32], row: u64) -> Result<Sym, OtherLanguageError> {
        if !Arc::ptr_eq(&self.language, language) {
            return Err(OtherLanguageError);
        }
        let engine = &language.engine;
        let Some(state) = Table::new(state) else { return Err(OtherLanguageError) };
        let heads = SINGLE.heads(state);
        let words = random(self.key, &[row], engine.lens(&heads));
        Ok(Sym(self.weights.choose(engine, SINGLE, state, &heads, words)))
    }
}
