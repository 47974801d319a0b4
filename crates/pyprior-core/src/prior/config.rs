//! The weights, decays and modes of the symbolic prior.
//!
//! A [`PriorConfig`] is plain data. [`Prior::new`](crate::Prior::new) validates it once.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde::{Deserialize as DeserializeDerive, Serialize};
use thiserror::Error;

use crate::vocab::{Form, nearest};

/// How the prior and a model's logits are put together.
///
/// With m the model's logits, p the prior's, a = alpha, and log_softmax over the whole vocabulary:
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, DeserializeDerive)]
#[serde(rename_all = "snake_case")]
pub enum ApplyMode {
    /// m: only what is not legal is removed.
    Off,
    /// m + a p.
    Additive,
    /// (1 - a) log_softmax(m) + a log_softmax(p).
    Fixed,
    /// (1 - l) log_softmax(m) + l log_softmax(p), where l is the entropy of the model's distribution over the
    /// legal tokens, as a share of the largest possible: the prior speaks where the model does not know.
    #[default]
    Entropy,
}

impl ApplyMode {
    /// Every mode.
    pub const ALL: [ApplyMode; 4] = [ApplyMode::Off, ApplyMode::Additive, ApplyMode::Fixed, ApplyMode::Entropy];

    /// Name as recorded: `off additive fixed entropy`.
    pub const fn name(self) -> &'static str {
        match self {
            ApplyMode::Off => "off",
            ApplyMode::Additive => "additive",
            ApplyMode::Fixed => "fixed",
            ApplyMode::Entropy => "entropy",
        }
    }
}

/// Among which tokens of a form its weight is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, DeserializeDerive)]
#[serde(rename_all = "snake_case")]
pub enum Normalisation {
    /// All of the vocabulary, as recorded: with one variable of fifteen visible, variables get a fifteenth of
    /// their weight.
    #[default]
    Vocabulary,
    /// Those that are legal: a form has its weight wherever one of its tokens is legal.
    Legal,
}

/// The symbolic prior in numbers, in the words of the package that this one succeeds.
///
/// Every weight is a finite number, 0 or more; a form with weight 0 is never drawn unless nothing else is legal.
/// Forms without a weight here (functions, arities, values, modes, special tokens) have weight 1 for each token.
///
/// ```
/// use pyprior_core::{LanguageConfig, Prior, PriorConfig, Vocab};
///
/// let vocab = Vocab::new(&LanguageConfig::default())?;
/// let prior = Prior::new(&vocab, PriorConfig { w_call: 6.0, ..PriorConfig::default() })?;
/// let wrong = PriorConfig { w_call: -1.0, ..PriorConfig::default() };
/// assert_eq!(Prior::new(&vocab, wrong).unwrap_err().to_string(), "w_call is -1; it must be a finite number, 0 or more");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PriorConfig {
    /// Weight of variables.
    pub w_var: f64,
    /// Weight of integer constants.
    pub w_const: f64,
    /// Weight of `ADD SUB MUL`.
    pub w_binop: f64,
    /// Weight of `LT EQ`.
    pub w_compare: f64,
    /// Weight of `CALL`.
    pub w_call: f64,
    /// Weight of `PRINT`.
    pub w_print: f64,
    /// Weight of `ASSIGN`.
    pub w_assign: f64,
    /// Weight of `IF`, and of `FOR FOR2` together.
    pub w_if: f64,
    /// Weight of `RETURN`.
    pub w_return: f64,
    /// Multiplies the weight of `ADD SUB MUL` once for every operator and call around the hole; above 0, at most 1.
    pub binop_depth_decay: f64,
    /// Multiplies the weight of `IF FOR FOR2` once for every `if` and `for` around the hole; above 0, at most 1.
    pub if_depth_decay: f64,
    /// The weight of `BLK_n` is this to the power n; above 0, finite. Above 1 long blocks are preferred.
    pub length_decay: f64,
    /// How the prior and a model's logits are put together.
    pub apply: ApplyMode,
    /// How much the prior counts in modes additive and fixed, 0 to 1,000. At 0 it does not count at all; in mode
    /// fixed, 1 leaves the model out, and more turns it round.
    pub alpha: f64,
    /// Among which tokens of a form its weight is divided.
    pub normalisation: Normalisation,
}

impl Default for PriorConfig {
    fn default() -> Self {
        Self {
            w_var: 2.0,
            w_const: 1.0,
            w_binop: 1.5,
            w_compare: 0.5,
            w_call: 1.0,
            w_print: 1.0,
            w_assign: 2.0,
            w_if: 1.0,
            w_return: 3.0,
            binop_depth_decay: 0.5,
            if_depth_decay: 0.5,
            length_decay: 0.6,
            apply: ApplyMode::Entropy,
            alpha: 1.0,
            normalisation: Normalisation::Vocabulary,
        }
    }
}

/// Why a [`PriorConfig`] is refused.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{field} is {value}; it must be {range}")]
pub struct PriorError {
    /// Name of the field.
    pub field: &'static str,
    /// What was asked for.
    pub value: f64,
    /// What is possible, in words.
    pub range: &'static str,
}

/// What a number may be.
#[derive(Clone, Copy)]
enum Range {
    Weight,
    Decay,
    AnyDecay,
    Alpha,
}

impl Range {
    const fn words(self) -> &'static str {
        match self {
            Range::Weight => "a finite number, 0 or more",
            Range::Decay => "above 0 and at most 1",
            Range::AnyDecay => "a finite number above 0",
            Range::Alpha => "from 0 to 1000",
        }
    }

    fn holds(self, value: f64) -> bool {
        match self {
            Range::Weight => value >= 0.0 && value.is_finite(),
            Range::Decay => value > 0.0 && value <= 1.0,
            Range::AnyDecay => value > 0.0 && value.is_finite(),
            Range::Alpha => (0.0..=1000.0).contains(&value),
        }
    }
}

/// A field that is a number.
struct Number {
    name: &'static str,
    range: Range,
    get: fn(&mut PriorConfig) -> &mut f64,
}

const NUMBERS: [Number; 13] = [
    Number { name: "w_var", range: Range::Weight, get: |config| &mut config.w_var },
    Number { name: "w_const", range: Range::Weight, get: |config| &mut config.w_const },
    Number { name: "w_binop", range: Range::Weight, get: |config| &mut config.w_binop },
    Number { name: "w_compare", range: Range::Weight, get: |config| &mut config.w_compare },
    Number { name: "w_call", range: Range::Weight, get: |config| &mut config.w_call },
    Number { name: "w_print", range: Range::Weight, get: |config| &mut config.w_print },
    Number { name: "w_assign", range: Range::Weight, get: |config| &mut config.w_assign },
    Number { name: "w_if", range: Range::Weight, get: |config| &mut config.w_if },
    Number { name: "w_return", range: Range::Weight, get: |config| &mut config.w_return },
    Number { name: "binop_depth_decay", range: Range::Decay, get: |config| &mut config.binop_depth_decay },
    Number { name: "if_depth_decay", range: Range::Decay, get: |config| &mut config.if_depth_decay },
    Number { name: "length_decay", range: Range::AnyDecay, get: |config| &mut config.length_decay },
    Number { name: "alpha", range: Range::Alpha, get: |config| &mut config.alpha },
];

impl PriorConfig {
    /// Checks every number against its range.
    ///
    /// # Errors
    ///
    /// [`PriorError`] names the first field that is out of range.
    pub fn check(&self) -> Result<(), PriorError> {
        let mut config = *self;
        for Number { name, range, get } in &NUMBERS {
            let value = *get(&mut config);
            if !range.holds(value) {
                return Err(PriorError { field: name, value, range: range.words() });
            }
        }
        Ok(())
    }

    /// The weight that the tokens of a form share; `None` where each has its own.
    pub(crate) fn weight(&self, form: Form) -> Option<f64> {
        match form {
            Form::Var => Some(self.w_var),
            Form::Const => Some(self.w_const),
            Form::BinOp => Some(self.w_binop),
            Form::Compare => Some(self.w_compare),
            Form::Call => Some(self.w_call),
            Form::Print => Some(self.w_print),
            Form::Assign => Some(self.w_assign),
            Form::If | Form::For => Some(self.w_if),
            Form::Return => Some(self.w_return),
            Form::Func | Form::Arity | Form::Block | Form::Value | Form::Mode | Form::Special | Form::Text => None,
        }
    }
}

/// Missing fields have their defaults; unknown ones are an error that names the nearest. Ranges are checked when
/// the prior is built.
impl<'de> Deserialize<'de> for PriorConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = PriorConfig;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the fields of a prior")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PriorConfig, A::Error> {
                let mut config = PriorConfig::default();
                let mut seen = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    match NUMBERS.iter().find(|number| number.name == name) {
                        Some(number) => *(number.get)(&mut config) = map.next_value()?,
                        None if name == "apply" => config.apply = map.next_value()?,
                        None if name == "normalisation" => config.normalisation = map.next_value()?,
                        None => return Err(de::Error::custom(unknown(&name))),
                    }
                    if seen.contains(&name) {
                        return Err(de::Error::custom(format_args!("field {name:?} is given twice")));
                    }
                    seen.push(name);
                }
                Ok(config)
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

fn unknown(name: &str) -> String {
    let known = NUMBERS.iter().map(|number| number.name).chain(["apply", "normalisation"]);
    match nearest(name, known.clone()) {
        Some(near) => format!("unknown field {name:?} of the prior; did you mean {near:?}?"),
        None => format!("unknown field {name:?} of the prior; known are {}", known.collect::<Vec<_>>().join(", ")),
    }
}
