//! A flag for every knob and switch.

use std::sync::Arc;

use anyhow::bail;
use clap::{Args, ValueEnum};
use pyprior_core::{Calls, ComparisonValues, DeadCode, Language, LanguageConfig, Profile, Vocab};

/// Longest programs that `sample` makes unless told otherwise.
pub(crate) const DEFAULT_MAX_LEN: u32 = 60;

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ProfileArg {
    /// Every program runs without an exception
    Sound,
    /// The rules of the PyPI package pyprior 0.0.2
    #[value(name = "pyprior-0.0.2")]
    PyPrior002,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum CallsArg {
    /// Every complete earlier def
    Any,
    /// Only defs that return on every path
    Returning,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DeadCodeArg {
    /// Statements behind a return
    AfterReturn,
    /// Statements behind any statement that returns on every path
    AfterReturning,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ComparisonArg {
    /// `(a < b)`, printed True
    Bool,
    /// `int(a < b)`, printed 1
    Int,
}

/// The language.
#[derive(Debug, Args)]
#[command(next_help_heading = "Language")]
pub(crate) struct LanguageArgs {
    /// Longest program in tokens, or `none` [default: 60 for sample, show, train and compare-tokens; the model's for generate; none elsewhere]
    #[arg(long, value_name = "TOKENS", allow_negative_numbers = true)]
    max_len: Option<MaxLen>,
    /// Smallest and largest integer constant [default: -99 99]
    #[arg(long, num_args = 2, value_names = ["LO", "HI"], allow_negative_numbers = true)]
    value_range: Option<Vec<i64>>,
    /// Number of functions, 0 to 255 [default: 5]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_funcs: Option<u32>,
    /// Number of variables in a scope, 0 to 255 [default: 15]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_vars: Option<u32>,
    /// Most parameters of a function, 0 to 255, in effect at most max-vars [default: max-vars]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_arity: Option<u32>,
    /// Most statements in a block, 0 to 255 [default: 2]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_block_stmts: Option<u32>,
    /// Depth of nested operators and calls, 0 to 60 [default: 3]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_expr_depth: Option<u32>,
    /// Depth of nested if and for, 0 to 20 [default: 2]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    max_control_depth: Option<u32>,
    /// Tokens or forms never to be generated, such as `for`, `CALL` or `VAR_1`; separated by commas
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    exclude: Vec<String>,
    /// A setting of the switches below [default: sound]
    #[arg(long, value_enum)]
    profile: Option<ProfileArg>,
    /// Whether nothing may stand behind a return [default: true]
    #[arg(long, value_name = "BOOL")]
    no_dead_code: Option<bool>,
    /// Which functions may be called [default: the profile's]
    #[arg(long, value_enum)]
    calls: Option<CallsArg>,
    /// What counts as dead code [default: the profile's]
    #[arg(long, value_enum)]
    dead_code: Option<DeadCodeArg>,
    /// What a comparison in value position is [default: the profile's]
    #[arg(long, value_enum)]
    comparison_values: Option<ComparisonArg>,
    /// Take an upside-down value range as one without constants
    #[arg(long)]
    allow_empty_value_range: bool,
    /// Number of tokens of a base vocabulary, by which all ids are shifted [default: 0]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    base_vocab: Option<u32>,
}

#[derive(Debug, Clone, Copy)]
struct MaxLen(Option<u32>);

impl std::str::FromStr for MaxLen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(None));
        }
        text.parse().map(|max_len| Self(Some(max_len))).map_err(|_| "expected a number of tokens, or `none`".to_owned())
    }
}

impl LanguageArgs {
    /// The configuration; `max_len` applies where the flag is not given.
    pub(crate) fn config(&self, max_len: Option<u32>) -> LanguageConfig {
        self.over(LanguageConfig { max_len, ..LanguageConfig::default() })
    }

    /// A configuration with what is given in place of its own.
    pub(crate) fn over(&self, mut config: LanguageConfig) -> LanguageConfig {
        if let Some(profile) = self.profile {
            config.set_profile(match profile {
                ProfileArg::Sound => Profile::Sound,
                ProfileArg::PyPrior002 => Profile::PyPrior002,
            });
        }
        fn set<T: Copy>(knob: &mut T, value: Option<T>) {
            *knob = value.unwrap_or(*knob);
        }
        set(&mut config.max_funcs, self.max_funcs);
        set(&mut config.max_vars, self.max_vars);
        set(&mut config.max_block_stmts, self.max_block_stmts);
        set(&mut config.max_expr_depth, self.max_expr_depth);
        set(&mut config.max_control_depth, self.max_control_depth);
        set(&mut config.no_dead_code, self.no_dead_code);
        set(&mut config.base_vocab, self.base_vocab);
        config.max_arity = self.max_arity.or(config.max_arity);
        if let Some(&[low, high]) = self.value_range.as_deref() {
            config.value_range = (low, high);
        }
        if let Some(calls) = self.calls {
            config.calls = match calls {
                CallsArg::Any => Calls::Any,
                CallsArg::Returning => Calls::Returning,
            };
        }
        if let Some(dead_code) = self.dead_code {
            config.dead_code = match dead_code {
                DeadCodeArg::AfterReturn => DeadCode::AfterReturn,
                DeadCodeArg::AfterReturning => DeadCode::AfterReturning,
            };
        }
        if let Some(values) = self.comparison_values {
            config.comparison_values = match values {
                ComparisonArg::Bool => ComparisonValues::Bool,
                ComparisonArg::Int => ComparisonValues::Int,
            };
        }
        config.exclude.extend_from_slice(&self.exclude);
        config.max_len = self.max_len.map_or(config.max_len, |given| given.0);
        config.allow_empty_value_range |= self.allow_empty_value_range;
        config
    }

    pub(crate) fn language(&self, max_len: Option<u32>) -> anyhow::Result<Arc<Language>> {
        Ok(Language::new(self.config(max_len))?)
    }

    /// The language with the limits that are not given wider than those of what is sampled, and with constants up to
    /// `constant`: for source to be run.
    pub(crate) fn wide(&self, constant: i64) -> anyhow::Result<Arc<Language>> {
        let mut config = self.config(None);
        config.max_funcs = self.max_funcs.unwrap_or(100);
        config.max_vars = self.max_vars.unwrap_or(100);
        config.max_block_stmts = self.max_block_stmts.unwrap_or(255);
        config.max_expr_depth = self.max_expr_depth.unwrap_or(20);
        config.max_control_depth = self.max_control_depth.unwrap_or(8);
        if self.value_range.is_none() {
            config.value_range = (-constant, constant);
        }
        Ok(Language::new(config)?)
    }

    /// The language with every limit and switch that is not given as wide as it goes: for source, whose tokens nobody
    /// sees, and of which something is to be told rather than refused. Constants go up to `constant`.
    pub(crate) fn widest(&self, constant: i64) -> anyhow::Result<Arc<Language>> {
        let mut config = self.config(None);
        config.max_funcs = self.max_funcs.unwrap_or(255);
        config.max_vars = self.max_vars.unwrap_or(255);
        config.max_block_stmts = self.max_block_stmts.unwrap_or(255);
        config.max_expr_depth = self.max_expr_depth.unwrap_or(60);
        config.max_control_depth = self.max_control_depth.unwrap_or(20);
        if self.value_range.is_none() {
            config.value_range = (-constant, constant);
        }
        config.no_dead_code = self.no_dead_code.unwrap_or(false);
        if self.calls.is_none() {
            config.calls = Calls::Any;
        }
        Ok(Language::new(config)?)
    }
}

/// The largest integer that is written in sources, from 1,024 to 32,767: a language takes as long to make as it has
/// constants, so that it should have no more than are needed. What is larger is for the language to refuse, by all that
/// it could have.
pub(crate) fn largest_constant<'a>(sources: impl IntoIterator<Item = &'a str>) -> i64 {
    let words = sources.into_iter().flat_map(|source| source.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    let numbers = words.filter(|word| word.starts_with(|first: char| first.is_ascii_digit())).map(|word| {
        let digits = word.replace('_', "").to_ascii_lowercase();
        let bases = [("0x", 16), ("0o", 8), ("0b", 2)];
        let based = bases.into_iter().find_map(|(prefix, base)| Some((digits.strip_prefix(prefix)?, base)));
        let (digits, base) = based.unwrap_or((&digits, 10));
        // What does not even fit is larger than all that is possible.
        i64::from_str_radix(digits, base).unwrap_or(i64::MAX)
    });
    numbers.max().unwrap_or(0).clamp(1024, 32_767)
}

/// A language for sources, made anew when one has a larger constant than those before it.
#[derive(Default)]
pub(crate) struct Widening(Option<(i64, Arc<Language>)>);

impl Widening {
    /// A language that these sources fit, made by `new` for a largest constant.
    pub(crate) fn language<'a>(
        &mut self,
        sources: impl IntoIterator<Item = &'a str>,
        new: impl FnOnce(i64) -> anyhow::Result<Arc<Language>>,
    ) -> anyhow::Result<Arc<Language>> {
        let constant = largest_constant(sources);
        match &self.0 {
            Some((largest, language)) if *largest >= constant => Ok(Arc::clone(language)),
            _ => {
                let language = new(constant)?;
                self.0 = Some((constant, Arc::clone(&language)));
                Ok(language)
            }
        }
    }
}

/// Token ids of a list of names or ids.
pub(crate) fn tokens<'a>(vocab: &Vocab, words: impl IntoIterator<Item = &'a str>) -> anyhow::Result<Vec<u32>> {
    words.into_iter().map(|word| token(vocab, word)).collect()
}

/// A token by name or id.
pub(crate) fn token(vocab: &Vocab, word: &str) -> anyhow::Result<u32> {
    if let Some(id) = vocab.id_of(word) {
        return Ok(id);
    }
    if let Ok(id) = word.parse() {
        return Ok(id);
    }
    let hint = vocab.nearest(word).map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
    bail!("unknown token {word:?}{hint}")
}
