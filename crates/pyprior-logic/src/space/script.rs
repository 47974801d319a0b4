//! Spaces of scripts: tasks that choose.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::{SearchSpace, SpaceError, Status};
use crate::dataflow::{Flow, Scheduler, TaskError};
use crate::store::{Store, Term, Var};
use crate::value::Value;

type Script = Arc<dyn Fn(Flow, Var) -> Pin<Box<dyn Future<Output = Result<(), TaskError>>>> + Send + Sync>;

/// A space with a store and tasks of its own. Its script is given a [`Flow`] and the root variable, to which it binds what it
/// finds; in it, [`Flow::choose`] asks for a choice.
///
/// Cloning does not copy tasks, which Rust cannot, but notes what was chosen: a clone that is asked something new runs
/// the script again, taking the same choices (recomputation, Schulte, chapter 7). So a clone takes the memory of its choices,
/// and the first step after it the time of all steps before. The space that was cloned goes on without repeating anything. The
/// script must therefore do the same each time it is run.
///
/// ```
/// use pyprior_logic::{SearchSpace, Space, Status, Store};
///
/// let mut space = Space::new(|flow, root| async move {
///     let x = flow.choose(2).await?;
///     flow.bind(root, x as i64)
/// });
/// assert_eq!(space.ask()?, Status::Alternatives(2));
/// space.commit(1)?;
/// assert_eq!(space.ask()?, Status::Solved);
/// let mut store = Store::new();
/// let solution = space.merge(&mut store)?;
/// assert_eq!(store.value(solution).unwrap(), 1);
/// # Ok::<(), pyprior_logic::SpaceError>(())
/// ```
pub struct Space {
    path: Path,
    live: Option<Live>,
}

/// How to come to a space, and what it came to there.
#[derive(Clone)]
struct Path {
    script: Script,
    /// The alternatives that were taken, ...
    chosen: Vec<usize>,
    /// ... and of how many.
    offered: Vec<usize>,
    /// How many steps the script may take from its beginning.
    steps: Option<u64>,
    status: Option<Result<Status, SpaceError>>,
}

/// A script that has been run up to some choice.
struct Live {
    scheduler: Scheduler,
    root: Var,
    /// How many of the choices it has been told.
    told: usize,
}

/// How to come to a space: its script, and what was chosen. It is a space, too, one that keeps no tasks: it can go to other
/// threads, and it runs its script from the beginning each time that it is asked something new.
#[derive(Clone)]
pub struct Recipe {
    path: Path,
}

impl fmt::Debug for Space {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Space")
            .field("chosen", &self.path.chosen)
            .field("status", &self.path.status)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recipe").field("chosen", &self.path.chosen).finish_non_exhaustive()
    }
}

impl Clone for Space {
    fn clone(&self) -> Self {
        Space { path: self.path.clone(), live: None }
    }
}

impl Path {
    /// Notes an alternative, if this is a space that has it.
    fn commit(&mut self, status: Status, alternative: usize) -> Result<(), SpaceError> {
        let of = match status {
            Status::Alternatives(of) => of,
            Status::Failed | Status::Solved | Status::Suspended(_) => 0,
        };
        if !(1..=of).contains(&alternative) {
            return Err(SpaceError::NoAlternative { given: alternative, of });
        }
        self.chosen.push(alternative);
        self.offered.push(of);
        self.status = None;
        Ok(())
    }
}

impl Recipe {
    /// The space.
    #[must_use]
    pub fn space(self) -> Space {
        Space { path: self.path, live: None }
    }
}

impl SearchSpace for Recipe {
    fn ask(&mut self) -> Result<Status, SpaceError> {
        if let Some(status) = &self.path.status {
            return status.clone();
        }
        let status = self.clone().space().ask();
        self.path.status.insert(status).clone()
    }

    fn commit(&mut self, alternative: usize) -> Result<(), SpaceError> {
        let status = self.ask()?;
        self.path.commit(status, alternative)
    }

    fn merge(self, store: &mut Store) -> Result<Term, SpaceError> {
        self.space().merge(store)
    }
}

impl Space {
    /// A space of this script, which is not run before the space is asked.
    pub fn new<F>(script: impl Fn(Flow, Var) -> F + Send + Sync + 'static) -> Space
    where
        F: Future<Output = Result<(), TaskError>> + 'static,
    {
        let script: Script = Arc::new(move |flow, root| Box::pin(script(flow, root)));
        Space { path: Path { script, chosen: Vec::new(), offered: Vec::new(), steps: None, status: None }, live: None }
    }

    /// The same, whose script takes so many steps at most, from its beginning to where it is asked; then asking is an error,
    /// [`TaskError::OutOfSteps`]. So scripts that do not end, or choose for ever, are stopped, and clones are at the same place. See
    /// [`Scheduler::limit_steps`] for what a step is.
    #[must_use]
    pub fn with_limit(mut self, steps: u64) -> Space {
        self.path.steps = Some(steps);
        (self.path.status, self.live) = (None, None);
        self
    }

    /// How to come to this space.
    #[must_use]
    pub fn recipe(&self) -> Recipe {
        Recipe { path: self.path.clone() }
    }

    /// What was chosen so far, the first first.
    #[must_use]
    pub fn chosen(&self) -> &[usize] {
        &self.path.chosen
    }

    /// The value that the root has in a solved space.
    ///
    /// # Errors
    /// [`SpaceError::NotSolved`]; [`SpaceError::Read`] if it is no value; those of [`ask`](SearchSpace::ask).
    pub fn value(&mut self) -> Result<Value, SpaceError> {
        let live = self.solved()?;
        let root = live.root;
        Ok(live.scheduler.with(|store| store.value(root))??)
    }

    fn solved(&mut self) -> Result<&mut Live, SpaceError> {
        if self.ask()? != Status::Solved {
            return Err(SpaceError::NotSolved);
        }
        if self.live.is_none() {
            // A clone of a solved space.
            let again = self.run();
            if again.as_ref().ok() != Some(&Status::Solved) {
                self.live = None;
                return Err(again.err().unwrap_or(SpaceError::Diverged));
            }
        }
        self.live.as_mut().ok_or(SpaceError::Diverged)
    }

    fn run(&mut self) -> Result<Status, SpaceError> {
        let path = &self.path;
        let live = self.live.get_or_insert_with(|| {
            let mut scheduler = Scheduler::new();
            scheduler.set_strict();
            scheduler.limit_steps(path.steps.unwrap_or(u64::MAX));
            let root = scheduler.newvar_named("root");
            scheduler.stacklet("script", |flow| (path.script)(flow, root));
            Live { scheduler, root, told: 0 }
        });
        loop {
            match live.scheduler.settle_or_fail() {
                Err(error) if error.is_contradiction() => return Ok(Status::Failed),
                outcome => outcome?,
            }
            let offered = live.scheduler.offered();
            let told = path.chosen.get(live.told).copied().zip(path.offered.get(live.told).copied());
            match (offered, told) {
                (Some(of), Some((alternative, before))) if of == before => {
                    live.scheduler.decide(alternative);
                    live.told += 1;
                }
                (_, Some(_)) => return Err(SpaceError::Diverged),
                (Some(of), None) => return Ok(Status::Alternatives(of)),
                (None, None) => {
                    let blocked = live.scheduler.blocked();
                    let solved = blocked.tasks.is_empty();
                    return Ok(if solved { Status::Solved } else { Status::Suspended(blocked) });
                }
            }
        }
    }
}

impl SearchSpace for Space {
    fn ask(&mut self) -> Result<Status, SpaceError> {
        if let Some(status) = &self.path.status {
            return status.clone();
        }
        let status = self.run();
        if !matches!(status, Ok(Status::Alternatives(_) | Status::Solved | Status::Suspended(_))) {
            // What has failed, or gone wrong, is of no more use.
            self.live = None;
        }
        self.path.status.insert(status).clone()
    }

    fn commit(&mut self, alternative: usize) -> Result<(), SpaceError> {
        let status = self.ask()?;
        self.path.commit(status, alternative)
    }

    fn merge(mut self, store: &mut Store) -> Result<Term, SpaceError> {
        let live = self.solved()?;
        let root = live.root.into();
        Ok(live.scheduler.with(|from| store.transaction(|store| store.copy_from(from, root)))??)
    }
}
