//! The numbers and switches of one language.
//!
//! A [`LanguageConfig`] is plain data. [`Language::new`](crate::Language::new) validates it once and compiles
//! it; nothing later in the pipeline looks at it again.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Largest number of different integer constants a vocabulary may hold.
pub const MAX_CONSTANTS: u64 = 65_536;
/// Largest accepted [`LanguageConfig::max_len`], in tokens.
pub const MAX_LEN: u32 = 1 << 28;
/// Largest accepted [`LanguageConfig::base_vocab`], in tokens.
pub const MAX_BASE_VOCAB: u32 = 1 << 24;

/// Which earlier functions may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Calls {
    /// Every complete earlier definition; one that falls through yields `None` at run time.
    Any,
    /// Only complete earlier definitions that return on every path.
    Returning,
}

/// What counts as dead code while [`LanguageConfig::no_dead_code`] is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeadCode {
    /// Statements after a `return` of the same block.
    AfterReturn,
    /// Statements after any statement that returns on every path, such as an `if` whose branches both return.
    AfterReturning,
}

/// What a comparison in value position is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ComparisonValues {
    /// A Python `bool`: rendered `(a < b)`, printed `True`.
    Bool,
    /// An integer: rendered `int(a < b)`, printed `1`.
    Int,
}

/// A named setting of the three switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Profile {
    /// The default: every program runs without an exception and holds no statement after one that returns.
    #[default]
    #[serde(rename = "sound")]
    Sound,
    /// The rules of the PyPI package `pyprior` 0.0.2, made exact.
    #[serde(rename = "pyprior-0.0.2")]
    PyPrior002,
}

/// The numbers and switches of one language, in the words of the package that this one succeeds.
///
/// ```
/// use pyprior_core::{Language, LanguageConfig};
///
/// let config = LanguageConfig { value_range: (0, 9), max_len: Some(30), ..LanguageConfig::default() };
/// let language = Language::new(config)?;
/// assert_eq!(language.vocab().len(), 79);
/// assert_eq!(language.min_len(), 3);
/// # Ok::<(), pyprior_core::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LanguageConfig {
    /// Number of function names, 0 to 255.
    pub max_funcs: u32,
    /// Number of variable names in one scope, 0 to 255.
    pub max_vars: u32,
    /// Largest number of parameters, 0 to 255; `None` means `max_vars`. The effective one is at most `max_vars`.
    pub max_arity: Option<u32>,
    /// Smallest and largest integer constant; at most [`MAX_CONSTANTS`] values.
    pub value_range: (i64, i64),
    /// Largest number of statements in a block, 0 to 255.
    pub max_block_stmts: u32,
    /// Depth to which operators and calls nest, 0 to 60; at 0 expressions are variables and constants.
    pub max_expr_depth: u32,
    /// Depth to which `if` and `for` nest, 0 to 20.
    pub max_control_depth: u32,
    /// Whether nothing may follow a `return` in its block; [`DeadCode`] says how far this reaches.
    pub no_dead_code: bool,
    /// Which functions may be called.
    pub calls: Calls,
    /// What counts as dead code.
    pub dead_code: DeadCode,
    /// What a comparison in value position is. Changes rendering and execution, not the legal sets.
    pub comparison_values: ComparisonValues,
    /// Tokens never to be generated: token names (`"VAR_1"`) and form names (`"for"`, the whole family).
    pub exclude: Vec<String>,
    /// Largest number of tokens in a program, or `None` for no bound (but what 32 bits count: 2³¹).
    pub max_len: Option<u32>,
    /// Number of tokens of a base vocabulary that come before the language's own; all ids are shifted by it.
    pub base_vocab: u32,
    /// Whether an upside-down [`value_range`](Self::value_range) means "no constants" instead of an error.
    /// Off in both profiles; replaying recordings of 0.0.2 needs it.
    pub allow_empty_value_range: bool,
}

impl Default for LanguageConfig {
    fn default() -> Self {
        Self::with_profile(Profile::Sound)
    }
}

impl LanguageConfig {
    /// The default knobs with the switches of `profile`.
    pub fn with_profile(profile: Profile) -> Self {
        let mut config = Self {
            max_funcs: 5,
            max_vars: 15,
            max_arity: None,
            value_range: (-99, 99),
            max_block_stmts: 2,
            max_expr_depth: 3,
            max_control_depth: 2,
            no_dead_code: true,
            calls: Calls::Returning,
            dead_code: DeadCode::AfterReturning,
            comparison_values: ComparisonValues::Int,
            exclude: Vec::new(),
            max_len: None,
            base_vocab: 0,
            allow_empty_value_range: false,
        };
        config.set_profile(profile);
        config
    }

    /// Sets the three switches to those of `profile` and leaves everything else as it is.
    pub fn set_profile(&mut self, profile: Profile) {
        let (calls, dead_code, comparison_values) = match profile {
            Profile::Sound => (Calls::Returning, DeadCode::AfterReturning, ComparisonValues::Int),
            Profile::PyPrior002 => (Calls::Any, DeadCode::AfterReturn, ComparisonValues::Bool),
        };
        self.calls = calls;
        self.dead_code = dead_code;
        self.comparison_values = comparison_values;
    }

    /// The profile whose switches these are, if they are those of one.
    pub fn profile(&self) -> Option<Profile> {
        [Profile::Sound, Profile::PyPrior002].into_iter().find(|&profile| {
            let other = Self::with_profile(profile);
            (other.calls, other.dead_code, other.comparison_values)
                == (self.calls, self.dead_code, self.comparison_values)
        })
    }

    /// The largest arity that has a token: `min(max_arity, max_vars)`.
    pub fn effective_arity(&self) -> u32 {
        self.max_arity.unwrap_or(self.max_vars).min(self.max_vars)
    }

    /// Whether statements behind one that returns on every path are forbidden, beyond those behind `return`.
    pub(crate) fn restricts_returning(&self) -> bool {
        self.no_dead_code && self.dead_code == DeadCode::AfterReturning
    }

    /// Checks every number against its limits; excludes are checked by the vocabulary that knows the names.
    pub(crate) fn check_ranges(&self) -> Result<(), ConfigError> {
        let knobs = [
            ("max_funcs", self.max_funcs, 255),
            ("max_vars", self.max_vars, 255),
            ("max_arity", self.max_arity.unwrap_or(0), 255),
            ("max_block_stmts", self.max_block_stmts, 255),
            ("max_expr_depth", self.max_expr_depth, 60),
            ("max_control_depth", self.max_control_depth, 20),
            ("base_vocab", self.base_vocab, MAX_BASE_VOCAB),
        ];
        for (knob, value, max) in knobs {
            if value > max {
                return Err(ConfigError::KnobTooLarge { knob, value, max });
            }
        }
        if let Some(max_len) = self.max_len.filter(|&max_len| max_len > MAX_LEN) {
            return Err(ConfigError::KnobTooLarge { knob: "max_len", value: max_len, max: MAX_LEN });
        }
        let (low, high) = self.value_range;
        if low > high && !self.allow_empty_value_range {
            return Err(ConfigError::EmptyValueRange { low, high });
        }
        let count = if low > high { 0 } else { u128::from(high.abs_diff(low)) + 1 };
        if count > u128::from(MAX_CONSTANTS) {
            return Err(ConfigError::TooManyConstants { low, high, count });
        }
        Ok(())
    }
}

/// Why a configuration is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// A knob is beyond its limit.
    #[error("{knob} is {value}; at most {max} is supported")]
    KnobTooLarge {
        /// Name of the knob.
        knob: &'static str,
        /// What was asked for.
        value: u32,
        /// What is supported.
        max: u32,
    },
    /// The value range is upside down.
    #[error("value_range ({low}, {high}) is upside down: the first number must not exceed the second")]
    EmptyValueRange {
        /// Lower end asked for.
        low: i64,
        /// Upper end asked for.
        high: i64,
    },
    /// The value range holds too many values.
    #[error("value_range ({low}, {high}) holds {count} values; at most {MAX_CONSTANTS} are supported")]
    TooManyConstants {
        /// Lower end asked for.
        low: i64,
        /// Upper end asked for.
        high: i64,
        /// How many values that is.
        count: u128,
    },
    /// An excluded name is neither a token nor a form of this vocabulary.
    #[error("unknown exclude target {name:?}{}", suggestion.as_ref().map(|s| format!("; did you mean {s:?}?")).unwrap_or_default())]
    UnknownExclude {
        /// The name as given.
        name: String,
        /// The nearest token or form name, if one is near.
        suggestion: Option<String>,
    },
    /// No program of any length keeps the rules.
    #[error("no program can be completed: {reason}")]
    NoProgram {
        /// What stands in the way.
        reason: String,
    },
    /// The shortest program is longer than `max_len`.
    #[error("max_len is {max_len}, but the shortest program of this language has {min_len} tokens")]
    MaxLenTooSmall {
        /// What was asked for.
        max_len: u32,
        /// The least that would do.
        min_len: u32,
    },
}
