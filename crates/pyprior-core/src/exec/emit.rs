//! Instructions, chosen by what their operands are.

use super::code::{Instr, Op, Program, TEMPS};
use crate::vocab::{BinOp, Compare};

/// A value of an expression that is being compiled.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operand {
    Register(u32),
    /// A number that fits into an instruction.
    Int(i32),
    /// A number that does not.
    Long(i64),
}

impl Operand {
    pub(super) fn of(value: i64) -> Self {
        i32::try_from(value).map_or(Operand::Long(value), Operand::Int)
    }

    fn number(self) -> Option<i64> {
        match self {
            Operand::Register(_) => None,
            Operand::Int(value) => Some(value.into()),
            Operand::Long(value) => Some(value),
        }
    }
}

/// Writes a program.
pub(super) struct Emitter<'a> {
    pub(super) program: &'a mut Program,
    pub(super) operands: &'a mut Vec<Operand>,
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
        self.program.code.push(Instr::new(op, std::mem::take(&mut self.owed), a, b, c));
        here
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
        if let Operand::Register(register) = operand
            && register >= TEMPS
        {
            self.temps = self.temps.min(register - TEMPS);
        }
    }

    /// The next operand, the last one first. The compiler pushes one for every expression that it has read.
    fn pop(&mut self) -> Operand {
        self.operands.pop().unwrap_or(Operand::Int(0))
    }

    fn load(&mut self, register: u32, value: i64) {
        match i32::try_from(value) {
            Ok(value) => self.emit(Op::LoadInt, register, value as u32, 0),
            Err(_) => {
                let nth = self.program.constants.len() as u32;
                self.program.constants.push(value);
                self.emit(Op::LoadConst, register, nth, 0)
            }
        };
    }

    /// The operand as a register.
    fn register(&mut self, operand: Operand) -> u32 {
        match operand {
            Operand::Register(register) => register,
            Operand::Int(_) | Operand::Long(_) => {
                let temp = self.temp();
                self.load(temp, operand.number().unwrap_or(0));
                temp
            }
        }
    }

    /// The operand as something that fits into an instruction.
    fn short(&mut self, operand: Operand) -> Operand {
        match operand {
            Operand::Long(_) => Operand::Register(self.register(operand)),
            short => short,
        }
    }

    /// Emits what takes two operands: by whether they are registers, one of `ops` (RR, RI, IR).
    fn two(&mut self, ops: [Op; 3], left: Operand, right: Operand, result: bool) -> u32 {
        let before = self.temps;
        let (mut x, y) = (self.short(left), self.short(right));
        if let (Operand::Int(_), Operand::Int(_)) = (x, y) {
            x = Operand::Register(self.register(x));
        }
        self.temps = before;
        self.free(right);
        self.free(left);
        let a = if result { self.temp() } else { 0 };
        if result {
            self.operands.push(Operand::Register(a));
        }
        match (x, y) {
            (Operand::Register(x), Operand::Register(y)) => self.emit(ops[0], a, x, y),
            (Operand::Register(x), Operand::Int(y)) => self.emit(ops[1], a, x, y as u32),
            (Operand::Int(x), Operand::Register(y)) => self.emit(ops[2], a, x as u32, y),
            // `short` leaves no other, and two numbers have been dealt with.
            _ => self.emit(Op::LoadInt, a, 0, 0),
        }
    }

    pub(super) fn binary(&mut self, op: BinOp) {
        let (right, left) = (self.pop(), self.pop());
        if let (Some(x), Some(y)) = (left.number(), right.number()) {
            let folded = match op {
                BinOp::Add => x.checked_add(y),
                BinOp::Sub => x.checked_sub(y),
                BinOp::Mul => x.checked_mul(y),
            };
            if let Some(folded) = folded {
                return self.operands.push(Operand::of(folded));
            }
        }
        let ops = match op {
            BinOp::Add => [Op::AddRR, Op::AddRI, Op::AddIR],
            BinOp::Sub => [Op::SubRR, Op::SubRI, Op::SubIR],
            BinOp::Mul => [Op::MulRR, Op::MulRI, Op::MulIR],
        };
        self.two(ops, left, right, true);
    }

    /// Operands of a comparison; what is equal is so in either order.
    fn compared(&mut self, op: Compare) -> (Operand, Operand) {
        let (right, left) = (self.pop(), self.pop());
        match (op, left) {
            (Compare::Eq, Operand::Int(_)) => (right, left),
            _ => (left, right),
        }
    }

    pub(super) fn compare(&mut self, op: Compare) {
        let (left, right) = self.compared(op);
        let ops = match op {
            Compare::Lt => [Op::LtRR, Op::LtRI, Op::LtIR],
            Compare::Eq => [Op::EqRR, Op::EqRI, Op::EqRI],
        };
        self.two(ops, left, right, true);
    }

    /// A branch that is taken where the comparison does not hold; to be landed.
    pub(super) fn unless(&mut self, op: Compare) -> u32 {
        let (left, right) = self.compared(op);
        let ops = match op {
            Compare::Lt => [Op::UnlessLtRR, Op::UnlessLtRI, Op::UnlessLtIR],
            Compare::Eq => [Op::UnlessEqRR, Op::UnlessEqRI, Op::UnlessEqRI],
        };
        self.two(ops, left, right, false)
    }

    /// Calls the function with this place in the list, with the last operands.
    pub(super) fn call(&mut self, func: u16, args: u8) {
        let first = self.operands.len() - usize::from(args).min(self.operands.len());
        let before = self.temps;
        for parameter in 1..=u32::from(args) {
            let operand = self.operands[first + parameter as usize - 1];
            match self.short(operand) {
                Operand::Register(register) => self.emit(Op::ArgR, parameter, register, 0),
                Operand::Int(value) => self.emit(Op::ArgI, parameter, value as u32, 0),
                Operand::Long(_) => 0,
            };
            self.temps = before;
        }
        while self.operands.len() > first {
            let operand = self.pop();
            self.free(operand);
        }
        // The call itself takes fuel too.
        self.owed += 1;
        let result = self.temp();
        self.emit(Op::Call, result, func.into(), 0);
        self.operands.push(Operand::Register(result));
    }

    pub(super) fn assign(&mut self, target: u8) {
        let (value, target) = (self.pop(), u32::from(target));
        self.free(value);
        match value {
            Operand::Register(register) if register >= TEMPS => {
                // The instruction that computes the value is the last one: it may as well write the variable.
                if let Some(last) = self.program.code.last_mut() {
                    last.a = target;
                }
            }
            Operand::Register(register) => _ = self.emit(Op::Move, target, register, 0),
            Operand::Int(value) => self.load(target, value.into()),
            Operand::Long(value) => self.load(target, value),
        }
    }

    /// Emits what takes one operand, `print` and `return`.
    pub(super) fn consume(&mut self, from_register: Op, from_int: Op) {
        let value = self.pop();
        let before = self.temps;
        match self.short(value) {
            Operand::Register(register) => self.emit(from_register, register, 0, 0),
            Operand::Int(value) => self.emit(from_int, value as u32, 0, 0),
            Operand::Long(_) => 0,
        };
        self.temps = before;
        self.free(value);
    }

    /// Sets up a loop and jumps to its end, where it counts; the jump is to be landed. The two registers that the loop
    /// holds stay in use until then.
    pub(super) fn enter_loop(&mut self, start: bool) -> u32 {
        let stop = self.pop();
        let start = if start { self.pop() } else { Operand::Int(0) };
        self.free(stop);
        self.free(start);
        let (counter, end) = (self.temp(), self.temp());
        // A result may lie in a register that the loop takes. Which bound is looked at first cannot be told: both
        // would be refused in the same words.
        match (start, stop) {
            (Operand::Register(TEMPS..), _) | (_, Operand::Int(_) | Operand::Long(_)) => {
                self.bound(counter, start);
                self.bound(end, stop);
            }
            _ => {
                self.bound(end, stop);
                self.bound(counter, start);
            }
        }
        self.emit(Op::Jump, 0, 0, 0)
    }

    fn bound(&mut self, register: u32, operand: Operand) {
        match operand {
            Operand::Register(from) => _ = self.emit(Op::Bound, register, from, 0),
            Operand::Int(value) => self.load(register, value.into()),
            Operand::Long(value) => self.load(register, value),
        }
    }

    pub(super) fn end_loop(&mut self, target: u8, body: u32) {
        self.temps -= 2;
        self.emit(Op::ForNext, target.into(), TEMPS + self.temps, body);
    }
}
