//! Names to variables and functions, by scope and binding.

use super::Refusal;
use super::error::{EncodeErrorKind as Kind, Unseen};
use crate::codec::names::is_reserved;
use crate::codec::slots::{Saved, Slots};

/// A def of the module.
pub(super) struct Def<'s> {
    pub(super) name: &'s str,
    pub(super) arity: u8,
}

/// One scope: the module, or a def.
#[derive(Default)]
pub(super) struct Scope<'s> {
    pub(super) slots: Slots<&'s str>,
    /// Names that have gone out of sight, and why, for the message of a later read.
    lost: Vec<(&'s str, Unseen)>,
    /// The name of each binding, in order.
    bound: Vec<String>,
}

impl<'s> Scope<'s> {
    pub(super) fn bind(&mut self, var: u8, name: &'s str) {
        self.slots.bind(var, name);
    }

    /// Notes a binding in the order of the source, which is before the names on its right are read.
    pub(super) fn note(&mut self, name: &str) {
        self.bound.push(name.to_owned());
    }

    /// Notes names that cannot be read, and why.
    pub(super) fn lose(&mut self, names: impl IntoIterator<Item = (&'s str, Unseen)>) {
        self.lost.extend(names);
    }

    pub(super) fn into_names(self) -> Vec<String> {
        self.bound
    }

    pub(super) fn end_loop(&mut self, before: Saved) {
        let Self { slots, lost, .. } = self;
        slots.restore(before, |name| lost.push((name, Unseen::InLoop)));
    }

    pub(super) fn end_if(&mut self, first: Saved) {
        let Self { slots, lost, .. } = self;
        slots.merge(first, |name, both| lost.push((name, if both { Unseen::Order } else { Unseen::OneBranch })));
    }

    /// Why a name stands for nothing, if it ever stood for something here.
    fn unseen(&self, name: &str) -> Option<Unseen> {
        self.lost.iter().rev().find(|(lost, _)| *lost == name).map(|(_, why)| *why)
    }
}

/// All names of a program.
pub(super) struct Bindings<'s> {
    /// Names of all defs of the module, those to come included.
    names: Vec<&'s str>,
    /// Those whose definition is complete, or the last of which is being read.
    pub(super) defs: Vec<Def<'s>>,
    pub(super) module: Scope<'s>,
    /// The def that is being read.
    pub(super) function: Option<Scope<'s>>,
    /// The names of defs that have been read.
    pub(super) scopes: Vec<Vec<String>>,
    max_vars: u32,
}

impl<'s> Bindings<'s> {
    pub(super) fn new(names: Vec<&'s str>, max_vars: u32) -> Self {
        let module = Scope::default();
        Self { names, defs: Vec::new(), module, function: None, scopes: Vec::new(), max_vars }
    }

    pub(super) fn scope(&mut self) -> &mut Scope<'s> {
        self.function.as_mut().unwrap_or(&mut self.module)
    }

    fn here(&self) -> &Scope<'s> {
        self.function.as_ref().unwrap_or(&self.module)
    }

    /// Refuses a name that has a meaning of its own, before it is given another.
    pub(super) fn usable(&self, name: &str, at: usize) -> Result<(), Refusal> {
        match is_reserved(name) {
            true => Err(Refusal { at, kind: Kind::Reserved { name: name.to_owned() } }),
            false => Ok(()),
        }
    }

    /// The variable that an assignment to a name assigns.
    pub(super) fn target(&mut self, name: &'s str, at: usize) -> Result<u8, Refusal> {
        let refuse = |kind| Err(Refusal { at, kind });
        self.usable(name, at)?;
        if self.names.contains(&name) {
            return refuse(Kind::ShadowsDef { name: name.to_owned() });
        }
        let max = self.max_vars;
        let scope = self.scope();
        let Some(var) = scope.slots.target(name, max) else { return refuse(Kind::Variables { max }) };
        scope.note(name);
        Ok(var)
    }

    /// The variable that a name stands for.
    pub(super) fn read(&self, name: &'s str, at: usize) -> Result<u8, Refusal> {
        self.here().slots.find(name).ok_or_else(|| Refusal { at, kind: self.unreadable(name) })
    }

    #[cold]
    fn unreadable(&self, name: &'s str) -> Kind {
        let text = name.to_owned();
        if matches!(name, "print" | "range" | "int") {
            return Kind::Builtin { name: text };
        }
        if self.names.contains(&name) {
            return Kind::DefAsValue { name: text };
        }
        let module = self.function.is_some().then_some(&self.module);
        let known = |scope: &&Scope<'_>| scope.slots.find(name).is_some() || scope.unseen(name).is_some();
        let why = match self.here().unseen(name) {
            Some(why) => why,
            None if module.filter(known).is_some() => Unseen::OfModule,
            None => Unseen::Unassigned,
        };
        Kind::Invisible { name: text, why }
    }

    /// The number of a function that is called, and its definition.
    pub(super) fn callee(&self, name: &'s str, at: usize) -> Result<(u8, &Def<'s>), Refusal> {
        let found = self.defs.iter().zip(1..).find(|(def, _)| def.name == name);
        let newest = self.defs.len();
        match found {
            Some((_, func)) if self.function.is_some() && usize::from(func) == newest => {
                Err(Refusal { at, kind: Kind::Recursion { name: name.to_owned() } })
            }
            Some((def, func)) => Ok((func, def)),
            None => Err(Refusal { at, kind: self.uncallable(name) }),
        }
    }

    #[cold]
    fn uncallable(&self, name: &'s str) -> Kind {
        let text = name.to_owned();
        if self.names.contains(&name) {
            return Kind::CalledEarly { name: text };
        }
        match self.here().slots.find(name) {
            Some(_) => Kind::CalledVariable { name: text },
            None if matches!(name, "print" | "range" | "int") => Kind::Builtin { name: text },
            None => Kind::Unknown { name: text },
        }
    }
}
