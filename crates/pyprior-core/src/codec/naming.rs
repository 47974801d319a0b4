//! Writing a program under names of its own: every name is checked to mean the variable that the tokens mean.

use std::sync::LazyLock;

use thiserror::Error;

use super::names::Names;
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

/// The name of a variable or function when a pool is used up: the token's own, in lower case.
fn fallback(func: bool, number: u8) -> &'static str {
    static NAMES: LazyLock<[Vec<String>; 2]> =
        LazyLock::new(|| ["var", "func"].map(|kind| (0..=255).map(|number| format!("{kind}_{number}")).collect()));
    &NAMES[usize::from(func)][usize::from(number)]
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
    /// The last name of each variable that got one of the pool.
    given: Vec<Option<&'n str>>,
}

/// Where names come from that the table does not have.
struct Pool<'n> {
    vars: Vec<&'n str>,
    funcs: Vec<&'n str>,
    /// Of functions, in order.
    given: Vec<&'n str>,
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
    pool: Option<Pool<'n>>,
    error: Option<NamedError>,
}

impl<'n> Naming<'n> {
    /// Names for a program of which the table is the beginning: what comes behind takes names of the pools that the
    /// table does not use.
    pub(super) fn continued(table: &'n ProgramNames, names: &'n Names) -> Self {
        let used = |name: &str| table.funcs().iter().chain(table.scopes().iter().flatten()).any(|used| used == name);
        let mut vars = names.vars().filter(|name| !used(name)).collect::<Vec<_>>();
        let mut funcs = names.funcs().filter(|name| !used(name)).collect::<Vec<_>>();
        // Taken from the end.
        vars.reverse();
        funcs.reverse();
        Self { pool: Some(Pool { vars, funcs, given: Vec::new() }), ..Self::new(table) }
    }

    pub(super) fn new(table: &'n ProgramNames) -> Self {
        let names = table.scopes().first().map_or(&[][..], Vec::as_slice);
        let module = Scope { names, ..Scope::default() };
        Self { table, module, function: Scope::default(), scope: 0, functions: 0, pending: "", pool: None, error: None }
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
        let nth = usize::from(func).wrapping_sub(1);
        if let Some(name) = self.table.funcs().get(nth) {
            return name;
        }
        let before = self.table.funcs().len();
        let given = self.pool.as_mut().and_then(|pool| {
            if pool.given.len() == nth.wrapping_sub(before) {
                pool.given.push(pool.funcs.pop().unwrap_or_else(|| fallback(true, func)));
            }
            pool.given.get(nth - before).copied()
        });
        given.unwrap_or_else(|| self.fail(NamedError::NoFunction { func }))
    }

    /// The name for a binding that the table does not have.
    fn give(&mut self, var: u8) -> Option<&'n str> {
        let Self { pool, module, function, scope, .. } = self;
        let (pool, here) = (pool.as_mut()?, if *scope == 0 { module } else { function });
        if let Some(name) = here.slots.name(var) {
            return Some(name);
        }
        let nth = usize::from(var).checked_sub(1)?;
        if here.given.len() <= nth {
            here.given.resize(nth + 1, None);
        }
        let again = here.given[nth].filter(|name| here.slots.check(var, name).is_ok());
        let name = again.unwrap_or_else(|| pool.vars.pop().unwrap_or_else(|| fallback(false, var)));
        here.given[nth] = Some(name);
        Some(name)
    }

    pub(super) fn enter(&mut self, func: u8) {
        let names = self.table.scopes().get(usize::from(func)).map_or(&[][..], Vec::as_slice);
        self.scope = func;
        self.function.slots.clear();
        self.function = Scope { names, slots: std::mem::take(&mut self.function.slots), ..Scope::default() };
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
        let here = self.here();
        let known = here.names.get(here.next).map(String::as_str);
        let count = here.names.len();
        let Some(name) = known.or_else(|| self.give(var)) else {
            return self.fail(NamedError::NoBinding { scope: number, count });
        };
        let scope = self.here();
        scope.next += usize::from(known.is_some());
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

    /// Whether everything so far had its name; names that are left over may be those of what is to come.
    pub(super) fn so_far(self) -> Result<(), NamedError> {
        match self.error {
            None | Some(NamedError::LeftOver) => Ok(()),
            Some(error) => Err(error),
        }
    }

    /// Whether everything had its name, and every name its place.
    pub(super) fn finish(mut self) -> Result<(), NamedError> {
        self.check_used();
        let scopes = self.table.scopes();
        let funcs = self.table.funcs().len();
        let fits = if self.pool.is_some() { funcs <= self.functions } else { funcs == self.functions };
        if !fits || scopes.iter().skip(self.functions + 1).any(|names| !names.is_empty()) {
            self.fail(NamedError::LeftOver);
        }
        self.error.map_or(Ok(()), Err)
    }
}
