//! Propagation to a fixed point.

use crate::fd::clock::Clock;
use crate::fd::domains::{Conflict, Domains, ones};
use crate::fd::propagators::Sets;
use crate::store::{DomainEvent, Store};

use super::compile::{Compiled, Edge};
use super::refusal::{Refusal, refused};

/// Why propagation ended before a fixed point.
#[derive(Debug, Clone)]
pub(crate) enum Interrupt {
    /// No solution is left.
    Failed,
    /// The time is over.
    OutOfTime,
    /// Something is wrong with the problem.
    Refused(Box<Refusal>),
}

impl Interrupt {
    pub(super) fn refused(refusal: Refusal) -> Interrupt {
        Interrupt::Refused(Box::new(refusal))
    }

    /// With the number of the constraint that it is about.
    pub(super) fn at(mut self, constraint: u32) -> Interrupt {
        if let Interrupt::Refused(refusal) = &mut self
            && let Refusal::Evaluation { number, .. } = &mut **refusal
        {
            *number = constraint;
        }
        self
    }
}

/// So many failures make a problem hard: then matching is tried where a constraint leaves it open.
const HARD: u64 = 64;

/// The number of no constraint.
const NOBODY: u32 = u32::MAX;

/// What a search changes: queues, memory that is used again, and what is learnt.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scratch {
    /// Slots whose domain changed since their relations were looked at, as a bitset; so propagators that wait.
    changed: Vec<u64>,
    waiting: Vec<u64>,
    mask: Vec<u64>,
    sets: Sets,
    /// What the search may take.
    pub(crate) clock: Clock,
    /// How many constraints the variable of a slot has, and how often one of them failed.
    pub(crate) weights: Vec<u32>,
    pub(crate) failures: u64,
}

impl Scratch {
    /// Sizes what is per variable and per propagator.
    pub(crate) fn prepare(&mut self, compiled: &Compiled) {
        self.changed.clear();
        self.changed.resize(compiled.vars.len().div_ceil(64), 0);
        self.waiting.clear();
        self.waiting.resize(compiled.propagators.len().div_ceil(64), 0);
        if self.weights.len() != compiled.vars.len() {
            let slots = 0..compiled.vars.len() as u32;
            let degree = |slot| compiled.edges.of(slot).len() + compiled.watching.of(slot).len();
            self.weights.clear();
            self.weights.extend(slots.map(|slot| degree(slot) as u32));
        }
    }

    /// Looks at everything.
    pub(crate) fn propagate_all(&mut self, compiled: &Compiled, store: &mut Store) -> Result<(), Interrupt> {
        store.clear_events();
        for var in &compiled.vars {
            store.watch_domain(*var);
        }
        fill(&mut self.changed, compiled.vars.len());
        fill(&mut self.waiting, compiled.propagators.len());
        self.run(compiled, store)
    }

    /// Looks at what the store's events reach.
    #[inline]
    pub(crate) fn propagate(&mut self, compiled: &Compiled, store: &mut Store) -> Result<(), Interrupt> {
        self.run(compiled, store)
    }

    fn run(&mut self, compiled: &Compiled, store: &mut Store) -> Result<(), Interrupt> {
        match self.fixed_point(compiled, store) {
            Ok(()) => Ok(()),
            Err((interrupt, constraint)) => Err(self.stopped(compiled, store, interrupt, constraint)),
        }
    }

    /// Forgets what was to be looked at, and learns which constraint failed.
    fn stopped(&mut self, compiled: &Compiled, store: &mut Store, interrupt: Interrupt, constraint: u32) -> Interrupt {
        store.clear_events();
        self.changed.fill(0);
        self.waiting.fill(0);
        if matches!(interrupt, Interrupt::OutOfTime) {
            return interrupt;
        }
        self.failures += 1;
        for slot in compiled.constraints.of(constraint) {
            let weight = &mut self.weights[*slot as usize];
            *weight = weight.saturating_add(1);
        }
        interrupt
    }

    fn fixed_point(&mut self, compiled: &Compiled, store: &mut Store) -> Result<(), (Interrupt, u32)> {
        loop {
            self.take_events(compiled, store);
            // Pairs before all others: they cost least.
            if let Some(slot) = first(&mut self.changed) {
                let watching = compiled.watching.of(slot);
                for propagator in watching {
                    self.waiting[*propagator as usize / 64] |= 1 << (propagator % 64);
                }
                if !watching.is_empty()
                    && let Some(index) = store.fixed(compiled.vars[slot as usize])
                {
                    take(compiled, store, slot, index, watching)?;
                }
                let edges = compiled.edges.of(slot);
                if self.clock.is_set() {
                    let words = store.words(compiled.vars[slot as usize]).len();
                    if self.clock.spend((1 + words) * (1 + edges.len())) {
                        return Err((Interrupt::OutOfTime, NOBODY));
                    }
                }
                let size = store.size(compiled.vars[slot as usize]);
                for edge in edges.iter().filter(|edge| size <= edge.conflicts) {
                    self.revise(compiled, store, slot, edge).map_err(|()| (Interrupt::Failed, edge.constraint))?;
                }
                continue;
            }
            let Some(number) = first(&mut self.waiting) else { return Ok(()) };
            let propagation = &compiled.propagators[number as usize];
            let scope = &compiled.scopes[propagation.start as usize..propagation.end as usize];
            let hard = self.failures >= HARD;
            let mut domains = Domains { store, scope, clock: &mut self.clock };
            let result =
                domains.spend_all().and_then(|()| propagation.kind.propagate(&mut domains, &mut self.sets, hard));
            result.map_err(|conflict| {
                let relation = &propagation.relation;
                let interrupt = match conflict {
                    Conflict::Failed => Interrupt::Failed,
                    Conflict::OutOfTime => Interrupt::OutOfTime,
                    conflict => refused(relation, scope, conflict),
                };
                (interrupt.at(propagation.constraint), propagation.constraint)
            })?;
        }
    }

    #[inline]
    fn take_events(&mut self, compiled: &Compiled, store: &mut Store) {
        while let Some(DomainEvent { var, .. }) = store.next_event() {
            if !store.is_aliased(var) {
                if let Some(slot) = compiled.slot(var) {
                    self.changed[slot as usize / 64] |= 1 << (slot % 64);
                }
                continue;
            }
            for slot in store.class(var).filter_map(|member| compiled.slot(member)) {
                self.changed[slot as usize / 64] |= 1 << (slot % 64);
            }
        }
    }

    /// Leaves the values of the other variable that go with one of this one's.
    #[inline]
    fn revise(&mut self, compiled: &Compiled, store: &mut Store, slot: u32, edge: &Edge) -> Result<(), ()> {
        let own = store.words(compiled.vars[slot as usize]);
        let rows = edge.rows as usize;
        if edge.words == 1 {
            let target = store.words(edge.other).first().copied().unwrap_or(0);
            let mut mask = 0;
            'all: for (place, word) in own.iter().enumerate() {
                let mut rest = *word;
                while rest != 0 {
                    mask |= compiled.bits[rows + place * 64 + rest.trailing_zeros() as usize];
                    if target & !mask == 0 {
                        break 'all;
                    }
                    rest &= rest - 1;
                }
            }
            if target & !mask == 0 {
                return Ok(());
            }
            return store.keep(edge.other, &[mask]).map(|_| ()).map_err(|_| ());
        }
        let words = edge.words as usize;
        self.mask.clear();
        self.mask.resize(words, 0);
        for index in ones(own) {
            let row = &compiled.bits[rows + index as usize * words..][..words];
            self.mask.iter_mut().zip(row).for_each(|(mask, word)| *mask |= word);
            // Most relations let few values rule out all of another: look now and then whether none is.
            if index % 8 == 0 && store.words(edge.other).iter().zip(&self.mask).all(|(word, mask)| word & !mask == 0) {
                return Ok(());
            }
        }
        store.keep(edge.other, &self.mask).map(|_| ()).map_err(|_| ())
    }
}

/// Removes a value that a variable has from those that must differ.
#[inline]
fn take(
    compiled: &Compiled,
    store: &mut Store,
    slot: u32,
    index: u32,
    watching: &[u32],
) -> Result<(), (Interrupt, u32)> {
    let own = compiled.vars[slot as usize];
    for number in watching {
        let propagation = &compiled.propagators[*number as usize];
        if !propagation.kind.takes_values() {
            continue;
        }
        for var in &compiled.scopes[propagation.start as usize..propagation.end as usize] {
            if *var != own && store.discard(*var, index).is_err() {
                return Err((Interrupt::Failed, propagation.constraint));
            }
        }
    }
    Ok(())
}

/// Sets the first bits.
fn fill(words: &mut [u64], count: usize) {
    for (place, word) in words.iter_mut().enumerate() {
        *word = match count - place * 64 {
            64.. => u64::MAX,
            rest => (1 << rest) - 1,
        };
    }
}

/// Takes the lowest bit out.
#[inline]
fn first(words: &mut [u64]) -> Option<u32> {
    let (place, word) = words.iter_mut().enumerate().find(|(_, word)| **word != 0)?;
    let bit = word.trailing_zeros();
    *word &= *word - 1;
    Some(place as u32 * 64 + bit)
}
