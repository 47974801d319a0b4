//! Programs that are looked at together.

use std::sync::Arc;

use pyprior_core::{DecodeError, Language, ProgramFilter, ProgramSampler, Programs, Renderer, TooLongError};
use rayon::prelude::*;
use thiserror::Error;

use crate::corpus::{Setting, SettingError};
use crate::measured::Measured;
use crate::text::{TextTokenizer, TextTokenizerError};

/// Programs that are drawn at a time where some are dropped.
const PART: u64 = 4096;
/// Programs that are drawn for one that passes, at most.
const TRIES: u64 = 10_000;

/// Programs, measured, with the vocabulary that they are from.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// What it is called.
    pub name: String,
    /// Where the programs are from.
    pub from: String,
    /// Number of tokens in our vocabulary.
    pub vocab: usize,
    /// The programs, in order.
    pub programs: Vec<Measured>,
}

/// Why programs cannot be measured.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GroupError {
    /// A setting of the corpus is refused.
    #[error("setting {name:?}")]
    Setting {
        /// What it is called.
        name: String,
        /// Why.
        source: SettingError,
    },
    /// A program grew too long.
    #[error(transparent)]
    TooLong(#[from] TooLongError),
    /// Hardly any program passes the filter.
    #[error("{passed} of {drawn} programs pass the filter; {wanted} are wanted")]
    NonePass {
        /// Programs that passed.
        passed: usize,
        /// Programs that were drawn.
        drawn: u64,
        /// Programs that were asked for.
        wanted: usize,
    },
    /// Tokens are no program.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The text tokenizer failed.
    #[error(transparent)]
    Text(#[from] TextTokenizerError),
}

impl Group {
    /// Draws `count` programs of a setting and measures them as PyPrior writes them. Where only some are kept, they are
    /// the first that pass.
    ///
    /// # Errors
    ///
    /// [`GroupError`] if the setting is refused, if programs do not end or do not pass, or if the tokenizer fails.
    pub fn sampled(setting: &Setting, count: usize, seed: u64, tokenizer: &TextTokenizer) -> Result<Self, GroupError> {
        let failed = |source| GroupError::Setting { name: setting.name.clone(), source };
        let sampler = setting.sampler(seed).map_err(failed)?;
        let programs = if setting.passing { passing(&sampler, count)? } else { sampler.sample(0..count as u64)? };
        let sample = format!("pyprior sample -n {count} --seed {seed} {}", setting.flags);
        let sample = sample.trim_end();
        let from = if setting.passing {
            format!("{sample}, those that pass the filter of pyprior train")
        } else {
            sample.to_owned()
        };
        Self::written(&setting.name, &from, sampler.language(), &programs, tokenizer)
    }

    /// Measures programs as PyPrior writes them.
    ///
    /// # Errors
    ///
    /// [`GroupError::Decode`] if tokens are no program, [`GroupError::Text`] if the tokenizer fails.
    pub fn written(
        name: &str,
        from: &str,
        language: &Arc<Language>,
        programs: &Programs,
        tokenizer: &TextTokenizer,
    ) -> Result<Self, GroupError> {
        let vocab = language.vocab();
        let measure = |renderer: &mut Renderer<'_>, nth: usize| -> Result<Measured, GroupError> {
            let tokens = programs.get(nth).unwrap_or_default();
            Ok(Measured::new(vocab, tokens, renderer.render(tokens)?, tokenizer)?)
        };
        let programs = (0..programs.len()).into_par_iter().map_init(|| Renderer::new(language), measure);
        let programs = programs.collect::<Result<Vec<_>, _>>()?;
        Ok(Self { name: name.to_owned(), from: from.to_owned(), vocab: vocab.len(), programs })
    }

    /// Measures programs whose text is given: pairs of tokens and source.
    ///
    /// # Errors
    ///
    /// [`GroupError::Text`] if the tokenizer fails.
    pub fn given(
        name: &str,
        from: &str,
        language: &Language,
        programs: &[(&[u32], &str)],
        tokenizer: &TextTokenizer,
    ) -> Result<Self, GroupError> {
        let vocab = language.vocab();
        let measured = programs.par_iter().map(|(tokens, source)| Measured::new(vocab, tokens, source, tokenizer));
        let programs = measured.collect::<Result<Vec<_>, _>>()?;
        Ok(Self { name: name.to_owned(), from: from.to_owned(), vocab: vocab.len(), programs })
    }

    /// Several groups as one; the vocabulary counts as none where they differ.
    pub fn together(name: &str, groups: &[Self]) -> Self {
        let first = groups.first().map_or(0, |group| group.vocab);
        let vocab = if groups.iter().all(|group| group.vocab == first) { first } else { 0 };
        let programs = groups.iter().flat_map(|group| group.programs.iter().copied()).collect();
        let from = groups.iter().map(|group| group.name.as_str()).collect::<Vec<_>>().join("; ");
        Self { name: name.to_owned(), from, vocab, programs }
    }
}

/// The first programs of a sampler that pass.
fn passing(sampler: &ProgramSampler, count: usize) -> Result<Programs, GroupError> {
    let mut filter = ProgramFilter::new(sampler.language());
    let (mut passed, mut drawn) = (Programs::default(), Programs::default());
    let limit = (count as u64).saturating_mul(TRIES);
    for first in (0..limit).step_by(PART as usize) {
        drawn.clear();
        sampler.sample_into(first..limit.min(first + PART), &mut drawn)?;
        for tokens in drawn.iter() {
            if passed.len() == count {
                return Ok(passed);
            }
            if filter.check(tokens).is_ok() {
                passed.push(tokens);
            }
        }
    }
    match passed.len() == count {
        true => Ok(passed),
        false => Err(GroupError::NonePass { passed: passed.len(), drawn: limit, wanted: count }),
    }
}
