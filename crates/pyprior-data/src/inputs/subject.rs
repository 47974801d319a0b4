//! The function of a program that examples are of.

use pyprior_core::exec::Program;

/// The function of a program that examples are of: the last one that takes parameters and holds a `return`. Functions before it may be
/// called by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// Its number, as in `FUNC_1`.
    pub func: u8,
    /// Number of its parameters, 1 or more.
    pub arity: u8,
}

impl Subject {
    /// That of a program, if there is one.
    pub fn of(program: &Program) -> Option<Self> {
        let last = program.functions().filter(|&(func, arity)| arity > 0 && program.returns(func)).last();
        last.map(|(func, arity)| Self { func, arity })
    }
}
