//! Who waits for what: the part of a scheduler that its tasks write to.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake as StdWake, Waker};

use super::error::TaskError;
use super::waiting::{ByNumber, On, TaskId, Waiter, Waiting};
use crate::store::{Store, Var, Wake};

pub(super) type Task = Pin<Box<dyn Future<Output = Result<(), TaskError>>>>;

/// Constraints over the domains of a store, run when no task can.
pub trait Propagation {
    /// Takes the store's [events](Store::next_event) and narrows domains until nothing changes.
    ///
    /// # Errors
    /// [`TaskError::Fail`] or [`TaskError::Domain`] on a contradiction, any other if it cannot be done.
    fn propagate(&mut self, store: &mut Store) -> Result<(), TaskError>;
}

/// What a suspended task waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// The variable has a value.
    Bound(Var),
    /// The variable has a value, or is aliased.
    Changed(Var),
    /// The variable is needed.
    Needed(Var),
    /// Somebody commits.
    Chosen,
    /// No other task can run.
    Stable,
}

/// Why and since when a task is suspended.
#[derive(Default)]
pub(super) struct Suspension {
    /// Never used again; 0 while the task is ready or runs.
    id: u64,
    reasons: Vec<Until>,
}

impl Suspension {
    /// What it waits for, if it does.
    pub(super) fn reasons(&self) -> Option<&[Until]> {
        (self.id != 0).then_some(&self.reasons)
    }
}

pub(super) struct Spawn {
    pub(super) name: String,
    pub(super) binds: Vec<Var>,
    pub(super) future: Task,
}

struct Choice {
    id: u64,
    task: TaskId,
    waker: Option<Waker>,
    alternatives: usize,
}

#[derive(Default)]
pub(super) struct Board {
    waiting: Waiting,
    /// Of all tasks that were suspended once and have not ended.
    pub(super) suspensions: HashMap<TaskId, Suspension, ByNumber>,
    pub(super) ready: VecDeque<TaskId>,
    /// The task that runs, and its waker.
    pub(super) current: Option<(TaskId, Waker)>,
    choices: VecDeque<Choice>,
    chosen: HashMap<u64, usize, ByNumber>,
    /// Those that wait until no other task can run, and whose turn came.
    stable: VecDeque<(u64, TaskId, Option<Waker>)>,
    granted: HashSet<u64, ByNumber>,
    /// What becomes needed when no task can run, in the order in which it was asked for.
    later: BTreeMap<u64, Vec<Var>>,
    count: u64,
    pub(super) propagation: Option<Box<dyn Propagation>>,
}

/// What tasks, and who runs them, share. Tasks themselves belong to the scheduler alone, so that nothing holds itself.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) store: RefCell<Store>,
    pub(super) board: RefCell<Board>,
    pub(super) woken: Arc<Woken>,
    /// Tasks that were started. Apart from the board, so that nothing that is called while the board is in use (a waker, what a task
    /// held that is dropped) loses one.
    pub(super) spawned: RefCell<VecDeque<Spawn>>,
    /// Nobody runs tasks any more.
    pub(super) closed: Cell<bool>,
}

/// Tasks that were woken by something else than a variable, from any thread.
#[derive(Default)]
pub(super) struct Woken(Mutex<Vec<TaskId>>);

impl Woken {
    pub(super) fn take(&self) -> Vec<TaskId> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(super) struct TaskWaker {
    pub(super) task: TaskId,
    pub(super) woken: Arc<Woken>,
}

impl StdWake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.0.lock().unwrap_or_else(PoisonError::into_inner).push(self.task);
    }
}

/// Whether a task is still suspended as it was when it began to wait.
fn is_current(suspensions: &HashMap<TaskId, Suspension, ByNumber>, waiter: &Waiter) -> bool {
    waiter.waker.is_some() || suspensions.get(&waiter.task).is_some_and(|suspension| suspension.id == waiter.suspension)
}

impl Board {
    fn count(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// Notes that the task that runs now is to wait. It is not suspended before it returns. `root` is that of the variable, if
    /// there is one; `waker` is what the future was polled with.
    pub(super) fn suspend(&mut self, until: Until, root: Option<Var>, waker: &Waker) -> Result<(), TaskError> {
        let (task, waker) = self.asking(waker)?;
        let order = self.count();
        let suspension = self.suspensions.entry(task).or_default();
        if suspension.id == 0 {
            suspension.id = order;
            suspension.reasons.clear();
        }
        suspension.reasons.push(until);
        let on = match until {
            Until::Bound(_) => On::Value,
            Until::Changed(_) => On::Change,
            Until::Needed(_) | Until::Chosen | Until::Stable => On::Need,
        };
        let Some(root) = root else { return Ok(()) };
        let waiter = Waiter { task, suspension: suspension.id, order, on, waker };
        let suspensions = &self.suspensions;
        self.waiting.push(root, waiter, |waiter| is_current(suspensions, waiter));
        Ok(())
    }

    /// The task that runs, and the waker if it is not that of the task.
    fn asking(&self, waker: &Waker) -> Result<(TaskId, Option<Waker>), TaskError> {
        let (task, own) = self.current.as_ref().ok_or(TaskError::Outside)?;
        Ok((*task, (!own.will_wake(waker)).then(|| waker.clone())))
    }

    /// The running task waits for something that is not known here, if it does not wait for anything else.
    pub(super) fn suspend_outside(&mut self, task: TaskId) {
        let id = self.count();
        let suspension = self.suspensions.entry(task).or_default();
        if suspension.id == 0 {
            suspension.id = id;
            suspension.reasons.clear();
        }
    }

    /// Makes a suspended task ready. One that is not suspended stays as it is.
    pub(super) fn awaken(&mut self, task: TaskId) {
        if let Some(suspension) = self.suspensions.get_mut(&task).filter(|suspension| suspension.id != 0) {
            suspension.id = 0;
            self.ready.push_back(task);
        }
    }

    /// The task has ended. What it waited for is swept away when somebody else waits for that.
    pub(super) fn end(&mut self, task: TaskId) {
        self.suspensions.remove(&task);
    }

    /// Wakes those whom an event of the store concerns, in the order in which they were suspended.
    pub(super) fn notify(&mut self, wake: Wake) {
        let mut due = match wake {
            Wake::Bound(root) => self.waiting.take(root, |_| true),
            Wake::Narrowed(root) => self.waiting.take(root, |on| on == On::Change),
            Wake::Needed(root) => self.waiting.take(root, |on| on == On::Need),
            Wake::Aliased { over, under } => {
                self.waiting.join(over, under);
                self.waiting.take(over, |on| on != On::Value)
            }
        };
        due.sort_unstable_by_key(|waiter| waiter.order);
        self.awaken_all(due);
    }

    /// Wakes all that wait for a variable: what they waited for, or were told, may have been undone. They look again.
    pub(super) fn look_again(&mut self) {
        let mut all = self.waiting.take_all();
        all.sort_unstable_by_key(|waiter| waiter.order);
        self.awaken_all(all);
    }

    fn awaken_all(&mut self, due: Vec<Waiter>) {
        for waiter in due {
            if is_current(&self.suspensions, &waiter) {
                self.awaken_by(waiter.task, waiter.waker);
            }
        }
    }

    /// A combinator is told by its waker which of its futures to poll.
    fn awaken_by(&mut self, task: TaskId, waker: Option<Waker>) {
        if let Some(waker) = waker {
            waker.wake();
        }
        self.awaken(task);
    }

    /// Asks for a choice. Choices are offered in the order in which they are asked for.
    pub(super) fn offer(&mut self, alternatives: usize, waker: &Waker) -> Result<u64, TaskError> {
        let (task, waker) = self.asking(waker)?;
        let id = self.count();
        self.choices.push_back(Choice { id, task, waker, alternatives });
        Ok(id)
    }

    pub(super) fn withdraw(&mut self, id: u64) {
        self.choices.retain(|choice| choice.id != id);
        self.chosen.remove(&id);
        self.stable.retain(|(waits, ..)| *waits != id);
        self.granted.remove(&id);
        self.later.remove(&id);
    }

    /// Has variables needed as soon as no task can run.
    pub(super) fn need_later(&mut self, vars: Vec<Var>) -> u64 {
        let id = self.count();
        self.later.insert(id, vars);
        id
    }

    /// No task can run: what is needed now.
    pub(super) fn needed_now(&mut self) -> impl Iterator<Item = Var> + use<> {
        std::mem::take(&mut self.later).into_values().flatten()
    }

    /// Asks to be resumed when no other task can run.
    pub(super) fn ask_stable(&mut self, waker: &Waker) -> Result<u64, TaskError> {
        let (task, waker) = self.asking(waker)?;
        let id = self.count();
        self.stable.push_back((id, task, waker));
        Ok(id)
    }

    pub(super) fn is_stable(&mut self, id: u64) -> bool {
        self.granted.remove(&id)
    }

    /// Whether something is left though no task can run.
    pub(super) fn can_go_on(&self) -> bool {
        !self.stable.is_empty()
    }

    /// No task can run: resumes the first of those that wait for this. False if there is none.
    pub(super) fn grant_stable(&mut self) -> bool {
        let Some((id, task, waker)) = self.stable.pop_front() else { return false };
        self.granted.insert(id);
        self.awaken_by(task, waker);
        true
    }

    pub(super) fn chosen(&mut self, id: u64) -> Option<usize> {
        self.chosen.remove(&id)
    }

    /// Of the choice that is offered: the number of its alternatives.
    pub(super) fn alternatives(&self) -> Option<usize> {
        self.choices.front().map(|choice| choice.alternatives)
    }

    /// Decides the choice that is offered.
    pub(super) fn decide(&mut self, alternative: usize) {
        if let Some(choice) = self.choices.pop_front() {
            self.chosen.insert(choice.id, alternative);
            self.awaken_by(choice.task, choice.waker);
        }
    }
}
