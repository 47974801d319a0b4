//! What can be wrong with a sketch.

use std::fmt;

use pyprior_core::ConfigError;
use thiserror::Error;

/// A place in a sketch's text, both counted from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A sketch that is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{place}: {kind}")]
pub struct SketchError {
    /// Where.
    pub place: Place,
    /// What.
    pub kind: SketchErrorKind,
}

/// Why a sketch is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SketchErrorKind {
    /// The text is not of the form.
    #[error("{message}")]
    Syntax {
        /// What was expected, or what is there that may not be.
        message: String,
    },
    /// The language has no place for something of the program.
    #[error("{what}: {why}")]
    NotInLanguage {
        /// What it is.
        what: String,
        /// Why it has no place.
        why: String,
    },
    /// A name that nothing has bound.
    #[error("`{name}` is not bound here")]
    Unbound {
        /// The name.
        name: String,
    },
    /// A hole stands for two things that have nothing in common.
    #[error("the hole {name} cannot stand for {one} and for {other}")]
    Kinds {
        /// The hole.
        name: String,
        /// One thing.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
    /// A constraint is about a hole that the program does not have.
    #[error("the program has no hole {name}")]
    NoHole {
        /// The hole.
        name: String,
    },
    /// Domains of a hole that leave nothing.
    #[error("contradictory domains: nothing is left for {name} ({domains})")]
    EmptyDomain {
        /// The hole.
        name: String,
        /// The domains that were given, and the constants of the language.
        domains: String,
    },
    /// Bounds of one count that no number meets.
    #[error("contradictory bounds: {what} would have to be at least {low} and at most {high}")]
    EmptyBounds {
        /// What is counted.
        what: String,
        /// The largest lower bound.
        low: u32,
        /// The smallest upper bound.
        high: u32,
    },
    /// The relations between constants have no solution.
    #[error("contradictory relations: no constants for {names} satisfy them all")]
    NoSolution {
        /// The holes that the relations are about.
        names: String,
    },
    /// A relation of no holes that does not hold.
    #[error("`{claim}` does not hold")]
    Never {
        /// The relation.
        claim: String,
    },
    /// A combination that the exact legal sets do not cover.
    #[error("not supported: {message}")]
    Unsupported {
        /// What cannot be combined.
        message: String,
    },
    /// Too much of something.
    #[error("too many {what}: at most {limit}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
    /// The options name a language that is none.
    #[error("{0}")]
    Language(#[from] ConfigError),
}

impl SketchErrorKind {
    pub(crate) fn at(self, place: Place) -> SketchError {
        SketchError { place, kind: self }
    }
}

pub(crate) fn syntax(place: Place, message: impl Into<String>) -> SketchError {
    SketchErrorKind::Syntax { message: message.into() }.at(place)
}

pub(crate) fn unsupported(place: Place, message: impl Into<String>) -> SketchError {
    SketchErrorKind::Unsupported { message: message.into() }.at(place)
}
