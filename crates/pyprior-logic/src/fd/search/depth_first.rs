//! Depth-first search: choose, propagate, go back. Nothing recurses.

use super::distribute::{Choice, View};
use super::found::Statistics;
use super::sweep::Sweep;
use super::task::{Stop, Task};
use crate::fd::network::{Interrupt, Scratch};
use crate::store::{Mark, Store};

/// A search under way, and the state it can go on from. The store is at a solution whenever [`next`](DepthFirst::next) said so,
/// or, without an objective, at the node from which all of a variable's values are solutions.
pub(crate) struct DepthFirst<'p> {
    task: Task<'p>,
    pub(super) store: Store,
    state: State,
}

/// What a search has besides its store.
#[derive(Default)]
pub(super) struct State {
    scratch: Scratch,
    frames: Vec<(Mark, Choice)>,
    /// Under way at the node where the search stands.
    sweep: Option<Box<Sweep>>,
    begun: bool,
    nodes: u64,
}

impl<'p> DepthFirst<'p> {
    #[inline]
    pub(super) fn new(task: &Task<'p>, mut store: Store) -> DepthFirst<'p> {
        store.reserve_trail(4 * task.variables.len(), task.variables.len());
        let mut state = State { frames: Vec::with_capacity(task.variables.len()), ..State::default() };
        state.scratch.prepare(task.compiled);
        state.scratch.clock = task.meter.clock();
        DepthFirst { task: *task, store, state }
    }

    /// Goes on from where a search was taken apart.
    pub(super) fn resume(task: &Task<'p>, store: Store, state: State) -> DepthFirst<'p> {
        DepthFirst { task: *task, store, state }
    }

    /// Takes the search apart, to go on later.
    pub(super) fn suspend(self) -> (Store, State) {
        (self.store, self.state)
    }

    pub(super) fn statistics(&self) -> Statistics {
        Statistics { nodes: self.state.nodes, failures: self.state.scratch.failures }
    }

    /// Propagates what is known at the root; whether a solution may be left.
    pub(super) fn begin(&mut self) -> Result<bool, Stop> {
        self.state.begun = true;
        let begun = self.state.scratch.propagate_all(self.task.compiled, self.task.variables, &mut self.store);
        self.verdict(begun).and_then(|possible| if possible { self.bound() } else { Ok(false) })
    }

    /// Goes on to the next solution.
    pub(crate) fn next(&mut self) -> Result<bool, Stop> {
        if self.state.sweep.is_some() && self.sweep()? {
            return Ok(true);
        }
        let mut possible = if self.state.begun { self.backtrack()? } else { self.begin()? };
        loop {
            if !possible {
                if self.state.frames.is_empty() {
                    return Ok(false);
                }
                possible = self.backtrack()?;
                continue;
            }
            let Some(choice) = self.choose()? else { return Ok(true) };
            if let Some(sweep) = Sweep::new(&self.task, &self.store, choice.variable()) {
                self.state.sweep = Some(Box::new(sweep));
                return self.sweep();
            }
            self.task.meter.node()?;
            self.state.nodes += 1;
            let mark = self.store.mark();
            possible = choice.apply(&mut self.store, self.task.variables, true);
            self.state.frames.push((mark, choice));
            possible = possible && self.propagate()?;
        }
    }

    /// Goes on in a sweep; false behind its end.
    #[inline(never)]
    fn sweep(&mut self) -> Result<bool, Stop> {
        let State { sweep, nodes, .. } = &mut self.state;
        let Some(under_way) = sweep else { return Ok(false) };
        let meter = self.task.meter;
        let found = under_way.next(|| {
            meter.node()?;
            *nodes += 1;
            Ok(())
        })?;
        if !found {
            *sweep = None;
        }
        Ok(found)
    }

    /// Goes back to the youngest choice and takes what it left; false if that fails, or if there is none.
    fn backtrack(&mut self) -> Result<bool, Stop> {
        let Some((mark, choice)) = self.state.frames.pop() else { return Ok(false) };
        self.store.undo_to(mark);
        Ok(choice.apply(&mut self.store, self.task.variables, false) && self.propagate()?)
    }

    pub(super) fn propagate(&mut self) -> Result<bool, Stop> {
        let result = self.state.scratch.propagate(self.task.compiled, &mut self.store);
        Ok(self.verdict(result)? && self.bound()?)
    }

    /// Takes the objective into account: only what is better than the best so far is looked for.
    fn bound(&mut self) -> Result<bool, Stop> {
        let Some(objective) = self.task.objective else { return Ok(true) };
        loop {
            let narrowed = objective
                .narrow(&mut self.store, self.task.subtree, &mut self.state.scratch.clock)
                .and_then(|changed| {
                    if changed {
                        self.state.scratch.propagate(self.task.compiled, &mut self.store).map(|()| true)
                    } else {
                        Ok(false)
                    }
                });
            match narrowed {
                Ok(true) => {}
                Ok(false) => return Ok(true),
                Err(interrupt) => {
                    self.store.clear_events();
                    return self.verdict(Err(interrupt));
                }
            }
        }
    }

    fn verdict(&self, result: Result<(), Interrupt>) -> Result<bool, Stop> {
        match result {
            Ok(()) => Ok(true),
            Err(Interrupt::Failed) => Ok(false),
            Err(Interrupt::OutOfTime) => Err(Stop::Limit(self.task.meter.out_of_time())),
            Err(Interrupt::Refused(refusal)) => Err(Stop::Refused(refusal)),
        }
    }

    /// The choice at the node where the search stands; nothing if all variables are decided.
    pub(super) fn choose(&self) -> Result<Option<Choice>, Stop> {
        let view = View { store: &self.store, variables: self.task.variables, weights: &self.state.scratch.weights };
        self.task.strategy.choose(&view)
    }

    /// Takes a side of a choice for good; whether a solution may be left.
    pub(super) fn take(&mut self, choice: &Choice, first: bool) -> Result<bool, Stop> {
        Ok(choice.apply(&mut self.store, self.task.variables, first) && self.propagate()?)
    }

    /// The indices of the variables' values at a solution.
    pub(super) fn read(&self, row: &mut Vec<u32>) {
        if let Some(sweep) = &self.state.sweep {
            return row.extend_from_slice(&sweep.row);
        }
        row.extend(self.task.variables.iter().map(|var| self.store.fixed(*var).unwrap_or(0)));
    }
}

/// Goes through a search to its end.
pub(super) fn drive(
    task: &Task<'_>,
    search: &mut DepthFirst<'_>,
    tell: &mut dyn FnMut(i64, &[u32]),
) -> Result<(), Stop> {
    let mut row = Vec::with_capacity(task.variables.len());
    loop {
        task.meter.wanted()?;
        if !search.next()? {
            return Ok(());
        }
        let value = match task.objective {
            None => Some(0),
            Some(objective) => {
                objective.take(&search.store, task.subtree).map_err(|error| Stop::Error(Box::new(error)))?
            }
        };
        if let Some(value) = value {
            task.meter.solution();
            row.clear();
            search.read(&mut row);
            tell(value, &row);
        }
    }
}
