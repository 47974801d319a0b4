//! A model under other languages than the one that it was made for.

use std::sync::Arc;

use pyprior_core::{Language, LanguageConfig, Vocab};

use super::dir::ModelDir;
use super::error::DirError;

impl ModelDir {
    /// Refuses a language that numbers tokens differently than the model's own. Other rules and lengths are no matter:
    /// the same model can be used under any language of the same vocabulary.
    ///
    /// # Errors
    ///
    /// [`DirError::OtherLanguage`] with the first token that differs.
    pub fn check_language(&self, other: &Language) -> Result<(), DirError> {
        let (own, other) = (self.language.vocab(), other.vocab());
        let end = own.len().max(other.len()) as u32;
        // Two base vocabularies of the same size are taken to be the same: their tokens have no names.
        for id in own.offset().min(other.offset())..end {
            if own.name(id) != other.name(id) || own.form(id) != other.form(id) {
                let name = |name: Option<&str>| name.unwrap_or("none").to_owned();
                return Err(DirError::OtherLanguage { id, found: name(other.name(id)), wanted: name(own.name(id)) });
            }
        }
        Ok(())
    }

    /// The language of a configuration, in the numbers of the model's vocabulary.
    ///
    /// A smaller language (fewer variables, constants, functions, parameters, statements in a block) has a smaller
    /// vocabulary of its own. Here it gets the model's, with what it lacks excluded, so that the model's tokens mean
    /// what they did: its programs, written out, are those of the configuration and no others.
    ///
    /// # Errors
    ///
    /// [`DirError::Refused`] if the configuration is no language; [`DirError::BaseVocab`] or [`DirError::Unknown`] if
    /// it has tokens that the model does not know.
    pub fn language_of(&self, config: LanguageConfig) -> Result<Arc<Language>, DirError> {
        let own = self.language.config();
        if config.base_vocab != own.base_vocab {
            return Err(DirError::BaseVocab { found: config.base_vocab, wanted: own.base_vocab });
        }
        let wanted = Language::new(config).map_err(DirError::Refused)?;
        if self.check_language(&wanted).is_ok() {
            return Ok(wanted);
        }
        if let Some(name) = lacks(self.language.vocab(), wanted.vocab()) {
            return Err(DirError::Unknown { name: name.to_owned() });
        }
        let mut config = wanted.config().clone();
        config.exclude.extend(missing(self.language.vocab(), wanted.vocab()).map(str::to_owned));
        config.max_funcs = own.max_funcs;
        config.max_vars = own.max_vars;
        config.max_arity = own.max_arity;
        config.max_block_stmts = own.max_block_stmts;
        config.value_range = own.value_range;
        config.allow_empty_value_range = own.allow_empty_value_range;
        let language = Language::new(config).map_err(DirError::Refused)?;
        self.check_language(&language)?;
        Ok(language)
    }
}

/// The first token of `wanted` that `own` lacks.
fn lacks<'a>(own: &Vocab, wanted: &'a Vocab) -> Option<&'a str> {
    wanted.names().find(|name| own.id_of(name).is_none())
}

/// Tokens of `own` that `wanted` has not.
fn missing<'a>(own: &'a Vocab, wanted: &'a Vocab) -> impl Iterator<Item = &'a str> {
    own.names().filter(|name| wanted.id_of(name).is_none())
}
