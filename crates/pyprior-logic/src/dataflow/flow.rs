//! What a task has in hand: the store that all tasks share, and ways to wait for it.

use std::fmt;
use std::future::Future;
use std::rc::Rc;

use super::board::{Propagation, Shared, Spawn};
use super::error::TaskError;
use super::stream::{StreamReader, StreamWriter};
use super::wait::{Choose, Equal, Pause, Ready, Stable, Wait, WaitNeeded};
use crate::store::{Store, Var};
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
    /// Works on the store. A mark that is set here is to be closed here: an undo would not reach what tasks have seen.
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

    /// Waits until a variable has a value, which makes the variable needed. Parts of the value may be free.
    ///
    /// Its errors: [`TaskError::FailedValue`].
    pub fn wait(&self, var: Var) -> Wait {
        Wait { shared: Rc::clone(&self.shared), var }
    }

    /// Waits until somebody needs a variable. A bound one is needed.
    pub fn wait_needed(&self, var: Var) -> WaitNeeded {
        WaitNeeded { shared: Rc::clone(&self.shared), var }
    }

    /// Waits for a value and all of its parts, and gives it.
    ///
    /// Its errors: [`TaskError::FailedValue`], [`TaskError::Read`] on one that is infinite.
    pub fn value(&self, what: impl IntoTerm) -> Ready {
        let term = match self.with(|store| store.term(what)) {
            Ok(term) => term,
            Err(_) => Err(UnifyError::Unknown),
        };
        Ready { shared: Rc::clone(&self.shared), term }
    }

    /// Waits for a number.
    ///
    /// # Errors
    /// As [`value`](Flow::value), and [`TaskError::Kind`] on another value.
    pub async fn int(&self, what: impl IntoTerm) -> Result<i64, TaskError> {
        match self.value(what).await? {
            Value::Int(number) => Ok(number),
            value => Err(TaskError::Kind { value: value.to_string(), wanted: "a number" }),
        }
    }

    /// Waits until it is known whether two terms are equal, and says so. Two aliased free variables are.
    pub fn equal(&self, left: impl IntoTerm, right: impl IntoTerm) -> Equal {
        let terms = self.with(|store| store.transaction(|store| Ok((left.into_term(store)?, right.into_term(store)?))));
        Equal { shared: Rc::clone(&self.shared), terms: terms.unwrap_or(Err(UnifyError::Unknown)) }
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
        let (flow, work) = (self.clone(), work(self.clone()));
        self.task(name).binding([var]).stacklet(|_| async move { flow.bind(var, work.await?) });
        var
    }

    /// As [`future`](Flow::future), but the work does not begin before somebody needs the variable.
    pub fn by_need<F, T>(&self, name: &str, work: impl FnOnce(Flow) -> F + 'static) -> Var
    where
        F: Future<Output = Result<T, TaskError>> + 'static,
        T: IntoTerm + 'static,
    {
        let var = self.newvar_named(name);
        self.task(name).binding([var]).stacklet(|flow| async move {
            flow.wait_needed(var).await?;
            let value = work(flow.clone()).await?;
            flow.bind(var, value)
        });
        var
    }

    /// A task with more to say of it.
    pub fn task(&self, name: &str) -> TaskBuilder<'_> {
        TaskBuilder { flow: self, name: name.to_owned(), binds: Vec::new() }
    }

    /// Reads a list of pairs `(head, tail)` that ends in `None`.
    #[must_use]
    pub fn reader(&self, list: Var) -> StreamReader {
        StreamReader::new(self.clone(), list)
    }

    /// Writes such a list.
    #[must_use]
    pub fn writer(&self, list: Var) -> StreamWriter {
        StreamWriter::new(self.clone(), list)
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
    /// # Errors
    /// [`TaskError::Busy`] while it propagates.
    pub fn set_propagation(&self, propagation: impl Propagation + 'static) -> Result<(), TaskError> {
        let mut board = self.shared.board.try_borrow_mut().map_err(|_| TaskError::Busy)?;
        board.propagation = Some(Box::new(propagation));
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

    /// Starts it.
    pub fn stacklet<F>(self, work: impl FnOnce(Flow) -> F)
    where
        F: Future<Output = Result<(), TaskError>> + 'static,
    {
        let future = Box::pin(work(self.flow.clone()));
        if let Ok(mut board) = self.flow.shared.board.try_borrow_mut() {
            board.spawned.push_back(Spawn { name: self.name, binds: self.binds, future });
        }
    }
}
