//! What can be wrong with an expression, and where.

use thiserror::Error;

/// A place in the text of an expression; both are counted from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextPlace {
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
}

/// Why a text is no expression.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {}, column {}: {kind}", at.line, at.column)]
pub struct ExpressionError {
    /// Where.
    pub at: TextPlace,
    /// What is wrong there.
    pub kind: ExpressionErrorKind,
}

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ExpressionErrorKind {
    /// A character that begins nothing.
    #[error("{0:?} begins nothing")]
    Character(char),
    /// A text that does not end.
    #[error("this text does not end")]
    OpenText,
    /// A backslash with something that it does not go with.
    #[error("there is no \\{0}; there are \\n \\t \\\\ \\\" \\'")]
    Escape(char),
    /// A number that is too large.
    #[error("{0} is too large: integers are below 2^64, numbers with a point finite")]
    Number(String),
    /// Something else than what may stand here.
    #[error("expected {wanted}, found {found}")]
    Expected {
        /// What may stand here.
        wanted: &'static str,
        /// What does.
        found: String,
    },
    /// `a < b < c`.
    #[error("comparisons do not chain: join them by and")]
    Chain,
    /// A name that nothing has.
    #[error("there is no column {name:?}{}", suggestion.as_ref().map(|name| format!("; did you mean {name:?}?")).unwrap_or_default())]
    UnknownName {
        /// The name.
        name: String,
        /// The name that is most like it, if one is.
        suggestion: Option<String>,
    },
    /// A column that has its value only later, or whose values are lists.
    #[error(
        "column {name:?} cannot be used here: only numbers, texts and truth values that a program has before it has its place"
    )]
    Unusable {
        /// The column.
        name: &'static str,
    },
    /// Something of another type than is possible here.
    #[error("expected {wanted}, and this is {found}")]
    Type {
        /// What is possible here.
        wanted: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// `is null` of what never is.
    #[error("{found} is never null")]
    NeverNull {
        /// What it is of.
        found: &'static str,
    },
    /// Operators in operators, or parentheses in parentheses.
    #[error("nested deeper than {max}")]
    Deep {
        /// What is possible.
        max: u32,
    },
    /// A text that is too long.
    #[error("the expression is longer than {max} bytes")]
    Long {
        /// What is possible.
        max: usize,
    },
}
