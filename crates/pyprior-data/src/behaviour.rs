//! What programs do: their output, and what their functions do with fixed arguments.
//!
//! Programs behave alike if their modules end in the same way and print the same, and if their functions do, taken as a bag:
//! for each number of parameters, as many functions that end in the same way, with the same value and the same output for
//! each of eight lists of arguments. How functions are called and in which order they are defined does not count, nor does
//! what is never computed; steps do not count unless they run out. Every call has the description's limits for itself, and sees
//! nothing of the module's run.

use pyprior_core::Language;
use pyprior_core::exec::{CompileError, Compiler, Limits, Machine, Program, Value};
use sha2::{Digest as _, Sha256};

use crate::key::{Key, key};
use crate::row::Status;

/// Lists of arguments that functions are called with; those without parameters are called once.
pub const CALLS: usize = 8;

/// An argument of a function: that of list `call`, below [`CALLS`], for the parameter at `place`, counted from 0, of `arity`.
///
/// For parameters a, b, c, …: all 0; all 1; 2, 3, 4, …; falling to 3; -1, -2, -3, …; 5, -6, 7, …;
/// 10, 7, 4, …; 100, -99, 98, …. They tell parameters from each other, signs, zero, equal arguments, which is less, and
/// what lies beyond the constants of the default language; no two lists are the same, for any number of parameters but none.
pub const fn argument(call: usize, place: u8, arity: u8) -> i64 {
    let (place, arity) = (place as i64, arity as i64);
    let sign = if place % 2 == 0 { 1 } else { -1 };
    match call {
        0 => 0,
        1 => 1,
        2 => 2 + place,
        3 => 2 + arity - place,
        4 => -1 - place,
        5 => sign * (5 + place),
        6 => 10 - 3 * place,
        _ => sign * (100 - place),
    }
}

/// Finds out what programs do, with memory that is reused.
#[derive(Debug)]
pub(crate) struct Behaviour {
    compiler: Compiler,
    machine: Machine,
    arguments: Vec<Value>,
    functions: Vec<Key>,
}

impl Behaviour {
    pub(crate) fn new(language: &Language, limits: Limits) -> Self {
        let compiler = Compiler::new(language.config().comparison_values);
        Self { compiler, machine: Machine::new(limits), arguments: Vec::new(), functions: Vec::new() }
    }

    /// What is the same for programs that behave alike.
    pub(crate) fn key(&mut self, language: &Language, tokens: &[u32]) -> Result<Key, CompileError> {
        let program = self.compiler.compile(language.vocab(), tokens)?;
        let status = Status::of(&self.machine.run(program));
        let module = start(status, self.machine.stdout());
        calls(program, &mut self.machine, &mut self.arguments, &mut self.functions);
        Ok(whole(module, &self.functions))
    }

    /// The same, of a program whose module has run within the same limits.
    pub(crate) fn key_of_run(
        &mut self,
        language: &Language,
        tokens: &[u32],
        status: Status,
        stdout: &str,
    ) -> Result<Key, CompileError> {
        let program = self.compiler.compile(language.vocab(), tokens)?;
        calls(program, &mut self.machine, &mut self.arguments, &mut self.functions);
        Ok(whole(start(status, stdout), &self.functions))
    }
}

/// How something ended and what it printed; lengths keep texts apart.
fn start(status: Status, stdout: &str) -> Sha256 {
    let mut hash = Sha256::new();
    add(&mut hash, status, stdout);
    hash
}

fn add(hash: &mut Sha256, status: Status, stdout: &str) {
    hash.update([status as u8]);
    hash.update((stdout.len() as u64).to_le_bytes());
    hash.update(stdout);
}

/// The keys of a program's functions, sorted.
fn calls(program: &Program, machine: &mut Machine, arguments: &mut Vec<Value>, keys: &mut Vec<Key>) {
    keys.clear();
    for (number, arity) in program.functions() {
        let mut hash = Sha256::new();
        hash.update([arity]);
        for call in 0..if arity == 0 { 1 } else { CALLS } {
            arguments.clear();
            arguments.extend((0..arity).map(|place| Value::Int(argument(call, place, arity))));
            machine.reset();
            let result = machine.call(program, number, arguments);
            let (value, result) = match result {
                Ok(value) => (value, Ok(())),
                Err(error) => (Value::None, Err(error)),
            };
            add(&mut hash, Status::of(&result), machine.stdout());
            add_value(&mut hash, &value);
        }
        keys.push(key(hash));
    }
    keys.sort_unstable();
}

fn add_value(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Int(number) => {
            hash.update([1]);
            hash.update(number.to_le_bytes());
        }
        // None, a truth value, an integer beyond 64 bits: told apart by how they are printed.
        other => {
            let text = other.to_string();
            hash.update([0]);
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
    }
}

fn whole(mut module: Sha256, functions: &[Key]) -> Key {
    functions.iter().for_each(|key| module.update(key));
    key(module)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use pyprior_core::LanguageConfig;

    #[test]
    fn no_two_lists_of_arguments_are_the_same() {
        for arity in 1..=u8::MAX {
            let list = |call| (0..arity).map(|place| argument(call, place, arity)).collect::<Vec<_>>();
            assert_eq!((0..CALLS).map(list).collect::<HashSet<_>>().len(), CALLS, "{arity}");
        }
        let list = |call| [0, 1, 2].map(|place| argument(call, place, 3));
        let lists = [[0, 0, 0], [1, 1, 1], [2, 3, 4], [5, 4, 3], [-1, -2, -3], [5, -6, 7], [10, 7, 4], [100, -99, 98]];
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7].map(list), lists);
        assert_eq!([0, 1, 2, 3, 4, 5, 6, 7].map(|call| argument(call, 0, 1)), [0, 1, 2, 3, -1, 5, 10, 100]);
    }

    #[test]
    fn what_differs_shows() {
        let language = Language::new(LanguageConfig { max_block_stmts: 3, ..LanguageConfig::default() }).unwrap();
        let limits = Limits { fuel: 100, ..Limits::default() };
        let mut behaviour = Behaviour::new(&language, limits);
        let mut of = |names: &str| {
            let ids = names.split(' ').map(|name| language.vocab().id_of(name).unwrap()).collect::<Vec<_>>();
            let key = behaviour.key(&language, &ids).unwrap();
            let program = Program::from_tokens(&language, &ids).unwrap();
            let mut machine = Machine::new(limits);
            let status = Status::of(&machine.run(&program));
            assert_eq!(behaviour.key_of_run(&language, &ids, status, machine.stdout()).unwrap(), key, "{names}");
            key
        };
        let double = "FUNC_1 ARITY_1 BLK_1 RETURN ADD VAR_1 VAR_1";
        // 2 a is a + a; a a is not, though it is for 0 and 2.
        let twice = of(&format!("BLK_2 {double} PRINT INT_4"));
        assert_eq!(twice, of("BLK_2 FUNC_1 ARITY_1 BLK_1 RETURN MUL INT_2 VAR_1 PRINT MUL INT_2 INT_2"));
        assert_ne!(twice, of("BLK_2 FUNC_1 ARITY_1 BLK_1 RETURN MUL VAR_1 VAR_1 PRINT INT_4"));
        assert_ne!(twice, of(&format!("BLK_2 {double} PRINT INT_5")));
        assert_ne!(twice, of("BLK_1 PRINT INT_4"));
        // Functions in either order, and one of them twice.
        let (one, none) = ("ARITY_1 BLK_1 RETURN VAR_1", "ARITY_0 BLK_1 RETURN INT_3");
        let mut pair = |a: &str, b: &str| of(&format!("BLK_3 FUNC_1 {a} FUNC_2 {b} PRINT INT_1"));
        assert_eq!(pair(one, none), pair(none, one));
        assert_eq!(HashSet::from([pair(one, none), pair(one, one), pair(none, none)]).len(), 3);
        // A function that prints is not one that returns the same; one that runs out is neither.
        let prints = of("BLK_2 FUNC_1 ARITY_0 BLK_1 PRINT INT_1 PRINT INT_1");
        let returns = of("BLK_2 FUNC_1 ARITY_0 BLK_1 RETURN INT_1 PRINT INT_1");
        let runs_out = of("BLK_2 FUNC_1 ARITY_0 BLK_1 FOR VAR_1 MUL INT_99 INT_99 BLK_1 PRINT INT_1 PRINT INT_1");
        assert_eq!(HashSet::from([prints, returns, runs_out]).len(), 3);
    }
}
