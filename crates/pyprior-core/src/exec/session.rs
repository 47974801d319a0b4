//! A namespace that programs fill one after the other.

use std::collections::HashMap;
use std::sync::Arc;

use super::code::Program;
use super::outcome::{ExecError, Limits, Outcome};
use super::run::Machine;
use super::trace::Tracer;
use super::value::Value;
use crate::codec::program_names::ProgramNames;

/// Runs programs and keeps what they leave behind under their own names: functions, and the module's variables.
///
/// A program sees only what it binds itself, as the language has it, so a later program that binds a name again changes
/// nothing for the functions of an earlier one. What a program wrote before it ended early stays.
#[derive(Debug)]
pub struct Session {
    machine: Machine,
    vars: HashMap<String, Value>,
    funcs: HashMap<String, (Arc<Program>, u8)>,
}

impl Session {
    /// An empty session; every run and every call has all of the limits for itself.
    pub fn new(limits: Limits) -> Self {
        Self { machine: Machine::new(limits), vars: HashMap::new(), funcs: HashMap::new() }
    }

    /// Runs a program under the names that an [`Encoder`](crate::Encoder) read it with. Names that it does not have are
    /// those of the tokens in lower case, `func_1` and `var_1`.
    pub fn exec(&mut self, program: Arc<Program>, names: &ProgramNames) -> Outcome {
        let mut written = Written { names, values: HashMap::new() };
        let result = self.machine.run_with(&program, &mut written);
        // Of a program that ended early, the definitions that it has come by.
        let reached = if result.is_ok() { usize::MAX } else { self.machine.reached() };
        let outcome = self.machine.finish(result);
        for (name, value) in written.values {
            self.funcs.remove(&name);
            self.vars.insert(name, value);
        }
        for func in program.funcs.iter().filter(|func| (func.entry as usize) <= reached) {
            let given = usize::from(func.number).checked_sub(1).and_then(|nth| names.funcs().get(nth));
            let name = given.cloned().unwrap_or_else(|| format!("func_{}", func.number));
            self.vars.remove(&name);
            self.funcs.insert(name, (Arc::clone(&program), func.number));
        }
        outcome
    }

    /// Calls a function of an earlier program by its name.
    pub fn call(&mut self, name: &str, args: &[Value]) -> Outcome {
        self.machine.reset();
        let result = match self.funcs.get(name) {
            None => Err(ExecError::NoFunction { name: name.to_owned() }),
            Some((program, func)) => self.machine.call(program, *func, args),
        };
        self.machine.finish(result)
    }

    /// The value of a variable of the module, `None` if there is none of the name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.vars.get(name)
    }

    /// Names of the functions, in no order.
    pub fn functions(&self) -> impl Iterator<Item = &str> {
        self.funcs.keys().map(String::as_str)
    }
}

/// The module's variables, by name.
struct Written<'a> {
    names: &'a ProgramNames,
    values: HashMap<String, Value>,
}

impl Tracer for Written<'_> {
    const ON: bool = true;

    fn wrote(&mut self, program: &Program, pc: usize, scope: u8, slot: u32, value: &Value) {
        if scope != 0 {
            return;
        }
        let binding = program.mark(pc).map(|mark| mark.binding as usize);
        let given = binding.and_then(|binding| self.names.scopes().first()?.get(binding));
        match given.and_then(|name| self.values.get_mut(name)) {
            Some(found) => found.clone_from(value),
            None => drop(self.values.insert(given.cloned().unwrap_or_else(|| format!("var_{slot}")), value.clone())),
        }
    }

    fn passed(&mut self, _: &Program, _: usize, _: u32, _: &Value) {}
}
