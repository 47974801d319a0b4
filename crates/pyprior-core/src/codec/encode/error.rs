//! Why source is no program of a language.

use std::fmt;

use thiserror::Error;

/// What a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The bytes are no text, or too many.
    Source,
    /// The text is not Python.
    Syntax,
    /// It is Python, but not of the subset.
    Subset,
    /// A name cannot be used so, or stands for nothing.
    Names,
    /// The language's limits, switches and excludes.
    Rules,
}

impl Stage {
    /// The stage's name: `"source"`, `"syntax"`, …
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Source => "source",
            Stage::Syntax => "syntax",
            Stage::Subset => "subset",
            Stage::Names => "names",
            Stage::Rules => "rules",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A refusal: where, and why. [`Display`](fmt::Display) writes `line:column: reason`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{line}:{column}: {kind}")]
pub struct EncodeError {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters; a tab is one.
    pub column: u32,
    /// The reason. Its `Display` is one line.
    pub kind: EncodeErrorKind,
}

impl EncodeError {
    /// What the refusal is about.
    pub fn stage(&self) -> Stage {
        self.kind.stage()
    }

    /// What to write instead, where something can be said.
    pub fn hint(&self) -> Option<&'static str> {
        self.kind.hint()
    }
}

/// Why a name cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unseen {
    /// Nothing has assigned it.
    Unassigned,
    /// It is a variable of the module, read in a def.
    OfModule,
    /// It was the variable of a loop that has ended, or was assigned within one.
    InLoop,
    /// Only one branch of an `if` has assigned it.
    OneBranch,
    /// Both branches of an `if` have assigned it, but it is a different variable by number in each.
    Order,
}

/// The reasons of refusals.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodeErrorKind {
    /// The source is larger than [`EncodeOptions::max_source_bytes`](crate::EncodeOptions::max_source_bytes).
    #[error("the source has more than {max} bytes; at most {max} are read")]
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The limit.
        max: usize,
    },
    /// The bytes are not UTF-8.
    #[error("the source is not UTF-8")]
    NotUtf8,
    /// A zero byte.
    #[error("the source holds a zero byte")]
    Nul,
    /// Brackets nest deeper than Python allows.
    #[error("more than {max} nested brackets")]
    Brackets {
        /// The limit.
        max: usize,
    },
    /// Blocks nest deeper than Python allows.
    #[error("more than {max} levels of indentation")]
    Indentation {
        /// The limit.
        max: usize,
    },
    /// The source is not Python.
    #[error("{message}")]
    Syntax {
        /// What the parser says.
        message: String,
    },
    /// A module without statements.
    #[error("the program is empty")]
    Empty,
    /// Something of Python that the language lacks.
    #[error("not part of the language: {what}")]
    Unsupported {
        /// What it is called.
        what: &'static str,
        /// What to write instead.
        hint: Option<&'static str>,
    },
    /// `if` without `else`.
    #[error("`if` without `else`")]
    MissingElse,
    /// A comparison as a value, without `int( )` where the language writes it.
    #[error("a comparison as a value is written `int(a < b)` here")]
    BareComparison,
    /// `int( )` of something else than a comparison.
    #[error("`int` takes one comparison by `<` or `==`")]
    IntArgument,
    /// `int( )` in a language whose comparisons are `True` and `False`.
    #[error("a comparison as a value is written `(a < b)` here")]
    IntUnused,
    /// `int( )` where a condition is a bare comparison.
    #[error("a condition is a bare comparison")]
    IntCondition,
    /// `print`, `range` or `int` where a value is wanted.
    #[error("`{name}` is no value")]
    Builtin {
        /// Which.
        name: String,
    },
    /// A def's name where a value is wanted.
    #[error("`{name}` is a def, not a value")]
    DefAsValue {
        /// The name.
        name: String,
    },
    /// A name that Python or the language has taken.
    #[error("`{name}` cannot be assigned: it has a meaning of its own")]
    Reserved {
        /// The name.
        name: String,
    },
    /// A variable is named like a def of the program.
    #[error("a variable cannot be named `{name}`: that is a def of this program")]
    ShadowsDef {
        /// The name.
        name: String,
    },
    /// A second def of one name.
    #[error("`{name}` is defined twice")]
    Redefined {
        /// The name.
        name: String,
    },
    /// Two parameters of one name.
    #[error("two parameters are named `{name}`")]
    DuplicateParameter {
        /// The name.
        name: String,
    },
    /// A name that stands for nothing where it is read.
    #[error("`{name}` {}", match why {
        Unseen::Unassigned => "is read before it is assigned",
        Unseen::OfModule => "is a variable of the module, which a def does not see",
        Unseen::InLoop => "is assigned in a loop only, which may not run at all",
        Unseen::OneBranch => "is assigned in one branch of an `if` only",
        Unseen::Order => "is assigned in both branches of an `if`, but not in the same order as the other variables",
    })]
    Invisible {
        /// The name.
        name: String,
        /// Why it stands for nothing.
        why: Unseen,
    },
    /// A call of something unknown.
    #[error("`{name}` is no def of this program")]
    Unknown {
        /// The name.
        name: String,
    },
    /// A call before the definition.
    #[error("`{name}` is called before it is defined")]
    CalledEarly {
        /// The name.
        name: String,
    },
    /// A def that calls itself.
    #[error("`{name}` calls itself")]
    Recursion {
        /// The name.
        name: String,
    },
    /// A variable is called.
    #[error("`{name}` is a variable and cannot be called")]
    CalledVariable {
        /// The name.
        name: String,
    },
    /// A call with too few or too many arguments.
    #[error("`{name}` takes {arity} argument{}, not {got}", if *arity == 1 { "" } else { "s" })]
    Arguments {
        /// The name.
        name: String,
        /// Number of parameters.
        arity: u8,
        /// Number of arguments.
        got: usize,
    },
    /// A call of a def that can fall through, where only those that return may be called.
    #[error("`{name}` cannot be called: it does not return a value on every path")]
    NotReturning {
        /// The name.
        name: String,
    },
    /// A constant beyond the language's.
    #[error("the constant {value} is not from {low} to {high} (value_range)")]
    Constant {
        /// As written, or its value.
        value: String,
        /// Least constant.
        low: i64,
        /// Largest constant.
        high: i64,
    },
    /// More different constants than the language has, where each is read: see
    /// [`Encoder::any_constants`](crate::Encoder::any_constants).
    #[error("more than {max} different constants")]
    Constants {
        /// How many there may be.
        max: i64,
    },
    /// A prompt behind which no statement may follow.
    #[error("nothing can follow: a block has at most {max} statement{} (max_block_stmts)", if *max == 1 { "" } else { "s" })]
    Filled {
        /// The limit.
        max: u32,
    },
    /// A block with too many statements.
    #[error("a block has at most {max} statement{} (max_block_stmts); this one has {got}", if *max == 1 { "" } else { "s" })]
    Block {
        /// The limit.
        max: u32,
        /// Number of statements.
        got: usize,
    },
    /// Too many variables at a time.
    #[error("at most {max} variable{} visible at a time (max_vars)", if *max == 1 { " is" } else { "s are" })]
    Variables {
        /// The limit.
        max: u32,
    },
    /// Too many defs.
    #[error("a program has at most {max} def{} (max_funcs)", if *max == 1 { "" } else { "s" })]
    Functions {
        /// The limit.
        max: u32,
    },
    /// Too many parameters.
    #[error("a def has at most {max} parameter{} (max_arity, max_vars); this one has {got}", if *max == 1 { "" } else { "s" })]
    Parameters {
        /// The limit.
        max: u32,
        /// Number of parameters.
        got: usize,
    },
    /// Operators and calls nest too deep.
    #[error("operators and calls nest more than {max} deep (max_expr_depth)")]
    ExprDepth {
        /// The limit.
        max: u32,
    },
    /// `if` and `for` nest too deep.
    #[error("`if` and `for` nest more than {max} deep (max_control_depth)")]
    ControlDepth {
        /// The limit.
        max: u32,
    },
    /// A def behind all other statements.
    #[error("a def is not the last of several statements")]
    DefinitionLast,
    /// A def within another statement.
    #[error("a def stands at the top level only")]
    DefinitionNested,
    /// `return` outside a def.
    #[error("`return` outside a def")]
    ReturnOutside,
    /// Statements behind a `return`.
    #[error("statements follow this `return` and would never run (no_dead_code)")]
    DeadCode,
    /// Statements behind one that returns on every path.
    #[error(
        "with this `return` every path through the `if` returns, and the statements behind it would never run (no_dead_code)"
    )]
    DeadCodeBehindIf,
    /// The token is excluded.
    #[error("this needs the token {token}, which the language excludes")]
    Excluded {
        /// Its name.
        token: String,
    },
    /// The program is longer than the language's `max_len`.
    #[error("a program that goes on so has at least {least} tokens; at most {max} are allowed (max_len)")]
    TooLong {
        /// Least number of tokens of any program that goes on from here.
        least: u32,
        /// The limit.
        max: u32,
    },
    /// The language has nothing that can stand behind the token.
    #[error("with its excludes and limits the language has nothing that can follow {token} here")]
    NothingFollows {
        /// Name of the token.
        token: String,
    },
    /// A rule without a wording of its own here.
    #[error("{token} is not legal here: {why}")]
    Illegal {
        /// Name of the token.
        token: String,
        /// The rule.
        why: crate::WhyNot,
    },
}

impl EncodeErrorKind {
    /// What the reason is about.
    pub fn stage(&self) -> Stage {
        use EncodeErrorKind as Kind;
        match self {
            Kind::TooLarge { .. } | Kind::NotUtf8 | Kind::Nul => Stage::Source,
            Kind::Brackets { .. } | Kind::Indentation { .. } | Kind::Syntax { .. } => Stage::Syntax,
            Kind::Empty
            | Kind::Unsupported { .. }
            | Kind::MissingElse
            | Kind::BareComparison
            | Kind::IntArgument
            | Kind::IntUnused
            | Kind::IntCondition => Stage::Subset,
            Kind::Builtin { .. }
            | Kind::DefAsValue { .. }
            | Kind::Reserved { .. }
            | Kind::ShadowsDef { .. }
            | Kind::Redefined { .. }
            | Kind::DuplicateParameter { .. }
            | Kind::Invisible { .. }
            | Kind::Unknown { .. }
            | Kind::CalledEarly { .. }
            | Kind::Recursion { .. }
            | Kind::CalledVariable { .. }
            | Kind::Arguments { .. } => Stage::Names,
            Kind::NotReturning { .. }
            | Kind::Constant { .. }
            | Kind::Constants { .. }
            | Kind::Block { .. }
            | Kind::Filled { .. }
            | Kind::Variables { .. }
            | Kind::Functions { .. }
            | Kind::Parameters { .. }
            | Kind::ExprDepth { .. }
            | Kind::ControlDepth { .. }
            | Kind::DefinitionLast
            | Kind::DefinitionNested
            | Kind::ReturnOutside
            | Kind::DeadCode
            | Kind::DeadCodeBehindIf
            | Kind::Excluded { .. }
            | Kind::TooLong { .. }
            | Kind::NothingFollows { .. }
            | Kind::Illegal { .. } => Stage::Rules,
        }
    }

    /// What to write instead, where something can be said.
    pub fn hint(&self) -> Option<&'static str> {
        use EncodeErrorKind as Kind;
        Some(match self {
            Kind::Unsupported { hint, .. } => return *hint,
            Kind::Empty => "the least is one statement, such as `print(1)`",
            Kind::MissingElse => "add an `else:` whose block changes nothing, such as `x = x`",
            Kind::BareComparison => "write `int(a < b)`; normalising takes `(a < b)` for it, which prints 1 for True",
            Kind::IntArgument => "every value is an integer; leave `int` out",
            Kind::IntUnused => "leave `int` out; it prints True then, not 1",
            Kind::IntCondition => "write `if a < b:`",
            Kind::Builtin { name } => match name.as_str() {
                "print" => "`print( )` is a statement of its own",
                "range" => "`range( )` stands behind `for … in` only",
                _ => "`int( )` takes a comparison, where it is used at all",
            },
            Kind::DefAsValue { .. } => "call it",
            Kind::Reserved { .. } | Kind::ShadowsDef { .. } => "choose another name",
            Kind::Redefined { .. } | Kind::DuplicateParameter { .. } => "give each its own name",
            Kind::Invisible { why, .. } => match why {
                Unseen::Unassigned => return None,
                Unseen::OfModule => "make it a parameter",
                Unseen::InLoop => "assign it before the loop",
                Unseen::OneBranch => "assign it before the `if`, or in both branches",
                Unseen::Order => "assign new variables in the same order in both branches",
            },
            Kind::CalledEarly { .. } => "put the def before what calls it",
            Kind::Recursion { .. } => "use a loop",
            Kind::NotReturning { .. } => "end every path through it with a `return`",
            Kind::DefinitionLast => "put the defs first",
            Kind::DefinitionNested => "move it to the top level, before what calls it",
            Kind::DeadCode => "remove what follows",
            Kind::DeadCodeBehindIf => "remove what follows, or let one branch go on",
            Kind::ExprDepth { .. } => "compute parts of it in variables first",
            _ => return None,
        })
    }
}
