//! The futures that tasks wait with.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::board::{Shared, Until};
use super::error::TaskError;
use crate::store::{Store, Term, Var};
use crate::terms::{Entailment, ReadError, UnifyError};
use crate::value::Value;

impl Shared {
    fn with_store<R>(&self, look: impl FnOnce(&mut Store) -> R) -> Result<R, TaskError> {
        self.store.try_borrow_mut().map(|mut store| look(&mut store)).map_err(|_| TaskError::Busy)
    }

    /// Suspends the running task until a variable is bound, which is needed from now on.
    fn until_bound(&self, var: Var, waker: &Waker) -> Result<(), TaskError> {
        self.with_store(|store| store.need(var))?;
        self.until(Until::Bound(var), var, waker)
    }

    fn until(&self, until: Until, var: Var, waker: &Waker) -> Result<(), TaskError> {
        let root = self.with_store(|store| {
            store.watch_tasks(var);
            store.root(var)
        })?;
        self.suspend(until, Some(root), waker)
    }

    fn suspend(&self, until: Until, root: Option<Var>, waker: &Waker) -> Result<(), TaskError> {
        self.board.try_borrow_mut().map_err(|_| TaskError::Busy)?.suspend(until, root, waker)
    }
}

fn known(store: &Store, term: Term) -> Result<(), TaskError> {
    store.check(term).map_err(|unknown| TaskError::Unify(unknown.into()))
}

/// A failed value is an error to who waits for it.
fn not_failed(store: &Store, term: Term) -> Result<(), TaskError> {
    match store.failed_reason(term) {
        Some(failed) => Err(failed.into()),
        None => Ok(()),
    }
}

/// What is pending, or what it came to.
fn settle<T>(outcome: Result<Option<T>, TaskError>) -> Poll<Result<T, TaskError>> {
    match outcome {
        Ok(Some(done)) => Poll::Ready(Ok(done)),
        Ok(None) => Poll::Pending,
        Err(error) => Poll::Ready(Err(error)),
    }
}

/// See [`Flow::wait`](super::Flow::wait).
#[must_use = "futures do nothing unless awaited"]
pub struct Wait {
    pub(super) shared: Rc<Shared>,
    pub(super) term: Result<Term, TaskError>,
}

impl Future for Wait {
    type Output = Result<Term, TaskError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Wait { shared, term } = &*self;
        settle((|| {
            let term = term.clone()?;
            let held = shared.with_store(|store| {
                known(store, term)?;
                not_failed(store, term)?;
                Ok(store.walk_to_term(term))
            });
            let held = held.flatten()?;
            match held.as_var() {
                // The variable that was asked for, not its root: messages name it.
                Some(root) => shared.until_bound(term.as_var().unwrap_or(root), context.waker()).map(|()| None),
                None => Ok(Some(held)),
            }
        })())
    }
}

/// See [`Flow::wait_needed`](super::Flow::wait_needed).
#[must_use = "futures do nothing unless awaited"]
pub struct WaitNeeded {
    pub(super) shared: Rc<Shared>,
    pub(super) var: Var,
}

impl Future for WaitNeeded {
    type Output = Result<(), TaskError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let WaitNeeded { shared, var } = &*self;
        let look = shared.with_store(|store| {
            known(store, (*var).into())?;
            store.watch_tasks(*var);
            Ok((!store.is_needed(*var)).then(|| store.root(*var)))
        });
        settle(look.flatten().and_then(|unneeded| match unneeded {
            None => Ok(Some(())),
            Some(root) => shared.suspend(Until::Needed(*var), Some(root), context.waker()).map(|()| None),
        }))
    }
}

/// See [`Flow::value`](super::Flow::value).
#[must_use = "futures do nothing unless awaited"]
pub struct Ready {
    pub(super) shared: Rc<Shared>,
    pub(super) term: Result<Term, TaskError>,
}

impl Future for Ready {
    type Output = Result<Value, TaskError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Ready { shared, term } = &*self;
        settle((|| {
            let term = term.clone()?;
            match shared.with_store(|store| store.value_or_free(term))? {
                Ok(Ok(value)) => Ok(Some(value)),
                Ok(Err(free)) => shared.until_bound(free, context.waker()).map(|()| None),
                Err(ReadError::Failed(failed)) => Err(failed.into()),
                Err(error) => Err(error.into()),
            }
        })())
    }
}

/// See [`Flow::equal`](super::Flow::equal).
#[must_use = "futures do nothing unless awaited"]
pub struct Equal {
    pub(super) shared: Rc<Shared>,
    pub(super) terms: Result<(Term, Term), TaskError>,
    pub(super) undecided: Option<u64>,
}

impl Future for Equal {
    type Output = Result<bool, TaskError>;

    /// What is needed must not hang on what is known at the time of asking, or another order of tasks would need other variables.
    /// So both sides are needed in any case, and parts of them only once no task can run: then all that can be known is.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Equal { shared, terms, undecided } = &mut *self;
        withdraw(shared, undecided.take());
        settle((|| {
            let (left, right) = terms.clone()?;
            let entailed = shared.with_store(|store| {
                for var in [left, right].into_iter().filter_map(Term::as_var) {
                    store.need(var);
                }
                store.entailed(left, right)
            });
            match entailed? {
                Ok(Entailment::Equal) => Ok(Some(true)),
                Ok(Entailment::Different) => Ok(Some(false)),
                Ok(Entailment::Open(vars)) => {
                    for var in &vars {
                        shared.until(Until::Changed(*var), *var, context.waker())?;
                    }
                    let unneeded = |store: &mut Store| vars.into_iter().filter(|var| !store.is_needed(*var)).collect();
                    let parts = shared.with_store::<Vec<Var>>(unneeded)?;
                    if !parts.is_empty() {
                        let mut board = shared.board.try_borrow_mut().map_err(|_| TaskError::Busy)?;
                        *undecided = Some(board.need_later(parts));
                    }
                    Ok(None)
                }
                Err(UnifyError::Failed(failed)) => Err(failed.into()),
                Err(error) => Err(error.into()),
            }
        })())
    }
}

impl Drop for Equal {
    fn drop(&mut self) {
        withdraw(&self.shared, self.undecided);
    }
}

/// See [`Flow::choose`](super::Flow::choose).
#[must_use = "futures do nothing unless awaited"]
pub struct Choose {
    pub(super) shared: Rc<Shared>,
    pub(super) alternatives: usize,
    pub(super) offered: Option<u64>,
}

impl Future for Choose {
    type Output = Result<usize, TaskError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let shared = Rc::clone(&self.shared);
        let Ok(mut board) = shared.board.try_borrow_mut() else { return Poll::Ready(Err(TaskError::Busy)) };
        if self.alternatives == 0 {
            return Poll::Ready(Err(TaskError::Fail));
        }
        let offer = match self.offered {
            Some(id) => Ok(id),
            None => board.offer(self.alternatives, context.waker()),
        };
        settle(offer.and_then(|id| {
            self.offered = Some(id);
            match board.chosen(id) {
                Some(alternative) => Ok(Some(alternative)),
                None => board.suspend(Until::Chosen, None, context.waker()).map(|()| None),
            }
        }))
    }
}

impl Drop for Choose {
    fn drop(&mut self) {
        withdraw(&self.shared, self.offered);
    }
}

/// Takes back what a future has asked for that is not waited for any more.
fn withdraw(shared: &Shared, asked: Option<u64>) {
    if let Some(id) = asked
        && let Ok(mut board) = shared.board.try_borrow_mut()
    {
        board.withdraw(id);
    }
}

/// See [`Flow::stable`](super::Flow::stable).
#[must_use = "futures do nothing unless awaited"]
pub struct Stable {
    pub(super) shared: Rc<Shared>,
    pub(super) asked: Option<u64>,
}

impl Future for Stable {
    type Output = Result<(), TaskError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let shared = Rc::clone(&self.shared);
        let Ok(mut board) = shared.board.try_borrow_mut() else { return Poll::Ready(Err(TaskError::Busy)) };
        let asked = match self.asked {
            Some(id) => Ok(id),
            None => board.ask_stable(context.waker()),
        };
        settle(asked.and_then(|id| {
            self.asked = Some(id);
            if board.is_stable(id) {
                Ok(Some(()))
            } else {
                board.suspend(Until::Stable, None, context.waker()).map(|()| None)
            }
        }))
    }
}

impl Drop for Stable {
    fn drop(&mut self) {
        withdraw(&self.shared, self.asked);
    }
}

/// See [`Flow::pause`](super::Flow::pause).
#[must_use = "futures do nothing unless awaited"]
#[derive(Default)]
pub struct Pause {
    pub(super) paused: bool,
}

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.paused, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
