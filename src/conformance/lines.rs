//! The lines of a trace file. Fields that are not read here are counted by name only.

use std::collections::BTreeMap;

use pyprior_core::{LanguageConfig, Profile};
use serde::Deserialize;
use serde_json::Value;

use super::run::Run;

/// Keyword arguments of the package's tokenizer; what is missing has its default.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Tok {
    max_funcs: Option<i64>,
    max_vars: Option<i64>,
    max_arity: Option<i64>,
    value_range: Option<(i64, i64)>,
    max_block_stmts: Option<i64>,
    max_expr_depth: Option<i64>,
    max_control_depth: Option<i64>,
    no_dead_code: Option<bool>,
}

impl Tok {
    /// The configuration in profile `pyprior-0.0.2`; `Err` names a number that cannot be one.
    pub(crate) fn config(&self, max_len: Option<i64>, exclude: &[String]) -> Result<LanguageConfig, String> {
        let mut config = LanguageConfig::with_profile(Profile::PyPrior002);
        // The package takes an upside-down range as an empty one.
        config.allow_empty_value_range = true;
        let number = |name: &str, value: i64| u32::try_from(value).map_err(|_| format!("{name} is {value}"));
        let knob = |name: &str, value: Option<i64>, knob: &mut u32| {
            value.map_or(Ok(()), |value| number(name, value).map(|value| *knob = value))
        };
        knob("max_funcs", self.max_funcs, &mut config.max_funcs)?;
        knob("max_vars", self.max_vars, &mut config.max_vars)?;
        knob("max_block_stmts", self.max_block_stmts, &mut config.max_block_stmts)?;
        knob("max_expr_depth", self.max_expr_depth, &mut config.max_expr_depth)?;
        knob("max_control_depth", self.max_control_depth, &mut config.max_control_depth)?;
        config.max_arity = self.max_arity.map(|value| number("max_arity", value)).transpose()?;
        config.value_range = self.value_range.unwrap_or(config.value_range);
        config.no_dead_code = self.no_dead_code.unwrap_or(config.no_dead_code);
        config.max_len = max_len.map(|value| number("max_len", value)).transpose()?;
        config.exclude = exclude.to_vec();
        Ok(config)
    }
}

/// A line by its kind.
#[derive(Debug, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub(crate) enum Line {
    Meta(Fields),
    Config(Config),
    ConfigEnd(Fields),
    Trace(Box<Trace>),
    InitError(InitError),
    Value(ValueLine),
    ValueDecode(ValueDecode),
    Encode(EncodeLine),
}

/// Fields by name.
pub(crate) type Fields = BTreeMap<String, Value>;

#[derive(Debug, Deserialize)]
pub(crate) struct Config {
    pub(crate) c: u64,
    pub(crate) tok: Tok,
    pub(crate) max_len: Option<i64>,
    pub(crate) exclude: Option<Vec<String>>,
    pub(crate) vocab: usize,
    pub(crate) max_arity: Option<u32>,
    pub(crate) names: Option<Vec<String>>,
    pub(crate) forms: Option<Vec<String>>,
    pub(crate) dump: Option<String>,
    pub(crate) min_len: Option<u32>,
    /// Fields of the prior that are not at their defaults.
    pub(crate) prior: Option<Value>,
    pub(crate) prior_base: Option<Vec<f64>>,
    #[serde(flatten)]
    pub(crate) rest: Fields,
}

/// Numbers by apply mode.
pub(crate) type Results = BTreeMap<String, Vec<f64>>;

#[derive(Debug, Deserialize)]
pub(crate) struct Trace {
    pub(crate) c: u64,
    pub(crate) k: u64,
    #[serde(default)]
    pub(crate) prefix: Vec<u32>,
    pub(crate) raises: Option<String>,
    pub(crate) message: Option<String>,
    #[serde(default)]
    pub(crate) ids: Vec<u32>,
    #[serde(default)]
    pub(crate) legal: Vec<String>,
    #[serde(default)]
    pub(crate) frontier: Vec<(u32, u32)>,
    #[serde(default)]
    pub(crate) kind: Vec<String>,
    pub(crate) done: Option<bool>,
    pub(crate) dead: Option<bool>,
    pub(crate) overrun: Option<String>,
    pub(crate) legal_done: Option<Vec<u32>>,
    pub(crate) partial: Option<Partial>,
    pub(crate) src: Option<String>,
    pub(crate) encode: Option<Value>,
    pub(crate) src2: Option<Value>,
    pub(crate) analysis: Option<Analysis>,
    /// What was run.
    pub(crate) render: Option<String>,
    pub(crate) exec: Option<Run>,
    pub(crate) ast_tokens_same: Option<bool>,
    pub(crate) padded_same_src: Option<bool>,
    pub(crate) ast_trunc: Option<String>,
    pub(crate) ast_trail: Option<String>,
    /// Number of tokens so far, the prior's logits.
    #[serde(default)]
    pub(crate) logits: Vec<(usize, Vec<f64>)>,
    /// Number of tokens so far, a model's logits, and by mode the results at the legal ids.
    #[serde(default)]
    pub(crate) apply: Vec<(usize, Vec<f32>, Results)>,
    #[serde(flatten)]
    pub(crate) rest: Fields,
}

/// What the package finds in a program.
#[derive(Debug, Deserialize)]
pub(crate) struct Analysis {
    pub(crate) unused_funcs: Vec<String>,
    pub(crate) dead_stores: Vec<String>,
    pub(crate) returning_funcs: Vec<String>,
    pub(crate) value_used: bool,
    pub(crate) dead_code: Vec<String>,
    #[serde(flatten)]
    pub(crate) rest: Fields,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Partial {
    All(Vec<String>),
    Last { last: String },
}

#[derive(Debug, Deserialize)]
pub(crate) struct InitError {
    pub(crate) tok: Tok,
    pub(crate) max_len: Option<i64>,
    #[serde(default)]
    pub(crate) exclude: Vec<String>,
    /// Prefixes of names or numbers.
    pub(crate) ids: Option<Vec<Vec<Value>>>,
    pub(crate) raises: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) ok: Option<bool>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ValueLine {
    pub(crate) x: Option<String>,
    pub(crate) tokens: Vec<String>,
    pub(crate) back: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ValueDecode {
    pub(crate) tokens: Vec<String>,
    pub(crate) x: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct EncodeLine {
    pub(crate) c: u64,
    /// Missing where it holds a lone surrogate.
    pub(crate) src: Option<String>,
    #[serde(default)]
    pub(crate) ok: bool,
    #[serde(default)]
    pub(crate) tokens: Vec<u32>,
    pub(crate) src_names: Option<String>,
    pub(crate) src_pool: Option<String>,
    /// What `src`, `src_names` and `src_pool` do.
    pub(crate) exec_src: Option<Run>,
    pub(crate) exec_names: Option<Run>,
    pub(crate) exec_pool: Option<Run>,
    #[serde(flatten)]
    pub(crate) rest: Fields,
}
