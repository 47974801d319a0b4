//! The tokens a program is written in, and their vocabulary names.
//!
//! Only the tokens that occur in programs are here: digits of values, modes
//! and the other special tokens have no say in what a program may look like.

use std::fmt;
use std::str::FromStr;

/// One token of a program, or the padding after its end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Tok {
    /// `FUNC_j`: as a statement a definition, after `CALL` the callee.
    Func(u16),
    /// `VAR_k`: a variable, read or bound.
    Var(u16),
    /// `ADD`
    Add,
    /// `SUB`
    Sub,
    /// `MUL`
    Mul,
    /// `LT`
    Lt,
    /// `EQ`
    Eq,
    /// `INT_n`: an integer constant.
    Int(i64),
    /// `ARITY_k`: how many parameters a definition takes.
    Arity(u16),
    /// `BLK_n`: a block of n statements.
    Blk(u16),
    /// `RETURN`
    Return,
    /// `IF`
    If,
    /// `ASSIGN`
    Assign,
    /// `FOR`: a loop over `range(high)`.
    For,
    /// `FOR2`: a loop over `range(low, high)`.
    For2,
    /// `CALL`
    Call,
    /// `PRINT`
    Print,
    /// `PAD`: the one token allowed after the end of a program.
    Pad,
}

/// The names of the thirteen forms whose tokens make up programs.
pub const FORMS: [&str; 13] =
    ["func", "var", "binop", "compare", "const", "arity", "block", "return", "if", "assign", "for", "call", "print"];

impl Tok {
    /// The vocabulary name, as [`Display`](fmt::Display) writes it.
    #[must_use]
    pub fn name(self) -> String {
        self.to_string()
    }

    /// The form the token belongs to: the family an exclusion by form removes.
    #[must_use]
    pub fn form(self) -> &'static str {
        match self {
            Tok::Func(_) => "func",
            Tok::Var(_) => "var",
            Tok::Add | Tok::Sub | Tok::Mul => "binop",
            Tok::Lt | Tok::Eq => "compare",
            Tok::Int(_) => "const",
            Tok::Arity(_) => "arity",
            Tok::Blk(_) => "block",
            Tok::Return => "return",
            Tok::If => "if",
            Tok::Assign => "assign",
            Tok::For | Tok::For2 => "for",
            Tok::Call => "call",
            Tok::Print => "print",
            Tok::Pad => "special",
        }
    }
}

impl fmt::Display for Tok {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tok::Func(n) => write!(f, "FUNC_{n}"),
            Tok::Var(n) => write!(f, "VAR_{n}"),
            Tok::Add => f.write_str("ADD"),
            Tok::Sub => f.write_str("SUB"),
            Tok::Mul => f.write_str("MUL"),
            Tok::Lt => f.write_str("LT"),
            Tok::Eq => f.write_str("EQ"),
            Tok::Int(n) => write!(f, "INT_{n}"),
            Tok::Arity(n) => write!(f, "ARITY_{n}"),
            Tok::Blk(n) => write!(f, "BLK_{n}"),
            Tok::Return => f.write_str("RETURN"),
            Tok::If => f.write_str("IF"),
            Tok::Assign => f.write_str("ASSIGN"),
            Tok::For => f.write_str("FOR"),
            Tok::For2 => f.write_str("FOR2"),
            Tok::Call => f.write_str("CALL"),
            Tok::Print => f.write_str("PRINT"),
            Tok::Pad => f.write_str("PAD"),
        }
    }
}

/// A text that is the name of no program token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnknownToken(
    /// The text as it was given.
    pub String,
);

impl fmt::Display for UnknownToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no program token is named {:?}", self.0)
    }
}

impl std::error::Error for UnknownToken {}

impl FromStr for Tok {
    type Err = UnknownToken;

    fn from_str(s: &str) -> Result<Tok, UnknownToken> {
        let plain = [
            Tok::Add,
            Tok::Sub,
            Tok::Mul,
            Tok::Lt,
            Tok::Eq,
            Tok::Return,
            Tok::If,
            Tok::Assign,
            Tok::For,
            Tok::For2,
            Tok::Call,
            Tok::Print,
            Tok::Pad,
        ];
        let found = plain.into_iter().find(|t| t.to_string() == s).or_else(|| {
            let (family, number) = s.split_once('_')?;
            match family {
                "FUNC" => number.parse().ok().map(Tok::Func),
                "VAR" => number.parse().ok().map(Tok::Var),
                "INT" => number.parse().ok().map(Tok::Int),
                "ARITY" => number.parse().ok().map(Tok::Arity),
                "BLK" => number.parse().ok().map(Tok::Blk),
                _ => None,
            }
        });
        match found {
            // These families count from 1.
            Some(Tok::Func(0) | Tok::Var(0) | Tok::Blk(0)) | None => Err(UnknownToken(s.to_owned())),
            // `FUNC_01`, `FUNC_+1` and `INT_-0` parse as numbers but are not names.
            Some(tok) if tok.to_string() != s => Err(UnknownToken(s.to_owned())),
            Some(tok) => Ok(tok),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        let names = "FUNC_1 FUNC_255 VAR_15 ADD SUB MUL LT EQ INT_-99 INT_-3 INT_0 INT_7 ARITY_0 \
                     ARITY_15 BLK_2 RETURN IF ASSIGN FOR FOR2 CALL PRINT PAD";
        for name in names.split_whitespace() {
            assert_eq!(name.parse::<Tok>().map(Tok::name), Ok(name.to_owned()));
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let others = "FUNC_0 VAR_0 BLK_0 FUNC_01 VAR_+1 INT_-0 INT_ FUNC ARITY_-1 VAR_70000 add \
                      DIG_1 INT_1_0";
        for other in others.split_whitespace() {
            assert!(other.parse::<Tok>().is_err(), "{other}");
        }
        assert!("".parse::<Tok>().is_err());
    }

    #[test]
    fn every_form_of_a_program_token_is_listed() {
        for tok in [Tok::Func(1), Tok::For2, Tok::Eq, Tok::Mul, Tok::Blk(1)] {
            assert!(FORMS.contains(&tok.form()));
        }
        assert!(!FORMS.contains(&Tok::Pad.form()));
    }
}
