//! Names for variables and functions: pools that names are taken from in order, and tables that fix them.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Names that programs are written with.
///
/// Without a table, a variable takes the first name of the pool that the program has not used yet when it is
/// first written, and so does a function; each scope's variables get their own. When a pool is used up, names are
/// the token's, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    vars: Vec<Cow<'static, str>>,
    funcs: Vec<Cow<'static, str>>,
    table: NameTable,
}

/// Fixed names for some variables and functions; the others take theirs from the pools.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NameTable {
    /// Names of `FUNC_1`, `FUNC_2`, …
    pub funcs: Vec<Option<String>>,
    /// Names of `VAR_1`, `VAR_2`, … by scope: the module, then each function.
    pub scopes: Vec<Vec<Option<String>>>,
}

/// A name that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NameError {
    /// It is not an identifier of ASCII letters, digits and underscores.
    #[error("{name:?} is not a plain identifier")]
    NotIdentifier {
        /// The name.
        name: String,
    },
    /// Python or the language gives it a meaning, or it is a token's own name such as `var_3`.
    #[error("{name:?} has a meaning of its own in programs")]
    Reserved {
        /// The name.
        name: String,
    },
    /// Two things that can be seen from one place have it, or a pool has it twice.
    #[error("{name:?} is given twice")]
    Twice {
        /// The name.
        name: String,
    },
}

const VARS: [&str; 23] = [
    "a", "b", "c", "d", "x", "y", "i", "j", "k", "m", "n", "p", "q", "r", "s", "t", "u", "v", "w", "z", "foo", "bar",
    "baz",
];
const FUNCS: [&str; 7] = ["func", "f", "g", "h", "fn", "func1", "func2"];

/// Keywords of Python, and the built-in functions that programs use.
const RESERVED: [&str; 39] = [
    "False",
    "None",
    "True",
    "and",
    "as",
    "assert",
    "async",
    "await",
    "break",
    "class",
    "continue",
    "def",
    "del",
    "elif",
    "else",
    "except",
    "finally",
    "for",
    "from",
    "global",
    "if",
    "import",
    "in",
    "is",
    "lambda",
    "nonlocal",
    "not",
    "or",
    "pass",
    "raise",
    "return",
    "try",
    "while",
    "with",
    "yield",
    "print",
    "range",
    "int",
    "__debug__",
];

impl Default for Names {
    fn default() -> Self {
        Self {
            vars: VARS.map(Cow::Borrowed).to_vec(),
            funcs: FUNCS.map(Cow::Borrowed).to_vec(),
            table: NameTable::default(),
        }
    }
}

impl Names {
    /// Names from these pools.
    ///
    /// # Errors
    ///
    /// [`NameError`] if a name is no identifier, reserved, or given twice.
    pub fn from_pools<S: Into<String>>(
        vars: impl IntoIterator<Item = S>,
        funcs: impl IntoIterator<Item = S>,
    ) -> Result<Self, NameError> {
        let pool = |names: Vec<S>| names.into_iter().map(|name| Cow::Owned(name.into())).collect::<Vec<_>>();
        let names = Self {
            vars: pool(vars.into_iter().collect()),
            funcs: pool(funcs.into_iter().collect()),
            table: NameTable::default(),
        };
        check(names.vars.iter().chain(&names.funcs).map(|name| &**name))?;
        Ok(names)
    }

    /// Fixes names. Names that the table uses anywhere are not taken from the pools.
    ///
    /// # Errors
    ///
    /// [`NameError`] if a name is no identifier, reserved, or given twice among what one scope sees: its
    /// variables and all functions.
    pub fn with_table(mut self, table: NameTable) -> Result<Self, NameError> {
        for scope in &table.scopes {
            check(scope.iter().chain(&table.funcs).flatten().map(String::as_str))?;
        }
        check(table.funcs.iter().flatten().map(String::as_str))?;
        let used = |name: &str| table.scopes.iter().flatten().chain(&table.funcs).flatten().any(|used| used == name);
        self.vars.retain(|name| !used(name));
        self.funcs.retain(|name| !used(name));
        self.table = table;
        Ok(self)
    }

    /// The fixed name of a variable of a scope (0 is the module, j is function j).
    pub(super) fn fixed_var(&self, scope: u8, var: u8) -> Option<&str> {
        let names = self.table.scopes.get(usize::from(scope))?;
        names.get(usize::from(var).checked_sub(1)?)?.as_deref()
    }

    pub(super) fn fixed_func(&self, func: u8) -> Option<&str> {
        self.table.funcs.get(usize::from(func).checked_sub(1)?)?.as_deref()
    }

    /// The pool of variables' names, in order.
    pub fn vars(&self) -> impl Iterator<Item = &str> {
        self.vars.iter().map(|name| &**name)
    }

    /// The pool of functions' names, in order.
    pub fn funcs(&self) -> impl Iterator<Item = &str> {
        self.funcs.iter().map(|name| &**name)
    }

    pub(super) fn pool_var(&self, nth: u16) -> Option<&str> {
        self.vars.get(usize::from(nth)).map(|name| &**name)
    }

    pub(super) fn pool_func(&self, nth: u16) -> Option<&str> {
        self.funcs.get(usize::from(nth)).map(|name| &**name)
    }
}

/// Whether Python or the language gives a name a meaning.
pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

fn check<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), NameError> {
    let mut seen = HashSet::new();
    for name in names {
        let starts = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        if !starts || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(NameError::NotIdentifier { name: name.to_owned() });
        }
        // Names like `var_3` are what is left when a pool is used up.
        let number = name.strip_prefix("var_").or_else(|| name.strip_prefix("func_"));
        let fallback =
            number.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()));
        if is_reserved(name) || fallback {
            return Err(NameError::Reserved { name: name.to_owned() });
        }
        if !seen.insert(name) {
            return Err(NameError::Twice { name: name.to_owned() });
        }
    }
    Ok(())
}
