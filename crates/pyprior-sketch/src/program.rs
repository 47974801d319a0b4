//! A sketch compiled: a straight line of operations over registers.
//!
//! Apart from its holes, a sketch is one program, so its tokens come in one order. What is not known beforehand are
//! numbers: a hole may bind variables and define functions, and the names behind it then stand for others. These
//! numbers are kept in registers.

use pyprior_core::{BinOp, Compare, Context, Position};

use crate::source::constraint::{Claim, Role};
use crate::tally::{Arithmetic, Kind, Tally};

/// Which register.
pub(crate) type Reg = u16;

/// Number of visible variables: they are `VAR_1..VAR_m`.
pub(crate) const VISIBLE: usize = 0;
/// 1 if the statement or block that has just ended returns on every path.
pub(crate) const RETURNS: usize = 1;
/// The variable that the current statement assigns.
pub(crate) const TARGET: usize = 2;
/// The first of the functions, one register each: 0, or 1 + arity, and [`CALLABLE`].
pub(crate) const FUNCTIONS: usize = 3;
/// The function may be called.
pub(crate) const CALLABLE: u16 = 1 << 12;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Op {
    /// A token that is always the same.
    Token {
        token: u32,
        tally: Tally,
    },
    /// The variable of a name, or the lowest invisible one if the register is 0.
    Target {
        name: Reg,
        tally: Tally,
    },
    Read {
        name: Reg,
        tally: Tally,
    },
    /// The next unused function.
    Define {
        func: Reg,
        tally: Tally,
    },
    Callee {
        func: Reg,
        tally: Tally,
    },
    /// The target becomes visible under its name.
    Commit {
        name: Reg,
    },
    EnterDef {
        saved: Reg,
        arity: u16,
        parameters: Vec<Reg>,
    },
    /// `statements` of the module are complete.
    LeaveDef {
        saved: Reg,
        func: Reg,
        statements: u8,
    },
    Save {
        saved: Reg,
    },
    /// Behind a loop.
    Restore {
        saved: Reg,
    },
    Else {
        saved: Reg,
        then: Reg,
        then_returns: Reg,
    },
    EndIf {
        then: Reg,
        then_returns: Reg,
    },
    /// A name that both branches have bound; 0 if to different variables.
    Merge {
        then: Reg,
        otherwise: Reg,
        into: Reg,
    },
    Clear {
        name: Reg,
    },
    Returns(bool),
    /// Behind a statement that is not the last of its block; where statements may follow one that returns, `any` notes it.
    Inner {
        any: Reg,
    },
    EndBlock {
        any: Reg,
    },
    Hole {
        hole: usize,
        place: usize,
    },
}

/// Where an occurrence of a hole stands.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) context: Context,
    pub(crate) control_depth: u32,
    pub(crate) position: Position,
    /// Fewest and most variables that may be visible here.
    pub(crate) visible: (u16, u16),
    /// Places of the same level have as many as one another, apart from the difference of what is beside it.
    pub(crate) level: (u32, u16),
    /// Counters of reads: the register of the name, and its variable where that is always the same.
    pub(crate) tracked: Vec<(usize, Reg, Option<u16>)>,
    /// Where what was foretold of this occurrence is kept: variables visible before and behind it, whether it returns.
    pub(crate) claims: [Reg; 3],
}

#[derive(Debug, Clone)]
pub(crate) struct Hole {
    /// What it goes by in messages.
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) sites: Vec<Site>,
    /// Levels of operators and calls that fit in it at all of its places.
    pub(crate) depth: u32,
    /// Constants that it may be, ascending, if it is one.
    pub(crate) values: Vec<i64>,
    /// Operators that it may be, if it is one.
    pub(crate) ops: Vec<Result<BinOp, Compare>>,
    /// What each kind of token in it counts: for all of its places together.
    pub(crate) weights: [Tally; Kind::COUNT],
    /// What a constant counts at its second place and later.
    pub(crate) again: Tally,
    pub(crate) renamed: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) register: Reg,
    pub(crate) arity: usize,
    /// Whether it returns on every path, if no hole decides that.
    pub(crate) returns: Option<bool>,
}

#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) ops: Vec<Op>,
    pub(crate) holes: Vec<Hole>,
    pub(crate) registers: usize,
    /// Names of registers that stand for variables.
    pub(crate) names: Vec<Option<String>>,
    pub(crate) functions: Vec<Function>,
    pub(crate) arithmetic: Arithmetic,
    pub(crate) relations: Vec<Claim>,
    pub(crate) behaviours: Vec<Claim>,
    pub(crate) max_functions: usize,
    /// Fewest and most tokens that the constraints allow.
    pub(crate) tokens: (u32, Option<u32>),
}

impl Hole {
    /// Whether its fillings are trees that must be legal at several places.
    pub(crate) fn is_shared(&self) -> bool {
        self.sites.len() > 1 && !matches!(self.role, Role::Const | Role::Op)
    }
}
