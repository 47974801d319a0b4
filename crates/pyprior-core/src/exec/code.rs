//! The compact form: instructions of a register machine, in one piece of memory.
//!
//! A frame's registers are its variables by number (0 is not used) and behind them, from [`TEMPS`] on, what
//! expressions and loops hold. What an operand is, a register or a number written into the instruction, is part of
//! the instruction's name, so that running it asks nothing.

use super::fault::ExecError;
use crate::config::ComparisonValues;

/// Number of the statements that an input of a session has from earlier ones.
pub(super) const CARRIED: u32 = u32::MAX;

/// First register that is no variable.
pub(super) const TEMPS: u32 = 256;

/// An instruction; `R` is a register, `I` a number of 32 bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instr {
    pub(super) op: Op,
    /// Fuel taken before it is executed.
    pub(super) cost: u8,
    pub(super) a: u32,
    pub(super) b: u32,
    pub(super) c: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Op {
    /// Register `a` becomes the number `b`.
    LoadInt,
    /// Register `a` becomes constant number `b`.
    LoadConst,
    /// Register `a` becomes register `b`.
    Move,
    /// Register `a` becomes `b` + `c`, and so on.
    AddRR,
    AddRI,
    AddIR,
    SubRR,
    SubRI,
    SubIR,
    MulRR,
    MulRI,
    MulIR,
    LtRR,
    LtRI,
    LtIR,
    EqRR,
    EqRI,
    /// Goes on at `a` unless `b` < `c`, and so on.
    UnlessLtRR,
    UnlessLtRI,
    UnlessLtIR,
    UnlessEqRR,
    UnlessEqRI,
    /// Goes on at `a`.
    Jump,
    /// Register `a` becomes the integer in register `b`.
    Bound,
    /// For the loop that counts at `a`: its two registers become the numbers `b` and `c`. Goes on at `a`.
    Enter,
    /// While register `b` is below register `b + 1`: takes a step, register `a` becomes `b`, which is counted up, and
    /// goes on at `c`.
    ForNext,
    /// Parameter `a` of the frame to come becomes `b`.
    ArgR,
    ArgI,
    /// Calls function `b`, for register `a`.
    Call,
    ReturnR,
    ReturnI,
    /// The end of a function.
    ReturnNone,
    PrintR,
    PrintI,
    /// The end of the module.
    End,
}

/// A function.
#[derive(Debug, Clone)]
pub(super) struct Func {
    /// As in `FUNC_1`.
    pub(super) number: u8,
    pub(super) arity: u8,
    pub(super) entry: u32,
    /// Registers of its frame.
    pub(super) frame: u32,
    /// Where its `def` is.
    pub(super) mark: u32,
}

/// Where the instructions of a statement begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    pub(super) pc: u32,
    /// In preorder, or [`CARRIED`].
    pub(super) statement: u32,
    pub(super) line: u32,
    /// Bindings of the scope before this statement: the number of the one that it makes.
    pub(super) binding: u32,
}

/// A compiled program; immutable.
///
/// 16 bytes an instruction, about one for each token.
#[derive(Debug, Clone)]
pub struct Program {
    pub(super) code: Vec<Instr>,
    pub(super) constants: Vec<i64>,
    /// In the order of their definitions.
    pub(super) funcs: Vec<Func>,
    pub(super) marks: Vec<Mark>,
    /// Registers of the module's frame.
    pub(super) frame: u32,
    pub(super) comparison_values: ComparisonValues,
}

impl Program {
    pub(super) fn empty(comparison_values: ComparisonValues) -> Self {
        let (code, constants, funcs, marks) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { code, constants, funcs, marks, frame: TEMPS, comparison_values }
    }

    /// Numbers of the functions, as in `FUNC_1`, in the order of their definitions, each with its number of parameters.
    pub fn functions(&self) -> impl ExactSizeIterator<Item = (u8, u8)> {
        self.funcs.iter().map(|func| (func.number, func.arity))
    }

    /// Whether a function, by its number, can be called with so many arguments.
    ///
    /// # Errors
    ///
    /// What [`Machine::call`](super::Machine::call) says then, which knows numbers alone, under the name that the function has
    /// for whoever calls it.
    pub fn check_call(&self, func: u8, name: &str, given: usize) -> Result<(), ExecError> {
        self.entry(func, given, || name.to_owned()).map(drop)
    }

    /// Position in the list of a function that is called with so many arguments.
    pub(super) fn entry(&self, number: u8, given: usize, name: impl Fn() -> String) -> Result<usize, ExecError> {
        let nth = self.find(number).ok_or_else(|| ExecError::NoFunction { name: name() })?;
        match usize::from(self.funcs[nth].arity) {
            arity if arity == given => Ok(nth),
            arity => Err(ExecError::arguments(&name(), arity, given)),
        }
    }

    /// Whether there is a `return` in a function, by its number.
    pub fn returns(&self, func: u8) -> bool {
        let returns = |pc: usize| matches!(self.code[pc].op, Op::ReturnR | Op::ReturnI);
        self.find(func).is_some_and(|nth| self.body(nth).any(returns))
    }

    /// The instructions of the function with this place in the list: a jump over them stands before.
    pub(super) fn body(&self, nth: usize) -> std::ops::Range<usize> {
        let entry = self.funcs.get(nth).map_or(0, |func| func.entry as usize);
        let over = entry.checked_sub(1).and_then(|pc| self.code.get(pc));
        entry..over.map_or(entry, |jump| jump.a as usize).min(self.code.len())
    }

    /// Position of a function in the list.
    pub(super) fn find(&self, number: u8) -> Option<usize> {
        // Functions are mostly numbered in order.
        let guess = usize::from(number).checked_sub(1)?;
        match self.funcs.get(guess) {
            Some(func) if func.number == number => Some(guess),
            _ => self.funcs.iter().position(|func| func.number == number),
        }
    }

    /// The statement that an instruction belongs to.
    pub(super) fn mark(&self, pc: usize) -> Option<&Mark> {
        let behind = self.marks.partition_point(|mark| mark.pc as usize <= pc);
        self.marks.get(behind.checked_sub(1)?)
    }
}
