//! What is counted: tokens, forms, reads; and sets of what can come out.
//!
//! Every constraint of shape is a counter that must end within bounds. A counter is saturated as soon as more of the
//! same makes no difference, and dead as soon as it is beyond its bound, so that the counts that can come out of
//! something are a small set.

use pyprior_core::{BinOp, Compare, StatementForm};

/// Counters of one sketch, at most.
pub(crate) const COUNTERS: usize = 8;
/// The largest bound of a counter.
pub(crate) const MAX_BOUND: u32 = 60_000;

/// What a token is, as far as counting goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum Kind {
    Block,
    Assign,
    Print,
    Return,
    If,
    For,
    For2,
    Def,
    Arity,
    Target,
    Read,
    Const,
    Add,
    Sub,
    Mul,
    Lt,
    Eq,
    Call,
    Callee,
}

impl Kind {
    /// How many there are.
    pub(crate) const COUNT: usize = 19;
    /// The words of `count(…)`.
    pub(crate) const NAMES: &str = "assign, print, return, if, for, def, call, var, const, binop, compare, stmt, `+ - * < ==`, and names of variables";

    const fn bit(self) -> u32 {
        1 << self as u32
    }

    /// The kinds that a word of `count(…)` means, as bits.
    pub(crate) fn named(word: &str) -> Option<u32> {
        let loops = Kind::For.bit() | Kind::For2.bit();
        let binops = Kind::Add.bit() | Kind::Sub.bit() | Kind::Mul.bit();
        let simple = Kind::Assign.bit() | Kind::Print.bit() | Kind::Return.bit();
        Some(match word {
            "assign" => Kind::Assign.bit(),
            "print" => Kind::Print.bit(),
            "return" => Kind::Return.bit(),
            "if" => Kind::If.bit(),
            "for" => loops,
            "def" => Kind::Def.bit(),
            "call" => Kind::Call.bit(),
            "var" => Kind::Read.bit(),
            "const" => Kind::Const.bit(),
            "binop" => binops,
            "compare" => Kind::Lt.bit() | Kind::Eq.bit(),
            "stmt" => simple | Kind::If.bit() | loops | Kind::Def.bit(),
            "+" => Kind::Add.bit(),
            "-" => Kind::Sub.bit(),
            "*" => Kind::Mul.bit(),
            "<" => Kind::Lt.bit(),
            "==" => Kind::Eq.bit(),
            _ => return None,
        })
    }

    pub(crate) fn of_op(op: Result<BinOp, Compare>) -> Self {
        match op {
            Ok(BinOp::Add) => Kind::Add,
            Ok(BinOp::Sub) => Kind::Sub,
            Ok(BinOp::Mul) => Kind::Mul,
            Err(Compare::Lt) => Kind::Lt,
            Err(Compare::Eq) => Kind::Eq,
        }
    }

    pub(crate) fn of_form(form: StatementForm) -> Self {
        match form {
            StatementForm::Print => Kind::Print,
            StatementForm::Assign => Kind::Assign,
            StatementForm::Return => Kind::Return,
            StatementForm::If => Kind::If,
            StatementForm::For => Kind::For,
            StatementForm::For2 => Kind::For2,
            StatementForm::Def => Kind::Def,
        }
    }

    pub(crate) fn is_in(self, bits: u32) -> bool {
        bits & self.bit() != 0
    }
}

/// A value of every counter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Tally(pub(crate) [u16; COUNTERS]);

/// Bounds of a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) low: u16,
    pub(crate) high: Option<u16>,
}

/// How counters add up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arithmetic {
    limits: Vec<Limits>,
}

/// Counts that can come out of something, each beside those that are neither better nor worse. Sorted.
pub(crate) type Tallies = std::sync::Arc<[Tally]>;

impl Arithmetic {
    pub(crate) fn new(limits: Vec<Limits>) -> Self {
        Self { limits }
    }

    /// The sum; `None` if a counter is beyond its bound.
    pub(crate) fn add(&self, a: Tally, b: Tally) -> Option<Tally> {
        let mut sum = a;
        for ((sum, more), limits) in sum.0.iter_mut().zip(b.0).zip(&self.limits) {
            let value = sum.saturating_add(more);
            *sum = match limits.high {
                Some(high) if value > high => return None,
                Some(_) => value,
                None => value.min(limits.low),
            };
        }
        Some(sum)
    }

    /// Whether all counters are within their bounds; that none is above is what [`add`](Self::add) sees to.
    pub(crate) fn accepts(&self, tally: Tally) -> bool {
        tally.0.iter().zip(&self.limits).all(|(&value, limits)| value >= limits.low)
    }

    /// Whether whatever can follow `b` can follow `a`.
    fn covers(&self, a: Tally, b: Tally) -> bool {
        a.0.iter().zip(b.0).zip(&self.limits).all(|((&a, b), limits)| match limits {
            Limits { low: 0, .. } => a <= b,
            Limits { high: None, .. } => a >= b,
            _ => a == b,
        })
    }

    /// Without those that others cover.
    pub(crate) fn reduce(&self, mut tallies: Vec<Tally>) -> Vec<Tally> {
        tallies.sort_unstable();
        tallies.dedup();
        if self.limits.iter().all(|limits| limits.low > 0 && limits.high.is_some()) {
            return tallies;
        }
        let mut kept: Vec<Tally> = Vec::with_capacity(tallies.len());
        for tally in tallies {
            if kept.iter().any(|&other| self.covers(other, tally)) {
                continue;
            }
            kept.retain(|&other| !self.covers(tally, other));
            kept.push(tally);
        }
        kept.sort_unstable();
        kept
    }

    /// Sums of one of each.
    pub(crate) fn sums(&self, a: &[Tally], b: &[Tally]) -> Vec<Tally> {
        let mut sums = Vec::with_capacity(a.len() * b.len());
        for &a in a {
            sums.extend(b.iter().filter_map(|&b| self.add(a, b)));
        }
        self.reduce(sums)
    }

    /// Number of additions that [`sums`](Self::sums) takes.
    pub(crate) fn work(a: &[Tally], b: &[Tally]) -> u64 {
        (a.len() * b.len()) as u64
    }
}
