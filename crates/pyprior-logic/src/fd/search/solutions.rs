//! Solutions one after another.

use std::sync::Arc;

use super::depth_first::{DepthFirst, State};
use super::found::Solution;
use super::limits::{Limit, Meter};
use super::task::{Stop, Stopped, Strategy, Task};
use crate::fd::header::Header;
use crate::fd::network::Compiled;
use crate::fd::repository::Repository;
use crate::store::{Store, Var};

/// Solutions, each looked for when it is asked for.
///
/// After an error it is over; so it is after a limit on nodes or time, which comes as [`Stopped::Limit`]. A limit on solutions
/// just ends it.
pub struct Solutions {
    compiled: Option<Compiled>,
    search: Option<(Store, State)>,
    /// Came before the search, and is to be told.
    stopped: Option<Stopped>,
    variables: Vec<Var>,
    header: Arc<Header>,
    strategy: Strategy,
    meter: Meter,
}

impl std::fmt::Debug for Solutions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Solutions").field("over", &self.search.is_none()).finish_non_exhaustive()
    }
}

impl Solutions {
    pub(super) fn new(
        prepared: Option<(Compiled, Store)>,
        stopped: Option<Stopped>,
        problem: &Repository,
        header: Arc<Header>,
        strategy: Strategy,
        meter: Meter,
    ) -> Solutions {
        let variables = problem.model.variables.clone();
        let (compiled, store) = prepared.unzip();
        let mut solutions = Solutions { compiled, search: None, stopped, variables, header, strategy, meter };
        if let Some((compiled, store)) = solutions.compiled.as_ref().zip(store) {
            let task = Task {
                compiled,
                variables: &solutions.variables,
                strategy: &solutions.strategy,
                meter: &solutions.meter,
                objective: None,
                subtree: 0,
                counts: false,
            };
            solutions.search = Some(DepthFirst::new(&task, store).suspend());
        }
        solutions
    }

    fn advance(&mut self) -> Result<Option<Solution>, Stop> {
        let (Some(compiled), Some((store, state))) = (&self.compiled, self.search.take()) else { return Ok(None) };
        self.meter.wanted()?;
        let task = Task {
            compiled,
            variables: &self.variables,
            strategy: &self.strategy,
            meter: &self.meter,
            objective: None,
            subtree: 0,
            counts: false,
        };
        let mut search = DepthFirst::resume(&task, store, state);
        if !search.next()? {
            return Ok(None);
        }
        self.meter.solution();
        let mut indices = Vec::with_capacity(self.variables.len());
        search.read(&mut indices);
        self.search = Some(search.suspend());
        Ok(Some(Solution { header: Arc::clone(&self.header), indices }))
    }
}

impl Iterator for Solutions {
    type Item = Result<Solution, Stopped>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(stopped) = self.stopped.take() {
            return Some(Err(stopped));
        }
        match self.advance() {
            Ok(solution) => solution.map(Ok),
            Err(Stop::Limit(Limit::Solutions(_))) => None,
            Err(Stop::Limit(limit)) => Some(Err(Stopped::Limit(limit))),
            Err(Stop::Error(error)) => Some(Err(Stopped::Problem(*error))),
            Err(Stop::Refused(refusal)) => {
                let name = |var: Var| {
                    let place = self.variables.iter().position(|own| *own == var);
                    let name = place.and_then(|place| self.header.names.get(place));
                    name.map_or_else(|| var.to_string(), String::from)
                };
                Some(Err(refusal.named(&name).into()))
            }
        }
    }
}
