//! Runs tasks, first in, first out.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::board::{Shared, Task, TaskWaker, Until};
use super::error::{AllBlocked, Blocked, TaskError, panicked};
use super::flow::Flow;
use super::waiting::TaskId;
use crate::store::{FailedValue, Store, Term, Var};
use crate::terms::IntoTerm;
use crate::value::Value;

/// A store and the tasks that work on it. What a task can do, the program around it can do: see [`Flow`].
///
/// ```
/// use pyprior_logic::Scheduler;
///
/// let mut main = Scheduler::new();
/// let (x, y) = (main.newvar(), main.newvar());
/// main.stacklet("double", |flow| async move { flow.bind(y, 2 * flow.int(x).await?) });
/// main.stacklet("give", |flow| async move { flow.bind(x, 21) });
/// assert_eq!(main.value(y)?, 42);
/// # Ok::<(), pyprior_logic::TaskError>(())
/// ```
pub struct Scheduler {
    flow: Flow,
    tasks: BTreeMap<TaskId, Slot>,
    next: TaskId,
    failures: Vec<TaskError>,
    order: Option<Box<dyn FnMut(usize) -> usize>>,
    /// How many steps there may be, and how many are left.
    steps: u64,
    left: u64,
    /// A contradiction is a failure, whoever waits for what was to be bound.
    strict: bool,
}

struct Slot {
    name: String,
    binds: Vec<Var>,
    future: Task,
    waker: Waker,
}

impl Default for Scheduler {
    fn default() -> Self {
        Scheduler::with_store(Store::new())
    }
}

impl fmt::Debug for Scheduler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.tasks.values().map(|slot| &slot.name)).finish()
    }
}

impl Deref for Scheduler {
    type Target = Flow;

    fn deref(&self) -> &Flow {
        &self.flow
    }
}

impl Drop for Scheduler {
    /// Tasks that were not taken over yet hold the board that holds them.
    fn drop(&mut self) {
        self.flow.shared.closed.set(true);
        if let Ok(mut board) = self.flow.shared.board.try_borrow_mut() {
            let propagation = board.propagation.take();
            drop(board);
            drop_quietly(propagation);
        }
        self.flow.shared.spawned.take().into_iter().for_each(drop_quietly);
        while let Some((_, slot)) = self.tasks.pop_first() {
            drop_quietly(slot);
        }
    }
}

/// What a task holds may panic when it is dropped; that is no reason to end who drops it.
fn drop_quietly<T>(what: T) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(what)));
}

impl Scheduler {
    /// No tasks, and an empty store.
    #[must_use]
    pub fn new() -> Scheduler {
        Scheduler::default()
    }

    /// No tasks, and this store.
    #[must_use]
    pub fn with_store(store: Store) -> Scheduler {
        let shared = Shared { store: RefCell::new(store), ..Shared::default() };
        let flow = Flow { shared: Rc::new(shared) };
        Scheduler {
            flow,
            tasks: BTreeMap::new(),
            next: 0,
            failures: Vec::new(),
            order: None,
            steps: u64::MAX,
            left: u64::MAX,
            strict: false,
        }
    }

    /// From now on so many steps are taken and no more: what runs tasks then gives [`TaskError::OutOfSteps`], until it is given
    /// others. One step runs one task up to where it waits; it is not cut short.
    pub fn limit_steps(&mut self, steps: u64) {
        (self.steps, self.left) = (steps, steps);
    }

    /// Contradictions of tasks are failures even if what they were to bind takes the reason.
    pub(crate) fn set_strict(&mut self) {
        self.strict = true;
    }

    /// The handle that tasks get.
    #[must_use]
    pub fn flow(&self) -> Flow {
        self.flow.clone()
    }

    /// Has the next task chosen by a function of the number of ready tasks, instead of first in, first out: to test that a
    /// program does not hang on the order. What it gives is taken modulo that number. If it panics, what runs tasks gives
    /// [`TaskError::Panicked`], and no task was run.
    pub fn set_order(&mut self, order: impl FnMut(usize) -> usize + 'static) {
        self.order = Some(Box::new(order));
    }

    /// How many tasks have not ended.
    #[must_use]
    pub fn tasks(&self) -> usize {
        self.tasks.len() + self.flow.shared.spawned.borrow().len()
    }

    /// Runs tasks until none can run.
    ///
    /// # Errors
    /// The [error](TaskError::Task) of the first task that failed since the last time somebody asked;
    /// [`TaskError::OutOfSteps`]; [`TaskError::Panicked`] of the function that [chooses](Scheduler::set_order);
    /// else [`TaskError::AllBlocked`] if tasks wait for values that nobody can give. Tasks that wait to be needed are fine.
    /// In both cases the scheduler can be used on.
    pub fn run(&mut self) -> Result<(), TaskError> {
        self.settle()?;
        let blocked = self.blocked();
        if blocked.tasks.is_empty() { Ok(()) } else { Err(blocked.into()) }
    }

    /// Runs tasks until a term is no free variable, and gives what it is bound to.
    ///
    /// # Errors
    /// Those of [`block_on`](Scheduler::block_on).
    pub fn wait(&mut self, what: impl IntoTerm) -> Result<Term, TaskError> {
        let wait = self.flow.wait(what);
        self.block_on("main", |_| wait)
    }

    /// Runs tasks until a value and all its parts are known, and gives it.
    ///
    /// # Errors
    /// Those of [`block_on`](Scheduler::block_on).
    pub fn value(&mut self, what: impl IntoTerm) -> Result<Value, TaskError> {
        let value = self.flow.value(what);
        self.block_on("main", |_| value)
    }

    /// Runs a task of this name and others until it is done.
    ///
    /// # Errors
    /// What the task ends with. Before it has ended: the error of another task that fails,
    /// [`TaskError::AllBlocked`], or [`TaskError::OutOfSteps`]; the task is dropped then, and the scheduler can be used on.
    pub fn block_on<F, T>(&mut self, name: &str, work: impl FnOnce(Flow) -> F) -> Result<T, TaskError>
    where
        F: Future<Output = Result<T, TaskError>> + 'static,
        T: 'static,
    {
        let outcome = Rc::new(RefCell::new(None));
        let flow = self.flow();
        let work = catch_unwind(AssertUnwindSafe(|| work(flow))).map_err(|panic| panicked(&*panic))?;
        let slot = Rc::clone(&outcome);
        self.flow.stacklet(name, |_| async move {
            let done = work.await;
            slot.replace(Some(done));
            Ok(())
        });
        self.adopt()?;
        // The last task that was started.
        let id = self.next - 1;
        loop {
            if let Some(done) = outcome.take() {
                return done;
            }
            let error = match self.take_failure() {
                Some(error) => error,
                None => match self.step() {
                    Ok(true) => continue,
                    Ok(false) if !self.failures.is_empty() || outcome.borrow().is_some() => continue,
                    Ok(false) => self.blocked_with(Some(id)).into(),
                    Err(error) => error,
                },
            };
            self.cancel(id);
            return Err(error);
        }
    }

    /// How many alternatives the choice has that is offered.
    pub(crate) fn offered(&self) -> Option<usize> {
        self.flow.shared.board.try_borrow().ok()?.alternatives()
    }

    /// Decides that choice.
    pub(crate) fn decide(&mut self, alternative: usize) {
        if let Ok(mut board) = self.flow.shared.board.try_borrow_mut() {
            board.decide(alternative);
        }
    }

    /// Runs until nothing can, and gives the first failure.
    pub(crate) fn settle(&mut self) -> Result<(), TaskError> {
        while self.step()? {}
        self.take_failure().map_or(Ok(()), Err)
    }

    /// As [`settle`](Scheduler::settle), but stops at a failure: nothing that comes after it matters in a space.
    pub(crate) fn settle_or_fail(&mut self) -> Result<(), TaskError> {
        while self.failures.is_empty() && self.step()? {}
        self.take_failure().map_or(Ok(()), Err)
    }

    fn take_failure(&mut self) -> Option<TaskError> {
        if self.failures.is_empty() { None } else { Some(self.failures.remove(0)) }
    }

    fn cancel(&mut self, id: TaskId) {
        let slot = self.tasks.remove(&id);
        if let Ok(mut board) = self.flow.shared.board.try_borrow_mut() {
            board.end(id);
            board.ready.retain(|ready| *ready != id);
        }
        drop_quietly(slot);
    }

    /// The tasks that wait for values.
    pub(crate) fn blocked(&self) -> AllBlocked {
        self.blocked_with(None)
    }

    /// These, and one that is waited for, whatever it waits for.
    fn blocked_with(&self, awaited: Option<TaskId>) -> AllBlocked {
        let mut tasks = Vec::new();
        if let (Ok(board), Ok(store)) = (self.flow.shared.board.try_borrow(), self.flow.shared.store.try_borrow()) {
            for (id, slot) in &self.tasks {
                let Some(reasons) = board.suspensions.get(id).and_then(|suspension| suspension.reasons()) else {
                    continue;
                };
                let awaited = awaited == Some(*id);
                if !awaited && !reasons.is_empty() && reasons.iter().all(|reason| matches!(reason, Until::Needed(_))) {
                    continue;
                }
                let variables = reasons.iter().filter_map(|reason| match reason {
                    Until::Bound(var) | Until::Changed(var) | Until::Needed(var) => Some(store.name(*var)),
                    Until::Chosen | Until::Stable => None,
                });
                tasks.push(Blocked { task: slot.name.clone(), variables: variables.collect() });
            }
        }
        AllBlocked { tasks }
    }

    /// Takes over tasks that were started, in their order.
    fn adopt(&mut self) -> Result<(), TaskError> {
        let mut board = self.flow.shared.board.try_borrow_mut().map_err(|_| TaskError::Busy)?;
        for spawn in self.flow.shared.spawned.take() {
            let task = self.next;
            self.next += 1;
            let waker = Waker::from(Arc::new(TaskWaker { task, woken: Arc::clone(&self.flow.shared.woken) }));
            self.tasks.insert(task, Slot { name: spawn.name, binds: spawn.binds, future: spawn.future, waker });
            board.ready.push_back(task);
        }
        Ok(())
    }

    /// Makes ready whom the store or a waker has woken.
    fn awaken(&mut self) -> Result<(), TaskError> {
        self.adopt()?;
        let mut board = self.flow.shared.board.try_borrow_mut().map_err(|_| TaskError::Busy)?;
        let mut store = self.flow.shared.store.try_borrow_mut().map_err(|_| TaskError::Busy)?;
        while let Some(wake) = store.next_wake() {
            board.notify(wake);
        }
        if store.look() {
            board.look_again();
        }
        for task in self.flow.shared.woken.take() {
            board.awaken(task);
        }
        Ok(())
    }

    /// Runs one task up to where it waits; or else propagates, tells what is needed at last, or resumes one that waited for this.
    /// False if nothing is left.
    ///
    /// Any error leaves everything as it is.
    fn step(&mut self) -> Result<bool, TaskError> {
        self.awaken()?;
        let shared = Rc::clone(&self.flow.shared);
        let mut board = shared.board.try_borrow_mut().map_err(|_| TaskError::Busy)?;
        if self.left == 0 && (!board.ready.is_empty() || board.can_go_on()) {
            return Err(TaskError::OutOfSteps { steps: self.steps });
        }
        let place = match (&mut self.order, board.ready.len()) {
            (Some(order), ready @ 1..) => {
                drop(board);
                let chosen = catch_unwind(AssertUnwindSafe(|| order(ready))).map_err(|panic| panicked(&*panic))?;
                board = shared.board.try_borrow_mut().map_err(|_| TaskError::Busy)?;
                chosen % ready
            }
            _ => 0,
        };
        if let Some(task) = board.ready.remove(place) {
            self.left -= 1;
            board.current = self.tasks.get(&task).map(|slot| (task, slot.waker.clone()));
            drop(board);
            self.resume(task);
            if let Ok(mut board) = shared.board.try_borrow_mut() {
                board.current = None;
            }
            return Ok(true);
        }
        if let Some(mut propagation) = board.propagation.take() {
            drop(board);
            let mut store = shared.store.try_borrow_mut().map_err(|_| TaskError::Busy)?;
            let propagated = catch_unwind(AssertUnwindSafe(|| propagation.propagate(&mut store)));
            drop(store);
            board = shared.board.try_borrow_mut().map_err(|_| TaskError::Busy)?;
            board.propagation.get_or_insert(propagation);
            drop(board);
            match propagated {
                Ok(Ok(())) => {}
                Ok(Err(error)) => self.failures.push(error),
                Err(panic) => self.failures.push(panicked(&*panic)),
            }
            self.awaken()?;
            board = shared.board.try_borrow_mut().map_err(|_| TaskError::Busy)?;
            if !board.ready.is_empty() || !self.failures.is_empty() {
                return Ok(!board.ready.is_empty());
            }
        }
        let needed = board.needed_now();
        drop(board);
        self.flow.with(|store| needed.for_each(|var| store.need(var)))?;
        self.awaken()?;
        let mut board = shared.board.try_borrow_mut().map_err(|_| TaskError::Busy)?;
        Ok(!board.ready.is_empty() || board.grant_stable())
    }

    fn resume(&mut self, task: TaskId) {
        let Some(slot) = self.tasks.get_mut(&task) else { return };
        let Slot { future, waker, .. } = slot;
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut Context::from_waker(waker))));
        let outcome = match polled {
            Ok(Poll::Pending) => {
                if let Ok(mut board) = self.flow.shared.board.try_borrow_mut() {
                    board.suspend_outside(task);
                }
                return;
            }
            Ok(Poll::Ready(outcome)) => outcome,
            Err(panic) => Err(panicked(&*panic)),
        };
        let Some(slot) = self.tasks.remove(&task) else { return };
        if let Ok(mut board) = self.flow.shared.board.try_borrow_mut() {
            board.end(task);
        }
        let Slot { name, binds, future, .. } = slot;
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(future))).map_err(|panic| panicked(&*panic));
        if let Err(error) = outcome.and(dropped) {
            self.fail(name, &binds, error);
        }
    }

    /// Gives the error to who waits for what the task was to bind; if that is nobody, to who runs the scheduler.
    fn fail(&mut self, task: String, binds: &[Var], error: TaskError) {
        // A failed value is handed on as it is, however many tasks it goes through.
        let known = error.failed_value().cloned();
        let error = TaskError::Task { task, error: Box::new(error) };
        let contradiction = error.is_contradiction();
        let failed = known.unwrap_or_else(|| FailedValue { reason: error.to_string().into(), contradiction });
        let fail =
            |store: &mut Store| binds.iter().filter(|var| store.fail_with(**var, failed.clone()).is_ok()).count();
        let told = self.flow.with(fail).unwrap_or(0) > 0;
        if !told || self.strict && contradiction {
            self.failures.push(error);
        }
    }
}
