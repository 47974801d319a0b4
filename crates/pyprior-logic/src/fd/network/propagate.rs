//! Propagation to a fixed point.

use crate::fd::clock::Clock;
use crate::fd::domains::{Conflict, Domains, ones};
use crate::fd::propagators::Sets;
use crate::store::{DomainError, DomainEvent, Store, Var};

use super::agenda::Agenda;
use super::compile::Compiled;
use super::reach::Edge;
use super::refusal::{Interrupt, refused};

/// So many failures make a problem hard: then matching is tried where a constraint leaves it open.
const HARD: u64 = 64;

/// What a search changes: queues, memory that is used again, and what is learnt.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scratch {
    /// Variables whose domain changed since their relations were looked at, and propagators that wait. Both are empty between
    /// two calls.
    changed: Agenda,
    waiting: Agenda,
    mask: Vec<u64>,
    sets: Sets,
    /// What the search may take.
    pub(crate) clock: Clock,
    /// How many constraints a variable has, and how often one of them failed.
    pub(crate) weights: Vec<u32>,
    pub(crate) failures: u64,
}

impl Scratch {
    /// Sizes what is per variable and per propagator.
    pub(crate) fn prepare(&mut self, compiled: &Compiled) {
        self.changed.make_room(compiled.vars);
        self.waiting.make_room(compiled.propagators.len());
        if self.weights.len() != compiled.vars {
            let degree = |var| (compiled.reach.edges(var).len() + compiled.reach.watching(var).len()) as u32;
            self.weights.clear();
            self.weights.extend((0..compiled.vars as u32).map(|number| degree(Var::of_number(number))));
        }
    }

    /// Looks at everything; `vars` are those that have constraints, and perhaps others.
    pub(crate) fn propagate_all(
        &mut self,
        compiled: &Compiled,
        vars: &[Var],
        store: &mut Store,
    ) -> Result<(), Interrupt> {
        store.clear_events();
        for var in vars.iter().filter(|var| compiled.reach.quiet(**var) > 0) {
            store.watch_domain(*var);
            self.put(compiled, store, *var);
        }
        for number in 0..compiled.propagators.len() as u32 {
            self.waiting.insert(number);
        }
        self.run(compiled, store)
    }

    /// Looks at what the store's events reach.
    #[inline]
    pub(crate) fn propagate(&mut self, compiled: &Compiled, store: &mut Store) -> Result<(), Interrupt> {
        self.run(compiled, store)
    }

    fn run(&mut self, compiled: &Compiled, store: &mut Store) -> Result<(), Interrupt> {
        let result = self.fixed_point(compiled, store);
        if result.is_err() {
            store.clear_events();
            self.changed.clear();
            self.waiting.clear();
        }
        result
    }

    /// Learns that a relation over these variables failed.
    fn blame(&mut self, scope: &[Var]) {
        self.failures += 1;
        for var in scope {
            let weight = &mut self.weights[var.index()];
            *weight = weight.saturating_add(1);
        }
    }

    fn fixed_point(&mut self, compiled: &Compiled, store: &mut Store) -> Result<(), Interrupt> {
        loop {
            self.take_events(compiled, store);
            // Pairs before all others: they cost least.
            if let Some(number) = self.changed.pop() {
                self.look(compiled, store, Var::of_number(number))?;
                continue;
            }
            let Some(number) = self.waiting.pop() else { return Ok(()) };
            let propagation = &compiled.propagators[number as usize];
            let scope = compiled.scope(propagation);
            let hard = self.failures >= HARD;
            let mut domains = Domains { store, scope, clock: &mut self.clock };
            let result =
                domains.spend_all().and_then(|()| propagation.kind.propagate(&mut domains, &mut self.sets, hard));
            result.map_err(|conflict| match conflict {
                Conflict::Failed => {
                    self.blame(scope);
                    Interrupt::Failed
                }
                Conflict::OutOfTime => Interrupt::OutOfTime,
                conflict => refused(&propagation.relation, scope, conflict).at(propagation.constraint),
            })?;
        }
    }

    #[inline]
    fn take_events(&mut self, compiled: &Compiled, store: &mut Store) {
        while let Some(DomainEvent { var, .. }) = store.next_event() {
            if !store.is_aliased(var) {
                self.put(compiled, store, var);
                continue;
            }
            for member in store.class(var) {
                self.put(compiled, store, member);
            }
        }
    }

    /// Puts a variable down to be looked at, unless it has so many values that nothing follows.
    #[inline]
    fn put(&mut self, compiled: &Compiled, store: &Store, var: Var) {
        if (1..=compiled.reach.quiet(var)).contains(&store.size(var)) {
            self.changed.insert(var.number());
        }
    }

    /// What follows from the domain of a variable: the values that its pairs leave to the others, and those that go where all
    /// must differ. Its other relations are put down to be looked at.
    #[inline]
    fn look(&mut self, compiled: &Compiled, store: &mut Store, var: Var) -> Result<(), Interrupt> {
        let watching = compiled.reach.watching(var);
        for propagator in watching {
            self.waiting.insert(*propagator);
        }
        if !watching.is_empty()
            && let Some(index) = store.fixed(var)
        {
            self.take(compiled, store, var, index, watching)?;
        }
        let edges = compiled.reach.edges(var);
        if self.clock.is_set() && self.clock.spend((1 + store.words(var).len()) * (1 + edges.len())) {
            return Err(Interrupt::OutOfTime);
        }
        let (size, own) = (store.size(var), store.word(var));
        for edge in edges.iter().filter(|edge| size <= edge.conflicts) {
            let revised = match (own, edge.words) {
                (Some(own), 1) => revise_word(compiled, store, own, edge),
                _ => self.revise(compiled, store, var, edge),
            };
            if revised.is_err() {
                self.blame(&[var, edge.other]);
                return Err(Interrupt::Failed);
            }
        }
        Ok(())
    }

    /// Leaves the values of the other variable that go with one of this one's.
    fn revise(&mut self, compiled: &Compiled, store: &mut Store, var: Var, edge: &Edge) -> Result<bool, DomainError> {
        let words = edge.words as usize;
        self.mask.clear();
        self.mask.resize(words, 0);
        for index in ones(store.words(var)) {
            let row = &compiled.bits[edge.rows as usize + index as usize * words..][..words];
            self.mask.iter_mut().zip(row).for_each(|(mask, word)| *mask |= word);
            // Most relations let few values rule out all of another: look now and then whether none is.
            if index % 8 == 0 && store.words(edge.other).iter().zip(&self.mask).all(|(word, mask)| word & !mask == 0) {
                return Ok(false);
            }
        }
        store.keep(edge.other, &self.mask)
    }

    /// Removes a value that a variable has from those that must differ.
    #[inline]
    fn take(
        &mut self,
        compiled: &Compiled,
        store: &mut Store,
        own: Var,
        index: u32,
        watching: &[u32],
    ) -> Result<(), Interrupt> {
        for number in watching {
            let propagation = &compiled.propagators[*number as usize];
            if !propagation.kind.takes_values() {
                continue;
            }
            let scope = compiled.scope(propagation);
            for var in scope {
                if *var != own && store.discard(*var, index).is_err() {
                    self.blame(scope);
                    return Err(Interrupt::Failed);
                }
            }
        }
        Ok(())
    }
}

/// Leaves the values of the other variable that go with one of these, where both domains take a word.
#[inline]
fn revise_word(compiled: &Compiled, store: &mut Store, own: u64, edge: &Edge) -> Result<bool, DomainError> {
    let target = store.word(edge.other).unwrap_or(0);
    let rows = &compiled.bits[edge.rows as usize..];
    let (mut mask, mut rest) = (0, own);
    while rest != 0 {
        mask |= rows[rest.trailing_zeros() as usize];
        if target & !mask == 0 {
            return Ok(false);
        }
        rest &= rest - 1;
    }
    store.keep_word(edge.other, mask)
}
