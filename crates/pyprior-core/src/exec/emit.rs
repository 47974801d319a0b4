//! Instructions, chosen by what their operands are.

use super::code::{Instr, Op, Program, TEMPS};
use crate::codec::preorder::Operator;
use crate::vocab::{BinOp, Compare};

/// Where a value of an expression is. Instructions for one operand are chosen by this, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Register,
    /// In the instruction.
    Int,
    /// Among the constants, because it does not fit into an instruction.
    Long,
}

/// A value of an expression that is being compiled: its kind, with the register, the number or the place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operand {
    kind: Kind,
    word: u32,
}

impl Operand {
    pub(super) const ZERO: Self = Self { kind: Kind::Int, word: 0 };

    pub(super) fn register(register: u32) -> Self {
        Self { kind: Kind::Register, word: register }
    }
}

/// What puts a value into register `a`.
const LOAD: [Op; 3] = [Op::Move, Op::LoadInt, Op::LoadConst];
const BOUND: [Op; 3] = [Op::Bound, Op::LoadInt, Op::LoadConst];

/// Writes a program.
pub(super) struct Emitter<'a> {
    pub(super) program: &'a mut Program,
    /// Of the calls that are being read, one behind the other.
    pub(super) arguments: &'a mut Vec<Operand>,
    /// Fuel that the next instruction takes.
    pub(super) owed: u8,
    /// Registers behind the variables that are in use, and the most that were.
    pub(super) temps: u32,
    pub(super) max_temps: u32,
}

impl Emitter<'_> {
    pub(super) fn here(&self) -> u32 {
        self.program.code.len() as u32
    }

    /// Returns where the instruction is.
    pub(super) fn emit(&mut self, op: Op, a: u32, b: u32, c: u32) -> u32 {
        let here = self.here();
        self.program.code.push(Instr { op, cost: std::mem::take(&mut self.owed), a, b, c });
        here
    }

    /// The next instruction takes one more step's fuel. Nothing lands on it from elsewhere.
    pub(super) fn owe(&mut self) {
        if self.owed == u8::MAX {
            let next = self.here() + 1;
            self.emit(Op::Jump, next, 0, 0);
        }
        self.owed += 1;
    }

    /// Makes a jump, or a branch, go here.
    pub(super) fn land(&mut self, jump: u32) {
        let here = self.here();
        self.program.code[jump as usize].a = here;
    }

    fn temp(&mut self) -> u32 {
        let temp = TEMPS + self.temps;
        self.temps += 1;
        self.max_temps = self.max_temps.max(self.temps);
        temp
    }

    /// Registers are taken and given back like a stack: this one and all behind it are free again.
    fn free(&mut self, operand: Operand) {
        if operand.kind == Kind::Register && operand.word >= TEMPS {
            self.temps = self.temps.min(operand.word - TEMPS);
        }
    }

    /// A number as an operand.
    #[inline(always)]
    pub(super) fn number(&mut self, value: i64) -> Operand {
        match i32::try_from(value) {
            Ok(value) => Operand { kind: Kind::Int, word: value as u32 },
            Err(_) => self.long(value),
        }
    }

    #[cold]
    fn long(&mut self, value: i64) -> Operand {
        let word = self.program.constants.len() as u32;
        self.program.constants.push(value);
        Operand { kind: Kind::Long, word }
    }

    /// The number that an operand is.
    fn known(&self, operand: Operand) -> Option<i64> {
        match operand.kind {
            Kind::Register => None,
            Kind::Int => Some(i64::from(operand.word as i32)),
            Kind::Long => self.program.constants.get(operand.word as usize).copied(),
        }
    }

    fn in_register(&mut self, operand: Operand) -> Operand {
        let temp = self.temp();
        self.emit(LOAD[operand.kind as usize], temp, operand.word, 0);
        Operand::register(temp)
    }

    /// The operand as something that fits into an instruction.
    fn short(&mut self, operand: Operand) -> Operand {
        match operand.kind {
            Kind::Long => self.in_register(operand),
            _ => operand,
        }
    }

    /// Emits what takes two operands: by whether they are registers, one of `ops` (RR, RI, IR). A result is in a new
    /// register, which is returned.
    fn two(&mut self, ops: [Op; 3], left: Operand, right: Operand, result: bool) -> u32 {
        let before = self.temps;
        let (mut x, y) = (self.short(left), self.short(right));
        if (x.kind, y.kind) == (Kind::Int, Kind::Int) {
            x = self.in_register(x);
        }
        self.temps = before;
        self.free(right);
        self.free(left);
        let a = if result { self.temp() } else { 0 };
        // Of kinds 0 and 1 not both are 1.
        self.emit(ops[2 * x.kind as usize + y.kind as usize], a, x.word, y.word);
        a
    }

    pub(super) fn operate(&mut self, op: Operator, left: Operand, right: Operand) -> Operand {
        match op {
            Operator::Arithmetic(op) => self.arithmetic(op, left, right),
            Operator::Compare(op) => {
                let (left, right) = ordered(op, left, right);
                let ops = match op {
                    Compare::Lt => [Op::LtRR, Op::LtRI, Op::LtIR],
                    Compare::Eq => [Op::EqRR, Op::EqRI, Op::EqRI],
                };
                Operand::register(self.two(ops, left, right, true))
            }
        }
    }

    fn arithmetic(&mut self, op: BinOp, left: Operand, right: Operand) -> Operand {
        if let (Some(x), Some(y)) = (self.known(left), self.known(right)) {
            let folded = match op {
                BinOp::Add => x.checked_add(y),
                BinOp::Sub => x.checked_sub(y),
                BinOp::Mul => x.checked_mul(y),
            };
            if let Some(folded) = folded {
                return self.number(folded);
            }
        }
        let ops = match op {
            BinOp::Add => [Op::AddRR, Op::AddRI, Op::AddIR],
            BinOp::Sub => [Op::SubRR, Op::SubRI, Op::SubIR],
            BinOp::Mul => [Op::MulRR, Op::MulRI, Op::MulIR],
        };
        Operand::register(self.two(ops, left, right, true))
    }

    /// A branch that is taken where the comparison does not hold; to be landed. There is none where it always holds.
    pub(super) fn unless(&mut self, op: Compare, left: Operand, right: Operand) -> Option<u32> {
        if let (Some(x), Some(y)) = (self.known(left), self.known(right)) {
            let holds = match op {
                Compare::Lt => x < y,
                Compare::Eq => x == y,
            };
            // What it takes in fuel, the next instruction takes.
            return if holds { None } else { Some(self.emit(Op::Jump, 0, 0, 0)) };
        }
        let (left, right) = ordered(op, left, right);
        let ops = match op {
            Compare::Lt => [Op::UnlessLtRR, Op::UnlessLtRI, Op::UnlessLtIR],
            Compare::Eq => [Op::UnlessEqRR, Op::UnlessEqRI, Op::UnlessEqRI],
        };
        self.two(ops, left, right, false);
        Some(self.here() - 1)
    }

    /// Calls the function with this place in the list, with the last arguments.
    pub(super) fn call(&mut self, func: u16, args: u8) -> Operand {
        let first = self.arguments.len() - usize::from(args).min(self.arguments.len());
        let before = self.temps;
        for (parameter, nth) in (1..).zip(first..self.arguments.len()) {
            let operand = self.short(self.arguments[nth]);
            self.emit([Op::ArgR, Op::ArgI][operand.kind as usize], parameter, operand.word, 0);
            self.temps = before;
        }
        for nth in first..self.arguments.len() {
            self.free(self.arguments[nth]);
        }
        self.arguments.truncate(first);
        self.owe();
        let result = self.temp();
        self.emit(Op::Call, result, func.into(), 0);
        Operand::register(result)
    }

    pub(super) fn assign(&mut self, target: u8, value: Operand) {
        let target = u32::from(target);
        self.free(value);
        if value.kind == Kind::Register && value.word >= TEMPS {
            // The instruction that computes the value is the last one: it may as well write the variable.
            if let Some(last) = self.program.code.last_mut() {
                last.a = target;
            }
        } else {
            self.emit(LOAD[value.kind as usize], target, value.word, 0);
        }
    }

    /// Emits what takes one operand, `print` and `return`; `ops` are for a register and for a number.
    pub(super) fn consume(&mut self, ops: [Op; 2], value: Operand) {
        let before = self.temps;
        let operand = self.short(value);
        self.emit(ops[operand.kind as usize], operand.word, 0, 0);
        self.temps = before;
        self.free(value);
    }

    /// Sets up a loop and jumps to its end, where it counts; the jump is to be landed. The two registers that the loop
    /// holds stay in use until then.
    pub(super) fn enter_loop(&mut self, start: Operand, stop: Operand) -> u32 {
        self.free(stop);
        self.free(start);
        let (counter, end) = (self.temp(), self.temp());
        if (start.kind, stop.kind) == (Kind::Int, Kind::Int) {
            return self.emit(Op::Enter, 0, start.word, stop.word);
        }
        // A result may lie in a register that the loop takes. Which bound is looked at first cannot be told: both
        // would be refused in the same words.
        let mut bounds = [(counter, start), (end, stop)];
        if stop.kind == Kind::Register && (start.kind != Kind::Register || start.word < TEMPS) {
            bounds.reverse();
        }
        for (register, operand) in bounds {
            self.emit(BOUND[operand.kind as usize], register, operand.word, 0);
        }
        self.emit(Op::Jump, 0, 0, 0)
    }

    pub(super) fn end_loop(&mut self, target: u8, body: u32) {
        self.temps -= 2;
        self.emit(Op::ForNext, target.into(), TEMPS + self.temps, body);
    }
}

/// Operands of a comparison, a number behind a register: what is equal is so in either order.
fn ordered(op: Compare, left: Operand, right: Operand) -> (Operand, Operand) {
    match (op, left.kind) {
        (Compare::Eq, Kind::Int) => (right, left),
        _ => (left, right),
    }
}
