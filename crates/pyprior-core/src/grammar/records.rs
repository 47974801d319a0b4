//! What the tables hold: the bits of every word that a step looks up.

use super::classes::Hole;
use super::rules::{Context, TERMINALS, Terminal};

/// A token as a step sees it: local id, terminal and argument in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sym(pub(crate) u32);

impl Sym {
    /// Shift and, after shifting, mask of the terminal.
    pub(crate) const TERMINAL: i32 = 17;
    pub(crate) const TERMINALS: u32 = TERMINALS as u32 - 1;
    /// Shift of the argument.
    pub(crate) const ARG: i32 = 22;

    /// Mask of the local id.
    pub(crate) const LOCAL: u32 = (1 << Self::TERMINAL) - 1;

    pub(crate) const NEVER: Sym = Sym(0);

    pub(super) fn new(local: u32, terminal: Terminal, arg: u32) -> Self {
        Self(local | (terminal as u32) << Self::TERMINAL | arg << Self::ARG)
    }

    /// Id less the vocabulary's offset.
    #[inline(always)]
    pub(crate) fn local(self) -> u32 {
        self.0 & Self::LOCAL
    }

    pub(super) fn terminal(self) -> usize {
        (self.0 >> Self::TERMINAL) as usize % TERMINALS
    }

    pub(super) fn arg(self) -> u32 {
        self.0 >> Self::ARG
    }
}

/// A hole class as rows and productions hold it: the class, the level at which it opens, and whether its opening
/// takes work of its own. A stack entry adds how often it is to be taken, and whether the last time it is the next
/// class and that one's opening takes work.
pub(crate) mod hole {
    /// The class.
    pub(crate) const CLASS: u32 = 0xffff;
    /// Shift of the level.
    pub(crate) const LEVEL: i32 = 16;
    /// Level of holes that keep the level of their statement, after shifting and masking.
    pub(crate) const KEEPS_LEVEL: u32 = 0x1f;
    /// Shift of the bit that says that its class has an [`Opening`](super::Opening).
    pub(crate) const OPENS: i32 = 21;
    /// Class, level and opening.
    pub(crate) const HOLE: u32 = (1 << 22) - 1;
    /// Shift of the bit that says that the last time it is taken, the class is the next one.
    pub(crate) const LAST_DIFFERS: i32 = 22;
    /// Shift of the bit that says that the class that is taken last has an [`Opening`](super::Opening).
    pub(crate) const LAST_OPENS: i32 = 23;
    /// Shift of the number of times that a stack entry is to be taken.
    pub(crate) const COUNT: i32 = 24;
}

/// Fields of a level word: what is visible in a block, what of it the surrounding block may learn, outcomes.
pub(crate) mod level {
    /// Number of visible variables.
    pub(crate) const VISIBLE: u32 = 0xff;
    /// Shift of the number of variables that become visible outside at the block's end, if visible here.
    pub(crate) const LEAKS: u32 = 8;
    /// The block has returned.
    pub(crate) const RETURNED: u32 = 1 << 16;
    /// The first branch of the `if` whose second this is returned.
    pub(crate) const FIRST_RETURNED: u32 = 1 << 17;
    /// The block is a function's.
    pub(crate) const FUNCTION: u32 = 1 << 18;
}

/// What the opening of a hole does beyond the usual. These are rare enough to be kept off the common path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opening {
    Usual,
    /// The second branch of an `if` starts with what was visible before the first.
    Second,
    /// The number of parameters of a definition, which has now begun.
    Arity,
    /// The body of a definition, whose parameters are what is visible.
    Body,
}

impl Opening {
    pub(super) fn of(hole: Hole) -> Self {
        match hole {
            Hole::Arity => Opening::Arity,
            Hole::Block { second: Some(_), .. } => Opening::Second,
            Hole::Block { scope, control_depth: 0, .. } if scope.context == Context::Func => Opening::Body,
            _ => Opening::Usual,
        }
    }
}

/// Four words of a table that are looked up together.
pub(crate) type Record = [u32; 4];

/// What a row looks up when a hole is at its top: the first legal set of the class, of which one follows for each
/// number of spare tokens up to the second word; the distance to the sets that apply when a call is affordable, 0
/// where calls cannot occur; and the fields named here.
#[derive(Debug)]
pub(crate) enum Class {}

impl Class {
    /// All ones where variables are legal, else 0.
    pub(crate) const VARS: u32 = 0xff;
    /// Shift of the bit that says that one variable beyond the visible ones is legal, as for targets.
    pub(crate) const REACH: i32 = 8;
    /// Whether functions are legal that are callable and whose arguments the budget allows.
    pub(crate) const CALLEE: u32 = 1 << 9;
    pub(super) const OPENING: i32 = 10;
    pub(super) const IF_FIRST_RETURNED: i32 = 16;
    /// No other class stands instead if the first branch returned.
    pub(crate) const SAME: u32 = 0xffff;

    /// An [`Opening`].
    pub(crate) fn opening(fields: u32) -> u32 {
        fields >> Self::OPENING & 7
    }

    /// The class that stands instead if the first branch returned, or [`SAME`](Self::SAME).
    pub(crate) fn if_first_returned(fields: u32) -> u32 {
        fields >> Self::IF_FIRST_RETURNED
    }
}

/// A legal set but for the part that depends on the row: where [`Tables::lists`] has its tokens in id order, how many
/// they are, where [`Tables::masks`] has its bits, and whether the next function may be defined.
#[derive(Debug)]
pub(crate) enum Set {}

impl Set {
    /// The next function, if there is one, belongs to the set, and no variable does.
    pub(crate) const DEFINES: u32 = 1;
}

/// The part of a legal set that depends on the row: where [`Tables::lists`] has its tokens, and how many they are.
pub(crate) mod dynamic {
    /// Shift of the place.
    pub(crate) const LIST: i32 = 16;
    /// Mask of the number.
    pub(crate) const COUNT: u32 = 0xffff;

    pub(crate) fn list(found: u32) -> u32 {
        found >> LIST
    }
}

/// What taking a token does to a row, written so that none needs a branch. A record holds the spare tokens it takes
/// but for what depends on its argument; the stack entry to push; the hole to go on at, or 0, which is the program's
/// start and never gone on at, for the top of the stack; and the fields named here.
#[derive(Debug)]
pub(crate) enum Production {}

impl Production {
    /// Shift from a class to its productions.
    pub(crate) const CLASS: i32 = 5;
    /// A place that has none.
    pub(crate) const NEVER: u32 = u32::MAX;
    /// From the place of `FUNC` in a callee's class to what the callee does that takes no argument, one, or more.
    /// No terminal has these places.
    pub(crate) const RESOLVED: u32 = TERMINALS as u32 - 3 - Terminal::Func as u32;

    /// 1 for targets: the largest legal variable beyond the visible ones.
    pub(crate) const REACH: u32 = 1;
    /// Outcomes to set in the level word, and the shift to where they are there.
    pub(crate) const SET: u32 = 0b111 << 1;
    pub(crate) const SET_TO_LEVEL: i32 = 15;
    /// Shifts of bits to bit 0: whether the token counts, as all do but `PAD`, and whether an entry is pushed.
    pub(crate) const COUNTS: i32 = 4;
    pub(crate) const PUSHES: i32 = 5;
    /// Left shifts of bits to the sign. The level word's visible variables are replaced; it is the word of a new
    /// level, of which nothing is kept; what is visible is kept or copied; the named variable becomes visible.
    pub(crate) const ASSIGNS: i32 = 31 - 6;
    pub(crate) const FRESH: i32 = 31 - 7;
    pub(crate) const FROM_VISIBLE: i32 = 31 - 8;
    pub(crate) const FROM_ARG: i32 = 31 - 9;
    /// The entry is to be taken as many more times as the argument says.
    pub(crate) const REST: i32 = 31 - 10;
    /// The token costs what the cheapest call does; what the callee costs beyond that.
    pub(crate) const CALL: i32 = 31 - 11;
    pub(crate) const CALLED: i32 = 31 - 12;
    /// The argument is a variable; the number of the next function.
    pub(crate) const NAMES: i32 = 31 - 13;
    pub(crate) const DEFINES: i32 = 31 - 14;
    /// A callee, which does what stands at [`RESOLVED`](Self::RESOLVED).
    pub(crate) const UNRESOLVED: u32 = 1 << 15;
    /// Shift of what the token costs for each unit of its argument.
    pub(crate) const PER_ARG: i32 = 16;

    /// The bit that a left shift brings to the sign.
    pub(super) const fn bit(shift: i32) -> u32 {
        1 << (31 - shift)
    }
}

/// Costs more than any slack.
pub(super) const ILLEGAL: Record = [u32::MAX, 0, 0, 0];

/// A hole as rows hold it.
pub(super) fn hole_word(class: u32, hole: Hole) -> u32 {
    let opening = u32::from(Opening::of(hole) != Opening::Usual);
    class | hole.level().unwrap_or(hole::KEEPS_LEVEL) << hole::LEVEL | opening << hole::OPENS
}
