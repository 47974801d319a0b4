//! What a task has in hand: the store that all tasks share, and ways to wait for it.

use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::board::{Propagation, Shared, Spawn, Task};
use super::error::{TaskError, panicked};
use super::wait::{Choose, Equal, Pause, Ready, Stable, Wait, WaitNeeded};
use crate::store::{Store, Term, Var};
use crate::terms::{IntoTerm, UnifyError};
use crate::value::Value;

/// The store of a [`Scheduler`](super::Scheduler) and its tasks, as a task sees them. A handle: clones are the same one.
#[derive(Clone)]
pub struct Flow {
    pub(super) shared: Rc<Shared>,
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Flow")
    }
}

impl Flow {
    /// Works on the store. An undo of what tasks have seen makes those that wait look again; what tasks have done elsewhere it does not
    /// take back, and variables and terms that they have made since the mark are unknown to the store.
    ///
    /// # Errors
    /// [`TaskError::Busy`] from within another operation on it.
    pub fn with<R>(&self, work: impl FnOnce(&mut Store) -> R) -> Result<R, TaskError> {
        self.shared.store.try_borrow_mut().map(|mut store| work(&mut store)).map_err(|_| TaskError::Busy)
    }

    /// A new free variable. (From within another operation on the store: one that all operations refuse.)
    #[must_use]
    pub fn newvar(&self) -> Var {
        self.with(Store::newvar).unwrap_or(Var::NONE)
    }

    /// A new free variable that messages call by this name.
    #[must_use]
    pub fn newvar_named(&self, name: &str) -> Var {
        self.with(|store| store.newvar_named(name)).unwrap_or(Var::NONE)
    }

    /// See [`Store::unify`].
    ///
    /// # Errors
    /// Those of the store.
    pub fn unify(&self, left: impl IntoTerm, right: impl IntoTerm) -> Result<(), TaskError> {
        Ok(self.with(|store| store.unify(left, right))??)
    }

    /// See [`Store::bind`].
    ///
    /// # Errors
    /// Those of the store.
    pub fn bind(&self, var: Var, value: impl IntoTerm) -> Result<(), TaskError> {
        Ok(self.with(|store| store.bind(var, value))??)
    }

    /// See [`Store::is_free`].
    #[must_use]
    pub fn is_free(&self, what: impl IntoTerm) -> bool {
        self.with(|store| store.is_free(what)).unwrap_or(false)
    }

    /// See [`Store::is_bound`].
    #[must_use]
    pub fn is_bound(&self, what: impl IntoTerm) -> bool {
        self.with(|store| store.is_bound(what)).unwrap_or(false)
    }

    /// See [`Store::alias_of`].
    #[must_use]
    pub fn alias_of(&self, a: impl IntoTerm, b: impl IntoTerm) -> bool {
        self.with(|store| store.alias_of(a, b)).unwrap_or(false)
    }

    /// Waits until a term is no free variable, which makes the variable needed, and gives what it is bound to. Parts of that may
    /// be free.
    ///
    /// Its errors: [`TaskError::FailedValue`].
    pub fn wait(&self, what: impl IntoTerm) -> Wait {
        Wait { shared: Rc::clone(&self.shared), term: self.term(what) }
    }

    fn term(&self, what: impl IntoTerm) -> Result<Term, TaskError> {
        Ok(self.with(|store| store.term(what))??)
    }

    /// Waits until somebody needs a variable. A bound one is needed.
    pub fn wait_needed(&self, var: Var) -> WaitNeeded {
        WaitNeeded { shared: Rc::clone(&self.shared), var }
    }

    /// Waits for a value and all of its parts, and gives it.
    ///
    /// What is not a variable is written down in the store, and stays there.
    ///
    /// Its errors: [`TaskError::FailedValue`], [`TaskError::Read`] on one that is infinite.
    pub fn value(&self, what: impl IntoTerm) -> Ready {
        Ready { shared: Rc::clone(&self.shared), term: self.term(what) }
    }

    /// Waits for a number.
    ///
    /// # Errors
    /// As [`value`](Flow::value), and [`TaskError::Kind`] on another value.
    pub async fn int(&self, what: impl IntoTerm) -> Result<i64, TaskError> {
        match self.value(what).await? {
            Value::Int(number) => Ok(number),
            value => Err(TaskError::Kind { value: value.brief(60), wanted: "a number" }),
        }
    }

    /// Waits until it is known whether two terms are equal, and says so. Two aliased free variables are. What is not a variable is
    /// written down in the store, and stays there.
    ///
    /// A variable on either side becomes needed. Variables within structures become needed if the answer still hangs on them when no
    /// task can run; so what is needed does not hang on the order of tasks.
    pub fn equal(&self, left: impl IntoTerm, right: impl IntoTerm) -> Equal {
        let write =
            |store: &mut Store| -> Result<_, UnifyError> { Ok((left.into_term(store)?, right.into_term(store)?)) };
        let terms = self.with(|store| store.transaction(write));
        Equal { shared: Rc::clone(&self.shared), terms: terms.and_then(|terms| Ok(terms?)), undecided: None }
    }

    /// Lets other ready tasks run first.
    pub fn pause(&self) -> Pause {
        Pause::default()
    }

    /// Waits until no other task can run, and nothing is left to propagate.
    pub fn stable(&self) -> Stable {
        Stable { shared: Rc::clone(&self.shared), asked: None }
    }

    /// Waits until somebody commits the [space](crate::Space) of this task to one of `1..=alternatives`. None fails it.
    pub fn choose(&self, alternatives: usize) -> Choose {
        Choose { shared: Rc::clone(&self.shared), alternatives, offered: None }
    }

    /// Gives up: a contradiction. In a space, the space has failed.
    ///
    /// # Errors
    /// Always [`TaskError::Fail`].
    pub fn fail<T>(&self) -> Result<T, TaskError> {
        Err(TaskError::Fail)
    }

    /// Starts a task. It runs when its turn comes; an error of it is given by who runs the scheduler.
    pub fn stacklet<F>(&self, name: &str, work: impl FnOnce(Flow) -> F)
    where
        F: Future<Output = Result<(), TaskError>> + 'static,
    {
        self.task(name).stacklet(work);
    }

    /// Starts a task that computes a value, and gives the variable that will have it: a failed value if the task fails.
    pub fn future<F, T>(&self, name: &str, work: impl FnOnce(Flow) -> F) -> Var
    where
        F: Future<Output = Result<T, TaskError>> + 'static,
        T: IntoTerm + 'static,
    {
        let var = self.newvar_named(name);
        self.task(name).binding([var]).stacklet(|flow| {
            let work = work(flow.clone());
            async move { flow.bind(var, work.await?) }
        });
        var
    }

    /// As [`future`](Flow::future), but the work does not begin before somebody needs the variable, and not at all if somebody
    /// else has bound it by then.
    pub fn by_need<F, T>(&self, name: &str, work: impl FnOnce(Flow) -> F + 'static) -> Var
    where
        F: Future<Output = Result<T, TaskError>> + 'static,
        T: IntoTerm + 'static,
    {
        let var = self.newvar_named(name);
        self.task(name).binding([var]).stacklet(|flow| async move {
            flow.wait_needed(var).await?;
            if !flow.is_free(var) {
                return Ok(());
            }
            let value = work(flow.clone()).await?;
            flow.bind(var, value)
        });
        var
    }

    /// A task with more to say of it.
    pub fn task(&self, name: &str) -> TaskBuilder<'_> {
        TaskBuilder { flow: self, name: name.to_owned(), binds: Vec::new() }
    }

    /// Turns a free variable into a failed value: who waits for it gets the reason as an error.
    ///
    /// # Errors
    /// [`TaskError::Unify`] if it is bound.
    pub fn fail_var(&self, var: Var, reason: &str) -> Result<(), TaskError> {
        Ok(self.with(|store| store.fail(var, reason))??)
    }

    /// Sets what propagates constraints over the domains of this store, in the place of what did before.
    ///
    /// What is set from within propagation counts from the next time.
    ///
    /// # Errors
    /// [`TaskError::Busy`] from within the scheduler's own work.
    pub fn set_propagation(&self, propagation: impl Propagation + 'static) -> Result<(), TaskError> {
        let mut board = self.shared.board.try_borrow_mut().map_err(|_| TaskError::Busy)?;
        let before = board.propagation.replace(Box::new(propagation));
        // What it holds may use the board when it is dropped.
        drop(board);
        drop(before);
        Ok(())
    }
}

/// A task before it is started.
#[derive(Debug)]
#[must_use = "a task does nothing before it is started"]
pub struct TaskBuilder<'a> {
    flow: &'a Flow,
    name: String,
    binds: Vec<Var>,
}

impl TaskBuilder<'_> {
    /// The variables that the task is to bind. If it fails, those that are free then become failed values, and the error goes
    /// to who waits for them instead of to who runs the scheduler.
    pub fn binding(mut self, vars: impl IntoIterator<Item = Var>) -> Self {
        self.binds.extend(vars);
        self
    }

    /// Starts it. Of a scheduler that was dropped nothing is started.
    pub fn stacklet<F>(self, work: impl FnOnce(Flow) -> F)
    where
        F: Future<Output = Result<(), TaskError>> + 'static,
    {
        let flow = self.flow.clone();
        // A panic before there is a future is one of the task, too.
        let future: Task = match catch_unwind(AssertUnwindSafe(|| work(flow))) {
            Ok(future) => Box::pin(future),
            Err(panic) => Box::pin(std::future::ready(Err(panicked(&*panic)))),
        };
        if !self.flow.shared.closed.get() {
            let spawn = Spawn { name: self.name, binds: self.binds, future };
            self.flow.shared.spawned.borrow_mut().push_back(spawn);
        }
    }
}
