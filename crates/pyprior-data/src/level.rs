//! Named levels of difficulty.

use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use thiserror::Error;

/// A named level of difficulty: fields of a description that differ from their defaults. All levels have one vocabulary, so that
/// a model can go through them.
#[derive(Debug, PartialEq, Eq)]
pub struct Level {
    /// Its number, from 1.
    pub number: u8,
    /// Its name.
    pub name: &'static str,
    /// What programs are like.
    pub about: &'static str,
    /// What it sets, in TOML.
    pub sets: &'static str,
}

/// Every level, from the easiest on.
pub static LEVELS: [Level; 5] = [
    Level {
        number: 1,
        name: "trivial",
        about: "a few statements one after the other, no operator in another",
        sets: "\
keep = [\"finished\", \"prints\", \"clean\"]
[language]
max_len = 12
max_block_stmts = 4
max_expr_depth = 1
max_control_depth = 0
exclude = [\"func\", \"compare\"]
",
    },
    Level {
        number: 2,
        name: "easy",
        about: "a loop or a branch, but none in another, and at most 50 steps",
        sets: "\
keep = [\"finished\", \"prints\", \"clean\", \"steps <= 50\"]
[language]
max_len = 20
max_block_stmts = 4
max_expr_depth = 2
max_control_depth = 1
exclude = [\"func\"]
",
    },
    Level {
        number: 3,
        name: "medium",
        about: "functions, loops and branches in each other, lengths from 12 tokens",
        sets: "\
keep = [\"finished\", \"prints\", \"dead_stores == 0\", \"unused_functions == 0\"]
[language]
max_len = 30
max_block_stmts = 4
[control]
targets = [{ of = \"length\", range = [12, 30] }]
",
    },
    Level {
        number: 4,
        name: "hard",
        about: "20 to 60 tokens, a loop or branch at least, 10 steps or more",
        sets: "\
keep = [\"finished\", \"prints\", \"dead_stores == 0\", \"unused_functions == 0\", \"control_depth > 0\", \"steps >= 10\"]
[source]
kind = \"prior\"
prior = { length_decay = 1.0, if_depth_decay = 0.7, w_print = 3.0 }
[language]
max_len = 60
max_block_stmts = 4
max_control_depth = 3
[control]
targets = [{ of = \"length\", range = [20, 60] }]
",
    },
    Level {
        number: 5,
        name: "extreme",
        about: "40 to 120 tokens, calls, loops and branches in each other, 50 steps or more",
        sets: "\
keep = [\"finished\", \"prints\", \"count_call > 0\", \"control_depth > 1\", \"steps >= 50\"]
[source]
kind = \"prior\"
prior = { length_decay = 1.2, if_depth_decay = 0.8, w_call = 3.0, w_print = 3.0 }
[language]
max_len = 120
max_block_stmts = 4
max_expr_depth = 4
max_control_depth = 4
[control]
targets = [{ of = \"length\", range = [40, 120] }]
",
    },
];

/// A text or number that is no level.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("level is {text:?}; it must be trivial, easy, medium, hard or extreme, or 1 to 5")]
pub struct LevelError {
    /// What was asked for.
    pub text: String,
}

impl FromStr for &'static Level {
    type Err = LevelError;

    fn from_str(text: &str) -> Result<Self, LevelError> {
        let found = LEVELS.iter().find(|level| level.name == text || level.number.to_string() == text);
        found.ok_or_else(|| LevelError { text: text.to_owned() })
    }
}

impl<'de> Deserialize<'de> for &'static Level {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Said {
            Name(String),
            Number(i64),
        }
        let text = match Said::deserialize(deserializer)? {
            Said::Name(name) => name,
            Said::Number(number) => number.to_string(),
        };
        text.parse().map_err(D::Error::custom)
    }
}
