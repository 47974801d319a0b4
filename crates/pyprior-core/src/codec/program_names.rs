//! The names of one program, as its source has them.

use serde::{Deserialize, Serialize};
use unicode_ident::{is_xid_continue, is_xid_start};
use unicode_normalization::is_nfkc;

use super::names::{NameError, is_reserved};

/// The names of one program: those of its functions, and for each scope one for every binding.
///
/// A binding is a parameter, the target of an assignment, or the variable of a loop, in the order in which the source
/// has them. A name holds from its binding on, so one variable by number can have different names one after the
/// other, and one name can be different variables. As JSON:
///
/// ```
/// let names: pyprior_core::ProgramNames = serde_json::from_str(
///     // def f(n): x = n + 1; return x      y = f(3)      y = y + 1
///     r#"{"funcs": ["f"], "scopes": [["y", "y"], ["n", "x"]]}"#,
/// )?;
/// assert_eq!(names.scopes()[1], ["n", "x"]);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct ProgramNames {
    funcs: Vec<String>,
    scopes: Vec<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    funcs: Vec<String>,
    scopes: Vec<Vec<String>>,
}

impl TryFrom<Unchecked> for ProgramNames {
    type Error = NameError;

    fn try_from(names: Unchecked) -> Result<Self, NameError> {
        Self::new(names.funcs, names.scopes)
    }
}

impl ProgramNames {
    /// Names of `FUNC_1`, `FUNC_2`, …; and of each scope's bindings: the module, then each function.
    ///
    /// # Errors
    ///
    /// [`NameError`] if a name is no identifier in Unicode's normal form KC (as Python compares them), is reserved,
    /// is that of two functions, or of a variable and a function. Whether the names fit a program is checked where
    /// they are written.
    pub fn new(funcs: Vec<String>, scopes: Vec<Vec<String>>) -> Result<Self, NameError> {
        for (nth, name) in funcs.iter().enumerate() {
            check(name)?;
            if funcs[..nth].contains(name) {
                return Err(NameError::Twice { name: name.clone() });
            }
        }
        for name in scopes.iter().flatten() {
            check(name)?;
            if funcs.contains(name) {
                return Err(NameError::Twice { name: name.clone() });
            }
        }
        Ok(Self { funcs, scopes })
    }

    /// The names of a source that has been read, which are known to be good.
    pub(super) fn from_source(funcs: Vec<String>, scopes: Vec<Vec<String>>) -> Self {
        Self { funcs, scopes }
    }

    /// Names of the functions.
    pub fn funcs(&self) -> &[String] {
        &self.funcs
    }

    /// For each scope, the module and then each function, the name of each binding.
    pub fn scopes(&self) -> &[Vec<String>] {
        &self.scopes
    }
}

fn check(name: &str) -> Result<(), NameError> {
    let mut letters = name.chars();
    let starts = letters.next().is_some_and(|first| first == '_' || is_xid_start(first));
    if !starts || !letters.all(is_xid_continue) || !is_nfkc(name) {
        return Err(NameError::NotIdentifier { name: name.to_owned() });
    }
    match is_reserved(name) {
        true => Err(NameError::Reserved { name: name.to_owned() }),
        false => Ok(()),
    }
}
