//! The loop that runs instructions.

use super::code::{Op, Program, TEMPS};
use super::fault::{Fault, Limits};
use super::supply::Supply;
use super::trace::Tracer;
use super::value::{Room, Value, arithmetic, compare, print, print_int};
use crate::config::ComparisonValues;
use crate::vocab::{BinOp, Compare};

/// Where a caller goes on.
#[derive(Debug, Clone, Copy)]
struct Frame {
    pc: usize,
    base: usize,
    /// Registers of the caller's frame.
    size: usize,
    /// Scope of the caller.
    scope: u8,
    /// Register for the value.
    result: u32,
}

/// Registers, frames, output and what is left of the fuel.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Frames one behind the other. No register is read before it is written, so nothing is cleared.
    pub(super) stack: Vec<Value>,
    frames: Vec<Frame>,
    /// What was printed; ASCII.
    pub(super) out: Vec<u8>,
    pub(super) left: u64,
    pub(super) supply: Supply,
    pub(super) room: Room,
    /// Where the module starts.
    pub(super) start: usize,
    /// Where it stopped.
    pub(super) pc: usize,
}

/// A value that a comparison gives.
#[inline(always)]
fn truth(program: &Program, holds: bool) -> Value {
    match program.comparison_values {
        ComparisonValues::Bool => Value::Bool(holds),
        ComparisonValues::Int => Value::Int(i64::from(holds)),
    }
}

/// A number that stands in an instruction.
#[inline(always)]
fn int(word: u32) -> i64 {
    i64::from(word as i32)
}

impl State {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { left: limits.fuel, room: Room::new(limits), ..Self::default() }
    }

    /// Runs the module, or the function with this place in the list, whose parameters are in their registers.
    ///
    /// At a fault, everything before it has happened and `pc` is where it was.
    pub(super) fn execute<T: Tracer>(
        &mut self,
        program: &Program,
        func: Option<usize>,
        limits: &Limits,
        tracer: &mut T,
    ) -> Result<Value, Fault> {
        let func = func.and_then(|nth| program.funcs.get(nth));
        let mut pc = func.map_or(self.start, |func| func.entry as usize);
        let mut size = func.map_or(program.frame, |func| func.frame) as usize;
        let mut scope = func.map_or(0, |func| func.number);
        let mut base = 0;
        let mut left = self.supply.first(self.left);
        self.frames.clear();
        self.reserve(size);
        let result = 'run: loop {
            let (here, above) = self.stack[base..].split_at_mut(size);
            // One function runs until it calls or returns.
            loop {
                let Some(instr) = program.code.get(pc) else { break 'run Ok(Value::None) };
                if T::STEPS {
                    tracer.at(program, pc, left + self.supply.held());
                }
                pc += 1;
                let (a, b, c) = (instr.a as usize, instr.b as usize, instr.c as usize);
                macro_rules! pay {
                    ($cost:expr) => {{
                        let cost = $cost;
                        match left.checked_sub(cost) {
                            Some(rest) => left = rest,
                            // By value: were it lent, it could not stay in a register.
                            None => match self.supply.more(left, cost) {
                                Ok(rest) => left = rest,
                                Err((rest, fault)) => {
                                    left = rest;
                                    break 'run Err(fault);
                                }
                            },
                        }
                    }};
                }
                pay!(u64::from(instr.cost));
                macro_rules! write {
                    ($value:expr) => {{
                        here[a] = $value;
                        if T::ON && instr.a < TEMPS {
                            tracer.wrote(program, pc - 1, scope, instr.a, &here[a]);
                        }
                    }};
                }
                // A number that overwrites a number leaves nothing to be dropped.
                macro_rules! write_int {
                    ($value:expr) => {{
                        let value = $value;
                        match &mut here[a] {
                            Value::Int(register) => *register = value,
                            register => *register = Value::Int(value),
                        }
                        if T::ON && instr.a < TEMPS {
                            tracer.wrote(program, pc - 1, scope, instr.a, &here[a]);
                        }
                    }};
                }
                macro_rules! check {
                    ($result:expr) => {
                        match $result {
                            Ok(value) => value,
                            Err(fault) => break 'run Err(fault),
                        }
                    };
                }
                macro_rules! calculate {
                    (RR $op:ident $checked:ident) => {{
                        if let (Value::Int(x), Value::Int(y)) = (&here[b], &here[c])
                            && let Some(value) = x.$checked(*y)
                        {
                            write_int!(value);
                        } else {
                            write!(check!(arithmetic(BinOp::$op, &here[b], &here[c], &mut self.room)));
                        }
                    }};
                    (RI $op:ident $checked:ident) => {{
                        if let Value::Int(x) = &here[b]
                            && let Some(value) = x.$checked(int(instr.c))
                        {
                            write_int!(value);
                        } else {
                            write!(check!(arithmetic(BinOp::$op, &here[b], &Value::Int(int(instr.c)), &mut self.room)));
                        }
                    }};
                    (IR $op:ident $checked:ident) => {{
                        if let Value::Int(y) = &here[c]
                            && let Some(value) = int(instr.b).$checked(*y)
                        {
                            write_int!(value);
                        } else {
                            write!(check!(arithmetic(BinOp::$op, &Value::Int(int(instr.b)), &here[c], &mut self.room)));
                        }
                    }};
                }
                macro_rules! holds {
                    (RR $op:ident $cmp:tt) => {
                        match (&here[b], &here[c]) {
                            (Value::Int(x), Value::Int(y)) => x $cmp y,
                            (x, y) => check!(compare(Compare::$op, x, y)),
                        }
                    };
                    (RI $op:ident $cmp:tt) => {
                        match &here[b] {
                            Value::Int(x) => *x $cmp int(instr.c),
                            x => check!(compare(Compare::$op, x, &Value::Int(int(instr.c)))),
                        }
                    };
                    (IR $op:ident $cmp:tt) => {
                        match &here[c] {
                            Value::Int(y) => int(instr.b) $cmp *y,
                            y => check!(compare(Compare::$op, &Value::Int(int(instr.b)), y)),
                        }
                    };
                }
                macro_rules! unless {
                    ($holds:expr) => {
                        if !$holds {
                            pc = a;
                        }
                    };
                }
                match instr.op {
                    Op::LoadInt => write_int!(int(instr.b)),
                    Op::LoadConst => write_int!(program.constants[b]),
                    Op::Move => write!(here[b].clone()),
                    Op::AddRR => calculate!(RR Add checked_add),
                    Op::AddRI => calculate!(RI Add checked_add),
                    Op::AddIR => calculate!(IR Add checked_add),
                    Op::SubRR => calculate!(RR Sub checked_sub),
                    Op::SubRI => calculate!(RI Sub checked_sub),
                    Op::SubIR => calculate!(IR Sub checked_sub),
                    Op::MulRR => calculate!(RR Mul checked_mul),
                    Op::MulRI => calculate!(RI Mul checked_mul),
                    Op::MulIR => calculate!(IR Mul checked_mul),
                    Op::LtRR => write!(truth(program, holds!(RR Lt <))),
                    Op::LtRI => write!(truth(program, holds!(RI Lt <))),
                    Op::LtIR => write!(truth(program, holds!(IR Lt <))),
                    Op::EqRR => write!(truth(program, holds!(RR Eq ==))),
                    Op::EqRI => write!(truth(program, holds!(RI Eq ==))),
                    Op::UnlessLtRR => unless!(holds!(RR Lt <)),
                    Op::UnlessLtRI => unless!(holds!(RI Lt <)),
                    Op::UnlessLtIR => unless!(holds!(IR Lt <)),
                    Op::UnlessEqRR => unless!(holds!(RR Eq ==)),
                    Op::UnlessEqRI => unless!(holds!(RI Eq ==)),
                    Op::Jump => pc = a,
                    Op::Bound => match &here[b] {
                        Value::Int(value) => here[a] = Value::Int(*value),
                        other => here[a] = check!(other.as_bound()),
                    },
                    Op::Enter => {
                        let counter = program.code[a].b as usize;
                        here[counter] = Value::Int(int(instr.b));
                        here[counter + 1] = Value::Int(int(instr.c));
                        pc = a;
                    }
                    Op::ForNext => {
                        if let (Value::Int(x), Value::Int(end)) = (&here[b], &here[b + 1]) {
                            let value = *x;
                            if value < *end {
                                pay!(1);
                                // What is below another number has a successor.
                                here[b] = Value::Int(value + 1);
                                write_int!(value);
                                pc = c;
                            }
                        } else if check!(compare(Compare::Lt, &here[b], &here[b + 1])) {
                            pay!(1);
                            let value = here[b].clone();
                            here[b] = value.successor();
                            write!(value);
                            pc = c;
                        }
                    }
                    Op::ArgR => above[a].clone_from(&here[b]),
                    Op::ArgI => above[a] = Value::Int(int(instr.b)),
                    Op::Call => {
                        self.frames.push(Frame { pc, base, size, scope, result: instr.a });
                        let callee = &program.funcs[b];
                        base += size;
                        (pc, size, scope) = (callee.entry as usize, callee.frame as usize, callee.number);
                        self.reserve(base + size);
                        if T::STEPS {
                            tracer.entered(program, b);
                        }
                        if T::ON {
                            for slot in 1..=u32::from(callee.arity) {
                                tracer.passed(program, b, slot, &self.stack[base + slot as usize]);
                            }
                        }
                        continue 'run;
                    }
                    Op::ReturnR | Op::ReturnI | Op::ReturnNone => {
                        let value = match instr.op {
                            Op::ReturnR => here[a].clone(),
                            Op::ReturnI => Value::Int(int(instr.a)),
                            _ => Value::None,
                        };
                        if T::STEPS {
                            tracer.returned(&value);
                        }
                        let Some(frame) = self.frames.pop() else { break 'run Ok(value) };
                        (pc, base, size, scope) = (frame.pc, frame.base, frame.size, frame.scope);
                        if T::ON && frame.result < TEMPS {
                            tracer.wrote(program, pc - 1, scope, frame.result, &value);
                        }
                        self.stack[base + frame.result as usize] = value;
                        continue 'run;
                    }
                    Op::PrintR => {
                        if !print(&here[a], &mut self.out, limits.output_bytes) {
                            break 'run Err(Fault::OutputLimit);
                        }
                        if T::STEPS {
                            tracer.printed(&here[a]);
                        }
                    }
                    Op::PrintI => {
                        if !print_int(int(instr.a), &mut self.out, limits.output_bytes) {
                            break 'run Err(Fault::OutputLimit);
                        }
                        if T::STEPS {
                            tracer.printed(&Value::Int(int(instr.a)));
                        }
                    }
                    Op::End => break 'run Ok(Value::None),
                }
            }
        };
        self.left = left + self.supply.returned();
        self.pc = pc.saturating_sub(1);
        result
    }

    /// Makes room for a frame that ends at `end`, and for the parameters of the next.
    pub(super) fn reserve(&mut self, end: usize) {
        let len = end + TEMPS as usize;
        if self.stack.len() < len {
            self.stack.resize(len, Value::None);
        }
    }

    /// Where the module is, whatever function it has called.
    pub(super) fn reached(&self) -> usize {
        self.frames.first().map_or(self.pc, |frame| frame.pc)
    }
}
