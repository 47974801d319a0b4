//! The solver: what is looked for, how, and how far.

use std::sync::Arc;
use std::time::Duration;

use super::depth_first::{DepthFirst, drive};
use super::distribute::{Distribution, Distributor, Order, ValueOrder, VariableOrder};
use super::found::{Best, Found, Solution, Statistics};
use super::limits::{Limit, Limits, Meter};
use super::objective::Objective;
use super::parallel;
use super::solutions::Solutions;
use super::task::{Stop, Stopped, Strategy, Task};
use crate::fd::error::SolveError;
use crate::fd::expression::Expression;
use crate::fd::network::{Compiled, Interrupt};
use crate::fd::repository::{Model, Repository};
use crate::store::Store;

/// Looks for solutions: depth first, propagating to a fixed point after every choice.
///
/// Complete and free of duplicates with every strategy. By default without limits, on one thread; variables in the order of
/// dom/wdeg, values in the order of the domain.
///
/// ```
/// # use pyprior_logic::fd::{self, FiniteDomain, Repository, Solver};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let digits = FiniteDomain::range(0..=31);
/// let problem = Repository::new(
///     &["a", "b", "c"],
///     ["a", "b", "c"].map(|name| (name, digits.clone())),
///     [fd::make_expression(&["a", "b", "c"], "a == b + c")?],
/// )?;
/// assert_eq!(Solver::new().solve(&problem)?.len(), 528);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Solver {
    strategy: Strategy,
    limits: Limits,
    parallel: bool,
}

impl Default for Solver {
    fn default() -> Solver {
        Solver { strategy: Strategy::Order(Order::default()), limits: Limits::default(), parallel: false }
    }
}

impl std::fmt::Debug for Solver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Solver").field("limits", &self.limits).field("parallel", &self.parallel).finish_non_exhaustive()
    }
}

impl Solver {
    /// With the defaults.
    pub fn new() -> Solver {
        Solver::default()
    }

    fn ordered(mut self, change: impl FnOnce(&mut Order)) -> Solver {
        let mut order = match self.strategy {
            Strategy::Order(order) => order,
            Strategy::Own(_) => Order::default(),
        };
        change(&mut order);
        self.strategy = Strategy::Order(order);
        self
    }

    /// Which variable is decided next.
    pub fn variables(self, variables: VariableOrder) -> Solver {
        self.ordered(|order| order.variables = variables)
    }

    /// Which value is tried first.
    pub fn values(self, values: ValueOrder) -> Solver {
        self.ordered(|order| order.values = values)
    }

    /// How values are divided.
    pub fn distribution(self, distribution: Distribution) -> Solver {
        self.ordered(|order| order.distribution = distribution)
    }

    /// A strategy of one's own, instead of the orders.
    pub fn strategy(mut self, strategy: impl Distributor + 'static) -> Solver {
        self.strategy = Strategy::Own(Arc::new(strategy));
        self
    }

    /// Stops before the choice that would be one too many.
    pub fn nodes(mut self, most: u64) -> Solver {
        self.limits.nodes = Some(most);
        self
    }

    /// Stops when this time is over. It counts from the call on, and is looked at while relations are compiled and while they
    /// propagate, too, and before each call of a closure; a closure or a propagator of one's own is not interrupted.
    pub fn time(mut self, most: Duration) -> Solver {
        self.limits.time = Some(most);
        self
    }

    /// Stops when this says so: [`Limit::Interrupted`]. It is asked where a limit on time is looked at, some ten thousand times
    /// a second, by the threads that search.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use std::sync::atomic::{AtomicBool, Ordering};
    /// # use pyprior_logic::fd::{FiniteDomain, Limit, Relation, Repository, Solver};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut problem = Repository::default();
    /// let sides = problem.variables(["a", "b", "c", "d"], &FiniteDomain::range(1..=300))?;
    /// problem.post(&Relation::template("%s ** 2 + %s ** 2 == %s ** 2 * %s")?, &sides)?;
    /// let enough = Arc::new(AtomicBool::new(true));
    /// let solver = Solver::new().interrupt(move || enough.load(Ordering::Relaxed));
    /// assert_eq!(solver.solve(&problem)?.stopped(), Some(Limit::Interrupted));
    /// # Ok(()) }
    /// ```
    pub fn interrupt(mut self, enough: impl Fn() -> bool + Send + Sync + 'static) -> Solver {
        self.limits.interruption = Some(Arc::new(enough));
        self
    }

    /// Stops after so many solutions.
    pub fn solutions(mut self, most: u64) -> Solver {
        self.limits.solutions = Some(most);
        self
    }

    /// Searches on the threads of rayon's pool. The solutions are the same. Their order, and the best of several that are
    /// equally good, is that of one thread if the strategy is a function of the domains alone (all but dom/wdeg), unless a
    /// limit ends the search: a limit on solutions gives so many, but not always the first.
    pub fn parallel(mut self, parallel: bool) -> Solver {
        self.parallel = parallel;
        self
    }

    /// All solutions, or those up to a limit: [`Found::stopped`] says which.
    ///
    /// # Errors
    ///
    /// [`SolveError`] where the problem is at fault. That there is no solution is no error.
    pub fn solve(&self, problem: &Repository) -> Result<Found, SolveError> {
        let header = Arc::clone(&problem.model.header);
        let mut found = Found { header, rows: Vec::new(), count: 0, stopped: None, statistics: Statistics::default() };
        let meter = Meter::new(self.limits.clone());
        let prepared = match prepare(problem, &meter) {
            Ok(prepared) => prepared,
            Err(Stopped::Limit(limit)) => {
                found.stopped = Some(limit);
                return Ok(found);
            }
            Err(Stopped::Problem(error)) => return Err(error),
            Err(Stopped::Objective(_)) => return Ok(found),
        };
        if let Some((compiled, store)) = prepared {
            let task = Task::new(&compiled, &problem.model.variables, &self.strategy, &meter);
            let (stopped, statistics) = self.run(&task, store, &problem.model, |_, row| {
                found.rows.extend_from_slice(row);
                found.count += 1;
            })?;
            found.stopped = stopped;
            found.statistics = statistics;
        }
        Ok(found)
    }

    /// The first solution; nothing if it is certain that there is none.
    ///
    /// # Errors
    ///
    /// [`Stopped::Limit`] if a limit came before certainty.
    pub fn solve_first(&self, problem: &Repository) -> Result<Option<Solution>, Stopped> {
        let limits = Limits { solutions: Some(1), ..self.limits.clone() };
        if !self.parallel {
            let header = Arc::clone(&problem.model.header);
            let found = self.lead(&problem.model, problem.store.clone(), limits)?;
            return Ok(found.map(|indices| Solution { header, indices }));
        }
        let limited = Solver { limits, ..self.clone() };
        let found = limited.solve(problem)?;
        match (found.count, found.stopped) {
            (1.., _) => {
                let mut indices = found.rows;
                indices.truncate(problem.model.variables.len());
                Ok(Some(Solution { header: found.header, indices }))
            }
            (0, Some(limit)) => Err(Stopped::Limit(limit)),
            (0, None) => Ok(None),
        }
    }

    /// As [`solve_first`](Solver::solve_first), of a problem that is not needed afterwards: the search takes its domains as
    /// they are instead of a copy of them.
    ///
    /// ```
    /// # use pyprior_logic::fd::{FiniteDomain, Relation, Repository, Solver};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut problem = Repository::default();
    /// let sides = problem.variables(["a", "b"], &FiniteDomain::range(1..=9))?;
    /// problem.post(&Relation::template("%s * %s == 35")?, &sides)?;
    /// let found = Solver::new().first(problem)?.unwrap();
    /// assert_eq!(found.to_string(), "a = 5, b = 7");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Stopped::Limit`] if a limit came before certainty.
    pub fn first(&self, problem: Repository) -> Result<Option<Solution>, Stopped> {
        if self.parallel {
            return self.solve_first(&problem);
        }
        let Repository { store, model } = problem;
        let found = self.lead(&model, store, Limits { solutions: Some(1), ..self.limits.clone() })?;
        Ok(found.map(|indices| Solution { header: model.header, indices }))
    }

    /// The first solution on one thread, by the indices of its values; the store is that of the problem, or a copy.
    fn lead(&self, model: &Model, mut store: Store, limits: Limits) -> Result<Option<Vec<u32>>, Stopped> {
        let meter = Meter::new(limits);
        let Some(compiled) = compile(&mut store, model, &meter)? else { return Ok(None) };
        let task = Task::new(&compiled, &model.variables, &self.strategy, &meter);
        let mut search = DepthFirst::new(&task, store);
        match search.next() {
            Ok(true) => {
                let mut indices = Vec::with_capacity(model.variables.len());
                search.read(&mut indices);
                Ok(Some(indices))
            }
            Ok(false) => Ok(None),
            Err(stop) => Err(Stopped::Limit(limit_of(stop, model)?)),
        }
    }

    /// Number of solutions, up to a limit on solutions.
    ///
    /// # Errors
    ///
    /// [`Stopped::Limit`] if a limit on nodes or time came first.
    pub fn count(&self, problem: &Repository) -> Result<usize, Stopped> {
        let meter = Meter::new(self.limits.clone());
        let Some((compiled, store)) = prepare(problem, &meter)? else { return Ok(0) };
        let task = Task { counts: true, ..Task::new(&compiled, &problem.model.variables, &self.strategy, &meter) };
        let mut count = 0;
        let (stopped, _) = self.run(&task, store, &problem.model, |_, _| count += 1)?;
        match stopped {
            Some(limit @ (Limit::Nodes(_) | Limit::Time(_) | Limit::Interrupted)) => Err(Stopped::Limit(limit)),
            _ => Ok(count),
        }
    }

    /// The solutions one after another, each looked for when it is asked for; on one thread.
    ///
    /// # Errors
    ///
    /// [`SolveError`] where the problem is at fault as far as that shows before the search.
    pub fn iter(&self, problem: &Repository) -> Result<Solutions, SolveError> {
        let meter = Meter::new(self.limits.clone());
        let (prepared, stopped) = match prepare(problem, &meter) {
            Ok(prepared) => (prepared, None),
            Err(Stopped::Problem(error)) => return Err(error),
            Err(stopped) => (None, Some(stopped)),
        };
        let header = Arc::clone(&problem.model.header);
        Ok(Solutions::new(prepared, stopped, problem, header, self.strategy.clone(), meter))
    }

    /// A solution at which the expression over names of variables is least; nothing if there is no solution.
    ///
    /// # Errors
    ///
    /// [`Stopped::Limit`] if a limit came before any solution; after one, [`Best::stopped`] has it.
    pub fn minimise(&self, problem: &Repository, objective: &str) -> Result<Option<Best>, Stopped> {
        self.optimise(problem, objective, false)
    }

    /// As [`minimise`](Solver::minimise), but greatest.
    ///
    /// # Errors
    ///
    /// See [`minimise`](Solver::minimise).
    pub fn maximise(&self, problem: &Repository, objective: &str) -> Result<Option<Best>, Stopped> {
        self.optimise(problem, objective, true)
    }

    fn optimise(&self, problem: &Repository, text: &str, maximise: bool) -> Result<Option<Best>, Stopped> {
        let names: Vec<&str> = problem.names().collect();
        let expression = Expression::new(&names, text)?;
        let meter = Meter::new(self.limits.clone());
        let Some((compiled, store)) = prepare(problem, &meter)? else { return Ok(None) };
        let objective = Objective::new(expression, &problem.model.variables, &store, maximise);
        let task = Task {
            compiled: &compiled,
            variables: &problem.model.variables,
            strategy: &self.strategy,
            meter: &meter,
            objective: Some(&objective),
            subtree: 0,
            counts: false,
        };
        let mut best: Option<(i64, Vec<u32>)> = None;
        let (stopped, statistics) = self.run(&task, store, &problem.model, |value, row| {
            let better = best.as_ref().is_none_or(|(least, _)| if maximise { value > *least } else { value < *least });
            if better {
                best = Some((value, row.to_vec()));
            }
        })?;
        match (best, stopped) {
            (Some((value, indices)), stopped) => Ok(Some(Best {
                solution: Solution { header: Arc::clone(&problem.model.header), indices },
                value,
                stopped,
                statistics,
            })),
            (None, Some(limit)) => Err(Stopped::Limit(limit)),
            (None, None) => Ok(None),
        }
    }

    /// Tells of every solution, with the objective's value there (0 without one); what ended the search, and what it went
    /// through.
    fn run(
        &self,
        task: &Task<'_>,
        store: Store,
        model: &Model,
        mut tell: impl FnMut(i64, &[u32]),
    ) -> Result<(Option<Limit>, Statistics), SolveError> {
        let (stop, statistics) = match self.parallel {
            true => parallel::run(task, store, &mut tell),
            false => {
                let mut search = DepthFirst::new(task, store);
                let stop = drive(task, &mut search, &mut tell);
                (stop.err(), search.statistics())
            }
        };
        let limit = stop.map(|stop| limit_of(stop, model)).transpose()?;
        Ok((limit, statistics))
    }
}

/// The limit that ended a search, if it was one and no error.
fn limit_of(stop: Stop, model: &Model) -> Result<Limit, SolveError> {
    match stop {
        Stop::Limit(limit) => Ok(limit),
        Stop::Refused(refusal) => Err(refusal.named(&|var| model.name(var))),
        Stop::Error(error) => Err(*error),
    }
}

/// Compiles a problem on a copy of its store; nothing if that shows that there is no solution.
fn prepare(problem: &Repository, meter: &Meter) -> Result<Option<(Compiled, Store)>, Stopped> {
    let mut store = problem.store.clone();
    Ok(compile(&mut store, &problem.model, meter)?.map(|compiled| (compiled, store)))
}

/// As [`prepare`], on the problem's store itself, or any copy of it.
fn compile(store: &mut Store, model: &Model, meter: &Meter) -> Result<Option<Compiled>, Stopped> {
    match Compiled::new(model.posted(), store, &mut meter.clock()) {
        Ok(compiled) => Ok(Some(compiled)),
        Err(Interrupt::Failed) => Ok(None),
        Err(Interrupt::OutOfTime) => Err(Stopped::Limit(meter.out_of_time())),
        Err(Interrupt::Refused(refusal)) => Err(Stopped::Problem(refusal.named(&|var| model.name(var)))),
    }
}
