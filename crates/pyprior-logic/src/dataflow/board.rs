//! Who waits for what: the part of a scheduler that its tasks write to.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Wake as StdWake;

use super::error::TaskError;
use crate::store::{Store, Var, Wake};

/// Counts tasks from the first; never used again.
pub(super) type TaskId = u64;

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
    /// The variable is needed.
    Needed(Var),
    /// Somebody commits.
    Chosen,
    /// No other task can run.
    Stable,
}

struct Waiter {
    task: TaskId,
    /// Suspensions are woken in their order.
    order: u64,
    needs: bool,
}

pub(super) struct Spawn {
    pub(super) name: String,
    pub(super) binds: Vec<Var>,
    pub(super) future: Task,
}

struct Choice {
    id: u64,
    task: TaskId,
    alternatives: usize,
}

#[derive(Default)]
pub(super) struct Board {
    waiting: HashMap<Var, Vec<Waiter>>,
    pub(super) blocked: BTreeMap<TaskId, Vec<Until>>,
    pub(super) ready: VecDeque<TaskId>,
    pub(super) spawned: VecDeque<Spawn>,
    pub(super) current: Option<TaskId>,
    choices: VecDeque<Choice>,
    chosen: HashMap<u64, usize>,
    /// Those that wait until no other task can run, and whose turn came.
    stable: VecDeque<(u64, TaskId)>,
    granted: HashSet<u64>,
    count: u64,
    pub(super) propagation: Option<Box<dyn Propagation>>,
}

/// What tasks, and who runs them, share. Tasks themselves belong to the scheduler alone, so that nothing holds itself.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) store: RefCell<Store>,
    pub(super) board: RefCell<Board>,
    pub(super) woken: Arc<Woken>,
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

impl Board {
    fn count(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// Notes that the task that runs now is to wait. It is not suspended before it returns.
    pub(super) fn suspend(&mut self, until: Until) -> Result<(), TaskError> {
        let task = self.current.ok_or(TaskError::Outside)?;
        let order = self.count();
        let (var, needs) = match until {
            Until::Bound(var) => (Some(var), false),
            Until::Needed(var) => (Some(var), true),
            Until::Chosen | Until::Stable => (None, false),
        };
        if let Some(var) = var {
            self.waiting.entry(var).or_default().push(Waiter { task, order, needs });
        }
        self.blocked.entry(task).or_default().push(until);
        Ok(())
    }

    /// Makes a suspended task ready. One that is not suspended stays as it is.
    pub(super) fn awaken(&mut self, task: TaskId) {
        let Some(reasons) = self.blocked.remove(&task) else { return };
        self.forget(task, &reasons);
        self.ready.push_back(task);
    }

    /// Takes back what a task waited for.
    pub(super) fn forget(&mut self, task: TaskId, reasons: &[Until]) {
        for reason in reasons {
            if let Until::Bound(var) | Until::Needed(var) = reason
                && let Some(waiters) = self.waiting.get_mut(var)
            {
                waiters.retain(|waiter| waiter.task != task);
                if waiters.is_empty() {
                    self.waiting.remove(var);
                }
            }
        }
    }

    /// Wakes those whom an event of the store concerns, in the order in which they were suspended.
    pub(super) fn notify(&mut self, wake: Wake, store: &Store) {
        let (root, needs_alone) = match wake {
            Wake::Bound(root) | Wake::Aliased(root) => (root, false),
            Wake::Needed(root) => (root, true),
        };
        let mut due = Vec::new();
        for member in store.class(root) {
            if let Some(waiters) = self.waiting.remove(&member) {
                let (now, later): (Vec<_>, Vec<_>) =
                    waiters.into_iter().partition(|waiter| waiter.needs || !needs_alone);
                due.extend(now);
                if !later.is_empty() {
                    self.waiting.insert(member, later);
                }
            }
        }
        due.sort_unstable_by_key(|waiter| waiter.order);
        for waiter in due {
            self.awaken(waiter.task);
        }
    }

    /// Asks for a choice. Choices are offered in the order in which they are asked for.
    pub(super) fn offer(&mut self, alternatives: usize) -> Result<u64, TaskError> {
        let task = self.current.ok_or(TaskError::Outside)?;
        let id = self.count();
        self.choices.push_back(Choice { id, task, alternatives });
        Ok(id)
    }

    pub(super) fn withdraw(&mut self, id: u64) {
        self.choices.retain(|choice| choice.id != id);
        self.chosen.remove(&id);
        self.stable.retain(|(waits, _)| *waits != id);
        self.granted.remove(&id);
    }

    /// Asks to be resumed when no other task can run.
    pub(super) fn ask_stable(&mut self) -> Result<u64, TaskError> {
        let task = self.current.ok_or(TaskError::Outside)?;
        let id = self.count();
        self.stable.push_back((id, task));
        Ok(id)
    }

    pub(super) fn is_stable(&mut self, id: u64) -> bool {
        self.granted.remove(&id)
    }

    /// No task can run: resumes the first of those that wait for this. False if there is none.
    pub(super) fn grant_stable(&mut self) -> bool {
        let Some((id, task)) = self.stable.pop_front() else { return false };
        self.granted.insert(id);
        self.awaken(task);
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
            self.awaken(choice.task);
        }
    }
}
