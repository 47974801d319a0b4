//! What the operations of the fixed part do to registers.

use pyprior_core::{Language, Symbol};

use crate::program::{CALLABLE, FUNCTIONS, Op, Program, RETURNS, Reg, TARGET, VISIBLE};
use crate::tally::Tally;

/// Where a filling has come to in the fixed part.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// The next operation.
    pub(crate) at: usize,
    pub(crate) registers: Vec<u16>,
    pub(crate) tally: Tally,
}

impl State {
    pub(crate) fn new(program: &Program, tally: Tally) -> Self {
        Self { at: 0, registers: vec![0; program.registers], tally }
    }

    /// Memory that it takes, roughly.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + 2 * self.registers.len()
    }

    fn get(&self, register: Reg) -> u16 {
        self.registers[usize::from(register)]
    }

    fn take(&mut self, register: Reg) -> u16 {
        std::mem::take(&mut self.registers[usize::from(register)])
    }

    fn set(&mut self, register: Reg, value: u16) {
        self.registers[usize::from(register)] = value;
    }

    /// The functions' words.
    pub(crate) fn functions<'a>(&'a self, program: &Program) -> &'a [u16] {
        &self.registers[FUNCTIONS..FUNCTIONS + program.max_functions]
    }

    /// The token of an operation that takes one, if it is legal.
    pub(crate) fn token(&self, language: &Language, program: &Program, op: &Op) -> Option<u32> {
        let symbol = match op {
            Op::Token { token, .. } => return Some(*token),
            Op::Target { name, .. } => {
                let fresh = self.registers[VISIBLE] + 1;
                let var = Some(self.get(*name)).filter(|&var| var != 0).unwrap_or(fresh);
                if u32::from(var) > language.config().max_vars {
                    return None;
                }
                Symbol::Var(var as u8)
            }
            Op::Read { name, .. } => {
                let var = self.get(*name);
                if var == 0 || var > self.registers[VISIBLE] {
                    return None;
                }
                Symbol::Var(var as u8)
            }
            Op::Define { .. } => {
                let next = self.functions(program).iter().position(|word| *word == 0)?;
                Symbol::Func(next as u8 + 1)
            }
            Op::Callee { func, .. } => {
                let func = self.get(*func);
                let word = *self.functions(program).get(usize::from(func).checked_sub(1)?)?;
                if word & CALLABLE == 0 {
                    return None;
                }
                Symbol::Func(func as u8)
            }
            _ => return None,
        };
        language.vocab().id_of_symbol(symbol).filter(|token| language.grammar().allows(*token))
    }

    /// Does an operation other than a hole; `None` if it cannot be.
    pub(crate) fn step(&mut self, language: &Language, program: &Program, op: &Op) -> Option<()> {
        let restricts = language.grammar().restricts_returning();
        match op {
            Op::Token { tally, .. }
            | Op::Target { tally, .. }
            | Op::Read { tally, .. }
            | Op::Define { tally, .. }
            | Op::Callee { tally, .. } => {
                self.token(language, program, op)?;
                self.tally = program.arithmetic.add(self.tally, *tally)?;
                match op {
                    Op::Target { name, .. } => {
                        let known = self.get(*name);
                        self.registers[TARGET] = if known != 0 { known } else { self.registers[VISIBLE] + 1 };
                    }
                    Op::Define { func, .. } => {
                        let next = self.functions(program).iter().position(|word| *word == 0)?;
                        self.set(*func, next as u16 + 1);
                    }
                    _ => {}
                }
            }
            Op::Commit { name } => {
                let target = std::mem::take(&mut self.registers[TARGET]);
                self.registers[VISIBLE] = self.registers[VISIBLE].max(target);
                self.set(*name, target);
            }
            Op::EnterDef { saved, arity, parameters } => {
                let visible = std::mem::replace(&mut self.registers[VISIBLE], *arity);
                self.set(*saved, visible);
                for (parameter, var) in parameters.iter().zip(1..) {
                    self.set(*parameter, var);
                }
                let next = self.functions(program).iter().position(|word| *word == 0)?;
                self.registers[FUNCTIONS + next] = arity + 1;
            }
            Op::LeaveDef { saved, func, .. } => {
                let number = usize::from(self.get(*func)).checked_sub(1)?;
                let returns = std::mem::take(&mut self.registers[RETURNS]) != 0;
                if returns || !language.grammar().calls_returning_only() {
                    self.registers[FUNCTIONS + number] |= CALLABLE;
                }
                self.registers[VISIBLE] = self.take(*saved);
            }
            Op::Save { saved } => self.set(*saved, self.registers[VISIBLE]),
            Op::Restore { saved } => {
                self.registers[VISIBLE] = self.take(*saved);
                self.registers[RETURNS] = 0;
            }
            Op::Else { saved, then, then_returns } => {
                self.set(*then, self.registers[VISIBLE]);
                self.set(*then_returns, self.registers[RETURNS]);
                self.registers[VISIBLE] = self.take(*saved);
            }
            Op::EndIf { then, then_returns } => {
                let (then, returns) = (self.take(*then), self.take(*then_returns));
                self.registers[VISIBLE] = self.registers[VISIBLE].min(then);
                self.registers[RETURNS] &= returns;
            }
            Op::Merge { then, otherwise, into } => {
                let (then, otherwise) = (self.get(*then), self.get(*otherwise));
                let same = then == otherwise && then <= self.registers[VISIBLE];
                self.set(*into, if same { then } else { 0 });
            }
            Op::Clear { name } => self.set(*name, 0),
            Op::Returns(returns) => self.registers[RETURNS] = u16::from(*returns),
            Op::Inner { any } => {
                if restricts && self.registers[RETURNS] != 0 {
                    return None;
                }
                let before = self.get(*any);
                self.set(*any, before | self.registers[RETURNS]);
            }
            Op::EndBlock { any } => self.registers[RETURNS] |= self.take(*any),
            Op::Hole { .. } => return None,
        }
        self.at += 1;
        Some(())
    }
}
