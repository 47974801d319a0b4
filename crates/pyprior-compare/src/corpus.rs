//! Configurations whose programs are measured: a corpus that anybody makes again from a seed.

use std::sync::Arc;

use pyprior_core::{ConfigError, Language, LanguageConfig, PriorConfig, PriorError, Profile, ProgramSampler};

/// A language, and how programs are drawn from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// What it is called.
    pub name: String,
    /// The flags of `pyprior sample` that draw the same programs, but for [`passing`](Self::passing).
    pub flags: String,
    /// The language.
    pub language: LanguageConfig,
    /// The prior; none for uniform draws.
    pub prior: Option<PriorConfig>,
    /// Whether only programs that pass a [`ProgramFilter`](pyprior_core::ProgramFilter) are kept.
    pub passing: bool,
}

impl Setting {
    /// A sampler of its programs.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] or [`PriorError`] if it is no setting.
    pub fn sampler(&self, seed: u64) -> Result<ProgramSampler, SettingError> {
        let language: Arc<Language> = Language::new(self.language.clone())?;
        Ok(match self.prior {
            Some(prior) => ProgramSampler::with_prior(&language, prior, seed)?,
            None => ProgramSampler::new(&language, seed),
        })
    }
}

/// Why a setting is none.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingError {
    /// The language is refused.
    #[error("language")]
    Language(#[from] ConfigError),
    /// The prior is refused.
    #[error("prior")]
    Prior(#[from] PriorError),
}

/// Programs of at most 60 tokens, as `pyprior sample` has them.
const MAX_LEN: u32 = 60;

/// The eight settings of the published figures: the default language and that of the PyPI package 0.0.2, by the prior and
/// uniformly; constants of one digit; longer programs; and those that a training keeps.
pub fn corpus() -> Vec<Setting> {
    let prior = Some(PriorConfig::default());
    let of = |profile| LanguageConfig { max_len: Some(MAX_LEN), ..LanguageConfig::with_profile(profile) };
    let default = || of(Profile::Sound);
    let digits = || LanguageConfig { value_range: (0, 9), ..default() };
    let long = LanguageConfig { max_block_stmts: 4, max_len: Some(120), ..default() };
    let settings = [
        ("prior", "", default(), prior, false),
        ("uniform", "--uniform", default(), None, false),
        ("digits, prior", "--value-range 0 9", digits(), prior, false),
        ("digits, uniform", "--value-range 0 9 --uniform", digits(), None, false),
        ("0.0.2, prior", "--profile pyprior-0.0.2", of(Profile::PyPrior002), prior, false),
        ("0.0.2, uniform", "--profile pyprior-0.0.2 --uniform", of(Profile::PyPrior002), None, false),
        ("long, prior", "--max-block-stmts 4 --max-len 120", long, prior, false),
        ("passing, prior", "", default(), prior, true),
    ];
    let setting = |(name, flags, language, prior, passing): (&str, &str, _, _, _)| Setting {
        name: name.to_owned(),
        flags: flags.to_owned(),
        language,
        prior,
        passing,
    };
    settings.map(setting).into()
}
