//! Writing a program under names of its own: every name is checked to mean the variable that the tokens mean.

use thiserror::Error;

use super::program_names::ProgramNames;
use super::slots::{Clash, Saved, Slots};
use super::tree::DecodeError;

/// Names that are not those of the program.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NamedError {
    /// The tokens are no program.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// There is no name for a function.
    #[error("the names are of another program: there is none for FUNC_{func}")]
    NoFunction {
        /// The function.
        func: u8,
    },
    /// There is no name for a binding.
    #[error("the names are of another program: {} has more than {count} bindings", scope_name(*scope))]
    NoBinding {
        /// 0 is the module, j is function j.
        scope: u8,
        /// Number of names.
        count: usize,
    },
    /// There are more names than the program has.
    #[error("the names are of another program: some are left over")]
    LeftOver,
    /// A name would stand for two variables at a time.
    #[error("in {}, {name:?} would name two variables at a time", scope_name(*scope))]
    Taken {
        /// 0 is the module, j is function j.
        scope: u8,
        /// The name.
        name: String,
    },
    /// A variable would go by two names at a time.
    #[error("in {}, VAR_{var} is {before:?} and cannot become {name:?} while that can be read", scope_name(*scope))]
    Renamed {
        /// 0 is the module, j is function j.
        scope: u8,
        /// The variable.
        var: u8,
        /// Its name so far.
        before: String,
        /// The name that it would get.
        name: String,
    },
    /// A variable is read or assigned that has no name there: it is not visible, or the branches of an `if` before
    /// give it different ones.
    #[error("in {}, VAR_{var} has no name where it is used", scope_name(*scope))]
    Nameless {
        /// 0 is the module, j is function j.
        scope: u8,
        /// The variable.
        var: u8,
    },
}

fn scope_name(scope: u8) -> String {
    match scope {
        0 => "the module".to_owned(),
        func => format!("FUNC_{func}"),
    }
}

/// One scope that is being written.
#[derive(Default)]
struct Scope<'n> {
    slots: Slots<&'n str>,
    names: &'n [String],
    next: usize,
}

/// A program that is being written under its names. After the first error names are empty.
pub(super) struct Naming<'n> {
    table: &'n ProgramNames,
    module: Scope<'n>,
    function: Scope<'n>,
    /// 0 is the module, j is function j.
    scope: u8,
    /// Functions whose definition has been written, and how many of their names are used.
    functions: usize,
    /// The name of the target that the next `bind` is about.
    pending: &'n str,
    error: Option<NamedError>,
}

impl<'n> Naming<'n> {
    pub(super) fn new(table: &'n ProgramNames) -> Self {
        let names = table.scopes().first().map_or(&[][..], Vec::as_slice);
        let module = Scope { names, ..Scope::default() };
        Self { table, module, function: Scope::default(), scope: 0, functions: 0, pending: "", error: None }
    }

    fn here(&mut self) -> &mut Scope<'n> {
        match self.scope {
            0 => &mut self.module,
            _ => &mut self.function,
        }
    }

    fn fail(&mut self, error: NamedError) -> &'n str {
        self.error.get_or_insert(error);
        ""
    }

    pub(super) fn func(&mut self, func: u8) -> &'n str {
        match self.table.funcs().get(usize::from(func).wrapping_sub(1)) {
            Some(name) => name,
            None => self.fail(NamedError::NoFunction { func }),
        }
    }

    pub(super) fn enter(&mut self, func: u8) {
        let names = self.table.scopes().get(usize::from(func)).map_or(&[][..], Vec::as_slice);
        self.scope = func;
        self.function.slots.clear();
        self.function = Scope { names, next: 0, slots: std::mem::take(&mut self.function.slots) };
        self.functions += 1;
    }

    pub(super) fn leave(&mut self) {
        self.check_used();
        self.scope = 0;
    }

    fn check_used(&mut self) {
        let scope = self.here();
        if scope.next < scope.names.len() {
            self.fail(NamedError::LeftOver);
        }
    }

    /// The name of a variable that is read.
    pub(super) fn read(&mut self, var: u8) -> &'n str {
        match self.here().slots.name(var) {
            Some(name) => name,
            None => self.fail(NamedError::Nameless { scope: self.scope, var }),
        }
    }

    /// The name of a variable that is assigned; [`bind`](Self::bind) makes it hold.
    pub(super) fn target(&mut self, var: u8) -> &'n str {
        let number = self.scope;
        let scope = self.here();
        let Some(name) = scope.names.get(scope.next).map(String::as_str) else {
            let count = scope.names.len();
            return self.fail(NamedError::NoBinding { scope: number, count });
        };
        scope.next += 1;
        let checked = scope.slots.check(var, name);
        self.pending = name;
        let taken = || name.to_owned();
        match checked {
            Ok(()) => name,
            Err(Clash::Taken) => self.fail(NamedError::Taken { scope: number, name: taken() }),
            Err(Clash::Renamed(before)) => {
                let before = before.to_owned();
                self.fail(NamedError::Renamed { scope: number, var, before, name: taken() })
            }
            Err(Clash::NotNext) => self.fail(NamedError::Nameless { scope: number, var }),
        }
    }

    pub(super) fn bind(&mut self, var: u8) {
        let name = self.pending;
        self.here().slots.bind(var, name);
    }

    pub(super) fn save(&mut self) -> Saved {
        self.here().slots.save()
    }

    pub(super) fn swap(&mut self, before: Saved) -> Saved {
        self.here().slots.swap(before)
    }

    pub(super) fn merge(&mut self, then: Saved) {
        self.here().slots.merge(then, |_, _| ());
    }

    pub(super) fn restore(&mut self, before: Saved) {
        self.here().slots.restore(before, |_| ());
    }

    /// Whether everything had its name, and every name its place.
    pub(super) fn finish(mut self) -> Result<(), NamedError> {
        self.check_used();
        let scopes = self.table.scopes();
        if self.table.funcs().len() != self.functions
            || scopes.iter().skip(self.functions + 1).any(|names| !names.is_empty())
        {
            self.fail(NamedError::LeftOver);
        }
        self.error.map_or(Ok(()), Err)
    }
}
