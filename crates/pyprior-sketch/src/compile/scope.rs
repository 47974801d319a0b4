//! Names of the program as it is walked.

use crate::program::Reg;

/// A name that stands for a visible variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) name: String,
    pub(super) register: Reg,
    /// The variable, where it is always the same.
    pub(super) number: Option<u16>,
    /// The branches of an `if` may have bound it to different variables.
    pub(super) doubtful: bool,
}

/// What is known of a scope at a point of the program.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub(super) names: Vec<Name>,
    /// Fewest and most variables that may be visible.
    pub(super) low: u16,
    pub(super) high: u16,
    /// Between points of one level, so many more variables are visible as their second parts differ by.
    pub(super) level: (u32, u16),
}

impl Scope {
    pub(super) fn find(&self, name: &str) -> Option<&Name> {
        self.names.iter().find(|found| found.name == name)
    }
}
