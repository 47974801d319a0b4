#![doc = include_str!("../README.md")]

mod dataflow;
pub mod fd;
pub mod problem;
mod space;
mod store;
mod terms;
mod value;

pub use dataflow::{
    AllBlocked, Blocked, Choose, Equal, Flow, Pause, Propagation, Ready, Scheduler, Stable, StreamReader, StreamWriter,
    TaskBuilder, TaskError, Wait, WaitNeeded,
};
pub use space::{Constraints, DomainSpace, Recipe, SearchSpace, Space, SpaceError, Status, distribute, distribute_by};
pub use store::{DomainChange, DomainError, DomainEvent, DomainRef, FailedValue, Mark, Store, Term, Universe, Var};
pub use terms::{
    Entailment, GraphNode, IntoTerm, Part, Parts, ReadError, RebindingError, Structure, UnificationError, UnifyError,
};
pub use value::{Record, Value};
