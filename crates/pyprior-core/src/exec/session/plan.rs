//! What an input needs of earlier ones, and whether the functions of before stand with it.
//!
//! A call means the function that has the name when it runs, as in Python. A program has one def of each name, so the
//! input's own defs come before all that needs them, through however many functions. Whatever statement the input ends
//! at, what it leaves then fits together: each def is held against the callers that there are at its place.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::error::SessionError;
use crate::codec::encode::carried::{Carried, Function};
use crate::codec::encode::outline::{Outline, Part, Signature};
use crate::codec::encode::places::Place;

/// The functions that there are, by name.
pub(super) type Functions = BTreeMap<String, Function>;

/// Plans an input. `returning` is whether only what returns may be called.
pub(super) fn plan<'a>(
    functions: &'a Functions,
    is_variable: impl Fn(&str) -> bool,
    returning: bool,
    outline: &Outline<'a>,
) -> Result<Carried<'a>, SessionError> {
    let defs = outline.parts.iter().enumerate();
    let defs = defs.filter_map(|(nth, part)| Some((part.def?.name, nth))).collect::<HashMap<_, _>>();
    let mut plan = Planner { functions, outline, defs, returning, ready: HashSet::new(), carried: Carried::default() };
    let mut statement = 0;
    for (nth, part) in outline.parts.iter().enumerate() {
        plan.part(nth, statement, part)?;
        statement += part.statements as usize;
    }
    let Planner { defs, mut carried, .. } = plan;

    let parts = || outline.parts.iter();
    let mut seen = HashSet::new();
    let mut first = |name: &&'a str| seen.insert(*name);
    // What is called is read here too: then the refusal says that it is a variable.
    let reads = parts()
        .flat_map(|part| part.reads.iter().chain(part.def.is_none().then_some(&part.calls).into_iter().flatten()));
    carried.vars =
        reads.copied().filter(|name| is_variable(name) && !defs.contains_key(name)).filter(&mut first).collect();
    carried.hidden =
        parts().flat_map(|part| &part.inner).copied().filter(|name| is_variable(name)).filter(&mut first).collect();
    let bound = parts().flat_map(|part| &part.binds).collect::<HashSet<_>>();
    let read = parts().flat_map(|part| &part.reads).filter(|name| !bound.contains(name));
    let mut seen = HashSet::new();
    let named = parts().flat_map(|part| &part.calls).chain(read).copied();
    carried.named = named.filter(|name| functions.contains_key(*name) && seen.insert(*name)).collect();
    Ok(carried)
}

struct Planner<'p, 'a> {
    functions: &'a Functions,
    outline: &'p Outline<'a>,
    /// The input's defs, with their places among its statements.
    defs: HashMap<&'a str, usize>,
    returning: bool,
    /// Functions whose def stands in the program.
    ready: HashSet<&'a str>,
    carried: Carried<'a>,
}

impl<'a> Planner<'_, 'a> {
    /// `statement` is its number in preorder.
    fn part(&mut self, nth: usize, statement: usize, part: &Part<'a>) -> Result<(), SessionError> {
        for name in &part.calls {
            self.need(nth, statement, name)?;
        }
        for name in &part.binds {
            if let Some(caller) = self.callers(name).next() {
                let (place, name) = (self.place(statement), (*name).to_owned());
                return Err(SessionError::Called { place, name, caller: caller.name.clone() });
            }
        }
        if let Some(def) = part.def {
            self.fits(statement, def)?;
            self.ready.insert(def.name);
        }
        Ok(())
    }

    fn place(&self, statement: usize) -> Place {
        self.outline.places.get(statement).copied().unwrap_or(Place { line: 1, column: 1 })
    }

    /// The functions of before that call one, and that the input has not defined anew so far.
    fn callers(&self, name: &str) -> impl Iterator<Item = &'a Function> {
        let calls = move |func: &&Function| func.callees.iter().any(|(_, callee)| callee == name);
        let stays = |func: &&Function| !(self.defs.contains_key(&*func.name) && self.ready.contains(&*func.name));
        let callers = self.functions.get(name).map(|_| self.functions.values().filter(calls).filter(stays));
        callers.into_iter().flatten()
    }

    /// Holds a def against those who call its name.
    fn fits(&self, statement: usize, def: Signature<'a>) -> Result<(), SessionError> {
        let Some(before) = self.functions.get(def.name) else { return Ok(()) };
        let Some(caller) = self.callers(def.name).next() else { return Ok(()) };
        let (place, name, caller) = (self.place(statement), def.name.to_owned(), caller.name.clone());
        if def.arity != usize::from(before.arity) {
            return Err(SessionError::Arity { place, name, caller, before: before.arity, arity: def.arity });
        }
        match self.returning && !def.returns {
            true => Err(SessionError::Returns { place, name, caller }),
            false => Ok(()),
        }
    }

    /// Has a function stand before a statement of the input, behind all that it calls.
    fn need(&mut self, nth: usize, statement: usize, called: &'a str) -> Result<(), SessionError> {
        // Functions that are open, each with how many of its callees have been looked at.
        let mut open: Vec<(&'a Function, usize)> = Vec::new();
        let mut next = Some(called);
        loop {
            if let Some(name) = next.take().filter(|name| !self.ready.contains(name)) {
                match (self.defs.get(name), self.functions.get(name)) {
                    // The language says so where the input itself calls it.
                    (Some(_), _) if open.is_empty() => {}
                    (Some(&below), _) => return Err(self.refused(nth == below, statement, name, &open)),
                    (None, Some(func)) => open.push((func, 0)),
                    (None, None) => {}
                }
            }
            let Some((func, looked_at)) = open.last_mut() else { return Ok(()) };
            let func = *func;
            next = func.callees.get(*looked_at).map(|(_, name)| name.as_str());
            *looked_at += 1;
            if next.is_none() {
                open.pop();
                self.ready.insert(&func.name);
                self.carried.funcs.push((nth, func));
            }
        }
    }

    fn refused(&self, itself: bool, statement: usize, name: &str, open: &[(&Function, usize)]) -> SessionError {
        let place = self.place(statement);
        let mut path = open.iter().map(|(func, _)| func.name.clone());
        match itself {
            true => {
                let ends = || std::iter::once(name.to_owned());
                SessionError::Recursion { place, circle: ends().chain(path).chain(ends()).collect() }
            }
            false => {
                let caller = path.next_back().unwrap_or_default();
                SessionError::Early { place, caller, name: name.to_owned() }
            }
        }
    }
}

/// What a function calls, directly or not, callees first; itself last. None if there is no function of the name.
pub(super) fn closure<'a>(functions: &'a Functions, name: &str) -> Option<Vec<&'a Function>> {
    let mut open = vec![(functions.get(name)?, 0)];
    let (mut seen, mut order) = (HashSet::new(), Vec::new());
    while let Some((func, looked_at)) = open.last_mut() {
        let func = *func;
        let callee = func.callees.get(*looked_at).and_then(|(_, name)| functions.get(name));
        *looked_at += 1;
        match callee {
            Some(callee) if seen.insert(callee.name.as_str()) => open.push((callee, 0)),
            Some(_) => {}
            None => {
                open.pop();
                order.push(func);
            }
        }
    }
    Some(order)
}
